"""Vision in a process of its own: the same answers, whatever becomes of the process."""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from countenance.errors import ManyFaces, ModelMissing, TooLarge, Unavailable, Unreadable
from countenance.types import Face
from countenance.vision import Vision, apart_worker
from countenance.vision.apart import Apart
from countenance.vision.backends import offered
from countenance.vision.decode import Limits, Picture


@pytest.fixture(scope="module")
def apart(cache: Path) -> Iterator[Apart]:
    with Apart(cache=cache) as one:
        yield one


def process(apart: Apart) -> int:
    """The number of its process, which has been asked something before."""
    worker = apart._decoder._free.get()
    apart._decoder._free.put(worker)
    assert worker is not None
    return worker._process.pid


def seen(faces: list[Face]) -> list[Any]:
    return [(face.box, face.landmarks, face.score, face.quality.reasons) for face in faces]


def test_it_answers_as_vision_in_this_process_does(apart: Apart, vision: Vision, cast: Path) -> None:
    assert (apart.contract, apart.backend) == (vision.contract, vision.backend)
    for path in sorted(cast.rglob("*.jpg"))[::9]:
        there, here = apart.decode(path.read_bytes()), vision.decode(path.read_bytes())
        assert np.array_equal(there.pixels, here.pixels)
        faces, same = apart.faces(there), vision.faces(here)
        assert seen(faces) == seen(same)
        assert apart.anybody(there) == vision.anybody(here)
        for one, other in zip(apart.templates(there, faces), vision.templates(here, same), strict=True):
            assert (one.contract, float(one.vector @ other.vector)) == (other.contract, pytest.approx(1, abs=1e-5))


def test_a_picture_that_it_has_no_more_is_given_to_it_again(apart: Apart, cast: Path, portrait: bytes) -> None:
    first = apart.decode(portrait)
    before = seen(apart.faces(first))
    for path in sorted(cast.rglob("*.jpg"))[: apart_worker._KEPT + 1]:
        apart.decode(path.read_bytes())
    assert seen(apart.faces(first)) == before


def test_p16_what_it_is_not_asked_about_it_forgets(apart: Apart, portrait: bytes) -> None:
    picture = apart.decode(portrait)
    before = seen(apart.faces(picture))
    ((worker, number),) = picture.looked.items()
    time.sleep(3 * apart_worker.FORGOTTEN)
    told, _ = worker._asked({"ask": "anybody"}, picture)
    assert told["gone"]
    assert seen(apart.faces(picture)) == before  # it was given again
    assert picture.looked[worker] != number


def test_a_picture_from_elsewhere_is_looked_at_too(apart: Apart, vision: Vision, portrait: bytes) -> None:
    picture = vision.decode(portrait)
    assert seen(apart.faces(replace(picture, pixels=picture.pixels[:, ::-1], looked={})))
    assert seen(apart.faces(picture)) == seen(vision.faces(picture))


def test_what_it_holds_is_bounded() -> None:
    kept = apart_worker.Kept()
    large = np.zeros((4000, 4000, 3), np.uint8)
    numbers = [kept.add(Picture(large, 4000, 4000, "PNG")) for _ in range(3)]
    assert [kept.get(number) is not None for number in numbers] == [False, False, True]


def test_after_a_sudden_end_the_next_picture_is_looked_at(apart: Apart, portrait: bytes) -> None:
    picture = apart.decode(portrait)
    before = seen(apart.faces(picture))
    os.kill(process(apart), signal.SIGKILL)
    try:
        assert seen(apart.faces(picture)) == before  # it was noticed before it was asked
    except Unreadable:
        assert seen(apart.faces(picture)) == before


def test_one_that_is_stopped_is_not_waited_for(cache: Path, portrait: bytes) -> None:
    with Apart(cache=cache, limits=Limits(seconds=2.0)) as apart:
        picture = apart.decode(portrait)
        os.kill(process(apart), signal.SIGSTOP)
        with pytest.raises(Unreadable, match="within 2 seconds"):
            apart.faces(picture)
        assert apart.faces(picture)


def test_what_is_no_picture_is_refused_and_it_goes_on(apart: Apart, portrait: bytes, cast: Path) -> None:
    assert apart.backend
    number = process(apart)
    with pytest.raises(Unreadable):
        apart.decode(b"no picture")
    with Apart(limits=Limits(max_bytes=1000)) as small, pytest.raises(TooLarge):
        small.decode(portrait)
    with pytest.raises(ManyFaces):
        apart.one_face(apart.decode((cast / "party" / "g05.jpg").read_bytes()))
    assert process(apart) == number


def test_threads_that_ask_at_once_get_each_their_own(apart: Apart, vision: Vision, cast: Path) -> None:
    paths = sorted(cast.rglob("*.jpg"))[:6]
    wrong = []

    def ask(path: Path) -> None:
        for _ in range(3):
            picture = apart.decode(path.read_bytes())
            if seen(apart.faces(picture)) != seen(vision.faces(vision.decode(path.read_bytes()))):
                wrong.append(path.name)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []


@pytest.mark.skipif(offered("cuda"), reason="this machine has a GPU")
def test_what_it_cannot_begin_with_is_said_here(portrait: bytes) -> None:
    with Apart(backend="cuda") as apart:
        for _ in range(2):
            with pytest.raises(Unavailable, match="no GPU"):
                apart.decode(portrait)


def test_missing_models_are_told_as_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Apart(cache=tmp_path) as apart:
        monkeypatch.setattr(apart._decoder, "ask", Mock(side_effect=ModelMissing("There is no such model.")))
        assert "missing" in apart.backend


def test_p16_its_process_may_write_no_file_and_has_limits(apart: Apart, portrait: bytes) -> None:
    apart.decode(portrait)
    limits = Path(f"/proc/{process(apart)}/limits").read_text()
    for name, most in (("Max file size", "0"), ("Max core file size", "0"), ("Max open files", "16")):
        assert re.search(rf"^{name} +{most} ", limits, re.MULTILINE), name
    assert not re.search(r"^Max address space +unlimited", limits, re.MULTILINE)
