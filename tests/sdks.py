"""The real CompreFace client in an environment of its own: it needs an urllib3 that nothing else here uses.

Made once, from pinned files, below the user's cache; what is in it is named by the hash of the list it is made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

LIST = Path(__file__).parents[1] / "requirements" / "compreface.txt"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "countenance-tests"


@cache
def compreface() -> tuple[Path | None, str]:
    """The environment's Python, or None and why there is none."""
    mark = hashlib.sha256(LIST.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = CACHE / f"compreface-{mark}"
    python = place / "bin" / "python"
    if (place / "whole").exists():
        return python, ""
    fresh = place.with_name(f"{place.name}-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        venv.create(fresh, with_pip=True, symlinks=True)
        install = [fresh / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "--no-input"]
        subprocess.run(
            [*install, "--retries", "1", "-r", LIST], check=True, capture_output=True, text=True, timeout=120
        )
        (fresh / "whole").touch()
        if place.exists():  # another run was faster
            shutil.rmtree(fresh)
        else:
            fresh.rename(place)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        said = (getattr(error, "stderr", None) or f"{error}").strip().splitlines() or [""]
        return None, f"compreface-sdk cannot be installed here: {said[-1][:200]}"
    return python, ""
