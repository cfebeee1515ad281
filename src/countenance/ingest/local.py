"""Looks at photos with the cores of this machine: threads read ahead, a process a core looks, and none waits for one.

Every photo is read and hashed here and goes to a process through memory that both see; pixels never leave that process.
How much is read ahead is bounded in photos and in bytes.
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import cast

from countenance.errors import InputError, Unavailable, Unreadable
from countenance.gallery.batch import PhotoFile
from countenance.ingest.engine import Seen, Settled
from countenance.ingest.workers import Looking, Setup, Worker
from countenance.photos.store import Found, Store

_AHEAD = 8
"""Photos a process that are under way at most: read, waiting, or seen and not yet asked for."""
_ROOM = 64 << 20
"""Bytes of photos that may wait for each process, and at least one whatever its size."""
_MOST_READERS = 8


@dataclass(frozen=True, slots=True)
class _Job:
    """One call of `LocalEngine.look`."""

    store: Store
    settled: Settled
    scraped: bool
    stopped: threading.Event = field(default_factory=threading.Event)
    done: SimpleQueue[Future[Seen]] = field(default_factory=SimpleQueue)


@dataclass(frozen=True, slots=True)
class _Read:
    """A photo that waits to be looked at."""

    file: PhotoFile
    data: bytes
    room: int


class LocalEngine:
    """An `Engine` of processes on this machine. They start with the first photos and stay until `close`.

    Args:
        workers: How many processes; as many as this process may use cores, when None. Fewer are started for fewer
            photos.
        setup: What the processes are started with.
    """

    def __init__(self, workers: int | None = None, setup: Setup = Setup()) -> None:  # noqa: B008 (frozen)
        self._count = workers or len(os.sched_getaffinity(0))
        self._setup = setup
        # An executor starts a thread when there is work and all that it has are busy; each of these has its process.
        self._readers = ThreadPoolExecutor(min(_MOST_READERS, self._count + 1), "read")
        self._lookers = ThreadPoolExecutor(self._count, "look")
        self._room = _Room(_ROOM * self._count)
        self._own = threading.local()
        self._workers: set[Worker] = set()
        self._closed = threading.Event()
        # An engine that is let go of, or is there at exit, leaves no process behind either.
        self._let_go = weakref.finalize(self, _stop_all, self._workers)

    def look(self, files: Iterable[Found], store: Store, *, settled: Settled, scraped: bool) -> Iterator[Seen]:
        """See `Engine`. ``files`` is drawn from in the caller's thread, ``settled`` is asked in threads of ours."""
        job = _Job(store, settled, scraped)
        drawn, under_way = iter(files), 0
        try:
            while True:
                while under_way < _AHEAD * self._count and (found := next(drawn, None)) is not None:
                    self._readers.submit(self._read, job, found).add_done_callback(partial(self._pass_on, job))
                    under_way += 1
                if not under_way:
                    return
                seen = job.done.get().result()
                under_way -= 1
                yield seen
        finally:
            job.stopped.set()

    def close(self) -> None:
        """See `Engine`. It cannot be used again afterwards."""
        self._closed.set()
        self._readers.shutdown(cancel_futures=True)
        for worker in list(self._workers):
            worker.kill()
        self._lookers.shutdown(cancel_futures=True)
        self._let_go()

    # --- in the readers' threads -------------------------------------------------------------------------------------

    def _read(self, job: _Job, found: Found) -> Seen | _Read:
        file = PhotoFile(found.path, found.size, found.modified_ns)
        limit = self._setup.limits.max_bytes
        room = min(found.size, limit)
        self._room.take(room)
        waits = False
        try:
            self._go_on(job)
            data = job.store.read(found.path, limit)
            file = replace(file, sha256=hashlib.sha256(data).hexdigest())
            if job.settled(found, file.sha256 or ""):
                return Seen(file, settled=True)
            if not data:
                return Seen(file, fault=Unreadable("The file is empty."))
            waits = True
            return _Read(file, data, room)
        except InputError as fault:
            return Seen(file, fault=fault)
        finally:
            if not waits:
                self._room.give(room)

    def _pass_on(self, job: _Job, future: Future[Seen | _Read]) -> None:
        if future.cancelled() or future.exception() or isinstance(future.result(), Seen):
            job.done.put(cast("Future[Seen]", future))
        else:
            read = cast("_Read", future.result())
            self._lookers.submit(self._look, job, read).add_done_callback(job.done.put)

    # --- in the lookers' threads -------------------------------------------------------------------------------------

    def _look(self, job: _Job, read: _Read) -> Seen:
        looking: Looking | None = getattr(self._own, "looking", None)
        if looking is None:
            looking = self._own.looking = Looking(self._setup, self._workers)
        try:
            self._go_on(job)
            answer = looking.look(read.data, read.file.path, scraped=job.scraped, go_on=partial(self._go_on, job))
            return Seen(read.file, answer.look, answer.fault, answer.marks)
        finally:
            self._room.give(read.room)

    def _go_on(self, job: _Job) -> None:
        """Raises when nobody wants to know any more."""
        if job.stopped.is_set() or self._closed.is_set():
            raise Unavailable("The work on these photos was given up.")


class _Room:
    """A bound on bytes that are held at once; one that is larger than the bound comes in alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Wait until there is room, and take it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held or self._held + size <= self._most)
            self._held += size

    def give(self, size: int) -> None:
        """Give it back."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()


def _stop_all(workers: set[Worker]) -> None:
    for worker in workers:
        worker.stop()
    workers.clear()
