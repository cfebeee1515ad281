"""Activations: what a data protection impact assessment switches on, proposed and approved by named people (P24)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, PurposeRefused
from countenance.policy import activating, gather
from countenance.policy.approving import approve
from countenance.policy.comparing import purpose_is_off
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.service.assessments import assessment
from countenance.service.choosing import meant
from countenance.service.refusing import recording
from countenance.service.subjects import check_territory
from countenance.types import AccountId, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

KINDS = tuple(activating.NEEDED)


@dataclass(frozen=True, slots=True)
class Activation:
    """Something that is switched on, or waits for it. ``signed`` of ``needed`` people have approved it."""

    id: str
    kind: str
    value: str
    dpia: str | None
    signatory: str | None
    proposed_by: str | None
    signed: int
    needed: int
    state: str
    since: str


@dataclass(frozen=True, slots=True)
class PurposeState:
    """One purpose of the closed list, and whether it is in use here. ``why`` says why it is, or is not."""

    name: str
    iri: str
    means: str
    reviewers: int
    roles: tuple[str, ...]
    days: int
    on: bool
    why: str


class Activations:
    """Propose, approve, end and list."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def propose(self, kind: str, value: str | None = None, *, dpia: str | Path, signatory: str) -> Activation:
        """Propose to switch something on, naming its data protection impact assessment.

        A territory or a model is on at once, by the proposer's signature. A purpose or an archive waits until two
        others have approved it (`approve`).

        Args:
            kind: ``purpose``, ``territory``, ``model`` or ``archive``.
            value: The purpose's name, the ISO 3166 code, or the source's name; for a model, its id, or the embedding
                contract of the one that is in use now, when left out.
            dpia: The signed document. Its SHA-256 is kept.
            signatory: Who signed it.
        """
        context = self._context
        named = assessment(dpia, signatory)
        wanted = self._check(kind, value)
        with recording(context, "activation") as connection:
            self._possible(connection, kind, wanted)
            row = connection.execute(
                sa.insert(t.activations).values(
                    organisation=context.organisation,
                    kind=kind,
                    value=wanted,
                    dpia_sha256=named.sha256,
                    signatory=named.signatory,
                    proposed_by=context.account,
                    created=context.clock(),
                )
            )
            number = int((row.inserted_primary_key or (0,))[0])
            facts = {"activation": reference_number("X", number), "kind": kind, "dpia": named.sha256}
            context.desk.record(connection, "activation", "controller", facts=facts)
            if activating.NEEDED[kind] == 1:
                approve(context.desk, connection, activating.matter(self._row(connection, number)), "controller")
        return self._get(number)

    def approve(self, activation: str) -> Activation:
        """Approve a proposed activation with one's own key. Two people must, and not the one who proposed it.

        Raises `RoleRefused` for a self-approval, a second one by the same account, or a missing role.
        """
        context, number = self._context, parse_number("X", activation, "activation")
        with recording(context, "approve") as connection:
            row = self._row(connection, number)
            if row.ended is not None or row.proposed_by is None:
                raise NotFound(f"There is no activation {activation} to approve.")
            self._possible(connection, row.kind, row.value)
            apart = {AccountId(row.proposed_by)} if activating.NEEDED[row.kind] > 1 else set()
            approve(context.desk, connection, activating.matter(row), "controller", "officer", not_by=apart)
        return self._get(number)

    def end(self, activation: str) -> Activation:
        """Switch something off again, at once. Raises `NotFound`."""
        context, number = self._context, parse_number("X", activation, "activation")
        with recording(context, "activation-ended") as connection:
            if self._row(connection, number).ended is not None:
                raise NotFound(f"There is no activation {activation} in force.")
            mine = t.activations.c.id == number
            connection.execute(sa.update(t.activations).where(mine).values(ended=context.clock()))
            facts = {"activation": reference_number("X", number)}
            context.desk.record(connection, "activation-ended", "controller", facts=facts)
        return self._get(number)

    def purposes(self) -> list[PurposeState]:
        """The closed list of purposes: what each is for, who may ask, who must review, and whether it is in use."""
        context = self._context
        with context.registry.read() as connection:
            on = activating.purposes_on(connection, context.desk)
            solo = gather.is_solo(connection, context.organisation)
            switched = activating.values(connection, context.desk, "purpose")
        return [
            PurposeState(
                each.name,
                each.iri,
                each.means,
                each.reviewers,
                each.roles,
                each.days,
                bool(each.mask & on),
                _why(each.name, switched=each.name in switched, solo=solo),
            )
            for each in PURPOSES.values()
        ]

    def list(self) -> list[Activation]:
        """All of them, the model that the gallery was founded with first."""
        query = sa.select(t.activations.c.id).where(t.activations.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            numbers = connection.scalars(query.order_by(t.activations.c.id)).all()
        return [self._get(number) for number in numbers]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _check(self, kind: str, value: str | None) -> str:
        if kind not in KINDS:
            what = f"{kind!r} is nothing that an assessment switches on."
            raise InputError(what, hint=f"Give one of: {', '.join(KINDS)}.")
        if kind == "model":
            return meant(self._context, value) if value else self._context.vision.contract
        if not value:
            raise InputError(f"Which {kind} is to be switched on was not said.")
        if kind == "territory":
            check_territory(value)
        return value

    def _possible(self, connection: sa.Connection, kind: str, value: str) -> None:
        """Refuse what no assessment can switch on."""
        if kind == "purpose":
            known = PURPOSES.get(value)
            if known is None or known.on:
                reason = "is on already" if known else "is not on the closed list"
                raise InputError(f"The purpose {value!r} {reason}.", hint="`countenance purpose list` shows them all.")
            if known.missing:
                raise purpose_is_off(value)
            if gather.is_solo(connection, self._context.organisation):
                raise PurposeRefused(
                    f"A solo installation cannot switch {value!r} on: it needs two reviewers.", requirement="P18",
                    hint="Add accounts until at least three named people run it: `countenance account add`.",
                )  # fmt: skip
        if kind == "archive":
            mine = (t.sources.c.organisation == self._context.organisation, t.sources.c.name == value)
            if not connection.scalar(sa.select(sa.exists().where(*mine))):
                raise NotFound(f"There is no source {value!r}.")

    def _row(self, connection: sa.Connection, number: int) -> activating.Row:
        mine = (t.activations.c.id == number, t.activations.c.organisation == self._context.organisation)
        row = connection.execute(sa.select(t.activations).where(*mine)).first()
        if row is None:
            raise NotFound(f"There is no activation {reference_number('X', number)}.")
        return row

    def _get(self, number: int) -> Activation:
        desk = self._context.desk
        with self._context.registry.read() as connection:
            row = self._row(connection, number)
            who = connection.scalar(sa.select(t.accounts.c.email).where(t.accounts.c.id == row.proposed_by))
            founded = row.proposed_by is None
            signed = 0 if founded else activating.signed(connection, desk, row)
            on = activating.in_use(connection, desk, row)
        return Activation(
            reference_number("X", row.id),
            row.kind,
            row.value,
            row.dpia_sha256,
            row.signatory,
            who,
            signed,
            0 if founded else activating.NEEDED[row.kind],
            "ended" if row.ended is not None else "on" if on else "proposed",
            iso(row.created),
        )


def _why(name: str, *, switched: bool, solo: bool) -> str:
    known = PURPOSES[name]
    if known.missing:
        return f"not offered in this version: {known.missing}"
    if known.on:
        return "on by itself"
    if switched and solo:
        return "approved, and off while fewer than three named people run this gallery (P18)"
    return "approved with an impact assessment" if switched else "needs an impact assessment and two approvers (P24)"
