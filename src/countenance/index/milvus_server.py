"""The connection to a Milvus server: the only module that imports its client.

It speaks to the configured address alone (P25, DESIGN §10), over TLS or on this machine, whatever the environment says
of proxies. What the server says of an error is not repeated: it may hold parts of what was asked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from countenance.errors import BadConfiguration, Unavailable
from countenance.index.port import Ids, Vectors

TOKEN = "COUNTENANCE_MILVUS_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable with the token, ``USER:PASSWORD`` or an API key."""
_SECONDS = 15.0
"""For one answer."""
_SECONDS_TO_MAKE = 120.0
"""To make, load or drop a collection."""
_PART = 4096
"""Rows that one message holds: with 512 dimensions some 8 MiB, of 64 that a server takes."""
_QUERIES = 256
_OPTIONS = {
    "grpc.enable_http_proxy": 0,
    "grpc.keepalive_time_ms": 600_000,
    "grpc.keepalive_timeout_ms": 20_000,
}
"""For the connection. A server built on gRPC's own library bears one sign of life in five minutes when nothing else is
said, and hangs up on who sends more of them (gRPC, "Keepalive"); pymilvus would send one every ten seconds."""
METRIC = "IP"
"""The inner product: the cosine of vectors of length 1."""
_NO_SUCH = (100, 4)
"""What Milvus calls it when a collection is not there, as of 2.3 and before."""
_NOT_LOADED = 101
"""What it calls it when a collection is there and not in memory, as after a start."""
_GRAPH = {"M": 24, "efConstruction": 200}
_LEAST_EF = 256
"""How many neighbours a search of the graph keeps in mind, at least."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the Milvus server is, and what its operator says of it.

    Attributes:
        address: ``https://HOST:PORT``, or ``http://127.0.0.1:PORT`` for one on this machine.
        gallery: The gallery's id, of which its collections have their names.
        contract: The embedding contract; templates of two never meet.
        encrypted_disk: The operator's word that the disks of the server are encrypted.
        kind: ``flat`` looks at every eligible row; ``hnsw`` follows a graph, and may miss some.
        certificates: PEM of an authority of your own, where the server's certificate comes from one.
        token: What the server asks for, if anything.
    """

    address: str
    gallery: str
    contract: str
    encrypted_disk: bool = False
    kind: Literal["flat", "hnsw"] = "flat"
    certificates: Path | None = None
    token: str | None = field(default=None, repr=False)


class Gone(Exception):
    """There is no such collection: another process has put a new one in its place."""


class Server:
    """One connection, opened when it is first needed. May be used from any thread."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._client: Any = None
        self._lock = threading.Lock()

    def collections(self) -> list[str]:
        """The names of all collections."""
        with self._plain_errors():
            return list(self._connected().list_collections(timeout=_SECONDS))

    def create(self, name: str, dimension: int, columns: Mapping[str, str]) -> None:
        """Make a collection of vectors with columns of integers beside them, and have it searched."""
        from pymilvus import DataType

        with self._plain_errors():
            client = self._connected()
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            for column, kind in columns.items():
                schema.add_field(column, DataType[kind])
            index = client.prepare_index_params()
            graph = _GRAPH if self._place.kind == "hnsw" else {}
            index.add_index("vector", index_type=self._place.kind.upper(), metric_type=METRIC, params=graph)
            # One shard: its log keeps the order of what is written, so that a position never comes before its rows.
            client.create_collection(
                name, schema=schema, index_params=index, consistency_level="Strong", num_shards=1,
                timeout=_SECONDS_TO_MAKE,
            )  # fmt: skip

    def drop(self, name: str) -> None:
        """Drop a collection, if it is there."""
        with self._plain_errors():
            self._connected().drop_collection(name, timeout=_SECONDS_TO_MAKE)

    def put(self, name: str, columns: Mapping[str, Any]) -> None:
        """Write rows; those whose id is there are replaced. ``columns`` are arrays of one length."""
        names, length = list(columns), len(columns["id"])
        for start in range(0, length, _PART):
            part = [_plain(columns[each][start : start + _PART]) for each in names]
            rows = [dict(zip(names, values, strict=True)) for values in zip(*part, strict=True)]
            with self._plain_errors():
                self._connected().upsert(name, rows, timeout=_SECONDS)

    def delete(self, name: str, ids: Ids) -> None:
        """Delete rows by their ids."""
        for start in range(0, len(ids), _PART):
            with self._plain_errors():
                self._connected().delete(name, ids=ids[start : start + _PART].tolist(), timeout=_SECONDS)

    def rows(self, name: str, where: str, columns: Sequence[str]) -> dict[str, list[Any]]:
        """These columns of all rows that a condition holds for, as they are at this moment."""
        asked = {"filter": where, "output_fields": list(columns), "consistency_level": "Strong", "timeout": _SECONDS}
        found = self._loaded(name, lambda client: client.query(name, **asked))
        return {column: [row[column] for row in found] for column in columns}

    def count(self, name: str, where: str) -> int:
        """How many rows a condition holds for."""
        return int((self.rows(name, where, ["count(*)"])["count(*)"] or [0])[0])

    def search(self, name: str, queries: Vectors, k: int, where: str) -> Iterator[tuple[int, list[int], list[float]]]:
        """For each query its number, and the ids and scores of the best rows that a condition holds for."""
        asked = {"metric_type": METRIC, "params": {"ef": max(k, _LEAST_EF)} if self._place.kind == "hnsw" else {}}
        options = {"search_params": asked, "consistency_level": "Strong", "timeout": _SECONDS}
        for start in range(0, len(queries), _QUERIES):
            part = queries[start : start + _QUERIES].tolist()
            lines = self._loaded(name, partial(_search, name=name, data=part, filter=where, limit=k, **options))
            for number, line in enumerate(lines, start):
                yield number, [hit["id"] for hit in line], [hit["distance"] for hit in line]

    def compact(self, name: str, seconds: float) -> bool:
        """Have deleted rows cleared out of a collection's files. Whether the server said in time that it has done so.

        It writes new files without them, and removes the old ones later, when nobody is told.
        """
        until = time.monotonic() + seconds
        with self._plain_errors():
            client = self._connected()
            client.flush(name, timeout=max(seconds, 1))
            job = client.compact(name, timeout=_SECONDS)
            while client.get_compaction_state(job, timeout=_SECONDS) != "Completed":
                if time.monotonic() > until:
                    return False
                time.sleep(0.2)
        return True

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        pymilvus = _library()
        secure = {"server_pem_path": str(self._place.certificates)} if self._place.certificates else {}
        return pymilvus.MilvusClient(
            self._place.address, token=self._place.token or "", timeout=_SECONDS, dedicated=True,
            grpc_options=_OPTIONS, **secure,
        )  # fmt: skip

    def _loaded(self, name: str, ask: Callable[[Any], Any]) -> Any:
        """The answer to a question about a collection, which is loaded first if it is not."""
        from pymilvus.exceptions import MilvusException

        with self._plain_errors():
            client = self._connected()
            try:
                return ask(client)
            except MilvusException as error:
                if error.code != _NOT_LOADED:
                    raise
            client.load_collection(name, timeout=_SECONDS_TO_MAKE)
            return ask(client)

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        _library()
        import grpc
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except MilvusException as error:
            if error.code in _NO_SUCH:
                raise Gone from None
            raise self._unavailable(f" (Milvus: error {error.code})") from None
        except (grpc.RpcError, grpc.FutureTimeoutError, ValueError, OSError):
            # A ValueError is what is raised on a connection that has been closed.
            raise self._unavailable() from None

    def _unavailable(self, why: str = "") -> Unavailable:
        return Unavailable(
            f"The Milvus server at {self._place.address} does not answer as it should{why}.",
            hint=f"Start it, and check [milvus] address and {TOKEN}; or `countenance index move --to embedded`.",
        )


def _search(client: Any, *, name: str, **options: Any) -> Any:
    return client.search(name, anns_field="vector", **options)


def _library() -> Any:
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what matters is raised
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"  # it would take settings from a file .env of whoever lays it there
    try:
        import pymilvus
    except ImportError:  # pragma: no cover - the extra is not installed
        raise BadConfiguration(
            "Milvus needs a library that is not installed.", hint="Run `pip install 'countenance[milvus]'`."
        ) from None
    return pymilvus


def _plain(values: Any) -> Any:
    """Numbers of Python's own; vectors stay arrays, one a row."""
    return list(values) if isinstance(values, np.ndarray) and values.ndim > 1 else np.asarray(values).tolist()
