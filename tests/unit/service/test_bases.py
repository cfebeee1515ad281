"""The life of a basis: recorded, confirmed, in force, ended; and what each of its signatures holds (P1, P2)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from clubs import BEN, DAY, WORDS, Club, looked
from countenance.errors import CountenanceError, InputError, NoBasis, NoNotice, RoleRefused, Tampered
from countenance.policy import confirming
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.types import iso
from countenance.vault.accounts import AccountKey

CONSENT: dict[str, Any] = {"ground": "consent", "condition": "explicit-consent", "purposes": ["photo-library"]}


def lies(club: Club, table: sa.Table, number: int, **values: Any) -> None:
    """What somebody with a database tool does."""
    with club.sql() as connection:
        connection.execute(sa.update(table).where(table.c.id == number).values(**values))
        for subject in connection.scalars(sa.select(t.subjects.c.id)).all():
            connection.execute(sa.insert(t.changes).values(subject=subject))


# --- life ------------------------------------------------------------------------------------------------------------


def test_p1_a_pending_consent_finds_nobody(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False)
    club.enrol(ada, basis, 1)
    assert club.found(1) == []
    (lack,) = club.anna.bases.why_not(basis)
    assert (lack.what, lack.requirement) == ("it is pending: only the operator asserts it", "P1")
    club.ben.bases.countersign(basis)
    assert club.found(1) == ["ada"]
    assert club.anna.bases.why_not(basis) == ()


def test_p1_the_life_of_a_basis_is_shown_with_its_dates(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False, notice=None, until="2027-06-30")
    assert (basis.life, basis.recorded, basis.noticed, basis.confirmed) == (
        "pending",
        "2027-01-15T08:00:00Z",
        None,
        None,
    )
    club.clock.forward(days=1)
    told = club.anna.bases.give_notice(basis, "notice-2027")
    club.clock.forward(days=1)
    live = club.ben.bases.countersign(basis)
    assert (told.noticed, live.confirmed) == ("2027-01-16T08:00:00Z", "2027-01-17T08:00:00Z")
    assert live.life == "in force"
    club.clock.forward(days=200)
    assert club.anna.bases.get(basis).life == "expired"
    club.anna.withdraw("ada")
    gone = club.anna.bases.get(basis)
    assert (gone.life, gone.withdrawn) == ("withdrawn", "2027-08-05T08:00:00Z")


def test_p2_nobody_is_found_before_the_notice_and_who_gave_it_signed(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, notice=None)
    club.enrol(ada, basis, 1)
    assert club.found(1) == []
    assert [(lack.what, lack.requirement) for lack in club.anna.bases.why_not(basis)] == [("there is no notice", "P2")]
    with pytest.raises(NoNotice, match="no notice 'none'"):
        club.anna.bases.give_notice(basis, "none")
    club.anna.bases.give_notice(basis, "notice-2027")
    assert club.found(1) == ["ada"]
    with club.sql() as connection:
        row = connection.execute(sa.select(t.bases).where(t.bases.c.id == basis.number)).one()
    assert row.noticed_by == 1
    assert len(row.notice_signature) == 64


def test_p2_a_withdrawn_basis_is_given_no_notice(club: Club) -> None:
    basis = club.basis(club.subject("Ada"), notice=None)
    club.anna.withdraw("ada")
    with pytest.raises(NoBasis, match="withdrawn"):
        club.anna.bases.give_notice(basis, "notice-2027")
    after = club.anna.bases.get(basis.id)
    assert (after.state, after.notice, after.noticed) == ("withdrawn", None, None)


def test_p1_how_consent_was_confirmed_is_counted(club: Club) -> None:
    for number, name in enumerate(("Ada", "Bo", "Cy")):
        club.person(name, number)
    club.basis(club.subject("Dina"), live=False)
    kid = club.person("Kid", 4, ["find-my-photos"], birth_year=2012)
    told = club.anna.reports.public()["confirmations"]
    assert told == {confirming.COUNTERSIGNED: 3, confirming.ON_GUARDIANS_FORM: 1}
    assert club.search(1).candidates[0].confirmed_how == confirming.COUNTERSIGNED
    club.anna.withdraw(kid)
    assert club.anna.reports.public()["confirmations"] == {confirming.COUNTERSIGNED: 3}
    club.clock.forward(days=2000)
    assert club.anna.reports.public()["confirmations"] == {}


def test_p13_those_that_end_soon_are_listed_the_first_to_end_first(club: Club) -> None:
    ends = {"Ada": 40, "Bo": 20, "Cy": 29}
    for name, days in ends.items():
        basis = club.basis(club.subject(name), until=iso(club.clock() + days * DAY)[:10])
        assert basis.life == "in force"
    club.basis(club.subject("Dina"), live=False, until=iso(club.clock() + 10 * DAY)[:10])
    assert [each.id for each in club.anna.bases.list(ending=30)] == ["B2", "B3"]
    assert club.anna.status()["counts"]["bases_ending_soon"] == 2
    club.clock.forward(days=21)
    assert [each.id for each in club.anna.bases.list(ending=30)] == ["B3", "B1"]
    with pytest.raises(InputError, match="no number of days"):
        club.anna.bases.list(ending=0)


def test_p1_each_thing_that_is_lacking_is_named_with_its_requirement(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False, notice=None, until="2027-06-30")
    assert {lack.requirement for lack in club.anna.bases.why_not(basis)} == {"P1", "P2"}
    assert "nobody is enrolled under it" in [lack.what for lack in club.anna.bases.why_not(basis)]
    club.order("quarantine", territory="GB")
    assert "an authority's order, O1 (quarantine)" in club.anna.bases.why_not(basis)[-2].what
    lies(club, t.subjects, ada.id, restricted=club.clock())
    lies(club, t.bases, basis.number, starts=club.clock() + DAY)
    words = " ".join(lack.what for lack in club.anna.bases.why_not(basis))
    assert "restricted their record" in words
    assert "does not begin before" in words
    club.clock.forward(days=200)
    assert "it expired on 2027-07-01" in " ".join(lack.what for lack in club.anna.bases.why_not(basis))
    assert all(lack.remedy for lack in club.anna.bases.why_not(basis))


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(
    confirmed=st.booleans(), notice=st.booleans(), enrolled=st.booleans(), withdrawn=st.booleans(),
    ordered=st.booleans(), restricted=st.booleans(), born=st.sampled_from([None, 1990, 2009, 2012]),
    purpose=st.sampled_from(["photo-library", "find-my-photos"]),
    until=st.sampled_from([None, "2027-04-30"]), days=st.sampled_from([0, 60, 95, 300]),
)  # fmt: skip
@example(True, True, True, False, False, False, None, "photo-library", None, 60)
@example(True, True, True, False, False, False, 2012, "find-my-photos", None, 60)
def test_p1_a_basis_finds_its_person_exactly_when_nothing_is_lacking(
    quick_folder: Path, confirmed: bool, notice: bool, enrolled: bool, withdrawn: bool, ordered: bool,
    restricted: bool, born: int | None, purpose: str, until: str | None, days: int,
) -> None:  # fmt: skip
    club = Club(Path(tempfile.mkdtemp(dir=quick_folder)))
    ada = club.subject("Ada", birth_year=born)
    basis = club.basis(ada, [purpose], live=confirmed, notice="notice-2027" if notice else None, until=until)
    if enrolled:
        club.enrol(ada, basis, 7)
    if withdrawn:
        club.anna.withdraw(ada)
    if restricted:
        lies(club, t.subjects, ada.id, restricted=club.clock())
    if ordered:
        club.order("quarantine", subject=ada.id)
    club.clock.forward(days=days)
    found, lacking = club.found(7, purpose, only=ada.id), club.anna.bases.why_not(basis)
    club.close()
    assert (found == ["ada"]) == (lacking == ()), lacking


# --- what the signatures hold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        {"starts": 1_700_000_000}, {"ends": 2**40}, {"purposes": 7}, {"evidence_sha256": "00" * 32},
        {"ground": "public-task"}, {"condition": "archiving"}, {"collective": True}, {"recorded_by": 2},
        {"confirmed_how": confirming.OWN_KEY}, {"confirmed_by": 1}, {"confirmation": bytes(64)}, {"notice": 2},
        {"noticed": 1_700_000_000}, {"noticed_by": 2}, {"notice_signature": bytes(64)}, {"notice_signature": None},
        {"confirmed_how": confirming.BY_LINK},
    ],
    ids="-".join,
)  # fmt: skip
def test_p1_a_basis_that_is_changed_with_a_database_tool_finds_nobody(club: Club, lie: dict[str, Any]) -> None:
    ada = club.person("Ada", 1)
    club.anna.notices.add("another", text=club.notice, channel="poster")
    assert club.found(1) == ["ada"]
    lies(club, t.bases, club.anna.bases.list(ada)[0].number, **lie)
    with pytest.raises(Tampered, match="no signature confirms"):
        club.found(1)


@pytest.mark.parametrize(
    "lie", [{"given": 1_700_000_000}, {"sha256": "00" * 32}, {"channel": "poster"}, {"name": "notice-2026"}]
)
def test_p2_a_notice_that_is_changed_with_a_database_tool_finds_nobody(club: Club, lie: dict[str, Any]) -> None:
    club.person("Ada", 1)
    lies(club, t.notices, 1, **lie)
    with pytest.raises(Tampered, match="no signature confirms"):
        club.found(1)


def test_p2_a_notice_put_on_with_a_database_tool_finds_nobody(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, notice=None)
    club.enrol(ada, basis, 1)
    lies(club, t.bases, basis.number, notice=1)
    with pytest.raises(Tampered, match="no signature confirms"):
        club.found(1)


def test_p1_a_basis_that_the_first_release_confirmed_still_stands(club: Club) -> None:
    """It bears the older statement, and no signature on its notice."""
    ada = club.person("Ada", 1)
    number = club.anna.bases.list(ada)[0].number
    ben = AccountKey.open(club.root / "keys" / "accounts" / f"{BEN}.pem", WORDS[BEN])
    with club.sql() as connection:
        row = connection.execute(sa.select(t.bases).where(t.bases.c.id == number)).one()
    old = {
        "v": 1, "basis": row.id, "subject": row.subject, "ground": "consent", "condition": "explicit-consent",
        "purposes": ["photo-library"], "evidence": row.evidence_sha256, "collective": False,
        "ends": "2030-01-14T08:00:00Z", "how": "countersigned by a second account",
    }  # fmt: skip
    nothing = {"notice_signature": None, "noticed": None, "noticed_by": None}
    lies(club, t.bases, number, confirmation=ben.sign(rfc8785.dumps(old)), **nothing)
    assert club.found(1) == ["ada"]
    lies(club, t.bases, number, ends=row.ends + DAY)
    with pytest.raises(Tampered):
        club.found(1)


# --- minors and their guardians --------------------------------------------------------------------------------------


def test_p1_a_guardians_word_ends_when_the_child_comes_of_age(club: Club) -> None:
    kid = club.subject("Kid", birth_year=2009, guardian="mum@example.org")
    club.clock.now = 1_829_900_000  # 2027-12-27
    basis = club.basis(kid, ["find-my-photos"])
    assert basis.confirmed_how == confirming.ON_GUARDIANS_FORM
    club.enrol(kid, basis, 1)
    club.ingest(club.source(purposes=["find-my-photos"]), [looked("a.jpg", [1])])
    (before,) = club.search(1, "find-my-photos", only=kid.id).candidates
    assert len(before.appearances) == 1
    club.clock.forward(days=10)  # 2028: who was born in 2009 has come of age
    assert club.found(1, "find-my-photos", only=kid.id) == []
    (lack,) = club.anna.bases.why_not(basis)
    assert "come of age" in lack.what
    own = club.basis(kid, ["find-my-photos"])
    assert own.confirmed_how == confirming.COUNTERSIGNED
    club.enrol(kid, own, 1, photo=1)
    (after,) = club.search(1, "find-my-photos", only=kid.id).candidates
    assert after.appearances == ()  # what was kept on the guardian's word is shown no more


def test_p1_nobody_but_a_guardian_confirms_for_a_minor(club: Club) -> None:
    ada = club.person("Ada", 1, ["find-my-photos"])
    lies(club, t.subjects, ada.id, birth_year=2012)
    assert club.found(1, "find-my-photos", only=ada.id) == []
    (lack,) = club.anna.bases.why_not(club.anna.bases.list(ada)[0])
    assert "no guardian agreed" in lack.what


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"guardian": "mum@example.org"}, "Only a minor"),
        ({"guardian": "mum@example.org", "birth_year": 1990}, "Only a minor"),
        ({"guardian": "Kid@example.org", "contact": "kid@example.org", "birth_year": 2012}, "the child's own"),
    ],
)
def test_p1_a_guardian_is_a_minors_and_somebody_else(club: Club, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        club.subject("Kid", **more)
    assert club.subject("Kid", birth_year=2012, guardian="mum@example.org").guardian == "mum@example.org"
    assert club.anna.subjects.get("kid").guardian == "mum@example.org"


# --- evidence --------------------------------------------------------------------------------------------------------


def test_p1_a_photo_is_evidence_or_an_enrolment_and_never_both(club: Club) -> None:
    ada, first, second = club.subject("Ada"), cast().portrait("Ada"), cast().photos("Ada")[1]
    basis = club.basis(ada, evidence=first)
    for other in (basis, club.basis(ada)):
        with pytest.raises(NoBasis, match="very photo") as refused:
            club.anna.enrol(ada, first, basis=other)
        assert refused.value.requirement == "P1"
    club.anna.enrol(ada, second, basis=club.basis(ada))
    with pytest.raises(NoBasis, match="no evidence") as refused:
        club.anna.bases.record(ada, evidence=second, **CONSENT)
    assert refused.value.requirement == "P1"


def test_p1_one_form_for_more_than_thirty_people_is_declared_by_two(club: Club) -> None:
    form = club.root / "everybody.pdf"
    form.write_text("everybody's form")
    for number in range(30):
        club.anna.bases.record(club.subject(f"P{number}"), evidence=form, **CONSENT)
    late = club.subject("Late")

    def refused(**more: bool) -> str:
        with pytest.raises(NoBasis, match="serves 30 people") as caught:
            club.anna.bases.record(late, evidence=form, **CONSENT, **more)
        assert caught.value.requirement == "P1"
        return caught.value.message

    assert "0 of 2" in refused()
    assert "0 of 2" in refused(collective=True)
    assert club.anna.bases.declare_collective(form) == 1
    assert "1 of 2" in refused(collective=True)
    with pytest.raises(RoleRefused, match="signed"):
        club.anna.bases.declare_collective(form)
    assert club.ben.bases.declare_collective(form) == 2
    assert "2 of 2" in refused()
    assert club.anna.bases.record(late, evidence=form, collective=True, **CONSENT).collective
    form.write_text("another form")
    assert club.anna.bases.record(club.subject("Last"), evidence=form, **CONSENT).state == "pending"


@pytest.mark.parametrize("content", [b"", b"  \n"])
def test_p1_empty_evidence_shows_nothing(club: Club, content: bytes) -> None:
    club.form.write_bytes(content)
    for act in (
        lambda: club.anna.bases.record(club.subject("Ada"), evidence=club.form, **CONSENT),
        lambda: club.anna.bases.declare_collective(club.form),
    ):
        with pytest.raises(NoBasis, match="empty") as refused:
            act()
        assert refused.value.requirement == "P1"


@pytest.mark.parametrize(
    ("ground", "condition", "words"),
    [
        ("public", "explicit-consent", "was public"),
        ("legitimate-interests", "substantial-public-interest", "do not carry"),
        ("consent", "", "no Art 9 condition"),
        ("consent", "archiving", "do not belong together"),
        ("because", "explicit-consent", "no ground"),
    ],
)
def test_p1_what_cannot_carry_a_face_is_refused_with_its_reason(
    club: Club, ground: str, condition: str, words: str
) -> None:
    with pytest.raises(NoBasis, match=words) as refused:
        club.anna.bases.record(
            club.subject("Ada"), ground=ground, condition=condition, purposes=["photo-library"], evidence=club.form
        )
    assert refused.value.requirement == "P1"
    assert club.anna.bases.list() == []


def test_p1_a_contact_that_came_after_the_basis_confirms_nothing(club: Club) -> None:
    """Whoever keeps the records could put their own address there."""
    club.anna.accounts.add("eve@example.org", roles=["reviewer"], passphrase="eve's words")
    key = AccountKey.open(club.root / "keys" / "accounts" / "eve@example.org.pem", "eve's words")
    ada = club.subject("Ada", contact="ada@example.org")
    basis = club.basis(ada, live=False)
    club.clock.forward(seconds=60)
    club.anna.subjects.update(ada, contact="eve@example.org")
    page = "https://faces.club.example"
    for act in (
        lambda: club.anna.bases.confirm(basis, key=key),
        lambda: club.anna.bases.link(basis, base_url=page),
    ):
        with pytest.raises(NoBasis, match="changed after") as refused:
            act()
        assert refused.value.requirement == "P1"
    assert club.anna.bases.get(basis).state == "pending"


def test_p1_every_refusal_of_a_basis_names_its_requirement(club: Club) -> None:
    ada = club.subject("Ada")
    live, pending = club.basis(ada), club.basis(ada, live=False)
    refusals = (
        lambda: club.ben.bases.countersign(live),
        lambda: club.anna.bases.countersign(pending),
        lambda: club.anna.bases.confirm(pending),
        lambda: club.anna.bases.link(pending, base_url="https://faces.club.example"),
        lambda: club.anna.stills.ask(pending),
        lambda: club.anna.bases.record(ada, evidence=club.form, **(CONSENT | {"purposes": []})),
    )
    for act in refusals:
        with pytest.raises(CountenanceError) as refused:
            act()
        assert getattr(refused.value, "requirement", "") == "P1", refused.value
        assert refused.value.hint
