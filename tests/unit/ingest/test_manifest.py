"""A supplier's manifest: read whole or refused with the line that is wrong (P26)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countenance.errors import InputError
from countenance.ingest.manifest import FIELDS, read_manifest

HEAD = "path,holder,origin,licence,date\n"
GOOD = 'a/1.jpg,"Berg, Anna",https://example.org/1,CC BY 4.0,2026-05-17\n'


def test_p26_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    table, lines = tmp_path / "m.csv", tmp_path / "m.jsonl"
    table.write_text("\ufeffdate,Path,holder,origin,licence\n2026-05-17,a/1.jpg,Anna,an album,CC0\n", "utf-8")
    lines.write_text(json.dumps(dict(zip(FIELDS, ["a/1.jpg", "Anna", "an album", "CC0", "2026-05-17"], strict=True))))
    assert read_manifest(table).lines == read_manifest(lines).lines
    line = read_manifest(table).lines[b"a/1.jpg"]
    assert (line.holder, line.origin, line.licence, line.date) == ("Anna", "an album", "CC0", "2026-05-17")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "columns"),
        (HEAD, "no photo"),
        ("path,holder\na.jpg,Anna\n", "columns"),
        (HEAD + "a.jpg,,web,CC0,2026\n", "Line 2 of the manifest has no holder"),
        (HEAD + "a.jpg,Anna,web,CC0,yesterday\n", "Line 2 of the manifest has no date"),
        (HEAD + "a.jpg,Anna,web,CC0\n", "Line 2 of the manifest has no date"),
        (HEAD + "a.jpg,Anna,web,CC0,2026,more\n", "Line 2 of the manifest has more values"),
        (HEAD + GOOD + GOOD, "Line 3 of the manifest names a photo that"),
        (HEAD + "/etc/passwd,Anna,web,CC0,2026\n", "outside the source"),
        (HEAD + "../a.jpg,Anna,web,CC0,2026\n", "outside the source"),
        (HEAD + 'a.jpg,"Anna"x,web,CC0,2026\n', "no CSV"),
        ('{"path": "a.jpg"}\n', "Line 1 of the manifest is no JSON object"),
        ("{" * 5000, "Line 1"),
        (HEAD + f"a.jpg,{'A' * 2001},web,CC0,2026\n", "no holder"),
    ],
)
def test_p26_a_manifest_that_makes_no_sense(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "m.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=says):
        read_manifest(file)


def test_p26_a_manifest_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text"):
        read_manifest(tmp_path / "m.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "gone.csv")


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "s3://bucket/a.jpg", "file:///etc/passwd"])
def test_p25_an_address_is_no_photo_of_the_source(tmp_path: Path, address: str) -> None:
    file = tmp_path / "m.csv"
    file.write_text(HEAD + f"{address},Anna,web,CC0,2026\n", "utf-8")
    with pytest.raises(InputError, match="address") as caught:
        read_manifest(file)
    assert caught.value.requirement == "P25"
