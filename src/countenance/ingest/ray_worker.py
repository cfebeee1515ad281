"""What runs on the machines of a cluster: it opens the store there, reads, and looks with a confined process.

What was seen leaves this process sealed to the run that asked for it, so that nothing the cluster stores, spills or
logs holds a face. It knows nothing of Ray, and answers in plain values: no error of ours has to be pickled.
"""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from countenance.errors import CountenanceError, Unreadable
from countenance.ingest.marks import Marks
from countenance.ingest.sealing import seal
from countenance.ingest.wire import Answer, pack, pack_error
from countenance.ingest.workers import Looking, Setup
from countenance.photos.store import Store


class RayWorker:
    """One process of the cluster. Several of its threads are asked at once: one looks while others read.

    Args:
        opening: Opens the store, here.
        setup: What the confined process is started with.
        public: The public key of the run.
        scraped: As for `Engine.look`.
    """

    def __init__(self, opening: Callable[[], Store], setup: Setup, public: bytes, scraped: bool) -> None:
        # What was seen is in this process' memory for a moment, so a crash of it must not be written to a disk.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._opening = opening
        self._limit = setup.limits.max_bytes
        self._public = public
        self._scraped = scraped
        self._looking = Looking(setup, set())
        # The confined process dies with the thread that started it, and Ray's own threads come and go.
        self._thread = ThreadPoolExecutor(1, "look")
        self._read: dict[int, bytes] = {}

    def ready(self) -> bytes:
        """Make ready; returns why not, or nothing."""
        try:
            self._store = self._opening()
            self._store.check()
            self._thread.submit(self._looking.started).result()
        except CountenanceError as error:
            return pack_error(error)
        return b""

    def read(self, number: int, path: bytes) -> tuple[str, bytes]:
        """Read a file and keep it, under this number, until `look` or `drop`.

        Returns its SHA-256 (hex), or why it could not be read.
        """
        try:
            data = self._read[number] = self._store.read(path, self._limit)
        except CountenanceError as error:
            return "", pack_error(error)
        return hashlib.sha256(data).hexdigest(), b""

    def look(self, number: int, path: bytes) -> tuple[bytes, bytes]:
        """Look at a file that was read; returns what was seen, sealed, or why nobody could look."""
        data = self._read.pop(number)
        try:
            answer = self._thread.submit(self._seen, data, path).result()
        except CountenanceError as error:
            return b"", pack_error(error)
        return seal(pack(answer), self._public, path), b""

    def drop(self, number: int) -> None:
        """Forget a file that was read: nobody wants to see it."""
        self._read.pop(number, None)

    def _seen(self, data: bytes, path: bytes) -> Answer:
        if not data:
            return Answer(Marks(), fault=Unreadable("The file is empty."))
        return self._looking.look(data, path, scraped=self._scraped)
