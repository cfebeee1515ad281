"""Rules of the organisation's directory as a second lock, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

TESTS = "web/test_directory.py"

BREAKS = [
    Break(
        "P3",
        "a key that signs in without the directory that is required",
        (
            (
                "service/directory.py",
                "section is None or not (section.required or given)",
                "section is None or not given",
            ),
        ),
        f"{TESTS}::test_p3_where_it_is_required_no_key_signs_in_without_it",
    ),
    Break(
        "P3",
        "what the directory said, taken twice",
        (("service/directory.py", "    _once(connection, context, found.once)\n", ""),),
        f"{TESTS}::test_p3_a_wrong_password_stays_wrong_and_the_answer_is_good_once",
    ),
    Break(
        "P3",
        "an address that the directory does not call the person's own",
        (("web/oidc.py", 'and claims.get("email_verified") is True', ""),),
        f"{TESTS}::test_p3_the_first_use_needs_the_same_address_verified[unverified]",
    ),
    Break(
        "P3",
        "somebody else of the directory with the right password",
        (("service/directory.py", "person.email is None or person.email != account.email.lower()", "False"),),
        f"{TESTS}::test_p3_the_first_use_needs_the_same_address_verified[somebody else]",
    ),
    Break(
        "P3",
        "a binding that the account's own key has not signed",
        (
            (
                "policy/directory.py",
                "verify_signature(key, row.signature, statement(account, issuer, row.person_hash, row.created))",
                "statement(account, issuer, row.person_hash, row.created)",
            ),
        ),
        f"{TESTS}::test_p3_a_binding_that_was_written_by_hand_binds_nobody",
    ),
    Break(
        "P3",
        "a token that answers another browser's question",
        (
            (
                "web/oidc.py",
                'if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):',
                "if False:",
            ),
        ),
        f"{TESTS}::test_p3_a_token_for_another_time_place_or_question_proves_nothing",
    ),
    Break(
        "P3",
        "a state that another browser brings",
        (
            (
                "service/directory.py",
                'content is None or not hmac.compare_digest(content["state"].encode(), state.encode())',
                "content is None",
            ),
        ),
        f"{TESTS}::test_p3_the_state_is_of_this_browser_and_good_once",
    ),
    Break(
        "P25",
        "an address of the directory's that is not its own",
        (("web/oidc.py", "or _origin(place) != _origin(self.issuer)", ""),),
        f"{TESTS}::test_p25_no_address_but_its_own_is_asked",
    ),
    Break(
        "P25",
        "a redirect of the directory's that is followed",
        (
            ("web/oidc.py", "follow_redirects=False", "follow_redirects=True"),
            ("web/oidc.py", "if answer.status_code != 200 or", "if"),
        ),
        f"{TESTS}::test_p25_a_redirect_is_not_followed",
    ),
]
