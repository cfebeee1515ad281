"""What the vision tests share: the synthetic cast, one cache for folded models, a decoder that is closed again."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import countenance
from countenance.vision import Vision
from countenance.vision.decode import Decoder

CAST = Path(countenance.__file__).parent / "samples" / "cast"


@pytest.fixture(scope="session")
def cast() -> Path:
    return CAST


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """The enrolment portrait of Ada, who does not exist: 640 × 800 pixels."""
    return (CAST / "people" / "Ada" / "0.jpg").read_bytes()


@pytest.fixture(scope="session")
def image(portrait: bytes) -> Image.Image:
    with Image.open(io.BytesIO(portrait)) as opened:
        return opened.convert("RGB")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for folded models and the measured backend, for the whole run."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def vision(cache: Path) -> Iterator[Vision]:
    with Vision(cache=cache) as one:
        yield one


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    one = Decoder()
    yield one
    one.close()
