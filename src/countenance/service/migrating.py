"""Another model without losing names: templates made anew from the enrolment photos, beside those that are searched.

Nothing else is touched: who is enrolled under which basis, what was reviewed, what is kept of the photos of a source.
The gallery goes on with its model until `countenance models use` names the other one, and can go back the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, Unreadable
from countenance.gallery import twins
from countenance.gallery.keeping import overlap
from countenance.gallery.only_one import OnlyOne
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service.choosing import in_use, usable, with_it
from countenance.service.evaluating import Wish, evaluate
from countenance.types import Remodel
from countenance.vault.keyring import subject_key
from countenance.vision.engine import Vision

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

Progress = Callable[[int, int], None]
_BATCH = 32
_SAME = 0.3
"""How much of a face's box must be where it was: another detector draws it a little differently."""


@dataclass(frozen=True, slots=True)
class Left:
    """An enrolment photo of which no template was made, and why. ``sha256`` is what the right file has."""

    subject: str
    photo: str
    sha256: str
    why: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did, or would do.

    Attributes:
        model: The other model.
        embedding_contract: Of its templates.
        wanted: Photos that had no template under it.
        made: Those that have one now; on a dry run, those that are there.
        left: The others. While there are any, the model is not used.
        dry_run: Nothing was made.
    """

    model: str
    embedding_contract: str
    wanted: int
    made: int
    dry_run: bool
    left: list[Left] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return asdict(self)


def migrate(
    context: Context,
    name: str,
    *,
    photos: Sequence[Path] = (),
    accept_licence: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Migrated:
    """Make a template with another model of every enrolment photo that has none. Cut short, it goes on where it was.

    Args:
        context: The gallery.
        name: The model's id; a recogniser's may be followed by ``+flip``.
        photos: Files and folders where photos may lie that are no longer where they were; found by their SHA-256.
        accept_licence: The model's licence, by its name, where it forbids commercial use.
        dry_run: Only look which photos are there.
        progress: Told how many photos were gone through, and how many there are.

    Raises:
        ModelMissing, Tampered, ModelRefused: As for `countenance.service.choosing.use`.
        Refused: No impact assessment was named for the model (P24). RoleRefused: only a controller migrates.
        Busy: Another process does.
    """
    other = with_it(context, name, usable(name, accept_licence).card)
    contract = other.contract
    elsewhere = _Elsewhere(photos)
    wanted = context.settings.vision
    with (
        OnlyOne(context.settings.data / "locks" / "models.lock", "Another process is making templates anew."),
        Vision(
            backend=wanted.backend,
            threads=wanted.threads,
            gate=wanted.gate,
            recogniser=other.recogniser.id,
            detector=other.detector.id,
            flip=other.flip,
        ) as vision,
    ):
        with context.registry.read() as connection:
            numbers = twins.alone(connection, context.organisation, contract)
        left: list[Left] = []
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            left += _one(context, vision, batch, elsewhere, dry_run=dry_run)
            if progress:
                progress(start + len(batch), len(numbers))
    return Migrated(name, contract, len(numbers), len(numbers) - len(left), dry_run, left)


def compare(gallery: Countenance, name: str, testers: Path) -> dict[str, Any]:
    """How often the gallery's model and another one are right, on photos of testers who agreed to that.

    Each is an evaluation like any other, at the gallery's desk; see `countenance.service.evaluating.evaluate`.
    """
    told, context = {}, gallery.context
    for when, model in (("before", in_use(context)), ("after", name)):
        card = usable(model).card
        if card.role != "recogniser":
            raise InputError(f"{card.name} finds faces, and is measured as part of a recogniser alone.")
        made = with_it(context, model, card)
        answer = evaluate(Wish(testers, "consented-testers", model=made.recogniser.id, flip=made.flip), gallery=gallery)
        told[when] = {
            "model": model,
            "tar": answer["verification"]["tar"],
            "rank1": answer["identification"]["rank1"],
            "fnir": answer["identification"]["fnir"],
        }
    return told


def _one(
    context: Context, vision: Vision, batch: Sequence[int], elsewhere: _Elsewhere, *, dry_run: bool
) -> Iterator[Left]:
    """One batch: decided, looked at, kept. Gives what no template was made of."""
    ask = Ask(contract=vision.contract, facts={"step": "look" if dry_run else "migrate", "photos": len(batch)})
    known = context.gallery.photos_of(batch, vision.contract, grant=context.desk.decide(Remodel, ask))
    made = []
    for source in known:
        try:
            data = elsewhere.read(source)
            if not dry_run:
                made.append(_twin(vision, source, data))
        except InputError as error:
            yield Left(_handle(context, source), source.photo, source.sha256, error.message)
    if made:
        grant = context.desk.decide(Remodel, ask)
        context.gallery.add_twins(made, vision.contract, grant=grant)
        context.book.publish()


def _twin(vision: Vision, source: twins.Source, data: bytes) -> twins.Twin:
    """The template of the very face that was enrolled."""
    picture = vision.decode(data)
    faces = vision.faces(picture)
    face = max(faces, key=lambda each: overlap(each.box, source.box), default=None)
    if face is None or overlap(face.box, source.box) < _SAME:
        raise Unreadable("The face that was enrolled is not found in it by these models.")
    return twins.Twin(source.reference, face, vision.templates(picture, [face])[0])


def _handle(context: Context, source: twins.Source) -> str:
    mine = t.subjects.c.id == source.subject
    with context.registry.read() as connection:
        sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(mine))
    return context.keys.unseal_text(subject_key(source.subject), sealed, "handle") or "(erased)"


class _Elsewhere:
    """Where photos lie: where they lay when they were enrolled, else among files that were named, by their SHA-256."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._files: dict[str, Path] = {}
        for place in places:
            files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
            for file in files:
                digest = _digest(file)
                if digest is not None:
                    self._files[digest] = file

    def read(self, source: twins.Source) -> bytes:
        """The photo's bytes. Raises `Unreadable`."""
        for file in (Path(source.photo), self._files.get(source.sha256)):
            try:
                data = file.read_bytes() if file is not None and file.is_file() else b""
            except OSError:
                continue
            if data and hashlib.sha256(data).hexdigest() == source.sha256:
                return data
        gone = not Path(source.photo).is_file()
        raise Unreadable("It is gone from where it was." if gone else "It is another file than the one enrolled.")


def _digest(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None
