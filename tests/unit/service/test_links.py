"""One-time links: somebody without an account confirms, declines, and nobody else can (P1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import DAY, Club
from countenance.errors import InputError, NoBasis, NoNotice, ReceiptRefused, Tampered
from countenance.policy.confirming import BY_GUARDIAN, BY_LINK
from countenance.registry import schema as t
from countenance.service.links import Link

PAGE = "https://faces.club.example"


@pytest.fixture
def asked(club: Club) -> Club:
    """Ada's consent is pending, enrolled, and her address was on record before."""
    ada = club.subject("Ada", contact="ada@example.org")
    club.enrol(ada, club.basis(ada, live=False), 1)
    return club


def token_of(link: Link) -> str:
    return link.address.rpartition("/")[2]


def lies(club: Club, table: sa.Table, number: int, **values: Any) -> None:
    with club.sql() as connection:
        connection.execute(sa.update(table).where(table.c.id == number).values(**values))
        connection.execute(sa.insert(t.changes).values(subject=1))


def test_p1_the_person_confirms_through_a_one_time_link(asked: Club) -> None:
    link = asked.anna.bases.link("B1", base_url="https://faces.club.example/")
    assert (link.kind, link.to) == ("person", "ada@example.org")
    assert link.address.startswith("https://faces.club.example/confirm/")
    assert link.address in link.text
    assert "Rowing Club" in link.text
    assert asked.found(1) == []
    nobody = asked.ben  # whoever has the session open does not act
    view = nobody.bases.link_notice(token_of(link))
    assert (view.organisation, view.notice, view.channel) == ("Rowing Club", "notice-2027", "form")
    assert view.purposes == (("photo-library", view.purposes[0][1]),)
    assert "Ada" not in repr(view)
    answered = nobody.bases.confirm_by_link(token_of(link))
    assert (answered.basis.life, answered.basis.confirmed_how) == ("in force", BY_LINK)
    (candidate,) = asked.search(1).candidates
    assert (candidate.subject, candidate.confirmed_how) == ("ada", BY_LINK)
    assert answered.receipt is not None
    assert asked.anna.receipts.accept(_file(answered.receipt)).subject == 1


def test_p1_the_link_that_confirmed_a_basis_outlives_the_purge_and_so_does_the_basis(asked: Club) -> None:
    asked.ben.bases.confirm_by_link(token_of(asked.anna.bases.link("B1", base_url=PAGE)))
    for days in (1, 30):
        asked.clock.forward(days=days)
        asked.ben.purge()
        assert [each.subject for each in asked.search(1).candidates] == ["ada"]


def test_p1_a_confirmation_by_link_is_logged_without_an_account(asked: Club) -> None:
    token = token_of(asked.anna.bases.link("B1", base_url=PAGE))
    asked.ben.bases.confirm_by_link(token)
    (entry,) = [each for each in asked.anna.log_entries() if each["act"] == "confirm"]
    assert (entry["facts"]["by"], entry["facts"]["how"]) == ("link", BY_LINK)
    assert "account" not in entry
    assert asked.anna.check_log().size
    everything = "".join(asked.anna.export_log())
    assert token not in everything


def test_p1_only_the_hash_of_a_link_is_kept(asked: Club) -> None:
    token = token_of(asked.anna.bases.link("B1", base_url=PAGE))
    asked.close()
    held = b"".join(file.read_bytes() for place in asked.places for file in place.rglob("*") if file.is_file())
    assert token.encode() not in held
    assert b"ada@example.org" not in held


def test_p1_a_link_that_serves_no_more_is_refused_in_the_same_words(asked: Club, quick_folder: Path) -> None:
    bases = asked.anna.bases
    voided, used = token_of(bases.link("B1", base_url=PAGE)), token_of(bases.link("B1", base_url=PAGE))
    bases.confirm_by_link(used)
    other = Club(quick_folder / "other")
    bo = other.subject("Bo", contact="bo@example.org")
    other.basis(bo, live=False)
    foreign = token_of(other.anna.bases.link("B1", base_url=PAGE))
    dina = asked.subject("Dina", contact="dina@example.org")
    late = token_of(bases.link(asked.basis(dina, live=False), base_url=PAGE))
    said = set()
    for token in (voided, used, foreign, "", "x", "A" * 43, "é" * 43, used + "A", late):
        if token == late:
            asked.clock.forward(days=14)
        for act in (bases.confirm_by_link, bases.decline_by_link, bases.link_notice):
            before = asked.anna.context.book.size()
            with pytest.raises(ReceiptRefused) as refused:
                act(token)
            said.add((refused.value.message, refused.value.hint))
            (entry,) = asked.anna.log_entries(before)
            assert (entry["act"], entry["outcome"], entry["facts"]["code"]) == ("link", "refused", "receipt")
    assert len(said) == 1
    assert asked.anna.bases.get("B2").state == "pending"
    other.close()


def test_p1_who_declines_is_found_by_nobody_even_when_it_was_countersigned(asked: Club) -> None:
    token = token_of(asked.anna.bases.link("B1", base_url=PAGE))
    asked.ben.bases.countersign("B1")
    assert asked.found(1) == ["ada"]
    with pytest.raises(ReceiptRefused):
        asked.anna.bases.confirm_by_link(token)
    answered = asked.anna.bases.decline_by_link(token)
    assert (answered.basis.life, answered.receipt) == ("withdrawn", None)
    assert asked.found(1) == []


def test_p1_whoever_does_not_agree_has_confirmed_nothing(asked: Club) -> None:
    token = token_of(asked.anna.bases.link("B1", base_url=PAGE))
    with pytest.raises(InputError, match="Nothing was confirmed"):
        asked.anna.bases.confirm_by_link(token, agree=False)
    assert asked.anna.bases.get("B1").state == "pending"


def test_p1_a_link_is_made_only_where_it_can_reach_the_person(club: Club) -> None:
    def refused(basis: Any, error: type[NoBasis | NoNotice], words: str) -> None:
        with pytest.raises(error, match=words) as caught:
            club.anna.bases.link(basis, base_url=PAGE)
        assert caught.value.requirement
        assert caught.value.hint

    refused(club.basis(club.subject("Nobody"), live=False), NoBasis, "no contact on record")
    mine = club.subject("Anna", contact="Anna@club.example")
    refused(club.basis(mine, live=False), NoBasis, "the account's that keeps this record")
    bo = club.subject("Bo", contact="bo@example.org")
    refused(club.basis(bo), NoBasis, "only a pending one")
    refused(club.basis(bo, live=False, notice=None), NoNotice, "not been told")
    task = club.anna.bases.record(
        bo, ground="public-task", condition="substantial-public-interest", purposes=["photo-library"],
        evidence=club.evidence("law"), notice="notice-2027",
    )  # fmt: skip
    refused(task, NoBasis, "Only consent")
    kid = club.subject("Kid", contact="kid@example.org", birth_year=2012)
    refused(club.basis(kid, ["find-my-photos"], live=False), NoBasis, "no guardian on record")
    with pytest.raises(InputError, match="no address"):
        club.anna.bases.link(club.basis(bo, live=False), base_url="javascript:alert(1)")
    with club.sql() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(t.links))


@pytest.mark.parametrize("nowhere", ["", "faces.club.example", "/page"])
def test_p1_a_link_to_no_page_is_refused_and_the_earlier_one_still_serves(asked: Club, nowhere: str) -> None:
    earlier = asked.anna.bases.link("B1", base_url=PAGE)
    with pytest.raises(InputError) as refused:
        asked.anna.bases.link("B1", base_url=nowhere)
    assert "https://" in refused.value.hint
    assert asked.ben.bases.confirm_by_link(token_of(earlier)).basis.life == "in force"


def test_p1_a_minors_link_is_the_guardians(club: Club) -> None:
    kid = club.subject("Kid", contact="kid@example.org", birth_year=2009, guardian="mum@example.org")
    basis = club.basis(kid, ["find-my-photos"], live=False)
    club.enrol(kid, basis, 1)
    link = club.anna.bases.link(basis, base_url=PAGE)
    assert (link.kind, link.to) == ("guardian", "mum@example.org")
    assert club.anna.bases.confirm_by_link(token_of(link)).basis.confirmed_how == BY_GUARDIAN
    assert club.found(1, "find-my-photos", only=kid.id) == ["kid"]


def test_p1_a_guardians_link_serves_no_more_when_the_child_has_come_of_age(club: Club) -> None:
    club.clock.now = 1_829_900_000  # 2027-12-27
    kid = club.subject("Kid", birth_year=2009, guardian="mum@example.org")
    link = club.anna.bases.link(club.basis(kid, ["find-my-photos"], live=False), base_url=PAGE)
    club.clock.forward(days=10)
    with pytest.raises(ReceiptRefused):
        club.anna.bases.confirm_by_link(token_of(link))
    assert club.anna.bases.get("B1").confirmed is None


@pytest.mark.parametrize(
    "lie",
    [
        {"ends": 2**40}, {"starts": 5}, {"purposes": 7}, {"confirmation": bytes(64)},
        {"confirmed_by": 1, "notice_signature": None},
    ],
)  # fmt: skip
def test_p1_what_a_link_confirmed_cannot_be_changed(asked: Club, lie: dict[str, Any]) -> None:
    asked.anna.bases.confirm_by_link(token_of(asked.anna.bases.link("B1", base_url=PAGE)))
    lies(asked, t.bases, 1, **lie)
    with pytest.raises(Tampered):
        asked.found(1)


@pytest.mark.parametrize("lie", [{"token_hash": "00" * 32}, {"used": None}, {"kind": "guardian"}])
def test_p1_a_link_that_was_never_answered_confirms_nothing(asked: Club, lie: dict[str, Any]) -> None:
    asked.anna.bases.confirm_by_link(token_of(asked.anna.bases.link("B1", base_url=PAGE)))
    lies(asked, t.links, 1, **lie)
    with pytest.raises(Tampered):
        asked.found(1)


def test_p1_a_basis_made_live_by_hand_as_if_by_link_finds_nobody(asked: Club) -> None:
    """Ben's own key is no log's key, and the link was never answered."""
    asked.anna.bases.link("B1", base_url=PAGE)
    lies(asked, t.links, 1, used=asked.clock())
    lies(asked, t.bases, 1, state="live", confirmed_how=BY_LINK, confirmed=asked.clock(), confirmation=bytes(64))
    with pytest.raises(Tampered):
        asked.found(1)


def test_p13_to_confirm_is_the_persons_own_act(asked: Club) -> None:
    asked.clock.forward(days=3)
    asked.anna.bases.confirm_by_link(token_of(asked.anna.bases.link("B1", base_url=PAGE)))
    with asked.sql() as connection:
        assert connection.scalar(sa.select(t.subjects.c.last_interaction)) == asked.clock() == 1_800_000_000 + 3 * DAY


def _file(receipt: dict[str, Any]) -> bytes:
    import json

    return json.dumps(receipt, indent=2).encode()
