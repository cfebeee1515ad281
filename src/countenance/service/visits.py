"""The visitor desk: who is expected today, who came in and how, and the end of each enrolment with its visit (P13).

A face is one way in among others. It is compared with the visitors of the day alone, and proposes; whoever stands at
the desk decides. Host, paper and badge count the same, need no enrolment, and are offered beside every answer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NotFound, Refused, RoleRefused
from countenance.policy.desk import Ask
from countenance.policy.visiting import signed, statement, today
from countenance.registry import schema as t
from countenance.service import probing
from countenance.service.finding import Found
from countenance.service.gates import ENROLMENT, level_for
from countenance.service.instruments import words_or_none
from countenance.service.refusing import recording
from countenance.types import BasisId, Search, SearchId, SubjectId, Withdraw, iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.bases import Bases
    from countenance.service.cases import Cases
    from countenance.service.context import Context
    from countenance.service.enrolling import Enrolling
    from countenance.service.subjects import Subjects

PURPOSE = "visitor-check-in"
FACE = "face"
OTHERS = ("host", "paper", "badge")
WAYS = (FACE, *OTHERS)
"""How somebody comes in; none counts less than another."""
FRESH = 600
"""Seconds for which a comparison may be decided about."""
MOST = 5
"""Candidates at the most: a desk that is shown more is shown a list of visitors."""
_DETAILS = "visit"
_GONE = ("withdrawn", "erased")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody's visit today.

    Attributes:
        subject, name, host: Who comes, and to whom.
        state: ``expected``, ``arrived`` or ``left``.
        ends: When the enrolment ends by itself, if they do not leave before.
        way: How they came in: ``face``, ``host``, ``paper`` or ``badge``.
        waits_for: What is still missing before their face can be found; None where nothing is.
    """

    id: str
    subject: str
    name: str
    host: str | None
    basis: str
    state: str
    ends: str
    arrived: str | None
    way: str | None
    left: str | None
    waits_for: str | None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Visitors:
    """The answer to a still: the search's number, what it found, and the visits of those who were found, in order."""

    search: str
    found: Found
    visits: tuple[Visit, ...]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form: what a search says, the visits, and the other ways in."""
        visits = [each.as_json() for each in self.visits]
        return self.found.as_json() | {"search": self.search, "visits": visits, "other_ways": list(OTHERS)}


class Visits:
    """Expect, recognise, let in by any way, and let go."""

    def __init__(self, context: Context, subjects: Subjects, bases: Bases, enrolling: Enrolling, cases: Cases) -> None:
        self._context = context
        self._subjects = subjects
        self._bases = bases
        self._enrolling = enrolling
        self._cases = cases

    def add(
        self,
        name: str,
        photo: str | Path | bytes,
        *,
        evidence: str | Path | bytes,
        notice: str,
        territory: str = "unknown",
        host: str | None = None,
        contact: str | None = None,
        handle: str | None = None,
    ) -> Visit:
        """Expect a visitor who agreed to be recognised: record, basis and face, for a day at the most.

        Their face is found once the consent is confirmed: by a second account, by themselves through a link, or with
        stills at the desk. Until then, and if they would rather not, they come in by another way.

        Args:
            name: As it shall be shown at the desk.
            photo: Of them alone; a file or its bytes.
            evidence: The consent they gave; only its SHA-256 is kept.
            notice: The name of the notice that they were given.
            territory: Where they live.
            host: Whom they visit.
            contact: An e-mail address or the like, for a link and for their rights.
            handle: A short name to type; made from ``name`` when left out.

        Raises:
            NoFace, ManyFaces, QualityTooLow, Unreadable: the photo cannot serve; nothing is recorded then.
            AlreadyExists, InputError, NoBasis, NoNotice, RoleRefused: as for a subject, a basis and an enrolment.
        """
        context = self._context
        context.own()
        host = words_or_none("host", host or None)
        self._check_may_add()
        self._check_photo(photo)
        self._bases.check(ground="consent", condition="explicit-consent", purposes=[PURPOSE], evidence=evidence)
        subject = self._subjects.add(name, territory=territory, handle=handle, contact=contact or None)
        basis = self._bases.record(
            subject, ground="consent", condition="explicit-consent", purposes=[PURPOSE], evidence=evidence,
            notice=notice,
        )  # fmt: skip
        self._enrolling.enrol(subject, photo, basis)
        return self._expect(subject.id, basis.number, host)

    def list(self) -> list[Visit]:
        """Today's visitors: expected, inside, and left. Whoever was recorded is listed until their basis is erased."""
        context = self._context
        context.own()
        query = sa.select(t.visits).where(t.visits.c.organisation == context.organisation).order_by(t.visits.c.id)
        with context.registry.read() as connection:
            return [self._told(connection, row) for row in connection.execute(query) if signed(context.desk, row)]

    def search(self, still: str | Path | bytes, *, face: int | None = None) -> Visitors:
        """Compare a still with the faces of today's visitors, and with nobody else's. It is kept in memory alone.

        The case is the desk's of this day (UTC). Nobody is let in by it: see `arrive`.

        Raises:
            NotFound: nobody is expected now who agreed to be recognised. No face was looked for.
            NoFace, ManyFaces, QualityTooLow, Unreadable, TooLarge: the still cannot serve.
            Refused: with the requirement that refuses and the log entry.
        """
        context = self._context
        context.own()
        with context.registry.read() as connection:
            among = frozenset(int(row.subject) for row in today(connection, context.desk, context.clock()))
        if not among:
            raise NotFound("No visitor is expected now.", hint="Call the host, or use paper or a badge.")
        taken = probing.take(context, still)
        case = f"visitor desk {datetime.fromtimestamp(context.clock(), UTC):%Y-%m-%d}"
        ask = Ask(
            purpose=PURPOSE, case_named=True, case=self._cases.for_search(case, PURPOSE), among=among,
            facts={"probe": taken.commitment, "visitors": len(among)}, sealed={"salt": taken.salt},
        )  # fmt: skip
        grant = context.desk.decide(Search, ask)
        made, picture = probing.probe(context, taken, choose=face)
        answer = context.gallery.search(made, limit=MOST, among=among, grant=grant)
        context.book.publish()
        height, width = picture.pixels.shape[:2]
        found = Found(answer, made, 0, (width, height))
        visits = {each.subject: each for each in self.list() if each.state != "left"}
        here = tuple(visits[each.subject] for each in found if each.subject in visits)
        return Visitors(reference_number("S", answer.search), found, here)

    def arrive(self, visit: str, *, way: str, search: str | None = None) -> Visit:
        """Let a visitor in, as the person at the desk has decided. It is logged; every way counts the same.

        Args:
            visit: Its number, such as ``V3``.
            way: ``face``, ``host``, ``paper`` or ``badge``.
            search: For ``face``: the number of the comparison that showed them, such as ``S12``.

        Raises:
            InputError: no such way.
            NotFound: no such visit, or it has ended.
            AlreadyExists: they are inside.
            Refused: by face without a comparison of one's own, minutes ago, that showed this visitor (P17).
        """
        context, now = self._context, self._context.clock()
        _check_way(way, WAYS)
        with recording(context, "visit-arrived") as connection:
            row = self._open(connection, visit)
            if row.arrived is not None:
                raise AlreadyExists(f"{visit} has arrived already.", hint="Nothing was changed.")
            facts: dict[str, Any] = {"visit": reference_number("V", row.id), "way": way}
            if way == FACE:
                facts["search"] = self._shown(connection, row, search, now)
            arrived = sa.update(t.visits).where(t.visits.c.id == row.id)
            connection.execute(arrived.values(arrived=now, way=way))
            context.desk.record(connection, "visit-arrived", "operator", subjects=(row.subject,), facts=facts)
            return self._told(connection, self._row(connection, visit))

    def arrive_unnamed(self, way: str) -> int:
        """Somebody who is not enrolled comes in by another way. Nothing of them is kept. Returns the log's index."""
        context = self._context
        context.own()
        _check_way(way, OTHERS)
        with recording(context, "visit-other-way") as connection:
            written = context.desk.record(connection, "visit-other-way", "operator", facts={"way": way})
        return written.index

    def leave(self, visit: str) -> Visit:
        """End a visit. Its basis is withdrawn: no search finds the visitor from here on; the purge erases the rest.

        Raises `NotFound` (no such visit, or it has ended) and `RoleRefused`.
        """
        context = self._context
        context.own()
        with context.registry.read() as connection:
            row = self._open(connection, visit)
            live = connection.scalar(sa.select(t.bases.c.state).where(t.bases.c.id == row.basis)) not in _GONE
        number = reference_number("V", row.id)
        if live:
            facts = {"bases": 1, "visit": number}
            ask = Ask(subject=SubjectId(row.subject), basis=BasisId(row.basis), visit=row.id, facts=facts)
            grant = context.desk.decide(Withdraw, ask)
            context.gallery.withdraw(SubjectId(row.subject), [BasisId(row.basis)], grant=grant)
        with recording(context, "visit-left") as connection:
            connection.execute(sa.update(t.visits).where(t.visits.c.id == row.id).values(departed=context.clock()))
            context.desk.record(
                connection, "visit-left", "operator", "officer", subjects=(row.subject,), facts={"visit": number}
            )
            return self._told(connection, self._row(connection, visit))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _expect(self, subject: SubjectId, basis: BasisId, host: str | None) -> Visit:
        context, now = self._context, self._context.clock()
        with recording(context, "visit") as connection:
            ends = int(connection.scalar(sa.select(t.bases.c.ends).where(t.bases.c.id == basis)) or now)
            said = {"subject": subject, "basis": basis, "made_by": context.account, "ends": ends, "created": now}
            signature = context.book.signer().sign(statement(context.desk.origin, **said))
            details = context.keys.seal_text(subject_key(subject), json.dumps({"host": host}), _DETAILS)
            values = {"organisation": context.organisation, "details_sealed": details, "signature": signature}
            made = connection.execute(sa.insert(t.visits).values(way="none", **values, **said))
            number = reference_number("V", (made.inserted_primary_key or (0,))[0])
            context.desk.record(connection, "visit", "operator", subjects=(subject,), facts={"visit": number})
            return self._told(connection, self._row(connection, number))

    def _check_may_add(self) -> None:
        """Refuse before anything of the visitor is written what would be refused halfway."""
        context = self._context
        with recording(context, "visit") as connection:
            roles = connection.scalar(sa.select(t.accounts.c.roles).where(t.accounts.c.id == context.account)) or ""
            if not {"controller", "operator"} <= set(roles.split()):
                raise RoleRefused(
                    "To expect a visitor needs the roles controller and operator: their record, and their face.",
                    requirement="P21", hint="Ask someone whose account has both: `countenance account list`.",
                )  # fmt: skip

    def _check_photo(self, photo: str | Path | bytes) -> None:
        context = self._context
        picture = context.vision.decode(probing.take(context, photo).data)
        level = level_for(context.settings.vision, ENROLMENT, None)
        context.vision.choose(context.vision.faces(picture), None, use=ENROLMENT, level=level)

    def _row(self, connection: sa.Connection, visit: str) -> sa.Row[Any]:
        """Raises `NotFound`: absent, not yours, or written by nobody, in the same words."""
        context, number = self._context, parse_number("V", visit, "visit")
        context.own()
        query = sa.select(t.visits).where(t.visits.c.id == number, t.visits.c.organisation == context.organisation)
        row = connection.execute(query).first()
        if row is None or not signed(context.desk, row):
            raise NotFound(f"There is no visit {visit}.", hint="`countenance visit list` shows them.")
        return row

    def _open(self, connection: sa.Connection, visit: str) -> sa.Row[Any]:
        row = self._row(connection, visit)
        if row.departed is not None or self._context.clock() >= row.ends:
            raise NotFound(f"Visit {visit} has ended.", hint="`countenance visit list` shows today's.")
        return row

    def _shown(self, connection: sa.Connection, row: sa.Row[Any], search: str | None, now: int) -> str:
        """The comparison that showed this visitor to this account, minutes ago."""
        number = SearchId(parse_number("S", search or "", "comparison"))
        c = t.searches.c
        seen = connection.scalar(
            sa.select(c.id)
            .join(t.shown, t.shown.c.search == c.id)
            .where(c.id == number, c.account == self._context.account, c.purpose == PURPOSE)
            .where(c.started > now - FRESH, t.shown.c.subject == row.subject)
        )
        if seen is None:
            raise Refused(
                "No comparison of yours in the last minutes showed this visitor.", requirement="P17",
                hint="Take a still again, or let them in by another way: --way host.",
            )  # fmt: skip
        return reference_number("S", seen)

    def _told(self, connection: sa.Connection, row: sa.Row[Any]) -> Visit:
        context, key = self._context, subject_key(SubjectId(row.subject))
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
        state = connection.scalar(sa.select(t.bases.c.state).where(t.bases.c.id == row.basis))
        text = context.keys.unseal_text
        handle = text(key, person.handle_sealed, "handle") or ""
        basis = reference_number("B", row.basis)
        over = row.departed is not None or state in _GONE or context.clock() >= row.ends
        lacking = () if over else self._bases.why_not(basis)
        return Visit(
            reference_number("V", row.id), handle, text(key, person.name_sealed, "name") or handle,
            json.loads(text(key, row.details_sealed, _DETAILS) or "{}").get("host"), basis,
            "left" if over else "expected" if row.arrived is None else "arrived", iso(row.ends),
            None if row.arrived is None else iso(row.arrived), None if row.arrived is None else row.way,
            None if row.departed is None else iso(row.departed), "; ".join(each.what for each in lacking) or None,
        )  # fmt: skip


def _check_way(way: str, ways: tuple[str, ...]) -> None:
    if way not in ways:
        raise InputError(f"{way!r} is no way in.", hint=f"One of: {', '.join(ways)}.")
