"""Each word of the glossary lives where it says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith("| word")
]
WORDS = {row[0]: row[2] for row in ROWS}
LATER = "comes later"


def resolve(name: str) -> object:
    """The thing by a dotted name. Raises `AttributeError` or `ModuleNotFoundError` where there is none."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        for attribute in parts[length:]:
            thing = getattr(thing, attribute)
        return thing
    raise ModuleNotFoundError(name)


def test_every_row_has_a_word_a_meaning_and_a_place() -> None:
    assert all(len(row) == 3 and all(row) for row in ROWS)
    assert len(WORDS) == len(ROWS), "one word for one idea: no word twice"


@pytest.mark.parametrize("word", [word for word, place in WORDS.items() if place != LATER])
def test_the_word_lives_where_the_glossary_says(word: str) -> None:
    place = re.fullmatch(r"`(countenance\.[A-Za-z0-9_.]+)`", WORDS[word])
    assert place is not None
    assert resolve(place[1]) is not None


def test_the_words_of_the_design_are_there() -> None:
    design = """
        photo source subject face template embedding gallery probe candidate score threshold band basis
        notice purpose agreement account case grant order request hold receipt certificate log enrol ingest search
        verify review withdraw erase restore
    """
    assert set(design.split()) <= set(WORDS)


def test_a_place_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(AttributeError):
        resolve("countenance.types.Nobody")
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        resolve("countenance.nowhere.Nobody")
