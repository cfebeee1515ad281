"""How the rules of the house are broken: grants, imports, the registry as the truth, erasure, the log."""

from __future__ import annotations

from breaks.kind import Break

GRANTS = "architecture/test_grants.py"
SEARCH = "unit/service/test_searching.py"
ERASE = "unit/gallery/test_erasing.py::test_after_an_erasure_nothing_of_the_person_is_in_any_file"
STALE = "unit/gallery/test_recheck.py::test_a_stale_index_shows_nobody_who_is_gone"

UNCHECKED = """[
        Standing(row.id, row.subject, row.organisation, row.basis, row.template_sealed, 0xFFFFFFFF, 0, 1 << 60)
        for row in connection.exec_driver_sql("SELECT * FROM references_")
    ]"""

KEPT = (
    ("gallery/erasing.py", "(t.appearances, t.references, t.shown,", "(t.appearances, t.shown,"),
    ("gallery/erasing.py", "connection.execute(sa.delete(t.bases).where(t.bases.c.subject == subject))", "pass"),
)
"""Reference and basis stay where they are."""

BLIND = ("gallery/erasing.py", "        return look_for(markers, places)\n", "        return Scan(1, 1, 1)\n")
"""The program's own scan of its files is made to find nothing, so that only the test's own scan can object."""

BREAKS = [
    Break(
        "P3",
        "a gallery method without a grant",
        (("gallery/gallery.py", "    # --- inside -", "    def peek(self) -> int:\n        return 1\n\n    # -"),),
        f"{GRANTS}::test_every_gallery_method_demands_a_grant",
    ),
    Break(
        "P3",
        "a gallery method that does not spend its grant",
        (("gallery/gallery.py", "        grant.spend(Search, scope=gallery_scope(only), now=now)\n", ""),),
        f"{GRANTS}::test_every_gallery_method_spends_its_grant_before_anything_else",
    ),
    Break(
        "P3",
        "another room that holds the desk's seal",
        (("service/finding.py", "countenance.types import ", "countenance.types import _MINT, "),),
        f"{GRANTS}::test_only_the_desk_holds_the_seal",
    ),
    Break(
        "P25",
        "an import upwards",
        (("policy/purposes.py", '    return f"Name', '    import countenance.service.cases\n\n    return f"Name'),),
        "architecture/test_source.py::test_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "P25",
        "a network client",
        (("ingest/run.py", "import hashlib\n", "import hashlib\nimport urllib.request\n"),),
        "architecture/test_source.py::test_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "P7",
        "a search that trusts a stale index instead of the registry",
        (("gallery/matching.py", "standing(connection, terms.contract, terms.now, ids=wanted)", UNCHECKED),),
        STALE,
    ),
    Break(
        "P6",
        "an erasure that keeps the template",
        (
            *KEPT,
        ),
        ERASE,
    ),
    Break(
        "P6",
        "an erasure that keeps the template and looks away",
        (
            *KEPT,
            BLIND,
        ),
        ERASE,
    ),
    Break(
        "P6",
        "an erasure that leaves deleted bytes in the file",
        (("registry/database.py", "secure_delete=ON", "secure_delete=OFF"), BLIND),
        ERASE,
    ),
    Break(
        "P6",
        "an erasure that keeps the key",
        (("gallery/erasing.py", "    keys.vault.destroy(subject_key(row.subject))\n", ""), BLIND),
        ERASE,
    ),
    Break(
        "P1",
        "a pending basis that is searchable",
        (("gallery/eligible.py", 't.bases.c.state == "live"', 't.bases.c.state.in_(("live", "pending"))'),),
        f"{SEARCH}::test_a_pending_basis_finds_nobody_and_says_what_is_missing",
    ),
    Break(
        "P3",
        "a search outside an agreement",
        (("policy/rules.py", "under_an_agreement, in_an_open_case)", "in_an_open_case)"),),
        f"{SEARCH}::test_the_end_of_the_agreement_ends_the_searching",
    ),
    Break(
        "P19",
        "a log whose entries can be edited",
        (
            ("log/book.py", "hashed != bytes(stored) or _own_index(leaf) != place:", "False:"),
            ("log/book.py", "frontier.root() != merkle.root_of(hashes):", "False:"),
            ("log/book.py", "if merkle.root_of(hashes[: seen.size]) != seen.root:", "if False:"),
        ),
        "unit/log/test_book.py::test_an_edited_entry_is_found",
    ),
]  # fmt: skip
