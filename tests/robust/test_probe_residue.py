"""Nothing of a probe is ever written but the sealed face that waits for its review (P16): every file is searched."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clubs import WORDS, Club
from countenance.samples import cast
from countenance.service import probing

CLEO = "cleo@club.example"


def windows(content: bytes) -> list[bytes]:
    """Pieces of it that never occur by chance."""
    return [content[at : at + 24] for at in range(40, len(content) - 24, 97)]


def held(places: list[Path], wanted: list[bytes]) -> list[str]:
    """Every file that holds one of these pieces; temporary files as well."""
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    return [str(file) for file in files if any(piece in content for content in [_read(file)] for piece in wanted)]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temp folder of this test, to be searched as well."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_p16_a_search_with_a_photo_leaves_no_byte_but_the_sealed_face(
    members: Club, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    crop = probing.crop

    def remembered(*values: object) -> bytes:
        made.append(crop(*values))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(probing, "crop", remembered)
    WORDS[CLEO] = "cleo's words"
    assert members.cleo
    photo = cast().photos("Ada")[1].read_bytes()
    found = members.anna.search(photo, purpose="photo-library", case="press 12")
    assert [hit.subject for hit in found] == ["ada"]
    assert found.review == "R1"
    (face,) = made
    assert members.cleo.reviewing.probe("R1") == face
    assert max(Image.open(io.BytesIO(face)).size) <= probing.SIDE
    places = [*members.places, members.root / "keys", temporary]
    assert held(places, windows(photo)) == []
    assert held(places, windows(face)) == []
    with members.anna.context.registry.read() as connection:
        sealed = bytes(connection.exec_driver_sql("SELECT sealed FROM probes").scalar_one())
    assert held(places, windows(sealed)) != []
    members.cleo.reviewing.show("R1")
    members.cleo.reviewing.confirm("R1", "ada")
    members.anna.context.registry.scrub()
    assert held(places, windows(sealed)) == []
    assert held(places, [found.probe.template.to_bytes()[:24]]) == []


def test_p16_only_the_searched_face_is_in_the_crop(members: Club) -> None:
    """Two faces side by side: the one that was not searched for is covered by a solid fill."""
    one, two = (np.asarray(Image.open(cast().portrait(name)).convert("RGB")) for name in ("Ada", "Bruno"))
    side = min(one.shape[0], two.shape[0])
    both = np.concatenate([one[:side], two[:side]], axis=1)
    stream = io.BytesIO()
    Image.fromarray(both).save(stream, "PNG")
    context = members.anna.context
    picture = context.vision.decode(stream.getvalue())
    chosen, other = context.vision.faces(picture)
    every = context.vision.anybody(picture)
    face = probing.crop(picture, chosen, every)
    assert len(face) < 64 * 2**10
    whole = np.asarray(Image.open(io.BytesIO(probing.crop(picture, other, every))).convert("RGB"))
    assert whole.shape[0] <= probing.SIDE
