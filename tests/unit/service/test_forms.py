"""The basis form of a key: each person whom a program names gets a basis of their own, which a person confirms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.errors import InputError, NoBasis, NoNotice, NotSignedIn
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.forms import Wish
from countenance.service.programs import Entered, Made, enter

PURPOSE = "photo-library"


def key(club: Club, *, form: Wish | None = None, **more: object) -> Made:
    given = {"purposes": [PURPOSE], "purpose": PURPOSE, "case": "door", "door": "compreface"} | more
    return club.anna.api_keys.create("door", roles=["controller", "operator", "officer"], form=form, **given)


def wish(club: Club, **more: object) -> Wish:
    return Wish(**({"evidence": club.form, "notice": "notice-2027", "until": "2027-06-30"} | more))


@pytest.fixture
def program(club: Club) -> Iterator[Entered]:
    inside = enter(club.anna, key(club, form=wish(club)).token, "compreface")
    yield inside
    inside.club.close()


def photos(name: str) -> list[bytes]:
    return [each.read_bytes() for each in cast().photos(name).values()]


def test_p1_each_person_gets_a_pending_basis_from_the_form(club: Club, program: Entered) -> None:
    name = cast().identities[0]
    enrolled = program.club.forms.enrol("ada", photos(name)[0], name="Ada")
    subject = club.anna.subjects.get("ada")
    (basis,) = club.anna.bases.list(subject)
    assert (subject.name, subject.territory) == ("Ada", "unknown")
    assert (basis.state, basis.ground, basis.condition, basis.purposes, basis.notice) == (
        "pending", "consent", "explicit-consent", (PURPOSE,), "notice-2027",
    )  # fmt: skip
    assert basis.ends.startswith("2027-07-01")
    assert (enrolled.basis, enrolled.searchable) == (basis.id, False)
    club.ben.bases.countersign(basis)
    found = club.anna.search(photos(name)[1], purpose=PURPOSE, case="press 12")
    assert [each.subject for each in found] == ["ada"]


def test_each_photo_has_a_basis_of_its_own_so_that_one_can_be_erased(club: Club, program: Entered) -> None:
    first, second = photos(cast().identities[0])[:2]
    bases = [program.club.forms.enrol("ada", photo).basis for photo in (first, second)]
    assert bases == ["B1", "B2"]
    with pytest.raises(InputError):
        program.club.forms.enrol("ada", b"no picture")
    unused = club.anna.bases.list()[-1].id
    assert program.club.forms.basis(club.anna.subjects.get("ada")).id == unused  # a photo that failed left it
    assert len(club.anna.bases.list()) == 3


def test_p1_a_key_without_a_form_records_nobody(club: Club) -> None:
    inside = enter(club.anna, key(club).token, "compreface")
    with pytest.raises(NoBasis, match="no basis form"):
        inside.club.forms.enrol("ada", photos(cast().identities[0])[0])
    with pytest.raises(NoBasis):
        club.anna.forms.enrol("ada", photos(cast().identities[0])[0])  # nor does a person: a form is a key's
    assert not club.anna.subjects.list()


def test_p1_a_form_that_was_changed_with_a_database_tool_records_nobody(club: Club, program: Entered) -> None:
    with club.sql() as connection:
        connection.execute(sa.update(t.basis_forms).values(evidence_sha256="0" * 64))
    with pytest.raises(NoBasis, match="no basis form"):
        program.club.forms.enrol("ada", photos(cast().identities[0])[0])


def test_p1_more_than_thirty_people_need_a_form_that_two_accounts_declared(club: Club, program: Entered) -> None:
    forms = program.club.forms
    for number in range(30):
        forms.basis(forms.subject(f"guest-{number}", "Guest"))
    with pytest.raises(NoBasis, match="collective"):
        forms.basis(forms.subject("guest-31", "Guest"))


def test_a_key_opens_the_endpoint_that_it_is_for_and_no_other(club: Club) -> None:
    compatible, plain = key(club), key(club, door=None)
    for token, door in ((compatible.token, None), (compatible.token, "rekognition"), (plain.token, "compreface")):
        with pytest.raises(NotSignedIn, match="opens nothing"):
            enter(club.anna, token, door)
    with club.sql() as connection:  # nor is it turned to another one with a database tool
        connection.execute(sa.update(t.api_keys).values(door=None))
    with pytest.raises(NotSignedIn):
        enter(club.anna, compatible.token)
    assert enter(club.anna, plain.token).email


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"notice": "none"}, NoNotice),
        ({"evidence": b" "}, NoBasis),
        ({"ground": "public"}, NoBasis),
        ({"ground": "legitimate-interests"}, NoBasis),
        ({"until": "1999-01-01"}, InputError),
    ],
)
def test_p1_a_form_that_can_carry_nobody_is_refused_when_the_key_is_made(
    club: Club, more: dict[str, object], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        key(club, form=wish(club, **more))
    assert not club.anna.api_keys.list()


def test_only_a_compatible_endpoint_s_key_carries_a_form(club: Club) -> None:
    with pytest.raises(InputError, match="form"):
        key(club, door=None, form=wish(club))
    with pytest.raises(InputError, match="endpoint"):
        key(club, door="azure")
