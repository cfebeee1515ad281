"""The connection to a Ray cluster: the only module that imports Ray.

It speaks to the configured address alone (P25, DESIGN §10), whatever the environment says. A cluster of our own, which
is one on this machine, listens on 127.0.0.1 alone and asks everybody for a token that no file holds. Ray's statistics
for its makers and its dashboard stay off.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from countenance.errors import BadConfiguration, Busy, Unavailable

HERE = "local"
"""The address of a cluster on this machine, which begins and ends with the work."""
_LOOPBACK = "127.0.0.1"
_STORE = 80 << 20
"""Bytes of Ray's object store on this machine: almost nothing passes through it."""
_ENDED = "RayActorError", "WorkerCrashedError", "OutOfMemoryError", "NodeDiedError", "ObjectLostError"
"""What Ray calls it when a process has ended, or its machine, or an answer was lost with it."""
_ONE = threading.Lock()
"""Ray is connected to one cluster a process."""


class Gone(Exception):
    """The process of the cluster that was to answer has ended."""


class Cluster:
    """One connection, until it is closed. A process can have one at a time.

    Args:
        address: ``local``, or the ``HOST:PORT`` of a cluster's head.
        workers: How many processes a local one has room for.

    Raises `BadConfiguration` when Ray is not installed, `Busy` when this process is connected already, and
    `Unavailable` when the cluster cannot be reached or started.
    """

    def __init__(self, address: str, workers: int) -> None:
        if not _ONE.acquire(blocking=False):
            raise Busy("This process is at work on a cluster already.")
        self.folder: Path | None = None
        """Where a local one has its files while it is there; nobody else may look into it."""
        self._before = _sigterm()
        self._ray: Any = None
        try:
            self._connect(address, workers)
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        """For how many processes there are processors."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def hire(self, kind: type, arguments: Sequence[object], at_once: int) -> Any:
        """A process on some machine that makes an object of this kind, and may be asked so many things at once."""
        hired = self._ray.remote(kind).options(num_cpus=1, max_concurrency=at_once, max_restarts=0, max_task_retries=0)
        return hired.remote(*arguments)

    def dismiss(self, hired: Any) -> None:
        """End such a process, whatever it does."""
        self._ray.kill(hired, no_restart=True)

    def first(self, questions: Sequence[Any], seconds: float) -> Any | None:
        """One of the questions that has been answered, or whose process is gone; None when none was for so long."""
        answered, _ = self._ray.wait(list(questions), num_returns=1, timeout=seconds)
        return answered[0] if answered else None

    def answer(self, question: Any) -> Any:
        """What was answered. Raises `Gone`, and `Unavailable` where a machine cannot even begin."""
        try:
            return self._ray.get(question)
        except tuple(getattr(self._ray.exceptions, name) for name in _ENDED) as error:
            if getattr(error, "actor_init_failed", False):
                hint = "Install the same version of Countenance, with its models, on every machine of the cluster."
                raise Unavailable("A machine of the cluster cannot look at photos.", hint=hint) from error
            raise Gone from error
        except self._ray.exceptions.RayError as error:
            raise Unavailable("The cluster cannot do what it was asked to.") from error

    def close(self) -> None:
        """Let go of the cluster; ours ends."""
        try:
            if self._ray is not None:
                self._ray.shutdown()
            if self._before is not None and _sigterm() is not None:
                signal.signal(signal.SIGTERM, self._before)  # Ray put one of its own there
        finally:
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
            _ONE.release()

    def _connect(self, address: str, workers: int) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        if address == HERE:
            # Named for the systems on which it is the default: it keeps every port off the network.
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        logging.getLogger("ray").setLevel(logging.CRITICAL)  # what matters is raised
        ray = _library()
        if ray.is_initialized():
            raise Busy("This process is connected to a Ray cluster already.")
        self._ray = ray
        try:
            ray.init(address, log_to_driver=False, configure_logging=False, **self._own(address, workers))
        except Exception as error:
            # With a bare Exception, Ray says that a machine has not started in time.
            known = (OSError, RuntimeError, ValueError, ray.exceptions.RayError)
            if type(error) is not Exception and not isinstance(error, known):
                raise
            raise Unavailable(
                f"The cluster {address} cannot be reached." if address != HERE else "No cluster could be started here.",
                hint="Check [ray] address, that this machine belongs to the cluster, and its token (RAY_AUTH_TOKEN).",
            ) from error
        if address == HERE and {node["NodeManagerAddress"] for node in ray.nodes()} != {_LOOPBACK}:
            raise Unavailable(
                "The cluster on this machine could be reached from others, so it was stopped.",
                hint="Ray was loaded before Countenance could tell it to listen here alone; start in a new process.",
            )

    def _own(self, address: str, workers: int) -> dict[str, Any]:
        """What a cluster of our own is started with."""
        if address != HERE:
            return {}
        # Ray opens its own folder to everybody; so it lies in one that is ours.
        self.folder = Path(tempfile.mkdtemp(prefix="cnt-ray-"))
        folder = str(self.folder / "r")
        sizes = {"num_cpus": workers, "num_gpus": 0, "object_store_memory": _STORE}
        return {"include_dashboard": False, "_temp_dir": folder} | sizes


def _library() -> Any:
    try:
        import ray  # reads its environment when it is imported
    except ImportError:  # pragma: no cover - the extra is not installed
        raise BadConfiguration(
            "A cluster needs a library that is not installed.", hint="Run `pip install 'countenance[ray]'`."
        ) from None
    return ray


def _sigterm() -> Any:
    """What happens at SIGTERM, in the one thread that may change it."""
    return signal.getsignal(signal.SIGTERM) if threading.current_thread() is threading.main_thread() else None
