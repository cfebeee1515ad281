"""Collections without pixels: whom a search may find, with what it may be made, and what deleting means."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from amazon import Aws, listening, now_club
from clubs import Club
from countenance.errors import GrantRefused, NoBasis, NotFound
from countenance.gallery.collecting import Stored
from countenance.http.rekognition.operation import Photo
from countenance.http.rekognition.protocol import Fault
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.face_ids import FaceIds
from countenance.service.programs import enter
from countenance.service.similarity import above, similarity
from countenance.types import Search
from county import county

PURPOSE = "photo-library"


def collect(club: Club, collection: str, name: str, number: int, *, live: bool = True) -> int:
    """Somebody who is enrolled and in a collection; the number of their face."""
    if collection not in [each.name for each in club.anna.collections.every()]:
        club.anna.collections.create(collection)
    subject = club.subject(name)
    face = club.enrol(subject, club.basis(subject, live=live), number)
    found = club.anna.collections.get(collection).number
    sealed = club.anna.context.keys.seal_text(f"subject:{subject.id}", name, "external")
    with club.sql() as connection:
        values = {"organisation": 1, "collection": found, "subject": subject.id, "name_hash": name}
        connection.execute(sa.insert(t.collected).values(**values, external_sealed=sealed, created=1))
    return face


def found(club: Club, collection: str, face: int, *, asked: str | None = None) -> list[str]:
    """Who in a collection resembles an enrolled face; ``asked``: the collection that the grant is for."""
    context = club.anna.context
    number = club.anna.collections.get(collection).number
    among = club.anna.collections.get(asked or collection).number
    case = club.anna.cases.for_search("press 12", PURPOSE)
    ask = Ask(purpose=PURPOSE, case_named=True, case=case, among=among)
    grant = context.desk.decide(Search, ask)
    answer = context.gallery.search(Stored((face,), "0" * 64), limit=9, among=number, threshold=None, grant=grant)
    return [each.subject for each in answer.candidates]


def test_p4_a_search_stays_within_its_collection(club: Club) -> None:
    ada = collect(club, "staff", "Ada", 1)
    collect(club, "staff", "Bea", 2)
    collect(club, "guests", "Cleo", 3)
    club.person("Dora", 4)
    assert found(club, "staff", ada) == ["bea"]  # never herself, nobody elsewhere


def test_p3_a_grant_is_for_one_collection(club: Club) -> None:
    ada = collect(club, "staff", "Ada", 1)
    collect(club, "guests", "Cleo", 3)
    with pytest.raises(GrantRefused):
        found(club, "staff", ada, asked="guests")


def test_p1_a_face_that_waits_is_searched_with_by_nobody(club: Club) -> None:
    ada = collect(club, "staff", "Ada", 1, live=False)
    collect(club, "staff", "Bea", 2)
    with pytest.raises(NoBasis, match="waits"):
        found(club, "staff", ada)


def test_p6_deleting_a_collection_erases_its_people(club: Club) -> None:
    collect(club, "staff", "Ada", 1)
    collect(club, "guests", "Cleo", 3)
    certified = club.anna.collections.delete("staff", reason="withdrawn")
    assert certified
    assert certified.certificate["body"]["counts"]["subjects"] == 1
    assert [each.handle for each in club.anna.subjects.list()] == ["cleo"]
    with pytest.raises(NotFound):
        club.anna.collections.get("staff")


def test_p3_to_another_organisation_collections_are_absent(club: Club) -> None:
    club.anna.collections.create("staff")
    dan = county(club).dan
    for ask in (lambda: dan.collections.get("staff"), lambda: dan.forms.mine().notice):
        with pytest.raises(NotFound):
            ask()


def test_p21_an_operation_asks_for_its_role(club: Club, tmp_path) -> None:
    del club
    present = now_club(tmp_path)
    with listening(present.anna) as url:
        aws = Aws(present, url)
        answer = aws.send("DeleteCollection", {"CollectionId": "x"}, aws.key("few", roles=("operator",), form=False))
        assert answer.json()["__type"] == "AccessDeniedException"
    present.close()


def test_p3_a_client_compares_no_more_than_its_quota(tmp_path) -> None:
    present = now_club(tmp_path)
    with listening(present.anna) as url:
        aws = Aws(present, url)
        key = aws.key("few", form=False, quota=1)
        told = [aws.send("DetectFaces", {"Image": {"Bytes": "AAAA"}}, key).json()["__type"] for _ in range(2)]
        assert told == ["InvalidImageFormatException", "ThrottlingException"]
    present.close()


def test_p25_an_address_is_refused_by_name() -> None:
    asked = Photo.model_validate_json(json.dumps({"S3Object": {"Bucket": "b", "Name": "n"}, "Bytes": "AAAA"}))
    with pytest.raises(Fault, match="No photo is fetched"):
        asked.photo(1000)


def test_p3_each_face_of_a_crowd_is_a_comparison_of_its_own(club: Club) -> None:
    group, who = cast().party()[0], cast().party()[0].people[0]
    first, second = cast().portrait(who).read_bytes(), group.path.read_bytes()
    compared = club.anna.comparing.faces(first, second, purpose=PURPOSE, case="press 12")
    assert sum(each.matches(None) for each in compared.others) == 1
    with club.sql() as connection:
        pairs = connection.scalars(sa.select(t.searches.c.pair_commitment)).all()
    assert len(set(pairs)) == len(pairs) == len(group.people)


def test_an_id_of_a_face_says_nothing_and_belongs_to_one_organisation(club: Club) -> None:
    keys = club.anna.context.keys
    ids = FaceIds(keys, "organisation:1")
    assert [ids.number(ids.of(number)) for number in (1, 2, 2**60)] == [1, 2, 2**60]
    assert ids.of(1)[:8] != ids.of(2)[:8]
    elsewhere = FaceIds(keys, "log")
    assert elsewhere.number(ids.of(1)) == 0
    assert [ids.number(each) for each in ("", "x", ids.of(1).upper(), "0" * 32, ids.of_photo("0" * 64))] == [0] * 5


def test_the_gallery_s_threshold_is_eighty(club: Club) -> None:
    scale = club.anna.context.scaling.at(1)
    assert similarity(scale.threshold, scale) == 80
    assert similarity(1, scale) == 100
    assert 0 == similarity(-0.3, scale) < similarity(scale.threshold / 2, scale) == 40
    assert above(None) is above(80) is above(3) is None
    asked = above(90)
    assert asked
    assert asked.share == 0.5


def test_a_program_without_a_form_has_none(club: Club) -> None:
    made = club.anna.api_keys.create(
        "x", roles=["operator"], purposes=[PURPOSE], door="rekognition", purpose=PURPOSE, case="x"
    )
    with pytest.raises(NoBasis):
        enter(club.anna, f"cnt_{made.key.id}_{made.token}", "rekognition").club.forms.mine()
