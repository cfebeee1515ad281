"""How the rules about guests are broken: invitations, consent, stills, pictures."""

from __future__ import annotations

from breaks.kind import Break

GUESTS = "unit/service/test_guests.py"

BREAKS = [
    Break(
        "P3",
        "an invitation that serves twice",
        (
            ("service/coming.py", "c.used.is_(None), c.voided.is_(None), ", "c.voided.is_(None), "),
            (
                "service/coming.py",
                "t.invitations.c.id == invitation.id, t.invitations.c.used.is_(None))",
                "t.invitations.c.id == invitation.id)",
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
                "service/guests.py",
                "found.get(subject, ())",
                "found.get(subject) or appearances_of(connection, [1], 1, context.clock(), context.desk).get(1, ())",
            ),
            (
                "service/guests.py",
                ' if self._state(guest, basis) in {"searching", "here"} else ()',
                "",
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
]
