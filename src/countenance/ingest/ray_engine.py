"""Looks at photos with the machines of a Ray cluster (``[ingest] engine = "ray"``).

Paths go out; what was seen comes back sealed to a key that only this process has, in memory, for one run. So neither
Ray's object store nor what it spills to disks or logs holds a face in clear. The store and the confined processes are
those of a local run, on every machine; here is who does what, and what becomes of it when a machine is lost.

A photo is two questions to one process: what is its SHA-256, and, unless that is settled already, what is seen in it.
It is read once for both, so that an exact copy of what is known costs no look. Whether something is settled is asked
once for each content of a file, also where the file has to be read again elsewhere.

At least once: what a process had in hand when it was lost is given to another one. Each file comes out once all the
same, and what the run commits of it is the same however often it was looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from countenance.errors import InputError, Unavailable, Unreadable
from countenance.gallery.batch import PhotoFile
from countenance.ingest.engine import Seen, Settled
from countenance.ingest.ray_cluster import Cluster, Gone
from countenance.ingest.ray_worker import RayWorker
from countenance.ingest.sealing import Reader
from countenance.ingest.wire import Made, unpack_error, unpack_whole
from countenance.ingest.workers import Setup
from countenance.photos.store import Found, Store

_AHEAD = 3
"""Photos that a process has in hand at most: one that it looks at, and those that it reads meanwhile."""
_PATIENCE = 180.0
"""Seconds in which something has to happen: more than a process needs to start, and far more than a photo may take."""
_DEATHS = 3
"""How many processes may be lost over one photo before it is left."""


class RayEngine:
    """An `Engine` of processes on the machines of a cluster. They are there as long as `look` is iterated.

    Args:
        cluster: Where they run; closed with the engine.
        opening: Opens the store on a machine of the cluster, and must be picklable. Every machine must see the same
            photos under the same name.
        setup: What the confined processes are started with.
        workers: How many processes at most, and never more than the cluster has processors.
    """

    def __init__(self, cluster: Cluster, opening: Callable[[], Store], setup: Setup, *, workers: int) -> None:
        self._cluster = cluster
        self._opening = opening
        self._setup = setup
        self._count = min(workers, cluster.room)

    def look(self, files: Iterable[Found], store: Store, *, settled: Settled, scraped: bool) -> Iterator[Seen]:  # noqa: ARG002
        """See `Engine`. ``store`` is not read here, but opened anew on each machine. ``settled`` is asked here."""
        reader = Reader()

        def hire() -> _Hand:
            arguments = (self._opening, self._setup, reader.public, scraped)
            return _Hand(self._cluster.hire(RayWorker, arguments, _AHEAD + 1))

        yield from _Look(self._cluster, hire, self._count, reader, iter(files), settled, self._setup.made).seen()

    def close(self) -> None:
        """See `Engine`. It cannot be used again afterwards."""
        self._cluster.close()


@dataclass(eq=False, slots=True)
class _Photo:
    """A file on its way."""

    number: int
    found: Found
    sha256: str = ""
    deaths: int = 0

    @property
    def file(self) -> PhotoFile:
        return PhotoFile(self.found.path, self.found.size, self.found.modified_ns, self.sha256 or None)


@dataclass(eq=False, slots=True)
class _Hand:
    """A process of the cluster, and the photos that it has in hand, in the order in which it was given them."""

    actor: Any = field(repr=False)
    ready: bool = False
    photos: dict[_Photo, None] = field(default_factory=dict)


_Answered = Callable[["_Hand", "_Photo | None", Any], Seen | None]


class _Look:
    """One call of `RayEngine.look`."""

    def __init__(
        self,
        cluster: Cluster,
        hire: Callable[[], _Hand],
        count: int,
        reader: Reader,
        files: Iterator[Found],
        settled: Settled,
        made: Made,
    ) -> None:
        self._cluster = cluster
        self._hire = hire
        self._count = count
        self._reader = reader
        self._files = enumerate(files)
        self._settled = settled
        self._made = made
        self._hands: list[_Hand] = []
        self._asked: dict[Any, tuple[_Hand, _Photo | None, _Answered]] = {}
        self._again: deque[_Photo] = deque()
        self._lost = 0

    def seen(self) -> Iterator[Seen]:
        """Everything that is seen; whoever stops asking ends the work."""
        try:
            while self._hand_out():
                seen = self._next()
                if seen is not None:
                    self._lost = 0
                    yield seen
        finally:
            for hand in self._hands:
                self._cluster.dismiss(hand.actor)

    # --- questions ---------------------------------------------------------------------------------------------------

    def _hand_out(self) -> bool:
        """Give photos to those that have room, the idlest first. Returns whether any are under way."""
        while len(self._hands) < self._count:
            hand = self._hire()
            self._hands.append(hand)
            self._ask(hand.actor.ready.remote(), hand, None, self._started)
        while (idlest := self._idlest()) is not None:
            photo = self._again.popleft() if self._again else self._drawn()
            if photo is None:
                break
            idlest.photos[photo] = None
            self._ask(idlest.actor.read.remote(photo.number, photo.found.path), idlest, photo, self._read)
        return bool(self._again) or any(hand.photos for hand in self._hands) or self._waits()

    def _waits(self) -> bool:
        """Whether a photo waits for the first process to be ready."""
        if not any(hand.ready for hand in self._hands) and (photo := self._drawn()) is not None:
            self._again.append(photo)
        return bool(self._again)

    def _drawn(self) -> _Photo | None:
        drawn = next(self._files, None)
        return None if drawn is None else _Photo(*drawn)

    def _idlest(self) -> _Hand | None:
        free = [hand for hand in self._hands if hand.ready and len(hand.photos) < _AHEAD]
        return min(free, key=lambda hand: len(hand.photos), default=None)

    def _ask(self, question: Any, hand: _Hand, photo: _Photo | None, answered: _Answered) -> None:
        self._asked[question] = hand, photo, answered

    # --- answers -----------------------------------------------------------------------------------------------------

    def _next(self) -> Seen | None:
        """The next answer, and what is seen because of it, if anything."""
        question = self._cluster.first(list(self._asked), _PATIENCE)
        if question is None:
            raise Unavailable("Nothing came from the cluster for minutes.", hint="See what else it is busy with.")
        hand, photo, answered = self._asked.pop(question)
        try:
            answer = self._cluster.answer(question)
        except Gone as error:
            return self._gone(hand, error)
        return answered(hand, photo, answer)

    def _started(self, hand: _Hand, _: _Photo | None, refusal: bytes) -> None:
        if refusal:
            raise unpack_error(refusal)
        hand.ready = True

    def _read(self, hand: _Hand, photo: _Photo | None, answer: tuple[str, bytes]) -> Seen | None:
        assert photo is not None  # noqa: S101 (it was asked about one)
        sha256, refusal = answer
        if refusal:
            return self._done(hand, photo, fault=_fault(refusal))
        if sha256 != photo.sha256:
            photo.sha256 = sha256
            if self._settled(photo.found, sha256):
                hand.actor.drop.remote(photo.number)
                return self._done(hand, photo, settled=True)
        self._ask(hand.actor.look.remote(photo.number, photo.found.path), hand, photo, self._looked)
        return None

    def _looked(self, hand: _Hand, photo: _Photo | None, answer: tuple[bytes, bytes]) -> Seen:
        assert photo is not None  # noqa: S101
        sealed, refusal = answer
        if refusal:
            raise unpack_error(refusal)
        try:
            told = unpack_whole(self._reader.open(sealed, photo.found.path), self._made)
        except ValueError as error:
            raise Unavailable("The cluster answered something that cannot be read.") from error
        return self._done(hand, photo, look=told.look, fault=told.fault, marks=told.marks)

    def _done(self, hand: _Hand, photo: _Photo, **more: Any) -> Seen:
        del hand.photos[photo]
        return replace(Seen(photo.file), **more)

    def _gone(self, hand: _Hand, error: Gone) -> Seen | None:
        """A process is lost: what it had in hand goes to another one, and another one is hired in its place."""
        self._lost += 1
        if self._lost > 2 * self._count + _DEATHS:
            raise Unavailable("The processes of the cluster end again and again.") from error
        self._hands.remove(hand)
        self._cluster.dismiss(hand.actor)
        self._asked = {question: about for question, about in self._asked.items() if about[0] is not hand}
        photos = list(hand.photos)
        self._again.extendleft(reversed(photos))
        if not photos:
            return None
        # It was looking at the first; the others only waited.
        photos[0].deaths += 1
        if photos[0].deaths < _DEATHS:
            return None
        self._again.remove(photos[0])
        message = f"{_DEATHS} processes of the cluster ended while they looked at the picture."
        return Seen(photos[0].file, fault=Unreadable(message))


def _fault(refusal: bytes) -> InputError:
    """Why one photo could not be read. Raises what is no fault of the photo's."""
    error = unpack_error(refusal)
    if isinstance(error, InputError):
        return error
    raise error
