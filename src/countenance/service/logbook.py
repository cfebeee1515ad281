"""The log for people outside: checkpoints sent, tiles written, entries proven; and the clock set right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.errors import BadConfiguration, CountenanceError, InputError, Unavailable
from countenance.log import note, witness
from countenance.log.book import CLOCK, Written
from countenance.log.senders import Sender, senders
from countenance.rights.certificates import log_part, sign
from countenance.service.uses import Use, uses
from countenance.types import iso

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt: to whom, how many entries the checkpoint covers, and what went wrong, if anything did."""

    name: str
    size: int
    fault: str | None


class Logbook:
    """What is done with the log beside writing it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def send(self, progress: Callable[[Sent], None] | None = None) -> list[Sent]:
        """Send the current checkpoint to every place in the configuration. One that fails does not stop the others.

        Raises `BadConfiguration` when no place is configured.
        """
        context = self._context
        places = list(senders(context.settings.witness, context.settings.folder))
        if not places:
            raise BadConfiguration(
                "No place outside is configured.", hint="Set [witness] drop, smtp or timestamp in countenance.toml."
            )
        folder, seen = self.tiles()
        text = folder.joinpath("checkpoint").read_text("utf-8")
        done = []
        for place in places:
            sent = Sent(place.name, seen.size, self._send(place, seen, text))
            done.append(sent)
            if progress is not None:
                progress(sent)
        return done

    def _send(self, place: Sender, seen: note.Checkpoint, text: str) -> str | None:
        try:
            proof = place.send(seen, text)
        except CountenanceError as error:
            return error.message
        with self._context.registry.write() as connection:
            witness.record(connection, place.name, seen, proof, self._context.clock())
        return None

    def witness(self) -> str | dict[str, Any]:
        """The newest checkpoint that was sent outside, or ``unwitnessed`` (P19)."""
        with self._context.registry.read() as connection:
            return witness.witness(connection)

    def tiles(self, to: Path | None = None) -> tuple[Path, note.Checkpoint]:
        """Write the whole log as C2SP tlog-tiles, its newest part included, with its checkpoint. Returns where."""
        book = self._context.book
        folder = to or book.folder
        try:
            text = book.write_tiles(folder)
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written: {error.strerror}.") from None
        return folder, note.open_checkpoint(text, book.signer().verifier)

    def prove(self, index: int) -> dict[str, Any]:
        """A signed proof that an entry is in the log, which ``countenance-check certificate`` checks. No personal data.

        Raises `InputError` when there is no such entry.
        """
        context = self._context
        if not 0 <= index < (size := context.book.size()):
            raise InputError(f"The log has no entry {index}.", hint=f"Its entries are 0 to {size - 1}.")
        log = log_part(context.book, Written(index, ""))
        return sign(context.book, {"v": 1, "kind": "entry", "issued": iso(context.clock()), "log": log})

    def grown_from(self, size: int) -> dict[str, Any]:
        """The checkpoint of now, and the proof (RFC 6962 §2.1.2) that the log at ``size`` entries is its start.

        Raises `InputError` when the log was never at so many.
        """
        context = self._context
        text, key = context.book.checkpoint(), context.book.signer().verifier
        now = note.open_checkpoint(text, key)
        if not 0 < size <= now.size:
            raise InputError(f"The log was never at {size} entries.", hint=f"It has {now.size} now.")
        return {"checkpoint": text, "key": str(key), "consistency": context.book.consistency(size, now.size)}

    def times(self) -> tuple[str, str]:
        """When the log's last entry was written, and what the clock says now."""
        with self._context.registry.read() as connection:
            return iso(self._context.book.last_time(connection)), iso(self._context.clock())

    def accept_clock(self) -> Written:
        """Let the log go on from the clock as it is now, though entries from a clock that ran ahead are later.

        Nothing is changed: the entry says so, signed by the officer who says it.

        Raises `RoleRefused`, `NotSignedIn`, or `InputError` when the clock is not behind the log at all.
        """
        context = self._context
        with context.registry.write() as connection:
            last, now = context.book.last_time(connection), context.clock()
            if now >= last:
                raise InputError(f"The clock is not behind: the log's last entry is of {iso(last)}.")
            facts = {"from": iso(last), "to": iso(now)}
            written = context.desk.record(connection, CLOCK, "officer", facts=facts)
        context.book.publish()
        return written

    def uses(self, *, start: int = 1, limit: int | None = None) -> list[Use]:
        """Every search and comparison, with the fields of the AI Act's Article 12(3). See `service.uses`."""
        return uses(self._context, start=start, limit=limit)
