"""How erasure, certificates and retention are broken."""

from __future__ import annotations

from breaks.kind import Break

ERASE = "unit/gallery/test_erasing.py::test_p6_after_an_erasure_nothing_of_the_person_is_in_any_file"
MANY = "unit/gallery/test_erasing_many.py"
REMOVE = "unit/gallery/test_removing.py"
SCAN = "unit/gallery/test_scanning.py"
PURGE = "unit/service/test_purging.py"
RETENTION = "unit/rights/test_retention.py"

KEPT = (
    (
        "gallery/removing.py",
        "    t.reviews, t.appearances, t.references, t.receipts",
        "    t.reviews, t.appearances, t.receipts",
    ),
    ("gallery/removing.py", "        connection.execute(sa.delete(t.bases).where(t.bases.c.subject.in_(part)))\n", ""),
)
"""Reference and basis stay where they are."""

BLIND = (
    "gallery/erasing.py",
    "        return look_for(wanted, tools.places, but=sources)\n",
    "        return Scan(1, 1, 1)\n",
)
"""The program's own scan of its files is made to find nothing, so that only the test's own scan can object."""

BREAKS = [
    Break(
        "P6",
        "a certificate that counts segments of the index after their keys are gone",
        (
            (
                "gallery/erasing.py",
                "    keyed = snapshot.keyed(tools.keys.vault, held)\n",
                "    snapshot.drop(tools.keys.vault, tools.snapshot, held)\n    keyed: list[int] = []\n",
            ),
        ),
        "unit/gallery/test_snapshot.py::test_p6_after_a_crash_the_certificate_says_the_same_of_the_segments",
    ),
    Break("P6", "an erasure that keeps the template", KEPT, ERASE),
    Break("P6", "an erasure that keeps the template and looks away", (*KEPT, BLIND), ERASE),
    Break(
        "P6",
        "an erasure that leaves deleted bytes in the file",
        (("registry/database.py", "secure_delete=ON", "secure_delete=OFF"), BLIND),
        ERASE,
    ),
    Break(
        "P6",
        "an erasure that leaves the write-ahead log as it is",
        (("gallery/erasing.py", "    _scrub(tools.registry)\n", ""), BLIND),
        f"{MANY}::test_p6_many_are_erased_in_one_pass",
    ),
    Break(
        "P6",
        "an erasure that keeps the key",
        (
            ("gallery/erasing.py", "    tools.keys.vault.destroy_many(wanted.keys)\n", ""),
            ("gallery/erasing.py", "    _check_keys(tools.keys, wanted.keys)\n", ""),
            BLIND,
        ),
        ERASE,
    ),
    Break(
        "P6",
        "an erasure that does not ask the vault whether the keys are gone",
        (("gallery/erasing.py", "    _check_keys(tools.keys, wanted.keys)\n", ""), BLIND),
        f"{MANY}::test_p6_the_keys_are_asked_for_again",
    ),
    Break(
        "P6",
        "a scan that leaves the folders beside data and vault out",
        (("config/settings.py", "        return self.folder, self.data, ", "        return self.data, "),),
        f"{MANY}::test_p6_a_copy_in_any_folder_of_ours_is_found",
    ),
    Break(
        "P6",
        "a scan that looks at every eighth byte only",
        (("gallery/scanning.py", "for start in range(0, _WORD, _STRIDE):", "for start in (0,):"),),
        f"{SCAN}::test_p6_the_scan_looks_at_start_middle_and_end",
    ),
    Break(
        "P6",
        "a person's access answers stay when the person goes",
        (
            (
                "gallery/erasing.py",
                "        shutil.rmtree(tools.answers / str(subject), ignore_errors=True)\n",
                "        pass\n",
            ),
        ),
        f"{MANY}::test_p6_access_answers_that_wait_go_with_the_person",
    ),
    Break(
        "P6",
        "an erasure that forgets a table",
        (("gallery/removing.py", "t.references, t.receipts, t.requests, ", "t.references, t.receipts, "),),
        f"{REMOVE}::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
    Break(
        "P7",
        "an erasure that the ledger does not know of when the keys go",
        (("gallery/erasing.py", "    follow(tools)\n    told = ", "    told = "),),
        f"{MANY}::test_p7_the_ledger_has_the_erasure_before_a_key_is_destroyed",
    ),
    Break(
        "P7",
        "a ledger that is not made good after a crash",
        (
            ("gallery/erasing.py", "    follow(tools)\n    told = ", "    told = "),
            ("service/leaving.py", "        follow(context.tools)\n", ""),
        ),
        f"{MANY}::test_p7_what_a_crash_left_out_of_the_ledger_is_written_at_the_next_start",
    ),
    Break(
        "P7",
        "a resumed erasure that no longer knows what to look for",
        (("gallery/erasing.py", "    wanted.save(file)\n", ""),),
        f"{MANY}::test_p7_a_resumed_batch_scans_as_fully_as_an_uninterrupted_one",
    ),
    Break(
        "P8",
        "a hold that does not stop the erasure of many",
        (("policy/rules.py", "if facts.group is not None and facts.group.held:", "if False:"),),
        f"{MANY}::test_p8_a_hold_on_one_keeps_the_whole_batch",
    ),
    Break(
        "P12",
        "a certificate with the salt beside the hashes",
        (("rights/certificates.py", "*(published(each) for each in erased.residuals),", "*erased.residuals,"),),
        f"{MANY}::test_p12_the_certificate_checks_offline_and_names_nobody",
    ),
    Break(
        "P12",
        "a certificate that does not tie the log of today to the log before",
        (("rights/certificates.py", "    if before is not None:\n", "    if False:\n"),),
        f"{MANY}::test_p12_the_certificate_checks_offline_and_names_nobody",
    ),
    Break(
        "P13",
        "a purge that never comes to withdrawn bases",
        (("rights/retention.py", "if basis.withdrawn is not None:", "if False:"),),
        f"{PURGE}::test_p13_what_is_withdrawn_goes_thirty_days_later",
    ),
    Break(
        "P13",
        "silence that never ends a record",
        (("rights/retention.py", "        if quiet <= now and not person.asking:", "        if False:"),),
        f"{PURGE}::test_p13_three_years_of_silence_end_everything",
    ),
    Break(
        "P13",
        "a purpose that outlasts its time",
        (("rights/retention.py", "PURPOSES[name].days * DAY", "PURPOSES[name].days * DAY * 99"),),
        f"{RETENTION}::test_p13_the_earliest_of_all_ends_decides",
    ),
    Break(
        "P13",
        "a source's retention that binds nobody",
        (
            (
                "rights/retention.py",
                '        elif due <= now:\n            why = f"its source',
                '        elif False:\n            why = f"its source',
            ),
        ),
        f"{PURGE}::test_p13_appearances_last_as_long_as_their_source_says",
    ),
    Break(
        "P13",
        "retention that may be left out",
        (
            (
                "registry/schema.py",
                'Column("retention_days", Integer, nullable=False)',
                'Column("retention_days", Integer)',
            ),
        ),
        "unit/registry/test_retention.py::test_p13_the_schema_refuses_a_record_without_an_end",
    ),
    Break(
        "P3",
        "unconfirmed faces that are kept",
        (("rights/retention.py", 'if basis.state == "pending" and basis.face is not None:', "if False:"),),
        f"{PURGE}::test_p3_faces_that_nobody_confirmed_are_forgotten_after_seven_days",
    ),
    Break(
        "P8",
        "a purge that erases what a hold keeps",
        (("rights/retention.py", " and item.blocked is None]", "]"),),
        f"{RETENTION}::test_p8_what_is_blocked_is_listed_and_not_done",
    ),
    Break(
        "P13",
        "a timer that erases whom it likes",
        (("policy/rules.py", "in facts.account.roles and facts.due in DUE:", "in facts.account.roles:"),),
        f"{PURGE}::test_p13_a_system_account_purges_and_erases_nobody_else",
    ),
]
