import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from countenance import __version__, cli
from countenance.cli.app import app
from countenance.cli.manual import leaves
from countenance.cli.whole import PARTS

HERE = Path(cli.__file__).parent
COMMANDS = dict(leaves(typer.main.get_command(app)))


HEAVY = "sqlalchemy numpy onnx onnxruntime openvino cv2 PIL alembic fastapi jinja2 turbovec cryptography"


def imported(names, *line):
    """Which of these libraries, or modules of ours, a command has imported when it has done its work."""
    script = (
        "import contextlib, io, sys; from countenance.cli.app import main\n"
        "with contextlib.redirect_stdout(io.StringIO()): code = main(sys.argv[2:])\n"
        "print(code, *[name for name in sys.argv[1].split() if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, names, *line]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("line", ["--help", "--version", "search --help"])
def test_help_and_version_need_no_heavy_library(line):
    assert imported(HEAVY, *line.split()) == ["0"]


def test_a_command_imports_the_module_of_that_command_alone():
    others = " ".join(f"countenance.cli.{module}" for module in PARTS)
    assert imported(others, "search", "--help") == ["0", "countenance.cli.searching"]


def test_every_module_with_commands_is_known_by_their_names():
    has_commands = {file.stem for file in HERE.glob("*.py") if "def register(app: " in file.read_text("utf-8")}
    assert has_commands == set(PARTS)
    for module, names in PARTS.items():
        app = typer.Typer()
        import_module(f"countenance.cli.{module}").register(app)
        assert set(typer.main.get_group(app).commands) == set(names)


def test_version(run):
    assert run("--version").out == f"countenance {__version__}\n"


def test_it_runs_as_a_module():
    ran = subprocess.run([sys.executable, "-m", "countenance", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"countenance {__version__}\n"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_teaches_with_an_example_that_can_be_typed(path):
    command = COMMANDS[path]
    examples = re.findall(r"^  \$ countenance (.*)$", command.help, re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert tuple(words[: len(path)]) == path
        command.make_context("countenance", words[len(path) :])  # raises when an option or an argument does not fit


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_the_common_options(path):
    options = {option for each in COMMANDS[path].params for option in each.opts}
    assert {"--config", "--account", "--json", "--quiet"} <= options


def test_help_of_a_command_shows_its_example(run):
    told = run("search", "--help")
    assert told.code == 0
    assert "countenance search who.jpg" in told.out
    assert "Every command" in told.out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["frobnicate"], "frobnicate"),
        (["serch"], "Did you mean 'search'"),
        (["search"], "PHOTO"),
        (["status", "--bogus"], "--bogus"),
        (["basis"], ""),
    ],
)
def test_a_line_that_is_not_understood_ends_with_two(run, line, says):
    told = run(*line)
    assert told.code == 2
    assert says in told.err
    assert "Traceback" not in told.err


def test_a_line_that_is_not_understood_is_json_too(run):
    error = run("search", "--json").json["error"]
    assert error["code"] == "usage"
    assert "--help" in error["hint"]
