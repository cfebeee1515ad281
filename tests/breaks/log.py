"""How the log's rules are broken: proofs offline (P12), what an outsider sees (P19), what a leaf holds (P20)."""

from __future__ import annotations

from breaks.kind import Break

CHECK = "check/__init__.py"
CERTIFICATE = "unit/check/test_certificate.py::test_p12_every_change_of_every_field_is_refused"
PROOFS = "unit/check/test_proofs.py"
OUTSIDE = "unit/log/test_outside.py"
REWRITTEN = f"{PROOFS}::test_p12_a_rewritten_log_is_seen_though_the_certificate_is_signed_with_its_own_key"
FORGED = f"{OUTSIDE}::test_p19_a_history_forged_and_signed_anew_is_caught_from_outside_alone"
SENDERS = "unit/log/test_senders.py"
CLOCK = "unit/log/test_clock.py"
LEAVES = "unit/log/test_leaves.py"

BREAKS = [
    Break(
        "P12",
        "a verifier that does not check the certificate's signature",
        ((CHECK, '        key.check(_base64(signature["value"]), rfc8785.dumps(body), "the certificate")\n', ""),),
        CERTIFICATE,
    ),
    Break(
        "P12",
        "a verifier that takes an entry of another place",
        ((CHECK, 'need(leaf["index"] == index, ', "need(True, "),),
        "unit/check/test_certificate.py::test_an_entry_of_another_place_is_refused_though_it_is_signed",
    ),
    Break(
        "P12",
        "a verifier that does not check that the log only grew",
        ((CHECK, '                check_consistency(before, now, log["consistency"])\n', ""),),
        REWRITTEN,
    ),
    Break(
        "P12",
        "a certificate beside which something unsigned may stand",
        ((CHECK, "need(len(document) == 2, ", "need(True, "),),
        "unit/check/test_certificate.py::test_nothing_unsigned_may_ride_along",
    ),
    Break(
        "P12",
        "a proof from files that lie",
        (
            ("log/proving.py", "            merkle.verify_inclusion(index, size, bytes(leaf.hash), proof, root)\n", ""),
            (
                "log/proving.py",
                "            merkle.verify_consistency(size, frontier.size, root, frontier.root(), grown)\n",
                "",
            ),
        ),
        "unit/log/test_tiles.py::test_p12_a_file_that_lies_makes_no_false_proof",
    ),
    Break(
        "P19",
        "a verifier that does not check the root of an included entry",
        ((CHECK, "need(root == now.root, ", "need(True, "), (CHECK, 'need(leaf["index"] == index, ', "need(True, ")),
        "unit/check/test_certificate.py::test_an_entry_of_another_place_is_refused_though_it_is_signed",
    ),
    Break(
        "P19",
        "a verifier that does not compare the log with the checkpoints held outside",
        ((CHECK, "need(_root(leaves[: seen.size]) == seen.root, ", "need(True, "),),
        FORGED,
    ),
    Break(
        "P19",
        "a log that is compared with its own checkpoint alone",
        (("log/book.py", "for name, text in (outside or {}).items():", "for name, text in ():"),),
        FORGED,
    ),
    Break(
        "P19",
        "a cut log that passes for a whole one",
        (
            (
                "log/checking.py",
                "    if seen.size > len(hashes):\n",
                "    if seen.size > len(hashes):\n        return\n",
            ),
        ),
        FORGED,
    ),
    Break(
        "P19",
        "a log that is called witnessed though nobody outside has a checkpoint",
        (("log/witness.py", "if row else UNWITNESSED", 'if row else {"name": "folder", "size": 1, "at": ""}'),),
        f"{OUTSIDE}::test_p19_the_witness_is_named_and_its_absence_too",
    ),
    Break(
        "P19",
        "a time-stamp that is taken unread",
        (("log/senders.py", "    question.check(answer, roots)\n", ""),),
        f"{SENDERS}::test_p19_an_old_answer_or_one_to_another_question_is_no_time_stamp",
    ),
    Break(
        "P25",
        "a time-stamping authority that may send us elsewhere",
        (("log/senders.py", "urllib.request.HTTPDefaultErrorHandler(), _NoRedirect(),", (
            "urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPRedirectHandler(),"
        )),),
        f"{SENDERS}::test_p25_nobody_but_the_configured_endpoint_is_asked",
    ),
    Break(
        "P19",
        "an entry from a clock that was set back",
        (("log/book.py", "if entry.at >= last - TOLERANCE:", "if True:"),),
        f"{CLOCK}::test_p19_an_act_from_before_the_last_entry_is_refused_whole_and_logged",
    ),
    Break(
        "P19",
        "a clock set back of which nothing is in the log",
        (("log/book.py", "        when_undone(connection, lambda: self._write_refusal(refusal))\n", ""),),
        f"{CLOCK}::test_p19_an_act_from_before_the_last_entry_is_refused_whole_and_logged",
    ),
    Break(
        "P19",
        "a use of which start and end are not in the log",
        (("gallery/searching.py", '        "start": iso(made.started),\n', ""),),
        "unit/service/test_uses.py::test_p19_every_use_is_listed_with_the_fields_of_the_ai_act",
    ),
    Break(
        "P20",
        "a leaf that names the account",
        (("log/book.py", 'leaf["account"] = self._commit(owner, index, f"account:{entry.account}")', (
            'leaf["account"] = entry.account'
        )),),
        f"{LEAVES}::test_p20_no_name_handle_path_address_or_case_is_in_any_leaf",
    ),
    Break(
        "P20",
        "a leaf that repeats whatever was typed as a purpose",
        (("policy/asking.py", 'return purpose if purpose is None or purpose in PURPOSES else "unknown"', (
            "return purpose"
        )),),
        f"{LEAVES}::test_p20_no_name_handle_path_address_or_case_is_in_any_leaf",
    ),
    Break(
        "P20",
        "commitments without a salt",
        (("log/book.py", 'hashlib.sha256(derive(key, f"log:{index}") + value.encode())', (
            "hashlib.sha256(value.encode())"
        )),),
        f"{LEAVES}::test_p20_commitments_cannot_be_guessed_without_the_key",
    ),
    Break(
        "P20",
        "a salt that outlives the person's key",
        (("log/book.py", 'self._commit(subject_key(s), index, f"subject:{s}")', (
            'self._commit(owner, index, f"subject:{s}")'
        )),),
        f"{LEAVES}::test_p20_erasing_somebody_destroys_the_salt_and_the_log_still_checks",
    ),
]  # fmt: skip
