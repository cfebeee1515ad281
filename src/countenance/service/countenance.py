"""The whole surface for a program: one gallery, opened by one account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from countenance.errors import CountenanceError, NotSignedIn
from countenance.service.duties import Duties

if TYPE_CHECKING:
    from countenance.evaluate.run import Progress as Measuring
    from countenance.ingest.run import Progress, Report
    from countenance.log.note import Checkpoint
    from countenance.service.basis import Basis
    from countenance.service.calibrating import Wish
    from countenance.service.choosing import Used
    from countenance.service.detecting import Detected
    from countenance.service.enrolling import Enrolled, Outcome, Row
    from countenance.service.executing import Executed
    from countenance.service.finding import Found, Verified
    from countenance.service.leaving import Certified
    from countenance.service.looking import Holding
    from countenance.service.migrating import Migrated
    from countenance.service.purging import Purged
    from countenance.service.sources import Source
    from countenance.service.subjects import Subject
    from countenance.service.sweeping import Swept
    from countenance.types import ReferenceId


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An erasure that could not be carried to its end yet, and why."""

    reason: str


class Countenance(Duties):
    """One gallery: its parts (see `Parts`), and what is done with them. Close it, or use it as a context manager."""

    def enrol(
        self,
        subject: Subject | str,
        photo: str | Path | bytes,
        *,
        basis: Basis | str,
        face: int | None = None,
        gate: str | None = None,
    ) -> Enrolled:
        """Enrol a person from a photo of them. See `countenance.service.enrolling.Enrolling.enrol`."""
        return self._enrolling.enrol(self.subjects.get(subject), photo, self.bases.get(basis), face=face, gate=gate)

    def enrol_many(
        self,
        rows: Iterable[Row],
        make_basis: Callable[[Subject], Basis],
        *,
        evidence: str | Path | None = None,
        gate: str | None = None,
        progress: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Enrol many people. See `countenance.service.enrolling.Enrolling.enrol_many`."""
        return self._enrolling.enrol_many(rows, make_basis, evidence=evidence, gate=gate, progress=progress)

    def ingest(
        self,
        source: Source | str,
        *,
        again: bool = False,
        engine: str | None = None,
        detect: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """Go through a source's photos. See `countenance.service.ingesting.ingest`."""
        from countenance.service.ingesting import ingest

        wanted = self.sources.get(str(source))
        return ingest(self.context, wanted, again=again, engine=engine, detect=detect, progress=progress)

    def sweep(
        self,
        source: Source | str | None = None,
        *,
        dry_run: bool = False,
        engine: str | None = None,
        progress: Callable[[Progress], None] | None = None,
        ends: Callable[[], bool] = lambda: False,
    ) -> Swept:
        """Find people who came since in photos ingested before. See `countenance.service.sweeping.sweep`.

        In all sources that are collected from, or in one.
        """
        from countenance.service.sweeping import sweep

        everywhere = [each for each in self.sources.list() if each.state == "active"]
        sources = everywhere if source is None else [self.sources.get(str(source))]
        alone = source is not None
        return sweep(self.context, sources, alone=alone, dry_run=dry_run, engine=engine, progress=progress, ends=ends)

    def search(
        self,
        photo: str | Path | bytes,
        *,
        purpose: str | None = None,
        case: str | None = None,
        face: int | None = None,
        limit: int | None = None,
        threshold: float | str | None = None,
        on_behalf_of: Subject | str | None = None,
        gate: str | None = None,
    ) -> Found:
        """Find who resembles the face in a photo. See `countenance.service.finding.Finding.search`."""
        handle = None if on_behalf_of is None else str(on_behalf_of)
        return self._finding.search(
            photo, purpose=purpose, case=case, face=face, limit=limit, threshold=threshold, on_behalf_of=handle,
            gate=gate,
        )  # fmt: skip

    def detect(self, photo: str | Path | bytes) -> Detected:
        """Where the faces in a photo are, and how far each may be relied on. See `countenance.service.detecting`."""
        from countenance.service.detecting import detect

        return detect(self.context, photo)

    def verify(
        self,
        first: str | Path | bytes,
        second: str | Path | bytes,
        *,
        purpose: str | None = None,
        case: str | None = None,
        face: int | None = None,
        gate: str | None = None,
    ) -> Verified:
        """Compare two faces, 1:1. See `countenance.service.finding.Finding.verify`."""
        return self._finding.verify(first, second, purpose=purpose, case=case, face=face, gate=gate)

    def verify_enrolled(
        self,
        photo: str | Path | bytes,
        reference: ReferenceId,
        *,
        purpose: str | None = None,
        case: str | None = None,
        face: int | None = None,
    ) -> Verified:
        """Compare a face with one enrolled face, 1:1. See `countenance.service.finding.Finding.verify_enrolled`."""
        return self._finding.verify_enrolled(photo, reference, purpose=purpose, case=case, face=face)

    def withdraw(self, subject: Subject | str, bases: Sequence[Basis | str] | None = None) -> int:
        """Withdraw a person's bases, all or some: the next search does not find them. Returns the log's index."""
        wanted = None if bases is None else [self.bases.get(basis) for basis in bases]
        return self._leaving.withdraw(str(subject), wanted)

    def withdraw_by_receipt(self, receipt: bytes) -> int:
        """Withdraw the consent that a receipt is for; nothing else is asked of its holder. Returns the log's index."""
        return self.receipts.withdraw(self.receipts.accept(receipt)).index

    def erase_by_receipt(self, receipt: bytes) -> Certified:
        """Erase the person whose receipt this is, with a certificate; nothing else is asked of its holder."""
        holder = self.receipts.accept(receipt)
        return self._leaving.erase_many([holder.subject], "request", grant=lambda: self.receipts.may_erase(holder))

    def erase(self, subject: Subject | str, *, reason: str) -> Certified:
        """Erase a person, with a certificate. See `countenance.service.leaving.Leaving.erase`."""
        return self._leaving.erase(str(subject), reason)

    def erase_group(self, subjects: Sequence[Subject], *, reason: str) -> Certified:
        """Erase several people in one pass, with one certificate. See `Leaving.erase_many`."""
        return self._leaving.erase_many([each.id for each in subjects], reason)

    def purge(self, *, dry_run: bool = False) -> Purged:
        """Erase what retention says has to go, or list it. See `countenance.service.purging.Purging.purge`."""
        return self._purging.purge(dry_run=dry_run)

    def is_original(self, erasure: str, path: str | Path) -> bool:
        """Whether a file is among the originals that an erasure left. See `Leaving.is_original`."""
        return self._leaving.is_original(erasure, path)

    def finish_erasures(self) -> list[Certified | Unfinished]:
        """Carry erasures to their end that a crash cut short; what still cannot be is said, and tried again later."""
        try:
            return list(self._leaving.finish())
        except CountenanceError as error:
            return [Unfinished(error.message)]

    def finish_orders(self) -> list[Executed | Unfinished]:
        """Carry out to the end what was being executed of an authority's order when a crash cut it short."""
        done = self.orders.finish()
        return [Unfinished(each.message) if isinstance(each, CountenanceError) else each for each in done]

    def sign_in(self) -> None:
        """Open the account's key now, asking for its passphrase, rather than in the middle of a transaction.

        Raises `NotSignedIn` when there is no account, or its key does not open.
        """
        if self.context.actor is None:
            raise NotSignedIn("No account was named.")
        self.context.actor.sign(b"")

    def look(self, subject: Subject | str) -> Holding:
        """What is held of a person: bases, templates, appearances. See `countenance.service.looking.look`."""
        from countenance.service.looking import look

        return look(self.context, str(subject))

    def use_model(self, name: str, *, accept_licence: str | None = None) -> Used:
        """Use another model from the next opening on. See `countenance.service.choosing.use`."""
        from countenance.service.choosing import use

        return use(self.context, name, accept_licence=accept_licence)

    def migrate_models(
        self,
        name: str,
        *,
        photos: Sequence[Path] = (),
        accept_licence: str | None = None,
        dry_run: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Migrated:
        """Make templates anew with another model. See `countenance.service.migrating.migrate`."""
        from countenance.service.migrating import migrate

        return migrate(
            self.context, name, photos=photos, accept_licence=accept_licence, dry_run=dry_run, progress=progress
        )

    def calibrate(self, wish: Wish, progress: Callable[[Measuring], None] | None = None) -> dict[str, Any]:
        """Fit the thresholds to how high strangers score among testers. See `countenance.service.calibrating`."""
        from countenance.service.calibrating import calibrate

        return calibrate(self.context, wish, progress)

    def status(self) -> dict[str, Any]:
        """Version, models, backend, counts, index engine, the log's checkpoint."""
        from countenance.service.status import status

        return status(self.context)

    def check_log(self, outside: dict[str, str] | None = None) -> Checkpoint:
        """Recompute the whole log. Raises `Tampered`. ``outside``: signed checkpoints by where they come from."""
        return self.context.book.check(outside)

    def log_entries(self, start: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Log entries, with what this organisation's key can open of them."""
        return self.context.book.entries(start, limit)

    def export_log(self) -> list[str]:
        """The log's exact lines, for ``countenance-check log``."""
        return [leaf.decode() for leaf in self.context.book.export()]

    def close(self) -> None:
        """Give back files and processes."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
