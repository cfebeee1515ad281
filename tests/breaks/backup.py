"""How a restore and the keys are broken: what comes back that was erased, and what a stolen backup would show."""

from __future__ import annotations

from breaks.kind import Break

RESTORE = "unit/backup/test_restoring.py"
CONTINUE = "unit/backup/test_continuing.py"
MAKE = "unit/backup/test_making.py"
UPGRADE = "unit/service/test_upgrading.py"
ROTATE = "unit/vault/test_rotating.py"

BREAKS = [
    Break(
        "P30",
        "older tables that a command changes without a backup",
        (("registry/database.py", 'if current is not None and older == "refused":', "if False:"),),
        f"{UPGRADE}::test_p30_older_tables_are_refused_until_they_are_upgraded",
    ),
    Break(
        "P30",
        "an upgrade whose backup lies beside the keys",
        (("service/upgrading.py", "if wanted.is_relative_to(folder.resolve()):", "if False:"),),
        f"{UPGRADE}::test_p30_a_backup_beside_the_data_and_an_account_without_the_role_are_refused",
    ),
    Break(
        "P30",
        "an upgrade by anybody who has a key",
        (("service/upgrading.py", "        _check_role(registry, email)\n", ""),),
        f"{UPGRADE}::test_p30_a_backup_beside_the_data_and_an_account_without_the_role_are_refused",
    ),
    Break(
        "P5",
        "a withdrawal before a crash that a restore undoes",
        (("wiring.py", "    opened.context.book.catch_up()\n", ""),),
        f"{CONTINUE}::test_p5_a_withdrawal_before_a_crash_is_in_the_logs_files_after_the_next_start",
    ),
    Break(
        "P7",
        "a restore that does not replay the erasure ledger",
        (
            (
                "backup/replaying.py",
                "    remove_subjects(connection, people)\n    for line in missing",
                "    for line in missing",
            ),
        ),
        f"{RESTORE}::test_p7_an_old_backup_restored_finds_nobody_who_was_erased_since",
    ),
    Break(
        "P7",
        "a restore that leaves an erased basis",
        (("backup/replaying.py", "    remove_bases(connection, bases)\n", ""),),
        f"{RESTORE}::test_p7_an_erased_basis_does_not_come_back_either",
    ),
    Break(
        "P7",
        "a restore with a ledger that is older than the backup",
        (("backup/restoring.py", "if not ledger.covers(manifest.ledger_lines, manifest.ledger_head):", "if False:"),),
        f"{RESTORE}::test_p7_a_ledger_that_is_older_than_the_backup_is_refused",
    ),
    Break(
        "P7",
        "a restore with a ledger that is older than the one beside the vault",
        (("backup/restoring.py", "    if not given.covers(count, head):\n", "    if False:\n"),),
        f"{RESTORE}::test_p7_a_ledger_that_is_older_than_the_one_beside_the_vault_is_refused",
    ),
    Break(
        "P7",
        "an erasure ledger whose lines can be changed",
        (("vault/ledger.py", "_hash(said) == head", "True"),),
        "unit/vault/test_ledger.py::test_p7_every_changed_byte_is_found",
    ),
    Break(
        "P7",
        "a restore that gives an erased person's number to somebody else",
        (("backup/restoring.py", "        pass_over(connection, lines, names, since)\n", ""),),
        f"{RESTORE}::test_p7_somebody_who_came_and_went_after_the_backup_leaves_a_number_that_nobody_else_gets",
    ),
    Break(
        "P5",
        "a restore that forgets a withdrawal",
        (("backup/repeating.py", "                _withdraw(connection, number, at(leaf))\n", ""),),
        f"{CONTINUE}::test_p5_a_withdrawal_after_the_backup_is_repeated",
    ),
    Break(
        "P5",
        "a log that does not tell a restore who objected",
        (("service/receiving.py", '"request", subjects=whose, facts=facts, bearer', '"request", facts=facts, bearer'),),
        f"{CONTINUE}::test_p5_an_objection_after_the_backup_keeps_the_person_out_of_search[objection]",
    ),
    Break(
        "P29",
        "a restore that forgets what has to be answered",
        (("backup/repeating.py", "reopen(connection, done, people, organisation)", "()"),),
        f"{CONTINUE}::test_p29_requests_after_the_backup_are_on_record_again_with_their_day",
    ),
    Break(
        "P9",
        "a restore that forgets that somebody was put right",
        (("backup/repeating.py", '"receipt", "remind",', '"receipt", "rectify", "remind",'),),
        f"{CONTINUE}::test_p9_whoever_was_put_right_after_the_backup_is_out_of_search",
    ),
    Break(
        "P24",
        "a restore that switches on what was switched off",
        (("backup/repeating.py", '    "activation-ended": (t.activations, "activation", "X", "ended"),\n', ""),),
        f"{CONTINUE}::test_p24_what_was_switched_off_after_the_backup_stays_off",
    ),
    Break(
        "P14",
        "a restored gallery that takes a receipt for somebody else's",
        (("service/receipts.py", " or not context.book.concerns(leaf, basis.subject)", ""),),
        f"{CONTINUE}::test_p14_a_receipt_for_a_basis_that_is_not_in_the_backup_proves_nothing",
    ),
    Break(
        "P8",
        "a second restore that forgets which orders the first one had bind again",
        (("backup/repeating.py", 'if leaf["act"] == "restore":', 'if leaf["act"] == "another":'),),
        f"{CONTINUE}::test_p8_an_order_that_a_restore_had_bind_again_binds_after_an_older_backup_too",
    ),
    Break(
        "P8",
        "a newer backup after which fewer are under an order than the restore before it had closed it over",
        (("backup/repeating.py", "    again = [", "    again = [] and ["),),
        f"{CONTINUE}::test_p8_whom_a_restore_closed_an_order_over_they_are_under_it_after_a_newer_backup_too",
    ),
    Break(
        "P8",
        "a restore that takes an order for stayed which the restore before it had bind again",
        (("backup/repeating.py", 'where(mine, c.state != "in-force")', "where(sa.false())"),),
        f"{CONTINUE}::test_p8_an_order_that_a_restore_had_bind_again_binds_after_a_backup_from_after_its_stay[True]",
    ),
    Break(
        "P8",
        "a restore that forgets an order whose scope it does not know",
        (("backup/repeating.py", "            _bind(connection, number, facts, organisation)\n", ""),),
        f"{CONTINUE}::test_p8_an_order_whose_scope_the_log_does_not_tell_binds_everybody",
    ),
    Break(
        "P30",
        "a backup that is not encrypted",
        (
            (
                "backup/stream.py",
                "self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))",
                "self._file.write(chunk)",
            ),
        ),
        f"{MAKE}::test_p30_a_stolen_backup_shows_nothing",
    ),
    Break(
        "P30",
        "a backup whose end can be cut off",
        (
            (
                "backup/stream.py",
                'return number.to_bytes(11, "big") + bytes([last])',
                'return number.to_bytes(12, "big")',
            ),
        ),
        "unit/backup/test_stream.py::test_p30_a_file_that_was_cut_short_anywhere_is_found",
    ),
    Break(
        "P30",
        "a key rotation that leaves a key under the old one",
        (("vault/file.py", "            for key_id, slot in run(", "            for key_id, slot in () and run("),),
        f"{ROTATE}::test_p30_after_a_rotation_the_old_key_opens_nothing_and_no_old_wrapping_is_left",
    ),
]
