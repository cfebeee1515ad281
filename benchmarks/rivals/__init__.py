"""What people use today, each in an environment of its own below the cache folder, made when it is first asked for.

Our own environment never sees their packages, and theirs none of ours. The scripts ``…_run.py`` run inside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring import Failed, answer
from countenance.vision import packs

_HERE = Path(__file__).parent


def _no_more(place: Path) -> dict[str, str]:
    del place
    return {}


def _weights(place: Path) -> dict[str, str]:
    """Put our own two model files where DeepFace looks for its, and have it count the faces that we count.

    They are the OpenCV Zoo's YuNet and SFace with weights folded to float32: the same networks that we run. By default
    DeepFace passes over what YuNet scores below 0.9, most faces of a large photo among them; with 0.6 it does our work.
    """
    folder = place / "home" / ".deepface" / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "face_detection_yunet_2023mar.onnx").write_bytes(packs.folded(packs.YUNET))
    (folder / "face_recognition_sface_2021dec.onnx").write_bytes(packs.folded(packs.SFACE))
    return {"DEEPFACE_HOME": str(place / "home"), "DEEPFACE_BACKEND_ENGINE": "onnx", "yunet_score_threshold": "0.6"}


@dataclass(frozen=True)
class Rival:
    """A program that finds people in photos too."""

    name: str
    prepare: Callable[[Path], Mapping[str, str]] = field(default=_no_more)
    """Places what it needs in its environment's folder, and gives the variables that it is run with."""
    many_cores: bool = False
    """Whether one process of it computes on several cores."""

    megapixels: float = 120
    """How much of the photos it gets a round, if nothing else is said: what takes it about ten seconds."""

    def photos(self, megapixels: float) -> int:
        """How many photos of this size that is: a multiple of three, so that as many faces are in each as in all."""
        return max(3, 3 * round(self.megapixels / megapixels / 3))

    @property
    def requirements(self) -> Path:
        """Its packages, with their versions."""
        return _HERE / f"{self.name}.txt"

    def environment(self, cache: Path) -> Path:
        """The folder of its environment, which is made now if it is not there. Raises `Failed`."""
        text = f"{sys.version}\n{self.requirements.read_text()}"
        place = cache / f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        if not (place / "ready").exists():
            sys.stderr.write(f"  making an environment for {self.name} in {place}\n")
            shutil.rmtree(place, ignore_errors=True)
            _made(place, self.requirements)
            (place / "ready").touch()
        return place

    def measure(
        self, cache: Path, photos: Path, count: int, portraits: Mapping[str, Path], *, cores: int = 1
    ) -> dict[str, Any]:
        """Photos a second on so many cores, over the first ``count`` of a folder. Raises `Failed`."""
        place = self.environment(cache)
        variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
        known = json.dumps({name: str(path) for name, path in portraits.items()})
        script = _HERE / f"{self.name}_run.py"
        command = [place / "bin" / "python", "-P", "-W", "ignore", script, photos, str(count), known]
        return answer(command, count=cores, environment=variables | dict(self.prepare(place)))


RIVALS = {
    each.name: each for each in (Rival("face_recognition", megapixels=12), Rival("deepface", _weights, many_cores=True))
}


def _made(place: Path, requirements: Path) -> None:
    python = place / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "-r", requirements]
    for command in ([sys.executable, "-m", "venv", place], pip):
        done = subprocess.run([str(word) for word in command], capture_output=True, check=False)  # noqa: S603
        if done.returncode:
            # What pip says names the registry that it asked; that is nobody's business in a report.
            raise Failed(f"Status {done.returncode} from: {' '.join(map(str, command))}")
