"""1:1: two faces beside each other, or a face beside one enrolled reference (P3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from countenance.errors import NotFound
from countenance.gallery import searching
from countenance.gallery.eligible import standing
from countenance.gallery.matching import Match, Terms
from countenance.gallery.rows import TEMPLATE
from countenance.gallery.scale import Scaling
from countenance.gallery.searching import Comparison, Record
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk
from countenance.policy.purposes import PURPOSES
from countenance.registry.database import Registry
from countenance.types import Grant, Probe, ReferenceId, Template, Verify
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrolled reference as the second face; ``commitment`` stands for it in the cap and in the log."""

    reference: ReferenceId
    commitment: str


@dataclass(frozen=True, slots=True)
class Verifying:
    """What a comparison works with."""

    registry: Registry
    keys: Keyring
    desk: Desk
    scaling: Scaling
    contract: str

    def verify(self, first: Probe, second: Probe | Enrolled, grant: Grant[Verify], now: int) -> Comparison:
        """Compare, and write what was compared; nothing of either face is stored.

        An enrolled one is compared only where a search for this purpose could show it now; raises `NotFound`
        otherwise, in the same words for absent, pending, withdrawn and another organisation's.
        """
        with self.registry.write() as connection:
            searching.check_in_force(connection, self.desk, grant.terms, "verify", now)
            searching.check_capped(connection, self.desk, grant, now)
            shown: tuple[Match, ...] = ()
            if isinstance(second, Probe):
                score = float(np.dot(first.template.vector, second.template.vector))
            else:
                shown = (_beside(connection, self, first, second.reference, grant, now),)
                score = shown[0].score
            pair = searching.pair_of(first.commitment, second.commitment)
            sequence = self.registry.sequence(connection)
            made = Record("verify", first.commitment, self.contract, sequence, now, shown=shown, pair=pair)
            _, written = searching.write(connection, self.desk, self.keys, grant, made)
        return Comparison(score, self.scaling.at(1), written)


def _beside(
    connection: sa.Connection, tools: Verifying, probe: Probe, reference: ReferenceId, grant: Grant[Verify], now: int
) -> Match:
    """The reference's score, as the registry lets it stand now (P4), under a basis that bears its signature."""
    mask, where = PURPOSES[grant.purpose].mask, grant.terms.territories
    terms = Terms(tools.contract, mask, tools.desk.gallery, now, territories=where)
    for row in standing(connection, tools.contract, now, ids=[reference]):
        if not terms.permit(row):
            continue
        (plain,) = tools.keys.unseal_many([(subject_key(row.subject), row.sealed)], TEMPLATE)
        if plain is None:
            continue
        check_confirmed(connection, [row.basis], tools.desk)
        vector = Template.from_bytes(plain, tools.contract).vector
        return Match(row.subject, row.basis, float(np.dot(vector, probe.template.vector)))
    raise NotFound(
        "There is no such enrolled face, or it may not be compared for this purpose.",
        hint="A basis that nobody has confirmed yet finds nobody: `countenance basis list`.",
    )
