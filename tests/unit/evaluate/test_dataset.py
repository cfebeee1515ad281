"""A folder of people, as a person would lay it out, and as it goes wrong."""

import os
from pathlib import Path

import pytest

from countenance.errors import InputError, TooLarge, Unreadable
from countenance.evaluate.dataset import Copies, copies, open_dataset


def people(root: Path, count: int, photos: int = 2) -> Path:
    for number in range(count):
        folder = root / f"person-{number:02}"
        folder.mkdir(parents=True)
        for photo in range(photos):
            (folder / f"{photo}.jpg").write_bytes(b"picture %d %d" % (number, photo))
    return root


def test_folders_are_people_in_the_order_of_their_names(tmp_path: Path) -> None:
    data = open_dataset(people(tmp_path, 21))
    assert data.people == 21
    assert [(photo.path, photo.person) for photo in data.photos[:3]] == [
        (b"person-00/0.jpg", 0),
        (b"person-00/1.jpg", 0),
        (b"person-01/0.jpg", 1),
    ]
    assert data.read(data.photos[2], 100) == b"picture 1 0"


def test_only_pictures_in_folders_count(tmp_path: Path) -> None:
    people(tmp_path, 20)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "stray.jpg").write_bytes(b"nobody's")
    (tmp_path / "person-00" / "notes.txt").write_text("about")
    (tmp_path / "person-00" / ".hidden.jpg").write_bytes(b"hidden")
    (tmp_path / "person-00" / "more").mkdir()
    (tmp_path / "person-00" / "more" / "2.PNG").write_bytes(b"deeper")
    data = open_dataset(tmp_path)
    assert data.people == 20
    assert [photo.path for photo in data.photos if photo.person == 0] == [
        b"person-00/0.jpg",
        b"person-00/1.jpg",
        b"person-00/more/2.PNG",
    ]


def test_fewer_than_twenty_people_are_a_comparison(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="19 people"):
        open_dataset(people(tmp_path, 19))
    with pytest.raises(InputError, match="at least 20"):
        open_dataset(tmp_path, people=19)


def test_so_many_people_with_two_photos_are_taken_by_name(tmp_path: Path) -> None:
    people(tmp_path, 22)
    (tmp_path / "person-03" / "1.jpg").unlink()
    data = open_dataset(tmp_path, people=20)
    assert data.people == 20
    folders = {os.path.dirname(photo.path) for photo in data.photos}  # noqa: PTH120 - bytes
    assert folders == {b"person-%02d" % number for number in range(21) if number != 3}
    with pytest.raises(InputError, match="21 people with two photos"):
        open_dataset(tmp_path, people=22)


def test_one_photo_each_leaves_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two photos"):
        open_dataset(people(tmp_path, 20, photos=1))


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        open_dataset(tmp_path / "nowhere")


def test_a_name_that_is_not_utf8_is_a_person_too(tmp_path: Path) -> None:
    people(tmp_path, 19)
    folder = os.path.join(os.fsencode(tmp_path), b"z\xff")  # noqa: PTH118 - bytes
    os.mkdir(folder)  # noqa: PTH102
    Path(os.fsdecode(folder), "0.jpg").write_bytes(b"picture")
    data = open_dataset(tmp_path)
    assert data.people == 20
    assert data.read(data.photos[-1], 100) == b"picture"


def test_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    data = open_dataset(people(tmp_path, 20))
    with pytest.raises(TooLarge):
        data.read(data.photos[0], 3)
    (tmp_path / "person-00" / "0.jpg").unlink()
    with pytest.raises(Unreadable):
        data.read(data.photos[0], 100)


def test_links_are_not_followed(tmp_path: Path) -> None:
    people(tmp_path, 20)
    (tmp_path / "about.jpg").symlink_to(tmp_path / "person-00" / "0.jpg")
    (tmp_path / "linked").symlink_to(tmp_path / "person-00")
    (tmp_path / "person-00" / "2.jpg").symlink_to(tmp_path / "person-01" / "0.jpg")
    (tmp_path / "person-00" / "notes").symlink_to(tmp_path / "person-01" / "0.jpg")
    data = open_dataset(tmp_path)
    assert data.people == 20
    assert [photo.path for photo in data.photos if photo.person == 0][2:] == [b"person-00/2.jpg"]
    with pytest.raises(Unreadable, match="link"):
        data.read(data.photos[2], 100)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_folder_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    people(tmp_path, 21)
    (tmp_path / "person-00").chmod(0)
    try:
        data = open_dataset(tmp_path)
    finally:
        (tmp_path / "person-00").chmod(0o755)
    with pytest.raises(Unreadable, match="cannot be read"):
        data.read(data.photos[0], 100)


def test_the_same_file_twice_is_noticed(tmp_path: Path) -> None:
    people(tmp_path, 20)
    same = {
        "person-00/2.jpg": "person-00/1.jpg",
        "person-03/9.jpg": "person-00/0.jpg",
        "person-04/0.jpg": "person-00/0.jpg",
    }
    for copy, original in same.items():
        (tmp_path / copy).write_bytes((tmp_path / original).read_bytes())
    (tmp_path / "person-05" / "0.jpg").write_bytes(b"")
    (tmp_path / "person-06" / "0.jpg").write_bytes(b"")
    (tmp_path / "person-07" / "2.jpg").symlink_to(tmp_path / "person-00" / "0.jpg")
    data = open_dataset(tmp_path)
    found = copies(data, 100)
    assert [data.name(number) for number in found.repeats] == ["person-00/2.jpg"]
    assert [[data.name(number) for number in numbers] for numbers in found.duplicates] == [
        ["person-00/0.jpg", "person-03/9.jpg", "person-04/0.jpg"]
    ]
    # What is too large to be read is no copy of anything here; who reads the photos says so.
    assert copies(data, 3) == Copies(frozenset(), ())


def test_a_folder_is_known_again_by_its_names(tmp_path: Path) -> None:
    before = open_dataset(people(tmp_path, 20)).fingerprint
    assert open_dataset(tmp_path).fingerprint == before
    (tmp_path / "person-00" / "0.jpg").rename(tmp_path / "person-00" / "00.jpg")
    assert open_dataset(tmp_path).fingerprint != before
