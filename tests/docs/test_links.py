"""What the documents point at is there, and they point at nothing that they should not."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from countenance import errors

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "src")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`([a-z_]+(?:/[A-Za-z0-9_.-]+)*(?:/|/[A-Za-z0-9_-]+\.(?:py|md|toml|txt|sh)))`")
REGISTRY = re.compile(
    r"https?://[^\s)>]*(?:pypi|pythonhosted|npmjs|crates|conda|rubygems|hackage|maven)", re.IGNORECASE
)
PACKAGE = ROOT / "src" / "countenance"
NOT_BUILT = {"http/", "review/", "client/"}
READERS_OWN = {"people/", "people/NAME/", "party/", "club/"}


def prose(name: str) -> str:
    """A document without its code blocks."""
    return FENCED.sub("", (ROOT / name).read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, made as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(name: str) -> list[str]:
    """The relative links of a document that lead nowhere."""
    found = []
    for link in LINK.findall(prose(name)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    assert broken(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_path_that_is_named_is_there(name: str) -> None:
    wanted = set(PATH.findall(prose(name))) - NOT_BUILT - READERS_OWN
    places = (ROOT, PACKAGE, (ROOT / name).parent)
    assert [path for path in sorted(wanted) if not any((place / path).exists() for place in places)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_document_names_a_package_registry(name: str) -> None:
    assert REGISTRY.findall((ROOT / name).read_text(encoding="utf-8")) == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name for name in decisions if f"decisions/{name}" not in index] == []
    numbers = [name[:4] for name in decisions]  # several are written at one time: a number may be missing, not doubled
    assert len(set(numbers)) == len(numbers)


def test_every_error_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    named = [each for each in vars(errors).values() if inspect.isclass(each)]
    ours = [each for each in named if issubclass(each, errors.CountenanceError)]
    assert len(ours) > 20
    assert [each.__name__ for each in ours if not re.search(rf"\b{each.__name__}\b|`{each.code}`", page)] == []
