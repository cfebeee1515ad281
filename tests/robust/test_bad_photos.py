"""Photos that cannot serve, at enrolment and as a probe: the right error, in two lines, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clubs import Club
from countenance import errors
from countenance.samples import cast
from countenance.samples.made import broken_jpeg
from robust import photos
from robust.attacks import refused, two_lines

BAD: dict[str, tuple[Callable[[], bytes], type[errors.CountenanceError], int]] = {
    "empty": (lambda: b"", errors.Unreadable, 11),
    "truncated": (broken_jpeg, errors.Unreadable, 11),
    "text": (lambda: b"Dear Anna, the photos are attached.\n", errors.Unreadable, 11),
    "zeros": (lambda: bytes(100_000), errors.Unreadable, 11),
    "video": (lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(4000), errors.Unreadable, 11),
    "bomb": (lambda: photos.png_bomb(30_000), errors.TooLarge, 16),
    "nobody": (cast().no_face()[0].read_bytes, errors.NoFace, 12),
    "many": (lambda: photos.group().read_bytes(), errors.ManyFaces, 13),
    "tiny": (photos.tiny, errors.QualityTooLow, 14),
    "blurred": (photos.blurred, errors.QualityTooLow, 14),
}


@pytest.mark.parametrize("name", BAD)
def test_a_photo_that_cannot_serve(members: Club, pictures: Path, name: str) -> None:
    make, kind, code = BAD[name]
    file = pictures / "photo.jpg"
    file.write_bytes(make())
    gina = members.subject("Gina")
    basis = members.basis(gina)
    enrolled = refused(members, kind, lambda: members.anna.enrol(gina, file, basis=basis))
    searched = refused(members, kind, lambda: members.anna.search(file, purpose="photo-library", case="press 12"))
    held = refused(
        members, kind, lambda: members.anna.search(file.read_bytes(), purpose="photo-library", case="press 12")
    )
    verified = refused(
        members,
        kind,
        lambda: members.anna.verify(photos.portrait(), file, purpose="photo-library", case="press 12"),
    )
    assert {fault.exit_code for fault in (enrolled, searched, held, verified)} == {code}


def test_a_file_over_the_limit_is_never_read_whole(members: Club, pictures: Path) -> None:
    limit = members.anna.context.settings.vision.max_bytes
    file = pictures / "huge.jpg"
    with file.open("wb") as hole:
        hole.truncate(limit * 40)
    many = bytes(limit + 1)
    for given in (file, many):
        fault = refused(
            members, errors.TooLarge, lambda g=given: members.anna.search(g, purpose="photo-library", case="c")
        )
        assert fault.message == f"This file has more than {limit >> 20} MiB."


def test_no_file_a_folder_and_a_dangling_link(members: Club, pictures: Path) -> None:
    dangling = pictures / "link.jpg"
    dangling.symlink_to(pictures / "nowhere.jpg")
    for path in (pictures / "nowhere.jpg", pictures, dangling, pictures / ("x" * 300 + ".jpg")):
        fault = refused(
            members, errors.Unreadable, lambda p=path: members.anna.search(p, purpose="photo-library", case="c")
        )
        assert any(words in fault.message for words in ("There is no file", "cannot be read"))


def test_a_number_of_a_face_that_is_not_there(members: Club) -> None:
    for face in (0, -1, 99):
        refused(
            members,
            errors.NoFace,
            lambda n=face: members.anna.search(photos.portrait(), purpose="photo-library", case="c", face=n),
        )
    party = photos.group()
    assert members.anna.search(party, purpose="photo-library", case="c", face=1).probe.faces_in_photo > 1


def test_a_photo_whose_name_is_no_text_is_enrolled_found_and_named_at_the_end(members: Club, pictures: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \xff.jpg")
    file = pictures / name
    file.write_bytes(cast().portrait("Goran").read_bytes())
    gina = members.subject("Gina")
    members.anna.enrol(gina, file, basis=members.basis(gina))
    certified = members.anna.erase("gina", reason="withdrawn")
    assert len(certified.originals) == 1
    assert "caf\\xe9 \\xff.jpg" in certified.originals[0]


def test_names_that_are_no_text_are_refused_or_kept_but_never_break(members: Club) -> None:
    broken = os.fsdecode(b"\xff\xfe")
    refused(members, errors.NotFound, lambda: members.anna.subjects.get(broken))
    refused(members, errors.NotFound, lambda: members.anna.erase(broken, reason="withdrawn"))
    refused(members, errors.InputError, lambda: members.anna.subjects.add(broken, territory="GB", handle="h"))
    refused(members, errors.InputError, lambda: members.anna.subjects.add("H", territory=broken, handle="h"))
    refused(members, errors.InputError, lambda: members.anna.erase("ada", reason=broken))
    with pytest.raises(errors.PurposeRefused) as caught:
        members.anna.search(photos.portrait(), purpose=broken, case="c")
    two_lines(caught.value)
    found = members.anna.search(photos.portrait(), purpose="photo-library", case=broken)
    assert [hit.subject for hit in found] == ["ada"]


@pytest.mark.parametrize("threshold", ["high", "nan", "inf", 2.0, -3.0])
def test_a_threshold_that_is_no_cosine(members: Club, threshold: float | str) -> None:
    fault = refused(
        members,
        errors.InputError,
        lambda: members.anna.search(photos.portrait(), purpose="photo-library", case="c", threshold=threshold),
    )
    assert "threshold" in fault.message


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_that_makes_no_sense(members: Club, limit: int) -> None:
    fault = refused(
        members,
        errors.InputError,
        lambda: members.anna.search(photos.portrait(), purpose="photo-library", case="c", limit=limit),
    )
    assert fault.message == f"{limit} is no limit."
    assert "1000" in fault.hint.replace(",", "")
