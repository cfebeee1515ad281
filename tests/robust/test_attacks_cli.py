"""Attacks on the command line: names that steer a terminal or a file, hostile lists, bad pictures, false papers."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from clubs import ANNA, WORDS, Club
from countenance import errors
from countenance.check import main as check
from countenance.cli.app import main
from countenance.config import FILE_NAME, load
from countenance.registry.database import Registry
from countenance.samples import cast
from countenance.service.bases import Basis
from countenance.service.enrolling import Outcome, rows_from
from countenance.service.founding import Plan, write_config
from countenance.service.subjects import Subject
from countenance.vision.decode import Decoder, Limits
from robust.attacks import refused, two_lines

# --- the configuration -----------------------------------------------------------------------------------------------


def plan(folder: Path, **change: Any) -> Plan:
    values = {"organisation": "Club", "account": "a@b.example", "passphrase": "w", "purposes": ["photo-library"]}
    return Plan(folder, **(values | {"keys": folder / "keys"} | change))


@pytest.mark.parametrize(
    "organisation", ["\x1b[31mred", "a\x7f", "a\x85[keys]", "a\u2028b", "\udcff", 'a"\nb = "c', ""]
)
def test_an_organisation_that_would_spoil_the_configuration_is_refused(tmp_path: Path, organisation: str) -> None:
    with pytest.raises(errors.InputError) as caught:
        write_config(plan(tmp_path / "club", organisation=organisation))
    two_lines(caught.value)
    assert not (tmp_path / "club" / FILE_NAME).exists()


@pytest.mark.parametrize("account", ['a"#@b.example', "a\x1b[31m@b.example", "\udcff@b.example", 'a@b"#'])
def test_an_account_that_would_spoil_the_configuration_is_refused(tmp_path: Path, account: str) -> None:
    with pytest.raises(errors.InputError) as caught:
        write_config(plan(tmp_path / "club", account=account))
    two_lines(caught.value)


@pytest.mark.parametrize("name", ['k"\nengine = "exact', "k\\u0041", "k\x1b\x7f\t", "{id}", "Zoë 😀"])
def test_a_folder_of_keys_is_only_ever_a_folder(tmp_path: Path, name: str) -> None:
    file = write_config(plan(tmp_path / "club", keys=tmp_path / name))
    told = tomllib.loads(file.read_text("utf-8"))
    assert told["keys"]["kek"] == str(tmp_path / name / "kek")
    assert set(told["keys"]) == {"vault", "kek", "accounts"}
    assert load(file).accounts_path == tmp_path / name / "accounts"


@pytest.mark.parametrize("name", ["VAULT", "KEK", "ACCOUNTS"])
def test_the_environment_cannot_move_a_key_into_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = write_config(plan(tmp_path / "club"))
    monkeypatch.setenv(f"COUNTENANCE_KEYS__{name}", "vault/../data/here")
    with pytest.raises(errors.BadConfiguration, match="inside the data folder"):
        load(file)


@pytest.mark.parametrize("key", ["", "zz", "00", "00" * 31, "00" * 33, "é" * 32])
def test_a_key_encryption_key_of_another_length_opens_nothing(
    members: Club, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("COUNTENANCE_KEK", key)
    with pytest.raises(errors.KeyMissing) as caught:
        members.open("anna@club.example")
    two_lines(caught.value)
    assert key not in caught.value.message or len(key) < 3


@pytest.mark.parametrize("url", ["garbage", "postgresql+nothing://u:secret@h/d", "sqlite://h:port/x"])
def test_an_address_that_is_no_database_is_told_without_its_password(url: str) -> None:
    with pytest.raises(errors.BadConfiguration) as caught:
        Registry(url)
    two_lines(caught.value)
    assert "secret" not in caught.value.message


# --- the terminal ----------------------------------------------------------------------------------------------------


def test_no_name_reaches_the_terminal_as_it_is(members: Club, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "Ev\x1b[31mil\x1b]0;t\x07\r\u202e[bold]"
    with pytest.raises(errors.InputError):
        members.anna.subjects.add(evil, territory="GB", handle="ev")
    members.anna.notices.add(evil, text=members.notice, channel=evil)
    folder = members.root / "evil"
    folder.mkdir()
    (folder / "\x1b[2J.jpg").write_bytes(b"no picture")
    members.anna.sources.add(evil, folder, statement=evil, purposes=["photo-library"], origin=evil)
    members.anna.sources.stop(evil, evil)
    lines = (["notice", "list"], ["source", "list"])
    for line in lines:
        for more in ([], ["--json"]):
            assert main([*line, "--config", str(members.folder), *more]) == 0
            said = capsys.readouterr()
            assert "Ev" in said.out
            assert not set("\x1b\x07\r\u202e") & set(said.out + said.err)


# --- lists of people -------------------------------------------------------------------------------------------------


def enrolled(club: Club, place: Path) -> list[Outcome]:
    def basis(subject: Subject) -> Basis:
        return club.basis(subject, live=False)

    return club.anna.enrol_many(rows_from(place), basis)


def portrait(name: str) -> bytes:
    return cast().portrait(name).read_bytes()


def test_two_people_whose_names_make_one_handle_are_not_mixed_up(members: Club, tmp_path: Path) -> None:
    (tmp_path / "Zoe.jpg").write_bytes(portrait("Dalia"))
    (tmp_path / "Zoë.jpg").write_bytes(portrait("Vera"))
    first, second = enrolled(members, tmp_path)
    assert first.enrolled
    assert isinstance(second.fault, errors.AlreadyExists)
    two_lines(second.fault)
    assert members.anna.look("zoe").references == 1
    assert enrolled(members, tmp_path)[1].fault


def test_p1_a_photo_of_the_list_is_no_evidence_for_anybody_on_it(
    members: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for its own person, and not for those who come before it in the list: nothing is left of any of them."""
    people = tmp_path / "people"
    people.mkdir()
    for name in ("Dalia", "Vera"):
        (people / f"{name}.jpg").write_bytes(portrait(name))
    scan = tmp_path / "form.jpg"
    scan.write_bytes(portrait("Vera"))  # the same photo by another name
    before = members.anna.bases.list(), members.anna.subjects.list()
    line = ["enrol", "--from", str(people), "--evidence", str(scan), "--notice", "notice-2027"]
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS[ANNA])
    told = main([*line, "--config", str(members.folder)])
    assert told == errors.NoBasis.exit_code
    assert (members.anna.bases.list(), members.anna.subjects.list()) == before


def test_a_row_cannot_put_a_face_under_somebody_elses_live_basis(members: Club, tmp_path: Path) -> None:
    (tmp_path / "m.jpg").write_bytes(portrait("Vera"))
    (tmp_path / "list.csv").write_text("photo,name,handle\nm.jpg,Mallory,ada\n")
    (outcome,) = enrolled(members, tmp_path / "list.csv")
    assert isinstance(outcome.fault, errors.AlreadyExists)
    found = members.anna.search(portrait("Vera"), purpose="photo-library", case="x")
    assert list(found) == []


def test_the_same_person_may_come_again_in_another_spelling(members: Club, tmp_path: Path) -> None:
    (tmp_path / "ADA").mkdir()
    (tmp_path / "ADA" / "1.jpg").write_bytes(cast().photos("Ada")[1].read_bytes())
    (outcome,) = enrolled(members, tmp_path)
    assert outcome.fault is None


def test_rows_that_cannot_serve_leave_no_record_and_never_wait(members: Club, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to("link.jpg")
    rows = ["pipe.jpg", "folder.jpg", "link.jpg", "gone.jpg", "nul\0.jpg", "x" * 5000 + ".jpg", "/dev/zero", "/"]
    rows += [f"none-{number}.jpg" for number in range(10_000)]
    lines = "".join(f"{photo},Somebody {number}\n" for number, photo in enumerate(rows))
    (tmp_path / "list.csv").write_text("photo,name\n" + lines)
    before = len(members.anna.subjects.list())
    outcomes = enrolled(members, tmp_path / "list.csv")
    assert len(outcomes) == len(rows)
    assert all(isinstance(each.fault, errors.Unreadable) for each in outcomes)
    assert len(members.anna.subjects.list()) == before


@pytest.mark.parametrize(
    "text",
    [
        "photo,name\n" + "x" * 200_000 + ",y\n",
        'photo,name\n"open,x\n',
        "photo,name\n,\n",
        "photo\nx\n",
        "",
        "photo,name\n",
    ],
)
def test_a_list_that_is_none_is_refused_in_two_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(errors.InputError) as caught:
        rows_from(tmp_path / "list.csv")
    two_lines(caught.value)


def test_a_handle_and_a_name_from_a_list_lead_nowhere(members: Club, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(portrait("Vera"))
    (tmp_path / "list.csv").write_text("photo,name,handle\na.jpg,../../x,../../x\na.jpg,=cmd|calc,\n")
    bad, plain = enrolled(members, tmp_path / "list.csv")
    assert isinstance(bad.fault, errors.InputError)
    assert plain.enrolled is not None
    assert plain.enrolled.subject == "cmd-calc"


def test_a_notice_needs_a_name(members: Club) -> None:
    for name in ("", " ", "x" * 101):
        fault = refused(
            members,
            errors.InputError,
            lambda name=name: members.anna.notices.add(name, text=members.notice, channel="x"),
        )
        assert "name" in fault.message


# --- pictures --------------------------------------------------------------------------------------------------------


def _as(kind: str) -> bytes:
    with Image.open(cast().portrait("Ada")) as whole:
        whole.thumbnail((120, 120))
        out = io.BytesIO()
        whole.convert("RGB").save(out, kind)
    return out.getvalue()


def _damaged(data: bytes, random: np.random.Generator) -> bytes:
    body = bytearray(data)
    for _ in range(int(random.choice([1, 2, 4, 16]))):
        at = int(random.integers(min(len(body), 400 if random.random() < 0.6 else len(body))))
        what = int(random.integers(5))
        if what == 0:
            body[at] ^= 1 << int(random.integers(8))
        elif what == 1:
            body[at : at + 4] = (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0")[int(random.integers(4))]
        elif what == 2:
            del body[at : at + int(random.integers(1, 64))]
        elif what == 3:
            body[at:at] = random.bytes(int(random.integers(1, 20)))
        else:
            body[at:at] = body[at : at + int(random.integers(1, 200))]
        if len(body) < 16:
            break
    return bytes(body)


@pytest.fixture(scope="module")
def decoder() -> Any:
    one = Decoder(Limits(max_bytes=4 << 20, max_pixels=10_000_000, seconds=10), workers=1)
    yield one
    one.close()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_damaged_pictures_are_decoded_or_refused(decoder: Decoder, kind: str) -> None:
    random = np.random.default_rng([20261122, len(kind), ord(kind[0])])
    sound, decoded = _as(kind), 0
    for _ in range(300):
        try:
            picture = decoder.decode(_damaged(sound, random))
        except (errors.Unreadable, errors.TooLarge) as fault:
            two_lines(fault)
        else:
            decoded += 1
            assert picture.pixels.shape == (picture.height, picture.width, 3)
    assert decoded < 300
    assert decoder.decode(sound).format == kind


# --- false papers ----------------------------------------------------------------------------------------------------


def signed(body: dict[str, Any], name: str = "forger") -> dict[str, Any]:
    """A certificate that anybody can make, under a key of their own."""
    key = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
    raw = b"\1" + key.public_key().public_bytes_raw()
    short = sha256(name.encode() + b"\n" + raw).digest()[:4]
    body = {"kind": "erasure", "log": {"index": 0, "leaf": {"index": 0}, "inclusion": []}} | body
    root = sha256(b"\0" + rfc8785.dumps(body["log"]["leaf"])).digest()
    note = f"o\n1\n{base64.b64encode(root).decode()}\n"
    mark = base64.b64encode(short + key.sign(note.encode())).decode()
    body["log"]["checkpoint"] = f"{note}\n— {name} {mark}\n"
    vkey = f"{name}+{short.hex()}+{base64.b64encode(raw).decode()}"
    value = base64.b64encode(key.sign(rfc8785.dumps(body))).decode()
    return {"body": body, "signature": {"algorithm": "Ed25519", "key": vkey, "value": value}}


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("depth", [100, 300, 450, 800])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_deep_certificate_is_read_or_refused(tmp_path: Path, depth: int, more: list[str]) -> None:
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(20_000)
        text = json.dumps(signed({"deep": _nested(depth)}))
    finally:
        sys.setrecursionlimit(limit)
    (tmp_path / "c.json").write_text(text)
    run = subprocess.run(
        [sys.executable, "-m", "countenance.check", "certificate", str(tmp_path / "c.json"), *more],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode in (0, 10, 70)
    assert "Traceback" not in run.stderr
    assert run.returncode == 0 or depth > 100


def test_a_certificate_is_shown_on_a_terminal_that_cannot_write_it(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(signed({"é": "😀 \x1b[2J \u202e"})))
    command = [sys.executable, "-m", "countenance.check", "certificate", str(tmp_path / "c.json")]
    run = subprocess.run(command, capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii"})
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"\x1b" not in run.stdout
    assert b"NOT VOUCHED FOR" in run.stdout


def test_no_damaged_certificate_checks_unless_it_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = signed({"counts": {"references": 1}, "number": "E1", "words": "é"})
    sound, said = json.dumps(certificate).encode(), rfc8785.dumps(certificate["body"])
    random, file = np.random.default_rng(20261122), tmp_path / "c.json"
    for _ in range(500):
        body = bytearray(sound)
        for _ in range(int(random.integers(1, 4))):
            at = int(random.integers(len(body)))
            body[at : at + int(random.integers(2))] = random.bytes(int(random.integers(3)))
        file.write_bytes(body)
        code = check(["certificate", str(file)])
        assert code in (0, 10, 70)
        if code == 0:
            assert rfc8785.dumps(json.loads(body)["body"]) == said
    capsys.readouterr()


@pytest.mark.parametrize(
    "text",
    [
        '{"body": {}, "body": BODY, "signature": SIGNATURE}',
        '{"\\u0062ody": {}, "body": BODY, "signature": SIGNATURE}',
        '{"body": BODY, "signature": SIGNATURE, "Body": {}}',
        '{"body": BODY, "signature": SIGNATURE}{}',
        '\ufeff{"body": BODY, "signature": SIGNATURE}',
        '{"body": ' + "[" * 100_000,
        '{"body": ' + "9" * 5000 + ', "signature": SIGNATURE}',
        '{"body": 1e999999, "signature": SIGNATURE}',
        '{"body": NaN, "signature": SIGNATURE}',
        '{"body": "\\ud800", "signature": SIGNATURE}',
    ],
)
def test_a_certificate_with_tricks_in_its_json_never_checks(tmp_path: Path, text: str) -> None:
    certificate = signed({})
    for name in ("body", "signature"):
        text = text.replace(name.upper(), json.dumps(certificate[name]))
    (tmp_path / "c.json").write_text(text, "utf-8")
    assert check(["certificate", str(tmp_path / "c.json")]) in (10, 70)
