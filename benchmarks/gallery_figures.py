"""Telling the figures of `benchmarks.gallery`: for a terminal and for the documentation."""

from __future__ import annotations

from typing import Any

from benchmarks import pages

Told = dict[str, Any]
_KINDS = {"together": "enrolled one after the other", "apart": "from all over"}


def shown(told: Told) -> str:
    """For a person at a terminal."""
    return (
        "\n".join(f"{name}: {value}" for name, value in _facts(told)) + "\n" + pages.machine(told["conditions"]) + "\n"
    )


def write_docs(told: Told) -> None:
    """Write the table into the page, between its marks."""
    facts = pages.table(("a gallery", "measured"), _facts(told))
    pages.write_section("the whole gallery", [pages.machine(told["conditions"]), "", *facts])


def _facts(told: Told) -> list[tuple[str, str]]:
    search, away = told["search"], told["withdrawal"]
    facts = [
        ("people", f"{told['people']:,}"),
        ("the registry", f"{told['registry_bytes'] / 1e9:.2f} GB"),
        ("index built from the registry, with the first search", f"{told['build_s']:.0f} s"),
        ("opened from the snapshot, with the first search", f"{told['open_s']:.1f} s"),
        ("a whole search, from the photo's file to the logged answer (p50)", f"{search['p50_ms']:.0f} ms"),
        ("detecting and embedding alone, for the same probes (p50)", f"{search['bare_ms']:.0f} ms"),
        ("a whole search to detecting and embedding (median of the ratios)", f"{search['ratio']:.1f} ×"),
        ("searches, and how many showed the person first asked for", f"{search['searches']}, {search['found']}"),
        ("withdrawing one person", f"{away['withdraw_ms']:.0f} ms"),
        ("the next search, which does not find them", f"{away['next_search_ms']:.0f} ms"),
    ]
    for erased in told["erasures"]:
        anew = f"{erased['rewritten']} of {erased['segments']}, {erased['rewritten_bytes'] / 1e6:.0f} MB"
        facts += [
            (f"erasing {erased['people']:,} people {_KINDS[erased['kind']]}", f"{erased['erase_s']:.1f} s"),
            ("… with a byte scan of", f"{erased['scanned_bytes'] / 1e9:.2f} GB"),
            ("… the next search", f"{erased['next_search_s'] * 1000:.0f} ms"),
            ("… segments of the snapshot written anew", f"{anew}, {erased['rewrite_s']:.1f} s"),
        ]
    return facts
