import re
import shlex
import subprocess
import sys

import pytest
import typer

from countenance import __version__
from countenance.cli.app import app
from countenance.cli.manual import leaves

COMMANDS = dict(leaves(typer.main.get_command(app)))


def test_help_and_version_need_no_heavy_library():
    heavy = "sqlalchemy numpy onnx onnxruntime openvino PIL pydantic alembic fastapi jinja2"
    script = f"import sys, countenance.cli.app; print([m for m in '{heavy}'.split() if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


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
    [(["frobnicate"], "frobnicate"), (["search"], "PHOTO"), (["status", "--bogus"], "--bogus"), (["basis"], "")],
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
