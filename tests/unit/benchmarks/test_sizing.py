"""The sizing table says what was measured: it cannot drift from the pages that it is computed from."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from benchmarks import sizing  # noqa: E402
from benchmarks.sizing import FLAT_BYTES, SIZES, facts, table  # noqa: E402

from countenance.index import milvus  # noqa: E402


def cells(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {f"{number} {row[0]}": row[1:] for number, row in enumerate(rows)}


def test_the_how_to_has_the_table_as_it_is_computed_now() -> None:
    assert sizing.current() == sizing.page(facts()), "run: python -m benchmarks.sizing --docs"


def test_every_figure_is_marked() -> None:
    for name, row in cells(table(facts())).items():
        assert len(row) == 1 + len(SIZES), name
        assert all(re.fullmatch(r".* [MCP]", cell) for cell in row), name


def test_it_is_arithmetic() -> None:
    known = replace(facts(), index_bytes=60, search_ms=4.0, searched=10**6, photos_a_second=10, filled_a_second=10_000)
    rows = list(cells(table(known)).values())
    assert rows[0] == ["60 B M", "600 MB C", "6.0 GB C", "60.0 GB C", "1.2 TB C"]
    assert rows[2] == ["4.0 ms of 1,000,000 M", "40 ms C", "400 ms C", "4.0 s C", "80 s C"]
    assert rows[4][1:] == ["1 C", "1 C", "10 C", "184 C"], "568 bytes a face, 57.6 GiB a node"
    assert rows[7][1:] == ["17 minutes C", "2.8 hours C", "28 hours C", "23 days C"]
    assert rows[12][1:] == ["1 C", "4 C", "39 C", "772 C"]


def test_a_row_in_milvus_is_as_wide_as_that() -> None:
    columns = 8 * (1 + len(milvus.COLUMNS)) + 2 * len(milvus._PURPOSES)
    assert 128 * 4 + columns == FLAT_BYTES


def test_a_figure_that_is_gone_from_its_page_is_noticed() -> None:
    with pytest.raises(SystemExit, match="figure any more"):
        sizing._largest("nothing here", r"(\d) (\d)")
    assert sizing._largest("1,000 at 3.5\n10,000 at 2\n", r"([0-9,]+) at ([0-9.]+)") == (10_000, 2.0)


def test_bytes_on_disk_are_measured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["sizing", "--measure", "40"])
    before = sizing.KEPT.read_text("utf-8")
    sizing.main()
    told = json.loads(capsys.readouterr().out)
    assert told["people"] == 40
    assert set(told["bytes"]) == {"sqlite", "vault"}
    assert told["bytes"]["sqlite"] > 1000
    assert sizing.KEPT.read_text("utf-8") == before, "a measurement without PostgreSQL is not kept"
