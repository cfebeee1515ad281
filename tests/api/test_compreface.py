"""CompreFace's routes, in one process: what its clients get, and what the rules keep from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callers import PURPOSE, serving
from clubs import Club
from countenance.http.compreface.table import ROUTES
from countenance.http.compreface.telling import image_id
from countenance.http.route import Route
from countenance.samples import cast
from countenance.service.forms import Wish
from county import county

RECOGNITION = "/api/v1/recognition"
WHO = ("controller", "operator", "officer")
EVERY = pytest.mark.parametrize("route", ROUTES, ids=[f"{each.method} {each.path}" for each in ROUTES])


class Client:
    """What a CompreFace client does, with a key of Anna's."""

    def __init__(self, club: Club, **more: Any) -> None:
        given = {
            "roles": WHO, "purposes": [PURPOSE], "purpose": PURPOSE, "case": "door 1", "door": "compreface",
            "form": Wish(club.evidence("everybody"), "notice-2027"),
        } | more  # fmt: skip
        self.club = club
        self.token = club.anna.api_keys.create("a client", **given).token
        self.browser = serving(club)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"x-api-key": self.token} | more.pop("headers", {})
        return self.browser.request(method, path, headers=headers, **more)

    def add(self, name: str, photo: bytes, **query: Any) -> Any:
        return self.ask("POST", f"{RECOGNITION}/faces", params={"subject": name} | query, files={"file": photo})

    def recognize(self, photo: bytes, **more: Any) -> Any:
        return self.ask("POST", f"{RECOGNITION}/recognize", files={"file": photo}, **more)

    def verify(self, example: str, photo: bytes) -> Any:
        return self.ask("POST", f"{RECOGNITION}/faces/{example}/verify", files={"file": photo})


@pytest.fixture
def client(club: Club) -> Client:
    return Client(club)


def photo(name: str, number: int = 0) -> bytes:
    return cast().photos(name)[number].read_bytes()


def confirm(club: Club) -> None:
    """Ben countersigns everybody's paper form."""
    for basis in club.anna.bases.list():
        if basis.state == "pending":
            club.ben.bases.countersign(basis)


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Club, dict[str, Client]]]:
    """One club for all routes, a key of each role, and one of another organisation: none of these changes anything."""
    club = Club(tmp_path_factory.mktemp("matrix"))
    keys = {role: Client(club, roles=[role]) for role in WHO}
    dan = county(club).dan
    made = dan.api_keys.create("county", roles=WHO[:2], purposes=[PURPOSE], door="compreface")
    keys["elsewhere"] = Client(club)
    keys["elsewhere"].token = made.token
    yield club, keys
    club.close()


@pytest.fixture
def lasting(shared: tuple[Club, dict[str, Client]]) -> Client:
    """A client of that club, for what is refused, or changes nothing."""
    return Client(shared[0])


def asked(client: Client, route: Route, **more: Any) -> Any:
    return client.ask(route.method, route.path.replace("{subject:path}", "x9").replace("{image_id}", "x9"), **more)


@EVERY
def test_p21_each_role_reaches_its_routes_and_no_others(shared: tuple[Club, dict[str, Client]], route: Route) -> None:
    club, keys = shared
    size = club.anna.context.book.size()
    for key in ("", "nonsense", "cnt_K1_nonsense"):
        answer = asked(keys["operator"], route, headers={"x-api-key": key})
        assert (answer.status_code, answer.json()["code"]) == (401, 10)
    bearer = {"x-api-key": "", "authorization": f"Bearer {keys['operator'].token}"}
    assert asked(keys["operator"], route, headers=bearer).status_code == 401
    assert club.anna.context.book.size() == size
    for role in WHO:
        answer = asked(keys[role], route)
        assert (answer.status_code == 403) == (role not in route.roles)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert set(answer.json()) == {"message", "code"}
    absent = asked(keys["elsewhere"], route)  # another organisation's key opens none of them
    assert (absent.status_code, absent.json()["message"].split(".")[0]) == (404, "There is no such record")


def test_p3_a_key_opens_one_door_alone(lasting: Client) -> None:
    v1 = lasting.club.anna.api_keys.create("v1", roles=WHO, purposes=[PURPOSE]).token
    assert lasting.ask("GET", f"{RECOGNITION}/subjects", headers={"x-api-key": v1}).status_code == 401
    bearer = {"authorization": f"Bearer {lasting.token}", "x-api-key": ""}
    assert lasting.ask("GET", "/v1/whoami", headers=bearer).status_code == 401


# --- people ----------------------------------------------------------------------------------------------------------


def test_p1_an_added_person_is_found_by_nobody_until_somebody_else_has_confirmed_it(client: Client) -> None:
    made = client.add("Ada Lovelace", photo("Ada"))
    assert (made.status_code, made.json()["subject"]) == (201, "Ada Lovelace")
    assert client.recognize(photo("Ada", 1)).json()["result"][0]["subjects"] == []
    assert client.verify(made.json()["image_id"], photo("Ada", 1)).status_code == 404
    confirm(client.club)
    (face,) = client.recognize(photo("Ada", 1)).json()["result"]
    assert [each["subject"] for each in face["subjects"]] == ["Ada Lovelace"]
    assert face["subjects"][0]["similarity"] >= 0.8
    (beside,) = client.verify(made.json()["image_id"], photo("Ada", 1)).json()["result"]
    assert beside["similarity"] >= 0.8
    (other,) = client.verify(made.json()["image_id"], photo("Jia")).json()["result"]
    assert other["similarity"] < 0.8
    assert client.add("Ada Lovelace", photo("Ada")).json() == made.json()  # the same photo again is the same example


def test_p1_without_a_basis_form_nobody_is_recorded(club: Club) -> None:
    bare = Client(club, form=None)
    for answer in (
        bare.add("Ada", photo("Ada")),
        bare.ask("POST", f"{RECOGNITION}/subjects", json={"subject": "Ada"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, 1)
        assert "basis form" in answer.json()["message"]
    assert club.anna.subjects.list() == []


def test_people_of_others_are_neither_listed_nor_renamed_nor_erased(client: Client) -> None:
    client.club.person("Cleo", 1)  # recorded by the library, not by a CompreFace client
    assert client.ask("POST", f"{RECOGNITION}/subjects", json={"subject": "Cleo"}).status_code == 201
    assert client.ask("GET", f"{RECOGNITION}/subjects").json() == {"subjects": ["Cleo"]}
    assert client.ask("GET", f"{RECOGNITION}/faces").json()["total_elements"] == 0
    reference = client.club.enrol(
        client.club.subject("Dora"), client.club.basis(client.club.anna.subjects.get("dora")), 2
    )
    for method, path in (("DELETE", image_id(reference)), ("DELETE", image_id(2**61)), ("DELETE", "nonsense")):
        assert client.ask(method, f"{RECOGNITION}/faces/{path}").json()["code"] == 44
    assert client.ask("DELETE", f"{RECOGNITION}/subjects/Dora").json()["code"] == 42
    assert client.ask("DELETE", f"{RECOGNITION}/subjects").json()["deleted"] == 1
    assert [each.name for each in client.club.anna.subjects.list()] == ["Cleo", "Dora"]


def test_names_are_kept_as_they_are_and_two_people_are_never_made_one(client: Client) -> None:
    names = ["<script>alert(1)</script>", "Zoë", "Zoe", "李雷", "a/b c", "../../etc"]
    for name in names:
        assert client.ask("POST", f"{RECOGNITION}/subjects", json={"subject": name}).status_code == 201
    assert sorted(client.ask("GET", f"{RECOGNITION}/subjects").json()["subjects"]) == sorted(names)
    for bad, code in (("", 33), ("  ", 33), ("n" * 201, 26), ("a\x00b", 26), ("two\nlines", 26)):
        answer = client.ask("POST", f"{RECOGNITION}/subjects", json={"subject": bad})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    merged = client.ask("PUT", f"{RECOGNITION}/subjects/Zoe", json={"subject": "Zoë"})
    assert (merged.status_code, merged.json()["code"]) == (400, 43)
    assert client.ask("PUT", f"{RECOGNITION}/subjects/a/b c", json={"subject": "Ada"}).json() == {"updated": True}
    assert client.ask("DELETE", f"{RECOGNITION}/subjects/a/b c").json()["code"] == 42
    assert client.ask("DELETE", f"{RECOGNITION}/subjects/Ada").json()["subject"] == "Ada"
    assert client.ask("DELETE", f"{RECOGNITION}/faces").json()["code"] == 33  # not everybody's, by a name left out


def test_one_of_several_under_one_basis_is_not_erased_with_the_others(client: Client) -> None:
    """Compatible endpoints give each photo its own basis; somebody may enrol more under one."""
    first = client.add("Ada", photo("Ada")).json()["image_id"]
    client.club.anna.enrol("ada", photo("Ada", 1), basis="B1")
    refused = client.ask("DELETE", f"{RECOGNITION}/faces/{first}")
    assert (refused.status_code, "same basis" in refused.json()["message"]) == (400, True)
    assert client.ask("DELETE", f"{RECOGNITION}/faces", params={"subject": "Ada"}).json()["deleted"] == 2
    assert client.ask("GET", f"{RECOGNITION}/faces", params={"subject": "Ada"}).json()["faces"] == []


# --- comparisons -----------------------------------------------------------------------------------------------------


def test_p3_without_a_purpose_or_a_case_the_refusal_says_where_to_put_them(lasting: Client) -> None:
    bare = Client(lasting.club, purpose=None, case=None)
    files = {"source_image": photo("Ada"), "target_image": photo("Ada", 1)}
    for headers in ({}, {"x-countenance-purpose": PURPOSE}, {"x-countenance-case": "door 2"}):
        for answer in (
            bare.recognize(photo("Ada"), headers=headers),
            bare.ask("POST", "/api/v1/verification/verify", files=files, headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, 1)
            assert "X-Countenance-Purpose" in answer.json()["message"]
            assert "keys api create" in answer.json()["message"]
    both = {"x-countenance-purpose": PURPOSE, "x-countenance-case": "door 2"}
    assert bare.recognize(photo("Ada"), headers=both).status_code == 200


def test_p3_verify_is_capped_and_a_crowd_is_no_way_around_it(client: Client) -> None:
    crowd = cast().party()[2].path.read_bytes()
    files = {"source_image": photo("Ada"), "target_image": crowd}
    (told,) = client.ask("POST", "/api/v1/verification/verify", files=files).json()["result"]
    assert len(told["face_matches"]) == 1  # the largest face alone
    files = {"source_image": crowd, "target_image": photo("Ada")}
    assert client.ask("POST", "/api/v1/verification/verify", files=files).json()["code"] == 31
    for number in range(19):
        client.club.verify(number, 40, case=f"another {number}")
    answer = client.ask("POST", "/api/v1/verification/verify", files=files | {"source_image": photo("Jia")})
    assert (answer.status_code, "This is a search" in answer.json()["message"]) == (429, True)


def test_p3_every_face_of_a_photo_counts_for_the_key_s_day(lasting: Client) -> None:
    frugal = Client(lasting.club, quota=3)
    crowd = cast().party()[2].path.read_bytes()  # four faces
    size = lasting.club.anna.context.book.size()
    assert frugal.recognize(crowd).status_code == 429
    assert lasting.club.anna.context.book.size() > size
    assert frugal.recognize(crowd, params={"limit": 1}).status_code == 429  # all three are gone


def test_what_is_asked_of_a_photo(lasting: Client) -> None:
    crowd, empty = cast().party()[2].path.read_bytes(), cast().no_face()[0].read_bytes()

    def detect(data: bytes = crowd, **query: Any) -> Any:
        return lasting.ask("POST", "/api/v1/detection/detect", params=query, files={"file": data})

    assert len(detect().json()["result"]) == 4
    assert len(detect(limit=2).json()["result"]) == 2
    assert detect(det_prob_threshold=1).json()["code"] == 28
    assert lasting.recognize(crowd, params={"det_prob_threshold": 1}).json()["code"] == 28
    assert lasting.add("Ada", photo("Ada"), det_prob_threshold=1).json()["code"] == 28
    told = detect(face_plugins="age,gender,mask,pose,calculator,landmarks,unknown", status="true").json()
    assert set(told["result"][0]) == {"box", "landmarks"}
    assert told["plugins_not_offered"] == ["age", "calculator", "gender", "mask", "pose"]
    assert detect(empty).json()["code"] == 28
    assert lasting.recognize(empty).json()["code"] == 28
    assert detect(b"GIF89a nonsense").json()["code"] == 21
    for query in ({"limit": -1}, {"limit": "x"}, {"det_prob_threshold": 2}):
        assert (detect(**query).status_code, detect(**query).json()["code"]) == (400, 26)
    assert lasting.recognize(crowd, params={"prediction_count": 0}).json()["code"] == 26
    assert lasting.ask("POST", "/api/v1/detection/detect", files={"photo": crowd}).json()["code"] == 26
    assert lasting.ask("POST", "/api/v1/detection/detect", files={"file": b""}).json()["code"] == 34
    assert lasting.ask("POST", "/api/v1/detection/detect", json={"file": "aGk="}).status_code == 415
    odd = lasting.browser.request("GET", f"{RECOGNITION}/faces?&page=0", headers={"x-api-key": lasting.token})
    assert odd.json()["page_size"] == 20  # the SDK's queries begin with an ampersand
    lost = lasting.ask("GET", "/api/v1/static/key/images/1")
    assert (lost.status_code, set(lost.json())) == (404, {"message", "code"})


def test_a_face_too_poor_to_rely_on_is_shown_and_compared_with_nobody(lasting: Client) -> None:
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(photo("Ada"))) as picture:
        tiny = BytesIO()
        picture.resize((picture.width // 5, picture.height // 5)).save(tiny, "JPEG")
    answer = lasting.recognize(tiny.getvalue())
    (face,) = answer.json()["result"]
    assert face["subjects"] == []
    assert face["not_compared"]
    assert lasting.add("Ada", tiny.getvalue()).json()["code"] == 28
    assert lasting.ask("GET", f"{RECOGNITION}/subjects").json() == {"subjects": []}
