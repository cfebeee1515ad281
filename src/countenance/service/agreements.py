"""Agreements: what lets an organisation search (P3). The owner's own use is one too, and says so (P18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, TerritoryRefused
from countenance.policy import activating, agreeing, territories
from countenance.policy.approving import approve
from countenance.policy.comparing import purpose_is_off
from countenance.policy.purposes import PURPOSES, mask, names, purpose, reviewers
from countenance.registry import schema as t
from countenance.service import recounting
from countenance.service.assessments import Assessment, assessment
from countenance.service.recounting import Searched
from countenance.service.refusing import recording
from countenance.service.subjects import check_territory
from countenance.types import DAY, AgreementId, OrganisationId, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

LONGEST = 3660
"""Days."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whose gallery may be searched by whom, for what, from when to when.

    ``state``: proposed, in-force, expired or ended. ``waits_for``: the organisations that have not signed what it says.
    ``quota``: comparisons a day, None for any number. ``ended_at``: when it was ended before its time.
    """

    id: str
    owner: str
    party: str
    purposes: tuple[str, ...]
    territories: tuple[str, ...]
    quota: int | None
    dpia: str | None
    signatory: str | None
    mandate: str | None
    starts: str
    ends: str
    ended: bool
    self_agreement: bool
    state: str
    waits_for: tuple[str, ...]
    ended_at: str | None = None

    def __str__(self) -> str:
        return self.id


class Agreements:
    """Make, sign, end and list agreements."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(
        self,
        purposes: Iterable[str],
        *,
        days: int = 365,
        territories: Iterable[str] | None = None,
        dpia: str | Path | None = None,
        signatory: str = "",
    ) -> Agreement:
        """Agree with oneself on the purposes that one's own people may search for. It is signed at once.

        Args:
            purposes: Names from the closed list.
            days: How long it lasts.
            territories: Where those live who may be found; those of the gallery's first agreement when left out.
            dpia: The impact assessment's document, where there is one.
            signatory: Who signed that.

        Raises `PurposeRefused` or `TerritoryRefused` for what is switched off (P24).
        """
        context = self._context
        named = assessment(dpia, signatory) if dpia is not None else None
        with recording(context, "agreement") as connection:
            where = self._own_territories(connection) if territories is None else sorted(set(territories))
            number = self._insert(connection, context.organisation, purposes, where, days, dpia=named)
            approve(context.desk, connection, agreeing.matter(self._row(connection, number)), "controller")
        return self._get(number)

    def propose(
        self,
        party: str,
        purposes: Iterable[str],
        *,
        territories: Iterable[str],
        days: int = 365,
        quota: int,
        dpia: str | Path,
        signatory: str,
        mandate: str | None = None,
    ) -> Agreement:
        """Propose that another organisation may search this gallery. In force once both sides have signed it.

        Args:
            party: The other organisation's name.
            purposes: What it may search for.
            territories: Where those live who may be shown to it: ISO 3166 codes, or ``*`` for everywhere. Whose
                residence is not known is shown only under ``*``.
            days: How long it lasts.
            quota: How many comparisons it may make a day.
            dpia: The impact assessment's document. Its SHA-256 is kept.
            signatory: Who signed that.
            mandate: What gives the other organisation its task, where the purpose needs it.

        Raises `NotFound`, `InputError`, `PurposeRefused`, `TerritoryRefused` (P24), `RoleRefused`.
        """
        context, named, where = self._context, assessment(dpia, signatory), sorted(set(territories))
        if quota < 1:
            raise InputError(f"{quota} is no quota.", hint="Give how many comparisons a day are allowed, at least 1.")
        if not where or ("unknown" in where):
            raise InputError(
                "An agreement names territories.", hint="Give ISO 3166 codes such as GB, or * for everywhere."
            )
        with recording(context, "agreement") as connection:
            query = sa.select(t.organisations.c.id).where(t.organisations.c.name == party.strip())
            other = connection.scalar(query)
            if other is None or other == context.organisation:
                raise NotFound(f"There is no other organisation {party!r}.", hint="`countenance organisation list`.")
            number = self._insert(
                connection, OrganisationId(other), purposes, where, days, dpia=named, quota=quota, mandate=mandate
            )
        return self._get(number)

    def sign(self, agreement: str) -> Agreement:
        """Sign an agreement with one's own key, for one's own side. Raises `RoleRefused` for a second signature."""
        context, number = self._context, parse_number("A", agreement, "agreement")
        with recording(context, "sign") as connection:
            row = self._row(connection, number)
            if row.ended is not None or context.clock() >= row.ends:
                raise NotFound(f"There is no agreement {agreement} to sign.")
            approve(context.desk, connection, agreeing.matter(row), "controller", party=context.party)
        return self._get(number)

    def end(self, agreement: str) -> Agreement:
        """End an agreement at once, by either side: the next search under it is refused."""
        context, number = self._context, parse_number("A", agreement, "agreement")
        with recording(context, "agreement-ended") as connection:
            if self._row(connection, number).ended is not None:
                raise NotFound(f"There is no agreement {agreement} in force.")
            mine = t.agreements.c.id == number
            connection.execute(sa.update(t.agreements).where(mine).values(ended=context.clock()))
            facts = {"agreement": reference_number("A", number)}
            context.desk.record(connection, "agreement-ended", "controller", facts=facts, party=context.party)
        return self._get(number)

    def searches(self, agreement: str) -> tuple[Searched, ...]:
        """Every comparison that was made under an agreement: when, by whom, in which case, and what came of it."""
        context, number = self._context, parse_number("A", agreement, "agreement")
        with context.registry.read() as connection:
            self._row(connection, number)
            return recounting.made_under(connection, context, AgreementId(number))

    def list(self) -> list[Agreement]:
        """All agreements of this gallery; another organisation sees its own."""
        query = sa.select(t.agreements.c.id).where(self._mine())
        with self._context.registry.read() as connection:
            numbers = connection.scalars(query.order_by(t.agreements.c.id)).all()
        return [self._get(number) for number in numbers]

    def reviewed(self) -> tuple[str, ...]:
        """The purposes for which the asking organisation searches here, and whose candidates people must review."""
        own = self._context.party == self._context.organisation
        mine = [each for each in self.list() if each.state == "in-force" and each.self_agreement == own]
        agreed = {name for each in mine for name in each.purposes}
        return tuple(name for name in PURPOSES if name in agreed and reviewers(name, own=own))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _insert(
        self,
        connection: sa.Connection,
        party: OrganisationId,
        purposes: Iterable[str],
        where: Iterable[str],
        days: int,
        *,
        dpia: Assessment | None,
        quota: int | None = None,
        mandate: str | None = None,
    ) -> int:
        context, now, wanted = self._context, self._context.clock(), sorted(set(purposes))
        if not 1 <= days <= LONGEST:
            raise InputError(f"{days} is no number of days.", hint=f"Give 1 to {LONGEST}.")
        self._check(connection, wanted, where, party)
        values: dict[str, Any] = {
            "party": party,
            "purposes": mask(wanted),
            "territories": " ".join(where),
            "starts": now,
            "ends": now + days * DAY,
            "dpia": dpia.sha256 if dpia else None,
            "dpia_signatory": dpia.signatory if dpia else None,
            "mandate": mandate.strip() if mandate and mandate.strip() else None,
            "quota": quota,
            "created": now,
        }
        row = connection.execute(sa.insert(t.agreements).values(organisation=context.organisation, **values))
        number = int((row.inserted_primary_key or (0,))[0])
        facts = {"agreement": reference_number("A", number), "purposes": wanted, "days": days, "party": party}
        context.desk.record(connection, "agreement", "controller", facts=facts)
        return number

    def _check(
        self, connection: sa.Connection, purposes: Iterable[str], where: Iterable[str], party: OrganisationId
    ) -> None:
        """P24: purposes that are on, territories that the gallery was made for. The first agreement says which."""
        context = self._context
        wanted = [purpose(each) for each in purposes]
        if not wanted:
            raise InputError("An agreement names at least one purpose.", hint=f"Some of: {', '.join(PURPOSES)}.")
        on = activating.purposes_on(connection, context.desk)
        for each in wanted:
            if not each.mask & on:
                raise purpose_is_off(each.name)
        for code in where:
            if code != territories.EVERYWHERE:
                check_territory(code)
        if party == context.organisation and self._founding(connection) is None:
            return
        for code in territories.missing(where, activating.territories_on(connection, context.desk)):
            raise TerritoryRefused(
                f"This gallery was not made for people who live in {code}.", requirement="P24",
                hint=f"`countenance dpia propose territory {code} --dpia FILE --signatory NAME` names its assessment.",
            )  # fmt: skip

    def _own_territories(self, connection: sa.Connection) -> tuple[str, ...]:
        founding = self._founding(connection)
        return (territories.EVERYWHERE,) if founding is None else tuple(founding.split())

    def _founding(self, connection: sa.Connection) -> str | None:
        """The territories of the gallery's first agreement with itself."""
        own = self._context.organisation
        return connection.scalar(
            sa.select(t.agreements.c.territories)
            .where(t.agreements.c.organisation == own, t.agreements.c.party == own)
            .order_by(t.agreements.c.id)
        )

    def _mine(self) -> sa.ColumnElement[bool]:
        """The owner sees all; another organisation those that it is the party of."""
        context = self._context
        owned = t.agreements.c.organisation == context.organisation
        return owned if context.party == context.organisation else sa.and_(owned, t.agreements.c.party == context.party)

    def _row(self, connection: sa.Connection, number: int) -> agreeing.Row:
        row = connection.execute(sa.select(t.agreements).where(t.agreements.c.id == number, self._mine())).first()
        if row is None:
            raise NotFound(f"There is no agreement {reference_number('A', number)}.")
        return row

    def _get(self, number: int) -> Agreement:
        context = self._context
        with context.registry.read() as connection:
            row = self._row(connection, number)
            signed = agreeing.signatories(connection, context.desk, row)
            name = sa.select(t.organisations.c.id, t.organisations.c.name)
            called = {each.id: each.name for each in connection.execute(name)}
        waits = tuple(called[each] for each in dict.fromkeys((row.organisation, row.party)) if each not in signed)
        expired = context.clock() >= row.ends
        return Agreement(
            reference_number("A", row.id),
            called[row.organisation],
            called[row.party],
            tuple(names(row.purposes)),
            tuple(row.territories.split()),
            row.quota,
            row.dpia,
            row.dpia_signatory,
            row.mandate,
            iso(row.starts),
            iso(row.ends),
            row.ended is not None,
            row.organisation == row.party,
            "ended" if row.ended is not None else "expired" if expired else "proposed" if waits else "in-force",
            waits,
            None if row.ended is None else iso(row.ended),
        )
