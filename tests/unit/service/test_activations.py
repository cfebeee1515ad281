"""What an impact assessment switches on: purposes, territories, models (P24); the purposes and who may ask (P3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clubs import Club, enrolment, looked
from countenance.errors import InputError, NotFound, PurposeRefused, Refused, RoleRefused, TerritoryRefused
from countenance.policy.desk import Ask, Desk
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import Enrol, Ingest, Search, Verify
from county import dpia

CATALOGUE = "archive-cataloguing"
SIGNED = {"signatory": "D. Lee"}


@pytest.fixture
def three(club: Club) -> Club:
    """A club of three people, with Ada, whose basis names the archive's purpose."""
    assert club.cleo
    club.person("Ada", 1, purposes=["photo-library", CATALOGUE])
    return club


def switch_on(club: Club) -> str:
    number = club.anna.activations.propose("purpose", CATALOGUE, dpia=dpia(club), **SIGNED).id
    club.ben.activations.approve(number)
    assert club.cleo.activations.approve(number).state == "on"
    club.anna.agreements.add([CATALOGUE])
    return number


def test_p24_a_purpose_that_is_off_needs_an_assessment_and_two_others(three: Club) -> None:
    with pytest.raises(PurposeRefused) as refused:
        three.search(1, CATALOGUE)
    assert refused.value.requirement == "P24"
    assert "dpia propose" in refused.value.hint
    proposed = three.anna.activations.propose("purpose", CATALOGUE, dpia=dpia(three), **SIGNED)
    assert (proposed.state, proposed.signed, proposed.needed) == ("proposed", 0, 2)
    with pytest.raises(RoleRefused, match="proposed"):
        three.anna.activations.approve(proposed.id)
    three.ben.activations.approve(proposed.id)
    with pytest.raises(RoleRefused, match="already"):
        three.ben.activations.approve(proposed.id)
    with pytest.raises(PurposeRefused):
        three.anna.agreements.add([CATALOGUE])
    assert three.cleo.activations.approve(proposed.id).state == "on"
    three.anna.agreements.add([CATALOGUE])
    assert three.found(1, CATALOGUE) == ["ada"]


def test_p24_an_activation_ends_at_once(three: Club) -> None:
    number = switch_on(three)
    assert three.found(1, CATALOGUE) == ["ada"]
    assert three.anna.activations.end(number).state == "ended"
    with pytest.raises(PurposeRefused):
        three.search(1, CATALOGUE)
    for attempt in (three.anna.activations.end, three.ben.activations.approve):
        with pytest.raises(NotFound):
            attempt(number)


@pytest.mark.parametrize("lie", [{"dpia_sha256": "0" * 64}, {"signatory": "somebody"}, {"proposed_by": 3}])
def test_p24_an_activation_that_was_edited_switches_nothing_on(three: Club, lie: dict[str, object]) -> None:
    switch_on(three)
    with three.sql() as connection:
        connection.execute(sa.update(t.activations).where(t.activations.c.kind == "purpose").values(**lie))
    with pytest.raises(PurposeRefused):
        three.search(1, CATALOGUE)


def test_p24_a_row_that_nobody_signed_switches_nothing_on(three: Club) -> None:
    with three.sql() as connection:
        values = {"kind": "purpose", "value": CATALOGUE, "dpia_sha256": "0", "signatory": "x", "created": 1}
        connection.execute(sa.insert(t.activations).values(organisation=1, **values))
    with pytest.raises(PurposeRefused) as refused:
        three.search(1, CATALOGUE)
    assert refused.value.requirement == "P24"


def test_p18_a_solo_installation_cannot_switch_on_what_needs_two_reviewers(club: Club) -> None:
    with pytest.raises(PurposeRefused) as refused:
        club.anna.activations.propose("purpose", CATALOGUE, dpia=dpia(club), **SIGNED)
    assert refused.value.requirement == "P18"


def test_p18_whoever_becomes_solo_loses_those_purposes(three: Club) -> None:
    switch_on(three)
    three.anna.accounts.revoke("cleo@club.example")
    with pytest.raises(PurposeRefused):
        three.search(1, CATALOGUE)
    (state,) = [each for each in three.anna.activations.purposes() if each.name == CATALOGUE]
    assert not state.on
    assert "fewer than three" in state.why


def test_p24_family_tracing_is_not_offered_and_says_why(three: Club) -> None:
    for attempt in (
        lambda: three.search(1, "family-tracing"),
        lambda: three.anna.activations.propose("purpose", "family-tracing", dpia=dpia(three), **SIGNED),
        lambda: three.anna.agreements.add(["family-tracing"]),
    ):
        with pytest.raises(PurposeRefused, match="consent to release") as refused:
            attempt()
        assert refused.value.requirement == "P24"


def test_p24_what_no_assessment_can_switch_on(three: Club) -> None:
    for kind, value in (
        ("purpose", "curiosity"),
        ("purpose", "photo-library"),
        ("camera", "x"),
        ("territory", "gb"),
        ("territory", None),
    ):
        with pytest.raises(InputError):
            three.anna.activations.propose(kind, value, dpia=dpia(three), **SIGNED)
    with pytest.raises(NotFound):
        three.anna.activations.propose("archive", "no such source", dpia=dpia(three), **SIGNED)
    three.anna.accounts.add("hal@club.example", roles=["operator"], passphrase="words")
    gil = three.open("hal@club.example")
    with pytest.raises(RoleRefused):
        gil.activations.propose("territory", "DE", dpia=dpia(three), **SIGNED)
    empty = three.root / "empty.pdf"
    empty.write_text(" ")
    with pytest.raises(InputError):
        three.anna.activations.propose("territory", "DE", dpia=empty, **SIGNED)


# --- territories -----------------------------------------------------------------------------------------------------


def made_for_gb(club: Club) -> None:
    """As if it had been founded for people in GB."""
    with club.sql() as connection:
        connection.execute(sa.update(t.agreements).values(territories="GB"))
    club.anna.agreements.sign("A1")


def test_p24_people_of_a_new_territory_are_enrolled_after_its_assessment(club: Club) -> None:
    made_for_gb(club)
    club.person("Ada", 1)
    with pytest.raises(TerritoryRefused) as refused:
        club.person("Bo", 2, territory="DE")
    assert refused.value.requirement == "P24"
    with pytest.raises(TerritoryRefused):
        club.person("Cy", 3, territory="unknown")
    activated = club.anna.activations.propose("territory", "DE", dpia=dpia(club), **SIGNED)
    assert (activated.state, activated.signed, activated.needed) == ("on", 1, 1)
    bo = club.anna.subjects.get("bo")
    club.enrol(bo, club.anna.bases.list(bo)[0], 2)
    assert club.found(2) == []  # the agreement does not say DE yet
    with pytest.raises(TerritoryRefused):
        club.anna.agreements.add(["photo-library"], territories=["GB", "FR"])
    club.anna.agreements.add(["photo-library"], territories=["GB", "DE"])
    club.anna.agreements.end("A1")
    assert club.found(2) == ["bo"]


def test_p24_a_corrected_territory_gets_nobody_past_the_assessment(club: Club) -> None:
    made_for_gb(club)
    club.person("Ada", 1)
    club.subject("Bo", territory="FR")
    club.anna.subjects.update("bo", territory="DE")  # nothing of his face is here
    with pytest.raises(TerritoryRefused) as refused:
        club.anna.subjects.update("ada", territory="FR")
    assert (refused.value.requirement, club.found(1)) == ("P24", ["ada"])


def test_p24_an_ingest_keeps_nobody_who_lives_where_nothing_was_assessed(club: Club) -> None:
    made_for_gb(club)
    club.person("Ada", 1)
    club.person("Bo", 2)
    with club.sql() as connection:  # as an earlier version let it be corrected
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id == 2).values(territory="FR"))
    assert club.ingest(club.source(), [looked("a.jpg", [1, 2])]).kept == 1


# --- models ----------------------------------------------------------------------------------------------------------


def desk_with(club: Club, contract: str) -> Desk:
    context = club.anna.context
    return Desk(context.registry, context.book, club.clock, context.organisation, context.actor, contract)


def test_p24_another_model_does_nothing_until_it_was_assessed(club: Club) -> None:
    ada = club.person("Ada", 1)
    basis = club.anna.bases.list(ada)[0]
    source = club.source()
    case = club.anna.cases.for_search("press 12", "photo-library")
    search = Ask(purpose="photo-library", case_named=True, case=case)
    asks = (
        (Enrol, Ask(subject=ada.id, basis=basis.number)),
        (Ingest, Ask(source=source)),
        (Search, search),
        (Verify, search),
    )
    desk = desk_with(club, "another model")
    for action, ask in asks:
        with pytest.raises(Refused) as refused:
            desk.decide(action, ask)
        assert refused.value.requirement == "P24"
        assert "dpia propose model" in refused.value.hint
    club.anna.activations.propose("model", "another model", dpia=dpia(club), **SIGNED)
    for action, ask in asks:
        assert desk.decide(action, ask)


def test_p24_the_model_of_the_founding_is_in_use_and_says_so(club: Club) -> None:
    (founded,) = club.anna.activations.list()
    assert (founded.kind, founded.value, founded.state) == ("model", club.anna.context.vision.contract, "on")
    club.anna.activations.end(founded.id)
    with pytest.raises(Refused) as refused:
        club.search(1)
    assert refused.value.requirement == "P24"


# --- the list of purposes --------------------------------------------------------------------------------------------


def test_p3_the_list_of_purposes_says_who_may_ask_and_how_many_review(club: Club) -> None:
    told = {each.name: each for each in club.anna.activations.purposes()}
    assert list(told) == list(PURPOSES)
    assert all(each.iri.startswith("https://w3id.org/dpv#") and each.roles and each.why for each in told.values())
    assert [name for name, each in told.items() if not each.on] == [CATALOGUE, "family-tracing"]
    assert told["rights-request"].roles == ("officer",)


def test_p3_a_purpose_is_asked_for_by_its_roles_alone(three: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    assert three.found(1) == ["ada"]
    only_reviewers = replace(PURPOSES["photo-library"], roles=("reviewer",))
    monkeypatch.setitem(PURPOSES, "photo-library", only_reviewers)
    three.anna.accounts.add("hal@club.example", roles=["operator"], passphrase="words")
    with pytest.raises(RoleRefused) as refused:
        three.search(1, by=three.open("hal@club.example"))
    assert refused.value.requirement == "P3"


def test_an_ingest_and_an_enrolment_go_on_under_the_model_that_is_in_use(club: Club) -> None:
    ada = club.person("Ada", 1)
    assert club.ingest(club.source(), [looked("a.jpg", [1])]).kept == 1
    assert enrolment(1).template.contract == club.anna.activations.list()[0].value
    assert club.anna.subjects.get(ada).handle == "ada"
