"""Where rules are broken: copies of the source, each with a process that stands ready to run a test against its copy.

To start an interpreter, import what we build on and compile our source takes longer than most tests. The process that
stands ready has done all of that and imported nothing of ours; for each run it forks, and the fork imports the copy as
it is then. So each test runs in a process of its own, on a source that nothing else has touched.
"""

from __future__ import annotations

import atexit
import compileall
import gc
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from breaks.kind import Break

TESTS = Path(__file__).parent
ROOT = TESTS.parent
LIBRARIES = (
    "PIL.Image",
    "_hypothesis_pytestplugin",
    "alembic.command",
    "anyio.pytest_plugin",
    "argon2.low_level",
    "cbor2",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "cryptography.hazmat.primitives.serialization.ssh",
    "cryptography.x509",
    "fastapi.responses",
    "fastapi.staticfiles",
    "filelock",
    "hypothesis",
    "hypothesis.stateful",
    "jinja2.filters",
    "numpy.ma",
    "numpy.random",
    "numpy.typing",
    "pdb",
    "pydantic_settings",
    "pytest_timeout",
    "rfc3161_client",
    "rfc8785",
    "simplejpeg",
    "smtplib",
    "sqlalchemy.dialects.sqlite",
    "starlette.testclient",
    "turbovec",
    "webauthn",
    "xdist.looponfail",
    "xdist.newhooks",
    "xdist.plugin",
)
"""What nearly every test imports, pytest's plugins with it, and none of it ours."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one run of pytest."""

    code: int
    output: str

    @property
    def red(self) -> bool:
        """Whether a test failed: not that it could not be found, or could not begin."""
        return self.code == 1 and bool(re.search(r"\b1 failed\b", self.output.splitlines()[-1]))


@dataclass
class Workshop:
    """One copy of the source, and the process that runs tests against it, one after the other."""

    root: Path
    source: Path
    seeds: Path
    """Clubs that the unbroken source founded (see `clubs.keep_seeds`)."""
    ready: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        copy = self.root / "src" / "countenance"
        shutil.copytree(self.source, copy, ignore=shutil.ignore_patterns("cast", "__pycache__"))
        (copy / "samples" / "cast").symlink_to(self.source / "samples" / "cast")
        shutil.copy(ROOT / "pyproject.toml", self.root)
        # A compiled file is valid for the source that it was made from, and for no other, whatever their times say.
        compileall.compile_dir(copy, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
        # A process that was forked waits long for the threads of its arithmetic, which stayed behind.
        environment = os.environ | {"PYTHONPATH": str(self.root / "src"), "OPENBLAS_NUM_THREADS": "1"}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self.ready = subprocess.Popen(
            [sys.executable, __file__], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *tests: str, seeds: bool = True) -> Ran:
        """These tests (paths below ``tests/``), against the copy as it is now; it founds clubs itself without seeds."""
        assert self.ready.stdin is not None
        assert self.ready.stdout is not None
        told = self.root / "output.txt"
        asked = {"tests": [str(TESTS / test) for test in tests], "output": str(told)}
        self.ready.stdin.write(json.dumps(asked | {"seeds": str(self.seeds) if seeds else ""}) + "\n")
        self.ready.stdin.flush()
        code = int(self.ready.stdout.readline())
        return Ran(code, told.read_text("utf-8", "replace"))

    def run_broken(self, broken: Break) -> Ran:
        """The test of a rule that was broken; afterwards the copy is whole again."""
        places = {name: self.root / "src" / "countenance" / name for name, _, _ in broken.changes}
        before = {name: place.read_text("utf-8") for name, place in places.items()}
        after = dict(before)
        for name, stands, shall in broken.changes:
            assert stands in after[name], f"the mutation does not fit {name} any more: {stands}"
            after[name] = after[name].replace(stands, shall, 1)
        try:
            for name, text in after.items():
                places[name].write_text(text, "utf-8")
            done = self.run(broken.test)
            return done if done.red else self.run(broken.test, seeds=False)
        finally:
            for name, text in before.items():
                places[name].write_text(text, "utf-8")

    def close(self) -> None:
        """Let the process go."""
        self.ready.communicate()


def _stand_ready() -> int:
    with warnings.catch_warnings(action="ignore"):
        for name in LIBRARIES:
            __import__(name)
    gc.collect()
    gc.freeze()  # what is there now stays, and the forks need not look at it over and over
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ["COUNTENANCE_TEST_SEEDS"] = asked["seeds"]
            code = _test(asked["tests"], asked["output"])
            # What a test left for the end is done; to take the interpreter apart takes as long as a test.
            atexit._run_exitfuncs()
            sys.stdout.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return 0


def _test(tests: list[str], output: str) -> int:
    import pytest

    with Path(output).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # Its plugins are imported already. Assertions are left plain: to rewrite them takes longer than most tests.
    options = ["--assert=plain", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # What is collected while pytest ends is not the test's: it must not stand where the count of failures is read.
    options += ["-p", "no:unraisableexception", "-p", "no:randomly"]
    # It comes with a package that one file needs, and takes longer to import than most tests to run.
    options += ["-p", "no:schemathesis"]
    # Nobody reads where a broken rule's test failed, and Python's own way of telling costs a tenth of pytest's.
    options += ["--tb=native"]
    return int(pytest.main(["-x", *options, *tests]))


if __name__ == "__main__":
    sys.path.remove(str(TESTS))
    sys.exit(_stand_ready())
