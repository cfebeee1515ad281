"""Twins: a second template of the same photo, under the same permission, and under a contract of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clubs import Club, face, template
from countenance.errors import ContractMismatch, GrantRefused, Refused, RoleRefused
from countenance.gallery.twins import Twin, alone
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.types import Grant, ReferenceId, Remodel
from countenance.vision.contract import contract_of
from county import dpia

OTHER = "c" * 64
"""The contract of a model that is nowhere."""


@pytest.fixture
def assessed(club: Club) -> Club:
    club.person("Ada", 1)
    club.anna.activations.propose("model", OTHER, dpia=dpia(club), signatory="D. Lee")
    return club


def grant(club: Club, contract: str = OTHER) -> Grant[Remodel]:
    return club.anna.context.desk.decide(Remodel, Ask(contract=contract))


def missing(club: Club) -> list[int]:
    with club.sql() as connection:
        return alone(connection, club.anna.context.organisation, OTHER)


def twin(reference: int, contract: str = OTHER) -> Twin:
    return Twin(ReferenceId(reference), face(), replace(template(1), contract=contract))


def contracts(club: Club) -> list[str]:
    with club.sql() as connection:
        return sorted(connection.scalars(sa.select(t.references.c.contract)))


def test_a_twin_is_bound_to_what_its_counterpart_is(assessed: Club) -> None:
    gallery = assessed.anna.context.gallery
    (number,) = missing(assessed)
    (source,) = gallery.photos_of([number], OTHER, grant=grant(assessed))
    assert source.photo == "/pictures/person-1-0.jpg"
    assert gallery.add_twins([twin(number)], OTHER, grant=grant(assessed)) == 1
    assert missing(assessed) == []
    assert gallery.add_twins([twin(number)], OTHER, grant=grant(assessed)) == 0
    with assessed.sql() as connection:
        one, two = connection.execute(sa.select(t.references).order_by(t.references.c.id)).all()
    for name in ("organisation", "subject", "basis", "photo_sha256", "expires"):
        assert getattr(one, name) == getattr(two, name)
    assert (one.contract, two.contract) == (contract_of(), OTHER)
    assert assessed.found(1) == ["ada"]
    assessed.anna.erase("ada", reason="withdrawn")
    assert contracts(assessed) == []


def test_p24_a_grant_for_one_model_keeps_no_template_of_another(assessed: Club) -> None:
    gallery = assessed.anna.context.gallery
    (number,) = missing(assessed)
    with pytest.raises(Refused, match="not assessed"):
        grant(assessed, "d" * 64)
    with pytest.raises(GrantRefused):
        gallery.add_twins([twin(number)], contract_of(), grant=grant(assessed))
    with pytest.raises(ContractMismatch):
        gallery.add_twins([twin(number, contract_of())], OTHER, grant=grant(assessed))
    assert contracts(assessed) == [contract_of()]


def test_p5_nobody_who_has_withdrawn_gets_a_new_template(assessed: Club) -> None:
    (number,) = missing(assessed)
    assessed.anna.withdraw("ada")
    assert missing(assessed) == []
    assert assessed.anna.context.gallery.add_twins([twin(number)], OTHER, grant=grant(assessed)) == 0
    assert contracts(assessed) == [contract_of()]


def test_p21_only_a_controller_has_templates_made_anew(assessed: Club) -> None:
    assessed.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="words")
    with pytest.raises(RoleRefused):
        assessed.open("eve@club.example").context.desk.decide(Remodel, Ask(contract=OTHER))
