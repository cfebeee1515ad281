import io
import json

import pytest
from PIL import Image

from countenance.errors import NotFound
from countenance.ingest.marks import read_marks
from countenance.samples import cast, made


def test_the_cast_is_whole():
    people = cast()
    assert len(people.identities) == len(set(people.identities)) == 30
    assert people.identities[0] == "Ada"
    pictures = [path for name in people.identities for path in people.photos(name).values()]
    pictures += [photo.path for photo in people.party()] + people.no_face()
    assert len(pictures) == len(set(pictures)) == 169
    assert all(path.is_file() and path.stat().st_size > 10_000 for path in pictures)


def test_the_manifest_lists_every_picture_and_no_other():
    root = cast().root
    listed = {photo["file"] for photo in json.loads((root / "manifest.json").read_text("utf-8"))["photos"]}
    assert listed == {str(path.relative_to(root)) for path in root.rglob("*.jpg")}


def test_a_portrait_is_the_first_photo():
    assert cast().portrait("Ada") == cast().photos("Ada")[0]


def test_group_photos_name_people_of_the_cast():
    for photo in cast().party():
        assert len(photo.people) >= 2
        assert set(photo.people) <= set(cast().identities)


def test_a_stranger_is_not_found():
    with pytest.raises(NotFound, match="Nobody in the cast is called 'Mallory'"):
        cast().photos("Mallory")


def test_the_licence_is_beside_the_pictures():
    assert "CC0 1.0" in (cast().root / "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("mark", [made.with_facebook_mark, made.with_data_mining_prohibited])
def test_a_marked_photo_still_opens_and_looks_the_same(mark):
    plain = cast().portrait("Ada").read_bytes()
    marked = mark(plain)
    assert marked != plain
    assert Image.open(io.BytesIO(marked)).tobytes() == Image.open(io.BytesIO(plain)).tobytes()


def test_the_pictures_of_the_cast_carry_no_mark_themselves():
    for path in cast().no_face():
        marks = read_marks(path.read_bytes(), path)
        assert marks.prohibited is None
        assert marks.scraped is None


def test_a_broken_photo_does_not_open():
    picture = Image.open(io.BytesIO(made.broken_jpeg()))
    with pytest.raises(OSError, match="truncated"):
        picture.load()


def test_only_a_jpeg_can_be_marked():
    with pytest.raises(ValueError, match="not a JPEG"):
        made.with_facebook_mark(b"\x89PNG")
    with pytest.raises(ValueError, match="does not fit"):
        made.with_segment(b"\xff\xd8", 0xE1, bytes(65_534))
