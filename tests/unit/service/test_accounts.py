"""Accounts: one named person each, with a key of their own (P21)."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import WORDS, Club
from countenance.errors import AlreadyExists, BadSignature, InputError, NotFound, NotSignedIn, RoleRefused
from countenance.service.accounts import SHARED, is_shared, make_key
from countenance.vault.accounts import verify_signature
from county import DAN, NAME, county

OFFICES = ["info", "office", "Team", "admin", "press", "team-2", "press.office", "info+ben", "support3", "no-reply"]
PEOPLE = ["anna", "ben.office", "d.lee", "press.smith", "infante", "annateam", "x12345", "12345"]


@pytest.mark.parametrize("local", OFFICES)
def test_p21_the_address_of_an_office_has_no_account(club: Club, local: str) -> None:
    before = len(club.anna.accounts.list())
    with pytest.raises(RoleRefused) as refused:
        club.anna.accounts.add(f"{local}@club.example", roles=["operator"], passphrase="words")
    assert refused.value.requirement == "P21"
    assert refused.value.hint
    assert len(club.anna.accounts.list()) == before


@pytest.mark.parametrize("local", PEOPLE)
def test_p21_a_person_s_address_is_none_of_an_office(local: str) -> None:
    assert not is_shared(f"{local}@club.example")
    assert all(is_shared(f"{each}@club.example") for each in SHARED)


def test_p21_one_key_is_one_person(club: Club) -> None:
    other = county(club)
    key = club.root / "gil.pem"
    public = make_key(key, "gil's words")
    club.anna.accounts.add("gil@county.example", roles=["reviewer"], public_key=public, organisation=NAME)
    before = club.anna.context.book.size()
    for email in ("ida@county.example", "ida@club.example"):
        with pytest.raises(RoleRefused, match="key") as refused:
            club.anna.accounts.add(email, roles=["reviewer"], public_key=public)
        assert refused.value.requirement == "P21"
    assert [entry["outcome"] for entry in club.anna.log_entries(before)] == ["refused", "refused"]
    with pytest.raises(AlreadyExists):
        club.anna.accounts.add(DAN, roles=["reviewer"], passphrase="words")
    assert other.dan.context.party != club.anna.context.party


def test_a_key_that_was_made_elsewhere_signs_here(club: Club) -> None:
    folder = club.anna.context.settings.accounts_path
    public = make_key(folder / "gil@club.example.pem", "gil's words")
    club.anna.accounts.add("gil@club.example", roles=["operator", "reviewer"], public_key=public)
    WORDS["gil@club.example"] = "gil's words"
    assert club.found(1, by=club.open("gil@club.example")) == []


def test_an_account_that_only_has_a_public_key_here_leaves_no_key_file(club: Club, tmp_path: Path) -> None:
    club.anna.accounts.add("gil@club.example", roles=["operator"], public_key=make_key(tmp_path / "gil.pem", "words"))
    assert not (club.anna.context.settings.accounts_path / "gil@club.example.pem").exists()
    with pytest.raises(NotSignedIn):
        club.search(1, by=club.open("gil@club.example"))


SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]
"""The points of small order, and the identity with a sign."""
OTHERWISE = [(value).to_bytes(32, "little").hex() for value in (2**255 - 19, 2**255 - 18, 2**255 - 16, 2**256 - 1)]
"""Numbers that are not less than the field's prime: other ways to write a point."""


@pytest.mark.parametrize("text", [*SMALL, *OTHERWISE])
def test_p18_a_key_that_one_signature_fits_is_refused(club: Club, text: str) -> None:
    with pytest.raises(InputError):
        club.anna.accounts.add("mal@club.example", roles=["officer"], public_key=text)
    with pytest.raises(BadSignature):
        verify_signature(bytes.fromhex(text), bytes.fromhex(SMALL[0]) + bytes(32), b"anything")


@pytest.mark.parametrize(
    "email",
    ["ANNA@club.example", "Anna@Club.Example", "anna+2@club.example", "\uff41nna@club.example", "anna+@CLUB.example"],
)
def test_p21_one_person_has_no_second_address(club: Club, email: str) -> None:
    with pytest.raises(RoleRefused) as refused:
        club.anna.accounts.add(email, roles=["officer"], passphrase="words")
    assert refused.value.requirement == "P21"
    assert not club.anna.context.settings.account_key(email).exists()
    club.anna.accounts.add("anna+timer@club.example", roles=["system"], passphrase="words")
    club.anna.accounts.add("annalena@club.example", roles=["officer"], passphrase="words")


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33, "ff" * 33, "not a key"])
def test_what_is_no_public_key_is_refused(club: Club, text: str) -> None:
    with pytest.raises(InputError):
        club.anna.accounts.add("gil@club.example", roles=["operator"], public_key=text)


def test_a_passphrase_or_a_public_key_and_not_both(club: Club, tmp_path: Path) -> None:
    public = make_key(tmp_path / "gil.pem", "words")
    for given in ({}, {"passphrase": "words", "public_key": public}):
        with pytest.raises(InputError):
            club.anna.accounts.add("gil@club.example", roles=["operator"], **given)


@pytest.mark.parametrize("roles", [["officer"], ["system"], ["operator", "officer"]])
def test_p21_another_organisation_s_account_keeps_none_of_the_owner_s_records(club: Club, roles: list[str]) -> None:
    county(club)
    with pytest.raises(RoleRefused) as refused:
        club.anna.accounts.add("gil@county.example", roles=roles, passphrase="words", organisation=NAME)
    assert refused.value.requirement == "P21"
    assert not (club.anna.context.settings.accounts_path / "gil@county.example.pem").exists()
    with pytest.raises(NotFound):
        club.anna.accounts.add("gil@county.example", roles=["reviewer"], passphrase="words", organisation="Nobody")


def test_the_owner_ends_any_account_at_once(club: Club) -> None:
    other = county(club)
    other.agree()
    club.person("Ada", 1)
    assert other.found(1) == ["ada"]
    club.anna.accounts.revoke(DAN)
    with pytest.raises(NotSignedIn):
        other.search(1)
