"""The report of an ingest as a page: what is counted, what is drawn, and that nobody's face is on it."""

import ast
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import countenance.ingest
from countenance.errors import BadConfiguration, InputError
from countenance.ingest import sweep
from countenance.ingest.report import Report, Swept
from countenance.reports.ingested import FILES, circles, render_ingested, render_swept
from countenance.reports.skipped import OTHER, REASONS, reason
from countenance.service.ingesting import report_json
from countenance.service.sweeping import swept_json
from countenance.vision import telling

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SOURCE = Path(countenance.ingest.__file__).parent
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "ingest-a-source.md"


class Outline(HTMLParser):
    """Elements with their attributes, and the text of the body."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.partition("</style>")[2])

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data + " "

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def said(self) -> str:
        return " ".join(self.text.split())


def report(**changes) -> Report:
    values = {
        "photos": 1210, "new": 1100, "already_known": 100, "faces_found": 12, "faces_kept": 3, "faces_forgotten": 9,
        "compared": 4000, "false_matches": 0.4, "duplicates": 7, "moved": 4, "missing": 2, "returned": 1,
        "near": [("a.jpg", "b.jpg")], "seconds": 110.0,
    }  # fmt: skip
    return Report(**(values | changes))


def page(made: Report, source: str = "party") -> str:
    return render_ingested(report_json(made), source=source, organisation="Rowing Club", made="Made today")


def swept_page(swept: Swept) -> str:
    return render_swept(swept_json(swept), organisation="Rowing Club", made="Made today")


SWEPT = Swept(40, {"party": 30, HOSTILE: 10}, 2, 5, 100, 0.01, left={"scans": HOSTILE}, seconds=3.0)


def hostile() -> Report:
    made = report(near=[(HOSTILE, HOSTILE)])
    made.skip(HOSTILE, "unreadable", HOSTILE)
    made.skip(HOSTILE, HOSTILE, HOSTILE)
    return made


# --- what may be on it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("html", [page(hostile(), HOSTILE), swept_page(SWEPT)], ids=["ingest", "sweep"])
def test_there_is_no_picture_nothing_from_outside_and_a_hostile_name_stays_text(html):
    seen = Outline(html)
    assert not seen.all("img", "image", "picture", "script", "link", "iframe", "object", "embed", "form", "base", "use")
    assert all(not name.startswith("on") for _, attributes in seen.elements for name in attributes)
    assert not re.search(r"data:image|https?:|//[a-z]|@import|url\(", html.replace("img-src data:", ""), re.IGNORECASE)
    assert HOSTILE in seen.text
    assert "default-src 'none'" in html


@pytest.mark.parametrize("html", [page(hostile()), swept_page(SWEPT)], ids=["ingest", "sweep"])
def test_headings_do_not_jump_and_drawings_have_words_or_are_left_out_of_them(html):
    seen = Outline(html)
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all(drawn.get("aria-hidden") == "true" or drawn.get("aria-label") for drawn in seen.all("svg"))


# --- what it says ----------------------------------------------------------------------------------------------------


def test_it_says_all_that_was_counted():
    said = Outline(page(report())).said
    for part in (
        "What became of party", "Ingest, Rowing Club", "Photos 1,210, 1,100 new", "Took 1 min 50 s",
        "Photos a second 10.0", "12 faces in 1,100 photos: 3 kept, because they resemble", "and 9 forgotten.",
        "Of those nothing was written.", "Looked at 1,093", "Exact copies 7", "Known already 100",
        "Moved or renamed 4", "Gone 2", "Back 1", "a.jpg b.jpg", "Nothing was skipped.", "Made today",
        "Of the kept, about 0.4 are expected to be somebody else", "4,000 comparisons",
    ):  # fmt: skip
        assert part in said, part


def test_what_is_not_there_takes_no_section():
    said = Outline(page(Report())).said
    assert "No photo was new" in said
    for part in ("expected to be somebody else", "look alike", "Moved", "Gone", "forgotten:"):
        assert part not in said, part
    assert "all forgotten" in Outline(page(report(faces_kept=0, faces_forgotten=12))).said
    assert "no face in any of them" in Outline(page(report(faces_found=0, faces_kept=0, faces_forgotten=0))).said


@pytest.mark.parametrize(
    ("kept", "forgotten", "each", "full", "empty"),
    [(3, 9, 1, 3, 9), (200, 0, 1, 200, 0), (1, 200, 2, 1, 100), (1, 19_999, 100, 1, 200), (0, 100_000, 500, 0, 200)],
)
def test_each_circle_is_so_many_faces_and_nobody_kept_is_lost_by_rounding(kept, forgotten, each, full, empty):
    drawn = circles(kept, forgotten)
    assert (drawn.each, drawn.full, drawn.empty) == (each, full, empty)


def test_the_circles_are_as_many_as_the_faces():
    seen = Outline(page(report()))
    legend = 1
    assert len([each for each in seen.all("circle") if each.get("class") == "kept"]) == 3 + legend
    assert len([each for each in seen.all("circle") if not each.get("class")]) == 9 + legend
    assert "3 kept, 9 forgotten" in [each.get("aria-label") for each in seen.all("svg")]


def test_the_first_names_of_each_reason_are_there_and_the_others_are_counted():
    made = report()
    for number in range(FILES + 5):
        made.skip(f"clip-{number}.mov", "video", "Videos are not searched.")
    made.skip("old.jpg", "unreadable", "The file is empty.")
    said = Outline(page(made)).said
    assert said.index("Videos video 25") < said.index("Cannot be read unreadable 1"), "the most frequent first"
    assert f"clip-{FILES - 1}.mov" in said
    assert f"clip-{FILES}.mov" not in said
    assert "And 5 more;" in said
    assert "old.jpg The file is empty." in said


def test_a_sweep_says_where_it_looked_and_what_it_left_out():
    said = Outline(swept_page(SWEPT)).said
    for part in ("What the sweep found", "40 photos looked at again", "5 faces kept", "party 30", "Left out scans"):
        assert part in said, part
    assert "nothing to do" in Outline(swept_page(Swept(0, {}))).said
    planned = Outline(swept_page(Swept(4, {"party": 4}, dry_run=True))).said
    assert "What a sweep would look at in party" in planned
    assert "not looked at" in planned


# --- every reason ----------------------------------------------------------------------------------------------------


def codes() -> set[str]:
    """Every code under which the source skips a file."""
    found = {sweep.CHANGED[0]}
    for file in SOURCE.glob("*.py"):
        for each in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(each, ast.Call) and ast.unparse(each.func).endswith(("._refuse", ".skip")):
                found |= {part.value for part in each.args[1:2] if isinstance(part, ast.Constant)}
            if isinstance(each, ast.FunctionDef) and each.name == "_not_a_picture":
                answers = [part.value for part in ast.walk(each) if isinstance(part, ast.Return)]
                found |= {part.elts[0].value for part in answers}
    # What a process that looks at a photo may answer; a fault of the base class has no words of its own.
    kinds = [kind for kind in telling.KINDS.values() if issubclass(kind, InputError)]
    return found | {kind.code for kind in kinds if kind not in (InputError, BadConfiguration)}


def test_each_code_in_the_source_has_a_drawing_and_words():
    assert codes() == set(REASONS)
    told = [*REASONS.values(), OTHER]
    for each in told:
        assert all((each.title, each.meaning, each.advice))
        assert re.fullmatch(r"[MmLlHhVvCcAaSsZz0-9 .,-]+", each.thing + each.mark)
    assert len({each.thing + each.mark for each in told}) == len(told), "no two look the same"
    assert reason("of-another-version") is OTHER


def test_each_code_is_in_the_how_to():
    named = re.findall(r"^\| `([a-z-]+)` \|", HOW_TO.read_text("utf-8").partition("## Why files")[2], re.MULTILINE)
    assert set(named) == set(REASONS)
