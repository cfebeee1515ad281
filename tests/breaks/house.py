"""How the rules of the house are broken: grants, imports, the registry as the truth, erasure, the log."""

from __future__ import annotations

from breaks.kind import Break

GRANTS = "architecture/test_grants.py"
SEARCH = "unit/service/test_searching.py"
STALE = "unit/gallery/test_recheck.py::test_a_stale_index_shows_nobody_who_is_gone"

UNCHECKED = """[
        Standing(row.id, row.subject, row.organisation, row.basis, row.template_sealed, 0xFFFFFFFF, 0, 1 << 60, "GB")
        for row in connection.exec_driver_sql("SELECT * FROM references_")
    ]"""

BREAKS = [
    Break(
        "P3",
        "a gallery method without a grant",
        (("gallery/gallery.py", "    # --- inside -", "    def peek(self) -> int:\n        return 1\n\n    # -"),),
        f"{GRANTS}::test_p3_every_gallery_method_demands_a_grant",
    ),
    Break(
        "P3",
        "a gallery method that does not spend its grant",
        (("gallery/gallery.py", "        grant.spend(Search, scope=gallery_scope(only, among), now=now)\n", ""),),
        f"{GRANTS}::test_p3_every_gallery_method_spends_its_grant_before_anything_else",
    ),
    Break(
        "P3",
        "another room that holds the desk's seal",
        (("service/finding.py", "countenance.types import ", "countenance.types import _MINT, "),),
        f"{GRANTS}::test_p3_only_the_desk_holds_the_seal",
    ),
    Break(
        "P25",
        "an import upwards",
        (("policy/purposes.py", '    return f"Name', '    import countenance.service.cases\n\n    return f"Name'),),
        "architecture/test_source.py::test_p25_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "P25",
        "a network client",
        (("ingest/metadata.py", "import zlib\n", "import urllib.request\nimport zlib\n"),),
        "architecture/test_source.py::test_p25_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "P7",
        "a search that trusts a stale index instead of the registry",
        (("gallery/matching.py", "standing(connection, terms.contract, terms.now, ids=wanted)", UNCHECKED),),
        STALE,
    ),
    Break(
        "P1",
        "a pending basis that is searchable",
        (("gallery/eligible.py", 't.bases.c.state == "live"', 't.bases.c.state.in_(("live", "pending"))'),),
        f"{SEARCH}::test_p1_a_pending_basis_finds_nobody_until_it_is_confirmed",
    ),
    Break(
        "P3",
        "a search outside an agreement",
        (
            ("policy/rules.py", "under_an_agreement, in_an_open_case)", "in_an_open_case)"),
            ("gallery/searching.py", "    if row.ended is not None or now >= row.ends:", "    if False:"),
        ),
        f"{SEARCH}::test_p3_the_end_of_the_agreement_ends_the_searching",
    ),
    Break(
        "P19",
        "a log whose entries can be edited",
        (
            ("log/checking.py", "hashed != bytes(stored) or _own_index(leaf) != place:", "False:"),
            ("log/book.py", "frontier.root() != merkle.root_of(hashes):", "False:"),
            ("log/checking.py", "if merkle.root_of(hashes[: seen.size]) != seen.root:", "if False:"),
        ),
        "unit/log/test_book.py::test_an_edited_entry_is_found",
    ),
]  # fmt: skip
