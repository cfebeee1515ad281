"""How the rules about guests are broken: invitations, consent, stills, pictures."""

from __future__ import annotations

from breaks.kind import Break

GUESTS = "unit/service/test_guests.py"
LETTERS = "unit/service/test_guest_letters.py"

BREAKS = [
    Break(
        "P3",
        "an invitation that serves twice",
        (
            ("service/coming.py", "c.used.is_(None), c.voided.is_(None), ", "c.voided.is_(None), "),
            (
                "service/coming.py",
                "c.id == invitation.id, c.used.is_(None), c.voided.is_(None))",
                "c.id == invitation.id, c.voided.is_(None))",
            ),
        ),
        f"{GUESTS}::test_p3_an_invitation_serves_once_and_its_secret_is_kept_nowhere",
    ),
    Break(
        "P14",
        "a voided invitation",
        (("service/coming.py", "c.used.is_(None), c.voided.is_(None), ", "c.used.is_(None), "),),
        f"{GUESTS}::test_p14_what_serves_no_more_is_told_in_the_words_of_what_never_was",
    ),
    Break(
        "P7",
        "a used invitation that a restore brings back",
        (("backup/repeating.py", '    "consent": (t.invitations, "invitation", "I", "used"),\n', ""),),
        f"{GUESTS}::test_p7_an_invitation_that_was_used_or_voided_serves_no_more_after_a_restore[kept]",
    ),
    Break(
        "P7",
        "invitations of a backup whose log is lost",
        (
            (
                "backup/restoring.py",
                "        if continued.short:\n            void",
                "        if False:\n            void",
            ),
        ),
        f"{GUESTS}::test_p7_an_invitation_that_was_used_or_voided_serves_no_more_after_a_restore[lost]",
    ),
    Break(
        "P1",
        "a guest's row that was written by hand",
        (
            (
                "policy/inviting.py",
                'verify_signature(desk.log_key, row.signature or b"", statement(row))',
                "statement(row)",
            ),
        ),
        f"{GUESTS}::test_p1_a_row_that_was_written_by_hand_lets_nobody_in[guests]",
    ),
    Break(
        "P1",
        "a guest who did not agree",
        (("service/coming.py", "        if not agrees:", "        if False:"),),
        f"{GUESTS}::test_p1_whoever_does_not_agree_in_full_leaves_nothing_and_may_try_again[said0-InputError]",
    ),
    Break(
        "P1",
        "a guest who is found before anybody has approved them",
        (("service/guests.py", "            if not event.approve:", "            if True:"),),
        f"{GUESTS}::test_p1_where_guests_are_approved_nothing_is_live_before",
    ),
    Break(
        "P3",
        "a guest's record that enrols anybody",
        (
            (
                "policy/bearers.py",
                "return None if (guest.subject, guest.basis) == (facts.subject.id, facts.basis.id) else _no_event()",
                "return None",
            ),
        ),
        f"{GUESTS}::test_p3_a_guest_s_record_enrols_nobody_else_and_not_after_the_event_is_closed",
    ),
    Break(
        "P3",
        "a guest who sees everybody's pictures",
        (
            (
                "service/own_pictures.py",
                "found.get(subject, ())",
                "found.get(subject) or appearances_of(connection, [1], 1, context.clock(), context.desk).get(1, ())",
            ),
            (
                "service/guests.py",
                "event) if shows else ()",
                "event)",
            ),
        ),
        f"{GUESTS}::test_p3_a_guest_sees_nothing_but_their_own",
    ),
    Break(
        "P24",
        "a guest from where the gallery was not made for",
        (("service/coming.py", "            self._check_territory(connection, where)\n", ""),),
        f"{GUESTS}::test_p24_a_guest_from_where_the_gallery_was_not_made_for_is_told_before_anything_is_recorded",
    ),
    Break(
        "P19",
        "a guest's look that nobody wrote down",
        (("service/guests.py", "                self._write(connection, guest, facts)\n", ""),),
        f"{GUESTS}::test_p19_each_look_and_each_download_of_a_guest_is_in_the_log",
    ),
    Break(
        "P3",
        "a body of any size on a page that is open to all",
        (("web/guard.py", "return STILLS_LIMIT if path", "return BODY_LIMIT if path"),),
        "web/test_guests.py::test_p3_a_form_of_another_page_and_too_large_stills_are_refused",
    ),
    Break(
        "P13",
        "an event that outlasts its days",
        (("service/purging.py", "t.events.c.ends <= now, ~came", "t.events.c.ends < 0, ~came"),),
        f"{GUESTS}::test_p13_all_of_an_event_ends_ninety_days_after_it",
    ),
    Break(
        "P13",
        "a letter to a guest for each picture",
        (
            ("service/guest_letters.py", "                c.told <= now - DAY,\n", "                c.told <= now,\n"),
            ("service/guest_letters.py", "guest.told is None or guest.told > now - DAY:", "guest.told is None:"),
        ),
        f"{LETTERS}::test_p13_one_letter_a_day_tells_of_later_pictures",
    ),
    Break(
        "P13",
        "a letter from each process that serves",
        (("service/guest_letters.py", "guest.told is None or guest.told > now - DAY:", "guest.told is None:"),),
        f"{LETTERS}::test_p13_two_who_serve_send_one_letter",
    ),
    Break(
        "P13",
        "a letter that is lost with the mail server",
        (("service/guest_letters.py", "self._take_back(made, made.before)", "self._take_back(made, None)"),),
        f"{LETTERS}::test_p13_a_mail_server_that_is_down_loses_nothing_and_stops_nothing",
    ),
    Break(
        "P5",
        "a letter after the event was closed",
        (("service/guest_letters.py", "or not is_open(connection, context.desk, event, now)", "or False"),),
        f"{LETTERS}::test_p5_nobody_is_written_to_who_left_or_is_restricted_or_whose_event_is_over[closed]",
    ),
    Break(
        "P1",
        "letters to whoever was told that none come",
        (("service/coming.py", "told=0 if letters else None", "told=0"),),
        f"{LETTERS}::test_p1_the_consent_page_says_whether_letters_come_and_only_then_they_do",
    ),
    Break(
        "P3",
        "a letter that tells who the event was called after",
        (
            (
                "service/guest_letters.py",
                'f"{came} at {organisation}", text',
                "(self._context.keys.unseal_text(self._context.own_key, event.name_sealed, 'event') or ''), text",
            ),
        ),
        f"{LETTERS}::test_p3_the_letter_names_nobody_and_holds_neither_a_picture_nor_the_way_in",
    ),
    Break(
        "P21",
        "a letter by whoever may not write to guests",
        (
            (
                "service/guest_letters.py",
                'self._context.desk.record(connection, "guest", *ROLES, subjects=(subject,)',
                'self._context.desk.write(connection, "guest", subjects=(subject,)',
            ),
        ),
        f"{LETTERS}::test_p21_who_may_not_write_to_guests_sends_nothing",
    ),
    Break(
        "P3",
        "a code that leads to another address than the one below it",
        (("reports/invited.py", "    return segno.make_qr(address,", "    return segno.make_qr(address.lower(),"),),
        "unit/reports/test_invited.py::test_p3_each_code_of_the_sheet_reads_as_its_own_invitation_s_address",
    ),
]
