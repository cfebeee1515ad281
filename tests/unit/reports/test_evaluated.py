"""The page of an evaluation: it stands alone, shows no picture, and is the same for the same answer."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from countenance.evaluate.figures import report
from countenance.evaluate.remarks import told
from countenance.evaluate.scores import Computed, Listed, Observed
from countenance.reports import charts
from countenance.reports.charts import Axes, Line
from countenance.reports.evaluated import render_evaluated

ABOUT = {
    "statement": "consented-testers", "face": "middle", "embedding_contract": "c0", "version": "9.9",
    "model": {"name": "None <b>", "sha256": "ab12"},
}  # fmt: skip
REMARKS = {
    "seconds": 71.5, "speed": {"photos_per_second": 2.0, "seconds": {"decode": 0.5, "detect": 60.0}}, "repeats": 3,
    "people": None, "unreadable": [[900, "unreadable", "The file is damaged."]], "duplicates": [[901, 902]],
    "names": "0",
}  # fmt: skip


def answer(**more: Any) -> dict[str, Any]:
    chance = np.random.default_rng(3)
    persons = np.repeat(np.arange(45), 3)[:-2]
    rows = chance.standard_normal((45, 24))[persons] + 0.7 * chance.standard_normal((len(persons), 24))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = np.arange(len(persons)) != 7
    same, other = np.array([(3 * n, 3 * n + 1) for n in range(40)]), np.array([(3 * n, 3 * n + 4) for n in range(40)])
    first, second = np.concatenate([same, other]).T
    observed = Observed(
        tuple(range(len(persons))), tuple(persons.tolist()), tuple(found.tolist()),
        Computed(rows[found].astype(np.float32)), about=ABOUT, remarks=REMARKS,
        listed=Listed(np.arange(80) % 4, first, second), groups=("few", "many"),
        stated={person: int(person > 5) for person in range(45)}, **more,
    )  # fmt: skip
    figures = report(observed, 20, rounds=20)
    return figures | told(observed, figures, None)


@pytest.fixture(scope="module")
def told_of() -> dict[str, Any]:
    return answer()


class _Whole(HTMLParser):
    """Every tag that opens is closed, and nothing is fetched or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick", "srcset"}
        if tag not in {"meta", "path", "polyline", "polygon", "circle"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"path", "polyline", "polygon", "circle"}:
            assert self.open.pop() == tag


def test_the_page_stands_alone_and_shows_nobody(told_of: dict[str, Any]) -> None:
    page = render_evaluated(told_of)
    whole = _Whole()
    whole.feed(page)
    assert whole.open == []
    assert not whole.tags & {"img", "script", "image", "link", "iframe", "object", "foreignobject"}
    assert "data:image" not in page
    assert not re.search(r"url\(|@import", page)
    assert page == render_evaluated(told_of)


def test_the_page_tells_what_was_measured(told_of: dict[str, Any]) -> None:
    page = render_evaluated(told_of)
    for words in (
        "Detection error trade-off, 1:1", "Detection error trade-off, 1:N", "Scores", "Cumulative match characteristic",
        "The worst errors", "By group", "consented testers", "None &lt;b&gt;", told_of["report_sha256"],
        "The one nearest to the picture’s middle.", "Over 4 folds of 80 listed pairs", "file 900", "Cannot be read",
        "The same file under two names", "3 more", "fewer than 30 errors", "file 7",
    ):  # fmt: skip
        assert words in page, words
    low, high = told_of["identification"]["interval"]["rank1"]
    assert f"({low * 100:.2f} to {high * 100:.2f})" in page
    assert page.count('<svg class="chart"') == 4


def test_file_names_are_text_and_nothing_more(told_of: dict[str, Any]) -> None:
    evil = '<script>alert(1)</script>"&amp;/1.jpg'
    page = render_evaluated(told_of | {"files": dict.fromkeys(map(str, range(200)), evil)})
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "file 7" not in page


def test_p3_only_errors_are_listed(told_of: dict[str, Any]) -> None:
    worst, threshold = told_of["worst"], told_of["worst"]["threshold"]
    assert worst["far"] == "1e-3"
    assert worst["false_matches"]
    assert all(each["score"] < threshold for each in worst["false_non_matches"])
    assert all(each["score"] >= threshold for each in worst["false_matches"])
    for kind, apart in (("false_non_matches", False), ("false_matches", True)):
        pairs = [each["files"] for each in worst[kind]]
        assert all((one // 3 != other // 3) is apart for one, other in pairs)
        assert len(pairs) == min(20, worst["counts"][kind])
    scores = [each["score"] for each in worst["false_matches"]]
    assert scores == sorted(scores, reverse=True)


def test_pairs_alone_make_a_page_without_searches() -> None:
    page = render_evaluated(answer(listed_alone=True))
    assert "nobody was searched for" in page
    assert page.count('<svg class="chart"') == 2


def test_charts_stay_within_their_picture_whatever_the_numbers() -> None:
    axes = Axes("across <", "up &")
    drawn = [
        charts.decades("empty", [Line("none", ())], axes),
        charts.decades("zeros", [Line("none", ((0.0, 0.0), (0.5, 0.0), (1e-12, 1.0)))], axes),
        charts.ranks("none", [], axes),
        charts.ranks("all", [1.0] * 20, axes),
        charts.humps("none", [Line("a", ()), Line("b", ())], axes),
        charts.humps("one", [Line("a", ((0.0, 0.0),))], axes, at=[(7.0, "far <away>")]),
    ]
    for picture in drawn:
        assert "nan" not in picture
        assert "across &lt;" in picture
        for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", " ".join(re.findall(r'points="([^"]*)"', picture))):
            assert 0 <= float(x) <= 420
            assert 0 <= float(y) <= 290
    assert (charts.rate(1e-5), charts.rate(0.1), charts.rate(0)) == ("0.001 %", "10 %", "0 %")


def test_powers_of_ten_do_not_run_into_one_another():
    def labels(least: float) -> list[str]:
        drawn = charts.decades("rates", [Line("one", ((least, 0.01), (1.0, 0.1)))], Axes("across", "up"))
        return re.findall(r'text-anchor="middle">([^<]* %)<', drawn)

    assert labels(1e-4) == ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    assert labels(1e-7) == ["0.0001 %", "0.01 %", "1 %", "100 %"]
