"""Search (1:N) and verify (1:1): always for a purpose, in a case, by a named account."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError
from countenance.gallery.collecting import Stored
from countenance.gallery.scale import NAME, USUAL, Scale
from countenance.gallery.searching import Above, Answer, Comparison
from countenance.gallery.verifying import Enrolled
from countenance.policy.cautions import CAUTIONS
from countenance.policy.desk import Ask
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.service import probing
from countenance.service.gates import PROBE, level_for
from countenance.types import (
    Appearance,
    Candidate,
    Face,
    Grant,
    Probe,
    ReferenceId,
    Search,
    SubjectId,
    Verify,
    reference_number,
)

if TYPE_CHECKING:
    from countenance.service.cases import Cases
    from countenance.service.context import Context

__all__ = ["CAUTION", "LIMIT", "Answer", "Finding", "Found", "Verified"]

LIMIT = 1000
"""More candidates than this are no answer to a search."""
CAUTION = "A candidate is not an identification: a person must look, and the score alone decides nothing."


@dataclass(frozen=True, slots=True)
class Found(Sequence[Candidate]):
    """The answer to a search: candidates, best first. Nobody found is an empty answer, not an error.

    ``pending`` counts the bases for its purpose that are not live yet: nobody is found by them. ``picture``: width and
    height of the photo.
    """

    answer: Answer
    probe: Probe
    pending: int = 0
    picture: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.answer.candidates)

    def __getitem__(self, place: Any) -> Any:
        return self.answer.candidates[place]

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.answer.candidates)

    @property
    def threshold(self) -> float | None:
        """The least score of a candidate; None when it was switched off."""
        return self.answer.threshold

    @property
    def scale(self) -> Scale:
        """Threshold and bands for a gallery of the size that was searched, and what they stand for."""
        return self.answer.scale

    @property
    def asked(self) -> float | None:
        """The threshold that this search asked for, in place of the configuration's; None where it asked for none."""
        return None if self.threshold in {None, self.scale.threshold} else self.threshold

    @property
    def meaning(self) -> dict[str, str]:
        """What each band says."""
        bands = {candidate.band for candidate in self} | {"high", "low"}
        return {band: self.scale.meaning(band) for band in sorted(bands)}

    @property
    def gallery_size(self) -> int:
        """How many templates the gallery holds."""
        return self.answer.gallery_size

    @property
    def review(self) -> str | None:
        """The number under which people review these candidates; None where no review is due."""
        due = any(candidate.review for candidate in self)
        return reference_number("R", self.answer.search) if due else None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance search --json``)."""
        return {
            "candidates": [_candidate(candidate) for candidate in self],
            "threshold": self.threshold,
            "scale": NAME,
            "bands": self.meaning,
            "rate": self.scale.as_json(self.asked),
            "gallery_size": self.gallery_size,
            "faces_in_probe": self.probe.faces_in_photo,
            "caution": CAUTION,
            "review": self.review,
            "bases_pending": self.pending,
            "rejected_before": self.answer.rejected,
            "log": {"index": self.answer.log.index, "root": self.answer.log.root},
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer to a 1:1 comparison: a score and what it is called. Never a confirmation."""

    score: float
    band: str
    scale: Scale
    log_index: int
    log_root: str
    faces: tuple[Face, ...] = ()
    """The faces that were compared, as they were found in what was sent."""

    @property
    def threshold(self) -> float:
        """From which score on two faces resemble each other more than strangers' do, but for the rate stated."""
        return self.scale.threshold

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance verify --json``)."""
        return {
            "score": round(self.score, 4),
            "scale": NAME,
            "band": self.band,
            "bands": {band: self.scale.meaning(band) for band in ("high", "low")},
            "threshold": self.threshold,
            "fmr": self.scale.as_json()["fmr"],
            "caution": CAUTION,
            "log": {"index": self.log_index, "root": self.log_root},
        }


class Finding:
    """The searches."""

    def __init__(self, context: Context, cases: Cases) -> None:
        self._context = context
        self._cases = cases

    def search(
        self,
        photo: str | Path | bytes,
        *,
        purpose: str | None,
        case: str | None,
        face: int | None = None,
        limit: int | None = None,
        threshold: float | str | Above | None = None,
        on_behalf_of: str | None = None,
        gate: str | None = None,
        among: int | None = None,
    ) -> Found:
        """Find the subjects that resemble the face in a photo.

        Args:
            photo: A file, or its bytes. Held in memory only.
            purpose: Why, from the closed list.
            case: The reference that this search belongs to; a new one opens a case.
            face: Which face, by number (1 is the largest), when the photo has several.
            limit: How many candidates at the most, up to `LIMIT`.
            threshold: The least cosine of a candidate; when None, what the configuration asks for in such a gallery;
                ``"off"`` ranks everybody.
            gate: A stricter quality gate than the configured one.
            among: The number of the collection whose people alone are searched.
            on_behalf_of: For ``find-my-photos``: the subject that the search is for, who alone can be found.

        Raises:
            InputError: a limit or a threshold that is none.
            Refused: with the requirement that refuses and the log entry.
            NoFace, ManyFaces, QualityTooLow, Unreadable, TooLarge: the photo cannot serve.
        """
        context = self._context
        most, least = _limit(limit, context.settings.search.limit), _threshold(threshold)
        level_for(context.settings.vision, PROBE, gate)
        taken = probing.take(context, photo)
        only = self._only(on_behalf_of)
        number = self._cases.for_search(case, purpose)
        ask = Ask(
            purpose=purpose,
            case_named=bool(case),
            case=number,
            on_behalf_of=only,
            among=among,
            facts={"probe": taken.commitment, "threshold": _told(least)},
            sealed={"salt": taken.salt},
        )
        grant = context.desk.decide(Search, ask)
        made, picture = probing.probe(context, taken, choose=face, gate=gate)

        def crop() -> bytes:
            return probing.crop(picture, made.face, context.vision.anybody(picture))

        answer = context.gallery.search(
            made, limit=most, threshold=least, only=only, among=among, crop=crop, grant=grant
        )
        context.book.publish()
        height, width = picture.pixels.shape[:2]
        return Found(answer, made, self._pending(purpose), (width, height))

    def search_enrolled(
        self,
        references: Sequence[int],
        among: int,
        *,
        purpose: str | None,
        case: str | None,
        limit: int | None = None,
        threshold: Above | None = None,
    ) -> Answer:
        """Who in a collection resembles a person who is in it, by their enrolments; never these themselves.

        Raises as `search` does, and `NoBasis` where none of the enrolments may be searched itself.
        """
        context = self._context
        most, least = _limit(limit, context.settings.search.limit), _threshold(threshold)
        salt = secrets.token_bytes(16)
        which = ",".join(str(each) for each in sorted(references))
        commitment = hashlib.sha256(salt + which.encode()).hexdigest()
        number = self._cases.for_search(case, purpose)
        ask = Ask(
            purpose=purpose,
            case_named=bool(case),
            case=number,
            among=among,
            facts={"probe": commitment, "threshold": _told(least)},
            sealed={"salt": salt.hex(), "enrolled": which},
        )
        grant = context.desk.decide(Search, ask)
        asked = Stored(tuple(references), commitment)
        answer = context.gallery.search(asked, limit=most, threshold=least, among=among, grant=grant)
        context.book.publish()
        return answer

    def verify(
        self,
        first: str | Path | bytes,
        second: str | Path | bytes,
        *,
        purpose: str | None,
        case: str | None,
        face: int | None = None,
        gate: str | None = None,
    ) -> Verified:
        """Compare two faces. The same rules as a search, and capped, so that it does not become one (P3).

        ``face``: which face of the second photo, by number, when it has several.
        """
        context = self._context
        level_for(context.settings.vision, PROBE, gate)
        salt = probing.salt_of_the_day(context)
        one, other = probing.take(context, first, salt=salt), probing.take(context, second, salt=salt)
        grant = self._may_verify((one.commitment, one.salt), (other.commitment, other.salt), purpose, case)
        probe, _ = probing.probe(context, one, gate=gate)
        target, _ = probing.probe(context, other, choose=face, gate=gate)
        seen = context.gallery.verify(probe, target, grant=grant)
        return self._verified(seen, probe.face, target.face)

    def verify_enrolled(
        self,
        photo: str | Path | bytes,
        reference: ReferenceId,
        *,
        purpose: str | None,
        case: str | None,
        face: int | None = None,
    ) -> Verified:
        """Compare a photo's face with one enrolled face, which a search for this purpose could show now (P3, P4).

        Raises `NotFound` for one that is absent, not yours, or may not be found.
        """
        context = self._context
        salt = probing.salt_of_the_day(context)
        taken = probing.take(context, photo, salt=salt)
        target = hashlib.sha256(salt + f"reference {reference}".encode()).hexdigest()
        grant = self._may_verify((taken.commitment, taken.salt), (target, salt.hex()), purpose, case)
        probe, _ = probing.probe(context, taken, choose=face)
        seen = context.gallery.verify(probe, Enrolled(reference, target), grant=grant)
        return self._verified(seen, probe.face)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _may_verify(
        self, probe: tuple[str, str], target: tuple[str, str], purpose: str | None, case: str | None
    ) -> Grant[Verify]:
        """The desk's word on a 1:1 comparison; of each face, the commitment to it and its salt."""
        ask = Ask(
            purpose=purpose,
            case_named=bool(case),
            case=self._cases.for_search(case, purpose),
            facts={"probe": probe[0], "target": target[0]},
            sealed={"salt": probe[1], "target_salt": target[1]},
        )
        return self._context.desk.decide(Verify, ask)

    def _verified(self, seen: Comparison, *faces: Face) -> Verified:
        self._context.book.publish()
        return Verified(seen.score, seen.band, seen.scale, seen.log.index, seen.log.root, faces)

    def _pending(self, purpose: str | None) -> int:
        """How many, never who; and the owner's own people alone are told."""
        context = self._context
        if context.party != context.organisation or purpose not in PURPOSES:
            return 0
        mine = (t.bases.c.organisation == context.organisation, t.bases.c.state == "pending", _permits(purpose))
        with context.registry.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(t.bases).where(*mine)) or 0

    def _only(self, handle: str | None) -> SubjectId | None:
        if handle is None:
            return None
        with self._context.registry.read() as connection:
            return SubjectId(self._context.subject_row(connection, handle).id)


def _permits(purpose: str) -> sa.ColumnElement[bool]:
    return t.bases.c.purposes.bitwise_and(PURPOSES[purpose].mask) != 0


def _told(threshold: float | str | Above | None) -> str:
    """For the log, before it is known how many may be compared."""
    if isinstance(threshold, Above):
        return f"above {threshold.share:.3f}"
    return "off" if threshold is None else threshold if isinstance(threshold, str) else f"{threshold:.3f}"


def _threshold(wanted: float | str | Above | None) -> float | str | Above | None:
    if wanted is None:
        return USUAL
    if isinstance(wanted, Above):
        return wanted
    if wanted == "off":
        return None
    try:
        least = float(wanted)
    except ValueError:
        least = float("nan")
    if not -1 <= least <= 1:  # NaN is neither
        raise InputError(f"{wanted!r} is no threshold.", hint="Give a cosine from -1 to 1, or `off`.")
    return least


def _limit(wanted: int | None, usual: int) -> int:
    if wanted is None:
        return usual
    if not 1 <= wanted <= LIMIT:
        raise InputError(f"{wanted} is no limit.", hint=f"Give a number of candidates from 1 to {LIMIT}.")
    return wanted


def _candidate(candidate: Candidate) -> dict[str, Any]:
    best = candidate.best
    return {
        "rank": candidate.rank,
        "subject": candidate.subject,
        "name": candidate.name,
        "score": round(candidate.score, 4),
        "scale": NAME,
        "band": candidate.band,
        "photo": _photo(best) if best else None,
        "face": {"box": best.box.as_list()} if best else None,
        "appearances": [
            {"photo": _photo(each), "face": {"box": each.box.as_list()}, "score": round(each.score, 4)}
            for each in candidate.appearances
        ],
        "basis": candidate.basis,
        "confirmed_how": candidate.confirmed_how,
        "asserted_by": candidate.asserted_by,
        "asserted_at": candidate.asserted_at,
        "review": candidate.review,
        "reviewers": candidate.reviewers,
        "cautions": [{"code": code, "says": CAUTIONS[code]} for code in candidate.cautions],
    }


def _photo(appearance: Appearance) -> dict[str, Any]:
    photo = appearance.photo
    return {"id": photo.id, "path": photo.path, "source": photo.source, "origin": photo.origin}
