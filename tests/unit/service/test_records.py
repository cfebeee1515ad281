"""The records: subjects, bases, notices, accounts, sources, orders. What is refused leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, BEN, WORDS, Club, looked
from countenance.errors import (
    AlreadyExists,
    BadConfiguration,
    InputError,
    NoBasis,
    NoNotice,
    NotFound,
    NotSignedIn,
    RoleRefused,
    SourceRefused,
    TerritoryRefused,
)
from countenance.registry import schema as t
from countenance.service.founding import Plan
from countenance.service.subjects import handle_from
from countenance.vault.accounts import AccountKey
from countenance.wiring import found_gallery

CONSENT = {"ground": "consent", "condition": "explicit-consent", "purposes": ["photo-library"]}


# --- subjects ---


@pytest.mark.parametrize(
    ("name", "handle"),
    [("Ada", "ada"), ("Zoë O'Neil", "zoe-o-neil"), ("  Jean  Luc ", "jean-luc"), ("Łukasz 2", "ukasz-2"), ("李", "")],
)
def test_a_handle_is_made_from_the_name(name: str, handle: str) -> None:
    assert handle_from(name) == handle


@pytest.mark.parametrize("handle", ["Ada", "a b", "-a", "a/b", "ä", "a" * 65, "../x"])
def test_a_handle_is_plain(club: Club, handle: str) -> None:
    with pytest.raises(InputError, match="handle"):
        club.subject("Ada", handle=handle)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "李"])
def test_a_subject_needs_a_name_that_makes_a_handle(club: Club, name: str) -> None:
    with pytest.raises(InputError):
        club.subject(name)
    assert club.anna.subjects.list() == []


@pytest.mark.parametrize(
    "name", ["Ada\nLovelace", "Ada\r", "A\u2028da", "A\x00da", "A\x1b[2Jda", "A\u202eda", "A\ud800da"]
)
def test_a_name_is_text_on_one_line(club: Club, name: str) -> None:
    with pytest.raises(InputError, match="line break"):
        club.subject(name, handle="ada")
    club.subject("Ada")
    with pytest.raises(InputError, match="line break"):
        club.anna.subjects.update("ada", name=name)


@pytest.mark.parametrize("name", ["علی\u200cرضا", "山田\u3000太郎", "Jean\u00a0Luc", "José", "O\u2019Neil"])
def test_a_name_may_hold_the_signs_that_names_are_written_with(club: Club, name: str) -> None:
    assert club.subject(name, handle="one").name == name


def test_a_name_in_any_script_is_kept_with_a_handle_of_its_own(club: Club) -> None:
    club.subject("李小龍", handle="lee")
    assert club.anna.subjects.get("lee").name == "李小龍"


@pytest.mark.parametrize("territory", ["GB", "DE", "US-IL", "GB-SCT", "unknown"])
def test_a_territory_is_a_code_or_unknown(club: Club, territory: str) -> None:
    assert club.subject("Ada", territory=territory).territory == territory


@pytest.mark.parametrize("territory", ["", "gb", "GBR", "England", "UK-", "US-ILLI", "GB ", "Unknown", "*"])
def test_anything_else_is_no_territory(club: Club, territory: str) -> None:
    with pytest.raises(InputError, match="territory"):
        club.subject("Ada", territory=territory)
    with pytest.raises(InputError, match="territory"):
        club.anna.sources.add(
            "s", club.root / "keys", statement="ours", purposes=["photo-library"], territory=territory
        )


@pytest.mark.parametrize("year", [1849, 2201, -5])
def test_a_year_of_birth_is_a_year(club: Club, year: int) -> None:
    with pytest.raises(InputError, match="year"):
        club.subject("Ada", birth_year=year)


def test_a_handle_is_taken_once_and_nothing_is_left_of_the_second(club: Club) -> None:
    club.subject("Ada")
    keys = club.anna.context.keys.vault.ids()
    with pytest.raises(AlreadyExists):
        club.subject("Ada", territory="DE")
    assert club.anna.context.keys.vault.ids() == keys
    assert [s.territory for s in club.anna.subjects.list()] == ["GB"]


def test_subjects_are_kept_by_the_controller_alone(club: Club) -> None:
    club.anna.accounts.add("op@club.example", roles=["operator"], passphrase=WORDS[BEN])
    WORDS["op@club.example"] = WORDS[BEN]
    operator = club.open("op@club.example")
    keys = club.anna.context.keys.vault.ids()
    with pytest.raises(RoleRefused):
        operator.subjects.add("Eve", territory="GB")
    with pytest.raises(NotFound):
        club.anna.subjects.get("eve")
    left = set(club.anna.context.keys.vault.ids()) - set(keys)
    assert left <= {"subject:1"}, "a key made for a row that was never committed has sealed nothing"
    assert club.subject("Eve").id == 1


def test_absent_erased_and_another_s_are_told_in_the_same_words(club: Club) -> None:
    club.subject("Gone")
    club.ben.erase("gone", reason="request")
    with club.sql() as connection:
        connection.execute(sa.insert(t.organisations).values(name="Other", created=1))
    club.subject("Theirs")
    with club.sql() as connection:
        connection.execute(sa.update(t.subjects).where(t.subjects.c.state == "active").values(organisation=2))
    said = set()
    for handle in ("never", "gone", "theirs"):
        with pytest.raises(NotFound) as missing:
            club.anna.subjects.get(handle)
        said.add((missing.value.message.replace(handle, "…"), missing.value.hint))
    assert len(said) == 1


def test_another_organisation_s_records_are_not_there(club: Club) -> None:
    ada = club.person("Ada", 1)
    source = club.source()
    (basis,) = club.anna.bases.list()
    (agreement,) = club.anna.agreements.list()
    assert club.found(1, case="press 12") == ["ada"]
    with club.sql() as connection:
        connection.execute(sa.insert(t.organisations).values(name="Other", created=1))
        for table in (t.subjects, t.bases, t.sources, t.agreements, t.references, t.cases, t.notices):
            connection.execute(sa.update(table).values(organisation=2))
    for attempt in (
        lambda: club.anna.subjects.get(ada),
        lambda: club.anna.bases.get(basis),
        lambda: club.ben.bases.countersign(basis),
        lambda: club.anna.bases.give_notice(basis, "notice-2027"),
        lambda: club.anna.sources.get("party"),
        lambda: club.anna.agreements.end(agreement.id),
        lambda: club.anna.cases.close("press 12", purpose="photo-library"),
        lambda: club.ben.withdraw("ada"),
        lambda: club.ben.erase("ada", reason="request"),
        lambda: club.ingest(source, [looked("a.jpg", [1])]),
        lambda: club.enrol(ada, basis, 1, 1),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert club.anna.subjects.list() == club.anna.bases.list() == club.anna.sources.list() == []
    assert club.anna.cases.list() == club.anna.notices.list() == []


# --- bases ---


def test_a_basis_is_pending_until_a_second_account_confirms_it(club: Club) -> None:
    basis = club.basis(club.subject("Ada"), live=False)
    assert (basis.state, basis.confirmed_how) == ("pending", None)
    with pytest.raises(RoleRefused, match="cannot countersign"):
        club.anna.bases.countersign(basis)
    live = club.ben.bases.countersign(basis)
    assert (live.state, live.confirmed_how) == ("live", "countersigned by a second account")
    with pytest.raises(NoBasis, match="only a pending one"):
        club.ben.bases.countersign(basis)


def test_the_person_confirms_their_own_with_their_own_key(club: Club) -> None:
    club.anna.accounts.add("ada@example.org", roles=["reviewer"], passphrase="ada's words")
    key = AccountKey.open(club.root / "keys" / "accounts" / "ada@example.org.pem", "ada's words")
    mine, other = club.subject("Ada", contact="Ada@Example.org"), club.subject("Bo", contact="bo@example.org")
    assert club.anna.bases.confirm(club.basis(mine, live=False), key=key).state == "live"
    with pytest.raises(RoleRefused, match="not theirs"):
        club.anna.bases.confirm(club.basis(other, live=False), key=key)
    with pytest.raises(RoleRefused, match="role controller or officer"):
        club.anna.bases.countersign(club.basis(other, live=False), key=key)


def test_a_minor_does_not_confirm_alone(club: Club) -> None:
    club.anna.accounts.add("Cy@example.org", roles=["reviewer"], passphrase="cy's words")
    key = AccountKey.open(club.root / "keys" / "accounts" / "Cy@example.org.pem", "cy's words")
    young, grown = (club.subject(f"Cy {born}", contact="cy@example.org", birth_year=born) for born in (2012, 1980))
    basis = club.basis(young, ["find-my-photos"], live=False)
    with pytest.raises(RoleRefused, match="guardian"):
        club.anna.bases.confirm(basis, key=key)
    assert club.ben.bases.countersign(basis).state == "live"
    assert club.anna.bases.confirm(club.basis(grown, live=False), key=key).state == "live"


def test_a_stranger_s_or_revoked_key_confirms_nothing(club: Club) -> None:
    basis = club.basis(club.subject("Ada"), live=False)
    key = AccountKey.open(club.root / "keys" / "accounts" / f"{BEN}.pem", WORDS[BEN])
    club.anna.accounts.revoke(BEN)
    with pytest.raises(RoleRefused, match="no live account"):
        club.anna.bases.countersign(basis, key=key)
    assert club.anna.bases.get(basis.id).state == "pending"


@pytest.mark.parametrize("content", [b"", b"  \n"])
def test_empty_evidence_is_no_evidence(club: Club, content: bytes) -> None:
    club.form.write_bytes(content)
    with pytest.raises(NoBasis, match="empty"):
        club.anna.bases.record(club.subject("Ada"), evidence=club.form, **CONSENT)
    assert club.anna.bases.list() == []


def test_evidence_that_is_not_there_is_said_so(club: Club) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        club.anna.bases.record(club.subject("Ada"), evidence=club.root / "none.pdf", **CONSENT)


@pytest.mark.parametrize(
    ("until", "ends"), [(None, "2030-01-14"), ("2027-11-22", "2027-11-23"), ("2099-01-01", "2030-01-14")]
)
def test_a_basis_lasts_no_longer_than_its_purposes(club: Club, until: str | None, ends: str) -> None:
    assert club.basis(club.subject("Ada"), until=until).ends.startswith(ends)


@pytest.mark.parametrize("until", ["2027-01-14", "2027-13-01", "soon", "22.11.2027"])
def test_a_day_that_is_none_or_has_passed_is_refused(club: Club, until: str) -> None:
    with pytest.raises(InputError):
        club.basis(club.subject("Ada"), until=until)


def test_a_basis_without_purpose_or_with_an_unknown_notice_is_refused(club: Club) -> None:
    ada = club.subject("Ada")
    with pytest.raises(NoBasis, match="purpose"):
        club.anna.bases.record(ada, evidence=club.form, **(CONSENT | {"purposes": []}))
    with pytest.raises(NoNotice):
        club.anna.bases.record(ada, evidence=club.form, notice="none", **CONSENT)
    assert club.anna.bases.list() == []


def test_the_basis_of_one_is_no_basis_for_another(club: Club) -> None:
    ada, bo = club.subject("Ada"), club.subject("Bo")
    with pytest.raises(NoBasis):
        club.enrol(bo, club.basis(ada), 2)
    assert club.anna.status()["counts"]["references"] == 0


def test_an_expired_basis_enrols_and_confirms_nothing(club: Club) -> None:
    ada = club.subject("Ada")
    live, pending = club.basis(ada), club.basis(ada, live=False)
    club.clock.forward(days=1095)
    with pytest.raises(NoBasis, match="expired"):
        club.enrol(ada, live, 1)
    with pytest.raises(NoBasis, match="expired"):
        club.ben.bases.countersign(pending)
    assert club.anna.status()["counts"]["references"] == 0
    assert club.anna.bases.get(pending.id).confirmed is None


@pytest.mark.parametrize("number", ["B99", "99", "B0", "B-1", "", "A1", "B1 or 1=1", "B" + "9" * 30])
def test_a_number_that_is_none_is_not_there(club: Club, number: str) -> None:
    club.basis(club.subject("Ada"))
    with pytest.raises(NotFound):
        club.anna.bases.get(number)


def test_withdrawing_one_basis_leaves_the_others(club: Club) -> None:
    ada = club.subject("Ada")
    first, second = club.basis(ada), club.basis(ada, ["visitor-check-in"])
    club.enrol(ada, first, 1)
    club.enrol(ada, second, 1, 1)
    club.ben.withdraw("ada", [first])
    assert club.found(1) == []
    assert club.found(1, "visitor-check-in") == ["ada"]
    with pytest.raises(NotFound):
        club.ben.withdraw("ada", [first])
    WORDS["op@club.example"] = "x"
    club.anna.accounts.add("op@club.example", roles=["operator"], passphrase="x")
    operator = club.open("op@club.example")
    with pytest.raises(RoleRefused):
        operator.withdraw("ada")


# --- accounts ---


def test_an_account_that_is_refused_leaves_no_key_in_the_way(club: Club) -> None:
    WORDS["op@club.example"] = "x"
    club.anna.accounts.add("op@club.example", roles=["operator"], passphrase="x")
    with pytest.raises(RoleRefused):
        club.open("op@club.example").accounts.add("eve@club.example", roles=["controller"], passphrase="words")
    assert club.anna.accounts.add("eve@club.example", roles=["reviewer"], passphrase="words").roles == ("reviewer",)


def test_one_account_a_person(club: Club) -> None:
    with pytest.raises(AlreadyExists):
        club.anna.accounts.add(BEN, roles=["operator"], passphrase="x")


@pytest.mark.parametrize("email", ["", "anna", "a b@c", "../x@y", "@club", "a@"])
def test_an_account_is_a_named_person(club: Club, email: str) -> None:
    with pytest.raises(InputError):
        club.anna.accounts.add(email, roles=["operator"], passphrase="x")
    assert [account.email for account in club.anna.accounts.list()] == [ANNA, BEN]


@pytest.mark.parametrize("roles", [[], ["admin"], ["operator", "root"]])
def test_roles_are_from_the_list(club: Club, roles: list[str]) -> None:
    with pytest.raises(InputError):
        club.anna.accounts.add("eve@club.example", roles=roles, passphrase="x")


def test_a_revoked_account_cannot_be_opened(club: Club) -> None:
    club.anna.accounts.revoke(BEN)
    with pytest.raises(NotSignedIn):
        club.open(BEN)
    with pytest.raises(NotFound):
        club.anna.accounts.revoke(BEN)


# --- orders, straight from the registry: their use case comes later, their force is here already ---


@pytest.mark.parametrize("scope", [{"territory": "GB"}, {"territory": "DE"}, {"subject": 1}])
@pytest.mark.parametrize("kind", ["quarantine", "erase"])
def test_a_quarantine_hides_whom_it_bears_on_and_whose_residence_is_unknown(
    club: Club, kind: str, scope: dict[str, object]
) -> None:
    people = {"GB": club.person("British", 1, territory="GB"), "DE": club.person("German", 2, territory="DE")}
    club.person("Anywhere", 3, territory="unknown")
    order = club.order(kind, **scope)
    hidden = {str(people[str(scope["territory"])]), "anywhere"} if "territory" in scope else {"british"}
    for number, handle in enumerate(["british", "german", "anywhere"], start=1):
        assert club.found(number) == ([] if handle in hidden else [handle])
    club.set_order(order, "stayed")
    assert [club.found(number) for number in (1, 2, 3)] == [["british"], ["german"], ["anywhere"]]


@pytest.mark.parametrize(("lives", "ordered"), [("GB-SCT", "GB"), ("US", "US-IL"), ("US-IL", "US-IL"), ("US-IL", "US")])
def test_an_order_bears_on_every_part_of_its_territory_and_on_whoever_may_live_there(
    club: Club, lives: str, ordered: str
) -> None:
    ada = club.person("Ada", 1, territory=lives)
    club.order("quarantine", territory=ordered)
    club.order("stop", territory=ordered)
    assert club.found(1) == []
    with pytest.raises(TerritoryRefused):
        club.enrol(ada, club.anna.bases.list()[0], 1, 1)


@pytest.mark.parametrize(("lives", "ordered"), [("GB", "DE"), ("US-CA", "US-IL"), ("GB-SCT", "G"), ("DE", "D")])
def test_an_order_bears_on_nobody_else(club: Club, lives: str, ordered: str) -> None:
    club.person("Ada", 1, territory=lives)
    club.order("quarantine", territory=ordered)
    assert club.found(1) == ["ada"]


@pytest.mark.parametrize("state", ["proposed", "stayed", "complied"])
def test_an_order_that_is_not_in_force_does_nothing(club: Club, state: str) -> None:
    club.person("Ada", 1)
    for kind in ("quarantine", "stop", "hold"):
        club.order(kind, state=state, territory="GB")
    assert club.found(1) == ["ada"]
    assert club.ben.erase("ada", reason="request").faces_erased == 1


@pytest.mark.parametrize("scope", ["subject", "territory"])
def test_a_stop_order_blocks_enrolment(club: Club, scope: str) -> None:
    ada = club.person("Ada", 1)
    club.order("stop", **({"subject": ada.id} if scope == "subject" else {"territory": "GB"}))
    with pytest.raises(TerritoryRefused) as refused:
        club.enrol(ada, club.anna.bases.list()[0], 1, 1)
    assert refused.value.requirement == "P10"
    assert club.found(1) == ["ada"], "it forbids collecting, not finding"


@pytest.mark.parametrize("scope", ["source", "territory"])
def test_a_stop_order_blocks_ingest(club: Club, scope: str) -> None:
    source = club.source()
    club.order("stop", **({"source": source} if scope == "source" else {"territory": "FR"}))
    with pytest.raises(TerritoryRefused):
        club.ingest(source, [looked("a.jpg", [1])])
    assert club.anna.status()["counts"]["photos"] == 0


# --- sources ---


@pytest.mark.parametrize("statement", ["", "  "])
def test_a_source_needs_a_statement(club: Club, statement: str) -> None:
    with pytest.raises(SourceRefused):
        club.anna.sources.add("s", club.root / "keys", statement=statement, purposes=["photo-library"])
    assert club.anna.sources.list() == []


def test_a_closed_archive_is_refused_for_now(club: Club) -> None:
    with pytest.raises(SourceRefused) as refused:
        club.anna.sources.add(
            "s", club.root / "keys", statement="ours", purposes=["photo-library"], unknown_faces="keep"
        )
    assert refused.value.requirement == "P27"


@pytest.mark.parametrize("where", ["club", "club/data", "club/data/log", "club/vault", "."])
def test_a_source_is_never_among_our_own_files(club: Club, where: str) -> None:
    with pytest.raises(InputError, match="own files"):
        club.anna.sources.add("s", club.root / where, statement="ours", purposes=["photo-library"])


def test_a_stopped_source_shows_and_takes_nothing(club: Club) -> None:
    club.person("Ada", 1)
    source = club.source()
    club.ingest(source, [looked("a.jpg", [1])])
    (candidate,) = club.search(1).candidates
    assert [a.photo.path for a in candidate.appearances] == ["a.jpg"]
    club.anna.sources.stop("party", "the photographer objects")
    (candidate,) = club.search(1).candidates
    assert candidate.appearances == ()
    with pytest.raises(SourceRefused):
        club.ingest(source, [looked("b.jpg", [1])])


# --- the gallery itself ---


def test_a_gallery_is_never_founded_over_another(club: Club) -> None:
    before = (club.folder / "countenance.toml").read_bytes()
    with pytest.raises(AlreadyExists):
        found_gallery(Plan(club.folder, "Other", ANNA, "x", ["photo-library"], keys=club.root / "other"))
    assert (club.folder / "countenance.toml").read_bytes() == before


@pytest.mark.parametrize(
    "changed",
    [{"purposes": []}, {"passphrase": ""}, {"organisation": ' "x" '}, {"organisation": " "}, {"account": "x"}],
)
def test_a_plan_that_lacks_something_founds_nothing(tmp_path: Path, changed: dict[str, object]) -> None:
    plan = {"organisation": "Club", "account": ANNA, "passphrase": "x", "purposes": ["photo-library"]} | changed
    with pytest.raises(InputError):
        found_gallery(Plan(tmp_path / "club", keys=tmp_path / "keys", **plan))  # type: ignore[arg-type]
    assert not (tmp_path / "club" / "data").exists()


def test_a_gallery_whose_organisation_is_unknown_is_not_opened(club: Club) -> None:
    config = club.folder / "countenance.toml"
    config.write_text(config.read_text().replace("Rowing Club", "Chess Club"))
    with pytest.raises(BadConfiguration, match="Chess Club"):
        club.open(ANNA)
