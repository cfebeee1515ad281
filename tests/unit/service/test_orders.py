"""Authorities' orders: proposed, approved, in force at once, stayed, revived, joined; strictest wins (P8, P9, P11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from clubs import BEN, CLEO, DAY, WORDS, Club, looked
from countenance import errors
from countenance.registry import schema as t
from robust.attacks import counts, two_lines


def state(club: Club, order: str) -> str:
    return club.anna.orders.get(order).state


def refused(club: Club, kind: type[errors.CountenanceError], act: Callable[[], object]) -> errors.CountenanceError:
    """Exactly this error, nothing changed, and the refusal in the log."""
    before = counts(club)
    with pytest.raises(errors.CountenanceError) as caught:
        act()
    assert type(caught.value) is kind, caught.value
    two_lines(caught.value)
    assert counts(club) == before
    assert club.anna.log_entries()[-1]["outcome"] == "refused"
    club.anna.check_log()
    return caught.value


# --- approvals -------------------------------------------------------------------------------------------------------


def test_p8_an_order_binds_with_its_second_approval_and_at_once(club: Club) -> None:
    club.person("Ada", 1)
    cleo = club.cleo
    order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    assert (order.state, order.waiting, order.approvals) == ("proposed", 2, 0)
    assert order.deadline == "2027-02-14T08:00:00Z"
    assert club.found(1) == ["ada"]
    assert club.ben.orders.approve(order).waiting == 1
    assert club.found(1) == ["ada"]
    assert cleo.orders.approve("O1").state == "in-force"
    for session in (club.anna, cleo):
        assert club.found(1, by=session) == []


def test_p8_two_different_approvers_are_needed(club: Club) -> None:
    club.person("Ada", 1)
    _ = club.cleo
    order = club.anna.orders.propose("quarantine", territory="GB", authority="ICO", evidence=club.document())
    fault = refused(club, errors.RoleRefused, lambda: club.anna.orders.approve(order))
    assert (fault.requirement, "proposed" in fault.message) == ("P18", True)
    club.ben.orders.approve(order)
    assert "two different people" in refused(club, errors.RoleRefused, lambda: club.ben.orders.approve(order)).message
    assert (state(club, "O1"), club.found(1)) == ("proposed", ["ada"])


def test_p8_an_order_that_was_changed_has_no_approvals_any_more(club: Club) -> None:
    cleo = club.cleo
    order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    club.ben.orders.approve(order)
    with club.sql() as connection:
        connection.execute(sa.update(t.orders).values(territory="FR"))
    assert cleo.orders.approve(order).waiting == 1


def test_p8_a_solo_installation_obeys_as_well_and_says_so(club: Club) -> None:
    order = club.anna.orders.propose("quarantine", territory="GB", authority="ICO", evidence=club.document())
    assert (order.state, order.waiting) == ("proposed", 1)
    club.ben.orders.approve(order)
    assert club.anna.orders.certificate("O1")["body"]["solo"] is True
    club.anna.accounts.revoke("ben@club.example")
    club.clock.forward(days=31)
    alone = club.anna.orders.propose("stop", territory="FR", authority="CNIL", evidence=club.document("cnil"))
    assert (alone.state, alone.approvals, alone.waiting) == ("in-force", 0, 0)


def test_p8_nobody_is_the_only_one_by_revoking_the_others(club: Club) -> None:
    club.person("Ada", 1)
    _ = club.cleo
    for email in (BEN, CLEO):
        club.anna.accounts.revoke(email)
    for days in (0, 29):
        club.clock.forward(days=days)
        evidence = club.document(f"order {days}")
        order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=evidence)
        assert (order.state, order.waiting) == ("proposed", 2)
    assert club.found(1) == ["ada"]
    club.anna.accounts.add("dora@club.example", roles=["officer"], passphrase="dora's words")
    WORDS["dora@club.example"] = "dora's words"
    assert club.open("dora@club.example").orders.approve(order).waiting == 1
    club.clock.forward(days=2)
    alone = club.anna.orders.propose("stop", territory="GB", authority="ICO", evidence=club.document("late"))
    assert (alone.state, alone.waiting) == ("proposed", 1), "whoever is here still counts"


def test_p8_an_operator_is_no_approver(club: Club) -> None:
    _ = club.cleo
    club.anna.accounts.add("olga@club.example", roles=["operator", "reviewer"], passphrase="olga's words")
    WORDS["olga@club.example"] = "olga's words"
    olga = club.open("olga@club.example")
    refused(club, errors.RoleRefused, lambda: olga.orders.propose(
        "stop", territory="GB", authority="ICO", evidence=club.document()))  # fmt: skip
    order = club.anna.orders.propose("stop", territory="GB", authority="ICO", evidence=club.document())
    refused(club, errors.RoleRefused, lambda: olga.orders.approve(order))
    assert [(each.state, each.waiting) for each in club.anna.orders.list()] == [("proposed", 2)]


# --- stay and revive -------------------------------------------------------------------------------------------------


def test_p8_a_stay_needs_two_accounts_with_the_same_document_and_a_revival_one(club: Club) -> None:
    club.person("Ada", 1)
    order = club.obey("erase", territory="GB")
    ruling, other = club.document("ruling"), club.document("another ruling")
    assert club.anna.orders.stay(order, evidence=ruling).waiting == 1
    assert (state(club, order), club.found(1)) == ("in-force", [])
    refused(club, errors.RoleRefused, lambda: club.anna.orders.stay(order, evidence=ruling))
    assert club.ben.orders.stay(order, evidence=other).waiting == 1
    assert club.ben.orders.stay(order, evidence=ruling).state == "stayed"
    assert club.found(1, by=club.cleo) == ["ada"]
    revived = club.ben.orders.revive(order, evidence=club.document("judgment on appeal"))
    assert (revived.state, revived.approvals) == ("in-force", 2)
    assert club.found(1) == []
    assert [each["step"] for each in revived.history] == ["in-force", "stayed", "revived"]


def test_p8_a_stay_needs_as_many_as_there_were_when_the_order_bound(club: Club) -> None:
    club.person("Ada", 1)
    _ = club.cleo
    club.clock.forward(days=1)
    order, ruling = club.obey("quarantine", territory="GB"), club.document("ruling")
    for email in (BEN, CLEO):
        club.anna.accounts.revoke(email)
    for _ in range(2):
        assert club.anna.orders.stay(order, evidence=ruling).waiting == 1
        assert (state(club, order), club.found(1)) == ("in-force", [])
        club.clock.forward(days=300)
        ruling = club.document("another ruling")


def test_p8_no_signature_for_a_stay_serves_twice(club: Club) -> None:
    order, ruling = club.obey("stop", territory="GB"), club.document("ruling")
    for _ in range(2):
        assert club.anna.orders.stay(order, evidence=ruling).state == "in-force"
        assert club.ben.orders.stay(order, evidence=ruling).state == "stayed"
        assert club.anna.orders.revive(order, evidence=ruling).state == "in-force"


def test_p8_an_order_stayed_before_it_was_in_force_is_proposed_again(club: Club) -> None:
    club.person("Ada", 1)
    cleo, ruling = club.cleo, club.document("ruling")
    order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    club.ben.orders.approve(order)
    club.anna.orders.stay(order, evidence=ruling)
    club.ben.orders.stay(order, evidence=ruling)
    refused(club, errors.OrderError, lambda: cleo.orders.approve(order))
    assert club.ben.orders.revive(order, evidence=ruling).state == "proposed"
    assert club.found(1) == ["ada"]
    assert cleo.orders.approve(order).state == "in-force"


# --- whom it bears on ------------------------------------------------------------------------------------------------


def test_p9_unknown_residence_is_in_scope_of_every_territory_order(club: Club) -> None:
    for number, (name, territory) in enumerate(
        [("Ada", "GB"), ("Bruno", "unknown"), ("Chidi", "FR"), ("Dana", "GB-SCT")]
    ):
        club.person(name, number, territory=territory)
    order = club.obey("quarantine", territory="GB")
    assert [club.found(number) for number in range(4)] == [[], [], ["chidi"], []]
    reach = club.anna.orders.dry_run(order)
    assert reach.by_territory == {"GB": 1, "GB-SCT": 1, "unknown": 1}
    club.anna.orders.stay(order, evidence=club.document("ruling"))
    club.ben.orders.stay(order, evidence=club.document("ruling"))
    assert [club.found(number) for number in range(4)] == [["ada"], ["bruno"], ["chidi"], ["dana"]]


def test_p8_a_dry_run_counts_and_changes_nothing(club: Club) -> None:
    source = club.source()
    for number, territory in enumerate(["GB", "GB", "unknown", "FR"]):
        club.person(f"Person {number}", number, territory=territory)
    club.ingest(source, [looked("a.jpg", [0, 3]), looked("b.jpg", [2])])
    club.obey("hold", subject="person-1")
    order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    before, entries = counts(club), len(club.anna.log_entries())
    reach = club.ben.orders.dry_run(order)
    assert (counts(club), len(club.anna.log_entries())) == (before, entries)
    assert reach.as_json() == {
        "subjects": 3, "by_territory": {"GB": 2, "unknown": 1}, "templates": 3, "appearances": 2,
        "sources": [], "photos": 0, "held": 1, "sources_held": 0,
    }  # fmt: skip
    stop = club.anna.orders.propose("stop", territory="GB", authority="ICO", evidence=club.document())
    assert club.anna.orders.dry_run(stop).sources == ("party",)


def test_p11_of_several_orders_the_strictest_wins(club: Club) -> None:
    club.person("Ada", 1)
    first = club.obey("quarantine", territory="GB")
    club.obey("erase", subject="ada", authority="CNIL")
    ruling = club.document("ruling")
    club.anna.orders.stay(first, evidence=ruling)
    assert club.ben.orders.stay(first, evidence=ruling).state == "stayed"
    assert club.found(1) == [], "another order still takes her out of search"


def test_p8_a_source_under_an_order_is_shown_no_more(club: Club) -> None:
    club.person("Ada", 1)
    club.ingest(club.source("party"), [looked("a.jpg", [1])])
    club.ingest(club.source("picnic"), [looked("b.jpg", [1])])
    order = club.obey("quarantine", source="party")
    (found,) = club.search(1).candidates
    assert [each.photo.source for each in found.appearances] == ["picnic"]
    club.anna.orders.stay(order, evidence=club.document("ruling"))
    club.ben.orders.stay(order, evidence=club.document("ruling"))
    (found,) = club.search(1).candidates
    assert len(found.appearances) == 2


def test_p8_whoever_comes_later_under_an_order_to_erase_is_in_no_search(club: Club) -> None:
    order = club.obey("erase", territory="GB")
    club.person("Ada", 1)
    assert club.found(1) == []
    assert club.anna.orders.dry_run(order).subjects == 1


# --- joined ----------------------------------------------------------------------------------------------------------


def test_p8_another_authority_joins_and_is_named(club: Club) -> None:
    order = club.obey("quarantine", territory="GB", reference="ENF-1")
    joined = club.ben.orders.join(order, authority="CNIL", reference="SAN-2022-019", evidence=club.document("cnil"))
    assert [each["authority"] for each in joined.joined] == ["CNIL"]
    assert joined.approvals == 2
    said = club.anna.orders.certificate(order)["body"]["order"]
    assert (said["authority"], said["joined"][0]["reference"]) == ("ICO", "SAN-2022-019")
    refused(club, errors.InputError, lambda: club.ben.orders.join(order, authority=" ", evidence=club.document()))


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"territory": None}, errors.EmptyScope),
        ({"territory": "Britain"}, errors.InputError),
        ({"territory": "unknown"}, errors.InputError),
        ({"territory": ""}, errors.InputError),
        ({"source": "nowhere"}, errors.NotFound),
        ({"subject": "nobody"}, errors.NotFound),
        ({"supplier": "  "}, errors.InputError),
        ({"authority": ""}, errors.InputError),
        ({"authority": "I\nC"}, errors.InputError),
        ({"kind": "forgive"}, errors.InputError),
        ({"deadline": "2027-01-14"}, errors.InputError),
        ({"deadline": "soon"}, errors.InputError),
        ({"deadline": "9999-12-31"}, errors.InputError),
        ({"deadline": "2201-01-01"}, errors.InputError),
        ({"kind": "stop", "deadline": "2027-03-01"}, errors.InputError),
        ({"evidence": "nothing.pdf"}, errors.InputError),
    ],
)
def test_p8_an_order_that_makes_no_sense_is_refused(
    club: Club, change: dict[str, str | None], kind: type[errors.CountenanceError]
) -> None:
    order: dict[str, object] = {"kind": "erase", "territory": "GB", "authority": "ICO", "evidence": club.document()}
    refused(club, kind, lambda: club.anna.orders.propose(**(order | change)))  # type: ignore[arg-type]
    assert club.anna.orders.list() == []


def test_p8_empty_evidence_is_none(club: Club) -> None:
    order = club.obey("erase", territory="GB")
    empty = club.document(" ")
    refused(club, errors.InputError, lambda: club.anna.orders.stay(order, evidence=empty))
    refused(club, errors.InputError, lambda: club.anna.orders.join(order, authority="CNIL", evidence=empty))
    refused(club, errors.NotFound, lambda: club.anna.orders.approve("O7"))
    with pytest.raises(errors.NotFound):
        club.anna.orders.get("12")
    (still,) = club.anna.orders.list()
    assert (still.state, still.joined) == ("in-force", [])


def test_p8_steps_that_an_order_cannot_take_are_refused(club: Club) -> None:
    _, ruling = club.cleo, club.document("ruling")
    order = club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    refused(club, errors.OrderError, lambda: club.anna.orders.execute(order))
    refused(club, errors.OrderError, lambda: club.anna.orders.revive(order, evidence=ruling))
    refused(club, errors.OrderError, lambda: club.anna.orders.certificate(order))
    club.ben.orders.approve(order)
    club.cleo.orders.approve(order)
    refused(club, errors.OrderError, lambda: club.ben.orders.approve(order))
    club.anna.orders.execute(order)
    assert state(club, "O1") == "complied"
    for step in (
        lambda: club.anna.orders.execute(order),
        lambda: club.anna.orders.stay(order, evidence=ruling),
        lambda: club.anna.orders.revive(order, evidence=ruling),
        lambda: club.anna.orders.join(order, authority="CNIL", evidence=ruling),
    ):
        refused(club, errors.OrderError, step)
    stop = club.obey("stop", territory="FR")
    refused(club, errors.OrderError, lambda: club.anna.orders.execute(stop))
    club.clock.forward(seconds=DAY)


# --- what a scope is named by ----------------------------------------------------------------------------------------


def test_p9_a_code_that_is_no_country_is_refused_and_counts_as_unknown_where_it_stands(club: Club) -> None:
    for code, hint in (("UK", "GB"), ("EL-A", "GR"), ("ZZ", "GB"), ("gb", "GB"), ("EU", "GB")):
        for attempt in (
            lambda code=code: club.subject("Ada", territory=code),
            lambda code=code: club.anna.orders.propose(
                "stop", territory=code, authority="ICO", evidence=club.document()),
        ):  # fmt: skip
            with pytest.raises(errors.InputError) as caught:
                attempt()
            assert hint in caught.value.hint
    club.person("Ada", 1)
    with club.sql() as connection:  # as an earlier version recorded it
        connection.execute(sa.update(t.subjects).values(territory="UK"))
    assert club.found(1) == ["ada"]
    order = club.obey("quarantine", territory="GB")
    assert (club.found(1), club.anna.orders.dry_run(order).subjects) == ([], 1)


def test_p8_a_supplier_is_the_same_in_whatever_way_its_name_is_written(club: Club) -> None:
    folder = club.root / "bought"
    folder.mkdir()
    club.anna.sources.add("bought", folder, statement="a contract", purposes=["photo-library"],
                          supplier="\u00c9preuves M\u00fcller")  # fmt: skip
    for name in ("\u00e9preuves m\u00fcller", "\u00c9PREUVES  M\u00dcLLER", "E\u0301preuves Mu\u0308ller"):
        order = club.anna.orders.propose("stop", supplier=name, authority="ICO", evidence=club.document(name))
        assert club.anna.orders.dry_run(order).sources == ("bought",), name
        assert order.warning is None


def test_p8_an_order_that_reaches_nothing_says_so(club: Club) -> None:
    club.person("Ada", 1)
    order = club.anna.orders.propose("stop", supplier="Nobody Ltd", authority="ICO", evidence=club.document())
    assert "nobody and nothing" in (order.warning or "")
    assert club.anna.orders.propose("stop", territory="GB", authority="ICO", evidence=club.document()).warning is None


# --- a residence that is put right -----------------------------------------------------------------------------------


def test_p8_a_corrected_territory_takes_nobody_out_of_an_order(club: Club) -> None:
    club.person("Ada", 1)
    order = club.obey("quarantine", territory="GB")
    fault = refused(club, errors.TerritoryRefused, lambda: club.anna.subjects.update("ada", territory="FR"))
    assert (fault.requirement, order in fault.message, club.found(1)) == ("P8", True, [])
    club.anna.subjects.update("ada", territory="GB-SCT")
    assert club.found(1) == []
    for session in (club.anna, club.ben):
        session.orders.stay(order, evidence=club.document("ruling"))
    club.anna.subjects.update("ada", territory="FR")
    assert club.found(1) == ["ada"]
    assert club.anna.orders.revive(order, evidence=club.document("appeal")).state == "in-force"
    assert club.found(1) == ["ada"]
