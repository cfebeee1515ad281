"""The reference pages are those that the program makes."""

from pathlib import Path

import pytest

from countenance.cli import manual

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(("name", "make"), [("cli.md", manual.cli_page), ("errors.md", manual.errors_page)])
def test_the_page_is_current(name, make):
    written = (FOLDER / name).read_text("utf-8")
    assert written == make(), f"{name} is stale: run `python -m countenance.cli.manual docs/reference`"


def test_every_error_class_is_on_its_page():
    from countenance import errors

    page = manual.errors_page()
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(kinds) > 25
    assert all(f"| `{kind.code}` | {kind.exit_code} | {kind.status} |" in page for kind in kinds)


def test_every_command_is_on_its_page():
    import typer

    from countenance.cli.app import app

    page = manual.cli_page()
    paths = [path for path, _ in manual.leaves(typer.main.get_command(app))]
    assert len(paths) > 40
    assert all(f"### countenance {' '.join(path)}\n" in page for path in paths)
