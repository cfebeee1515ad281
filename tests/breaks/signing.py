"""Rules of signing in with a browser, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

SIGNING = "unit/service/test_signing_in.py"
PAGES = "web/test_signing.py"
MATRIX = "web/test_web_matrix.py"

BREAKS = [
    Break(
        "P18",
        "an approval that a browser's session signs by itself",
        (("policy/actor.py", "        if self.session is None:\n            return self.sign(statement)\n",
          "        if self.in_person is None:\n            return self.sign(statement)\n"),),
        f"{SIGNING}::test_p18_a_session_alone_cannot_approve_countersign_or_erase",
    ),
    Break(
        "P18",
        "an erasure that a browser's session signs by itself",
        (("policy/desk.py", 'IN_PERSON = frozenset({"Erase", ', "IN_PERSON = frozenset({"),),
        f"{SIGNING}::test_p18_a_session_alone_cannot_approve_countersign_or_erase",
    ),
    Break(
        "P18",
        "a session's key that is taken for the person's",
        (("policy/desk.py", "if not in_person.signed(connection, actor.account, signature, question, now):",
          "if False:"),),
        f"{SIGNING}::test_p18_the_session_s_own_key_is_no_signature_of_the_person",
    ),
    Break(
        "P18",
        "a passkey that the account's own key has not signed",
        (("policy/in_person.py",
          "        verify_signature(_key_of(connection, account), row.signature, passkey_statement(row))\n",
          "        passkey_statement(row)\n"),),
        f"{SIGNING}::test_p18_an_approval_under_a_passkey_that_the_account_never_signed_counts_for_nothing",
    ),
    Break(
        "P18",
        "a passkey's assertion that signs something else than was shown",
        (("service/signing_again.py", "if in_person.challenge_of(statement) != digest:", "if False:"),),
        f"{SIGNING}::test_p18_an_assertion_signs_exactly_what_was_shown",
    ),
    Break(
        "P18",
        "what one browser was asked, answered in another",
        (("service/signing_again.py", 'content is None or content["session"] != actor.session', "content is None"),),
        f"{SIGNING}::test_p18_what_one_browser_was_asked_no_other_answers_nor_another_s_passkey_nor_too_late",
    ),
    Break(
        "P18",
        "an assertion that is taken twice",
        (("service/signing_in.py", "if connection.scalar(sa.select(sa.exists().where(c.once == once))):", "if False:"),
         ("service/signing_in.py", "once=once, created", "once=secrets.token_hex(32), created"),
         ("service/signing_in.py", "[place.origin], row.sign_count)", "[place.origin], 0)")),
        f"{SIGNING}::test_p18_an_assertion_signs_exactly_what_was_shown",
    ),
    Break(
        "P18",
        "an assertion that was made on another page",
        (("policy/in_person.py", "expected_origin=origins,", 'expected_origin=[json.loads(given.client)["origin"]],'),),
        f"{SIGNING}::test_p18_an_assertion_of_another_page_or_for_something_else_opens_nothing",
    ),
    Break(
        "P18",
        "an assertion without its person",
        (("policy/in_person.py", "require_user_verification=True", "require_user_verification=False"),),
        f"{SIGNING}::test_p18_another_host_s_assertion_and_an_absent_person_s_open_nothing",
    ),
    Break(
        "P18",
        "a copied passkey, whose counter has not gone on",
        (("service/signing_in.py", "[place.origin], row.sign_count)", "[place.origin], 0)"),),
        f"{SIGNING}::test_p18_a_counter_that_has_not_gone_on_is_a_copy_and_opens_nothing",
    ),
    Break(
        "P18",
        "a challenge that may be answered at any time",
        (("service/handed_out.py", 'content if context.clock() < content["until"] else None', "content"),),
        f"{SIGNING}::test_p18_an_assertion_is_taken_once_and_for_five_minutes",
    ),
    Break(
        "P18",
        "a passkey that signs in after it was removed",
        (("policy/in_person.py", " or (row.revoked is not None and at >= row.revoked)", ""),
         ("service/signing_in.py", "if row is None or row.revoked is not None or", "if row is None or"),
         ("policy/sessions.py", "if standing is not None and standing.revoked is None", "if standing is not None")),
        f"{SIGNING}::test_p18_a_passkey_that_is_removed_opens_nothing_and_closes_what_it_opened",
    ),
    Break(
        "P21",
        "a password that may be guessed without end",
        (("service/guessing.py", "if made >= MOST:", "if False:"),),
        f"{SIGNING}::test_p21_guessing_ends_after_five_for_known_and_unknown_addresses_alike",
    ),
    Break(
        "P21",
        "an answer that comes sooner where there is no account",
        (("service/guessing.py", "        try_in_vain(passphrase)\n", ""),),
        f"{SIGNING}::test_p21_a_wrong_password_and_an_unknown_address_are_told_and_worked_on_alike",
    ),
    Break(
        "P21",
        "a session that outlives its account",
        (("service/signing_in.py", "(row.account if row else 0), t.accounts.c.revoked.is_(None))",
          "(row.account if row else 0),)"),),
        f"{SIGNING}::test_p21_a_revoked_account_and_a_timer_s_do_not_sign_in",
    ),
    Break(
        "P3",
        "a session's row that a database tool has written or prolonged",
        (("policy/sessions.py", " or row.ended is not None or not _proven(connection, row):",
          " or row.ended is not None:"),),
        f"{SIGNING}::test_p3_a_session_s_row_from_outside_opens_nothing",
    ),
    Break(
        "P3",
        "a session that nobody uses and that stays open",
        (("policy/sessions.py", "now < min(row.expires, row.seen + IDLE)", "now < row.expires"),),
        f"{SIGNING}::test_p3_a_session_ends_when_nobody_uses_it_and_after_its_hours_at_the_latest",
    ),
    Break(
        "P3",
        "a session that was signed out and still opens",
        (("policy/sessions.py", "row is None or row.ended is not None or not", "row is None or not"),),
        f"{SIGNING}::test_p3_a_session_that_is_ended_is_no_longer_a_way_in",
    ),
    Break(
        "P2",
        "a notice under a session that nobody has opened",
        (("policy/sessions.py", "for row in rows if _proven(connection, row)]", "for row in rows]"),),
        f"{SIGNING}::test_p2_a_notice_that_a_browser_records_stands",
    ),
    Break(
        "P21",
        "a browser's session from before that goes on beside the new one",
        (("web/signing.py", "    doors.leave(request.headers)\n", ""),),
        f"{PAGES}::test_p21_a_cookie_that_was_planted_is_not_the_one_that_is_signed_in",
    ),
    Break(
        "P3",
        "a form with the token of somebody else's session",
        (("web/guard.py", "return token_of(visit.secret)", "return self._session.form_token"),),
        f"{PAGES}::test_p3_forms_of_other_pages_and_other_sessions_change_nothing",
    ),
    Break(
        "P3",
        "a sign-in form that another browser was given",
        (("web/doors.py", "return None if value is None else token_of(value)", 'return token_of("")'),
         ("web/signing.py", "token=token_of(before),", 'token=token_of(""),')),
        f"{PAGES}::test_p3_forms_of_other_pages_and_other_sessions_change_nothing",
    ),
    Break(
        "P21",
        "the terminal's address, where people sign in",
        (("web/routes.py", "if site.doors is not None or not site.session", "if not site.session"),),
        f"{PAGES}::test_p21_who_is_not_signed_in_is_led_to_the_form_and_told_nothing",
    ),
    Break(
        "P21",
        "a route of the page that asks for no role",
        (("web/app.py", "        require(site.club, *route.roles)\n", "        pass\n"),),
        f"{MATRIX}::test_p21_each_role_reaches_its_routes_and_no_others",
    ),
    Break(
        "P3",
        "a route of the page that another organisation reaches",
        (("web/app.py", "shut = not route.party and not site.own", "shut = False"),),
        f"{MATRIX}::test_p3_to_another_organisation_all_but_a_closed_list_is_absent",
    ),
]  # fmt: skip
