"""Rules of the HTTP API and of API keys, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

PROGRAMS = "unit/service/test_programs.py"
MATRIX = "api/test_matrix.py"
REQUESTS = "api/test_requests.py"
RECORDS = "api/test_records.py"
JOBS = "api/test_jobs.py"
FLOOD = "api/test_flood.py"
CLIENT = "api/test_client.py"
GATE = "web/test_gate.py"
PURGING = "unit/service/test_purging.py"

BREAKS = [
    Break(
        "P3",
        "a service that answers to any name of this machine",
        (("web/gate.py", "if host not in self._session.hosts:", "if False:"),),
        f"{GATE}::test_p3_another_name_for_this_machine_is_refused",
    ),
    Break(
        "P30",
        "a service that speaks in clear with other machines",
        (("web/gate.py", "in self._session.origins and is_here(_peer(scope))):", "in self._session.origins):"),),
        f"{GATE}::test_p30_nobody_speaks_in_clear_from_elsewhere",
    ),
    Break(
        "P30",
        "a service that believes everybody who says that they came over TLS",
        (("web/gate.py", "if self._reach.from_proxy(_peer(scope)):", "if True:"),),
        f"{GATE}::test_p30_a_proxy_s_word_is_taken_and_nobody_else_s",
    ),
    Break(
        "P30",
        "a service that listens beyond this machine without TLS",
        (("web/reaching.py", "if wanted.beyond and not (wanted.secure or wanted.proxies):", "if False:"),),
        f"{GATE}::test_p30_what_would_be_reached_in_clear_is_not_served",
    ),
    Break(
        "P13",
        "several processes that each do the day's work",
        (("service/daily.py", "except Busy:\n                return False", "except Busy:\n                pass"),),
        f"{PURGING}::test_p13_of_all_processes_that_serve_one_does_the_day_s_work",
    ),
    Break(
        "P18",
        "an approval, a review or a confirmation that an API key signs",
        (("policy/actor.py", "if self.program is not None:", "if False:"),),
        f"{PROGRAMS}::test_p18_an_api_key_cannot_approve_review_or_confirm",
    ),
    Break(
        "P18",
        "an API key that makes another one",
        (("service/programs.py", "actor.sign_in_person(delegating.statement(row))", "actor.sign(b'')"),
         ("service/programs.py", "if delegating.row_of(connection, number) is None:", "if False:")),
        f"{PROGRAMS}::test_p18_an_api_key_makes_no_other_key",
    ),
    Break(
        "P18",
        "an API key with the role of a reviewer",
        (("service/programs.py", 'role not in {"system", "reviewer"}', 'role not in {"system"}'),),
        f"{PROGRAMS}::test_p18_no_key_is_made_for_a_reviewer",
    ),
    Break(
        "P21",
        "an API key that may do more than the person who made it",
        (("service/programs.py", "for role in roles if role not in row.roles.split()]", "for role in ()]"),),
        f"{PROGRAMS}::test_p21_a_key_can_do_no_more_than_the_person_who_makes_it",
    ),
    Break(
        "P21",
        "an API key that has all roles of its account",
        (("policy/delegating.py", "roles=whole.roles & frozenset(row.roles.split())", "roles=whole.roles"),),
        f"{PROGRAMS}::test_p21_a_key_reaches_as_far_as_its_roles",
    ),
    Break(
        "P3",
        "an API key that searches for a purpose that it was not made for",
        (("policy/rules.py", "_WHY = (a_purpose_from_the_list, within_its_key,", "_WHY = (a_purpose_from_the_list,"),),
        f"{PROGRAMS}::test_p3_a_key_searches_for_its_own_purposes_only",
    ),
    Break(
        "P3",
        "an API key whose default case serves for ever",
        (("service/programs.py", "and context.clock() < row.case_until else None", "else None"),),
        f"{PROGRAMS}::test_p3_a_key_s_default_case_serves_for_thirty_days",
    ),
    Break(
        "P3",
        "an API key that was widened with a database tool",
        (("policy/delegating.py", "row.revoked is None and _proven(connection, row)", "row.revoked is None"),),
        f"{PROGRAMS}::test_p3_a_row_that_is_widened_with_a_database_tool_opens_nothing",
    ),
    Break(
        "P21",
        "a route of the API that asks for no role",
        (("http/service.py", "        require(club, *route.roles)\n", "        require(club)\n"),),
        f"{MATRIX}::test_p21_each_role_reaches_its_routes_and_no_others",
    ),
    Break(
        "P3",
        "a route of the API that another organisation reaches",
        (
            ("http/service.py", "if not route.party and", "if False and"),
            ("service/entrance.py", "if not ours and name not in parties.OPEN:", "if False:"),
        ),
        f"{MATRIX}::test_p3_to_another_organisation_all_but_a_closed_list_is_absent",
    ),
    Break(
        "P3",
        "a program without an API key",
        (("service/programs.py", "    if row is None or owner is None or not live or not _fits(",
          "    if row is None or owner is None or False and not _fits("),),
        f"{PROGRAMS}::test_p3_a_key_opens_nothing_once_it_is_revoked_or_expired_or_its_account_ended",
    ),
    Break(
        "P3",
        "an API key that compares without end",
        (("http/service.py", "if route.compares:", "if False:"),),
        f"{REQUESTS}::test_p3_a_key_compares_no_more_than_its_quota_a_day",
    ),
    Break(
        "P3",
        "a rate that each process counts for itself",
        (("service/quotas.py", "given = min(share, most - (used or 0))", "given = share"),),
        f"{REQUESTS}::test_p3_an_account_s_rate_is_kept_by_all_processes_together",
    ),
    Break(
        "P2",
        "a notice in a program's name that it never recorded",
        (("policy/delegating.py", 'if "controller" in row.roles.split() and _proven(connection, row)]',
          'if "controller" in row.roles.split()]'),),
        f"{PROGRAMS}::test_p2_a_notice_that_a_program_records_stands_and_one_in_its_name_from_outside_does_not",
    ),
    Break(
        "P6",
        "what a program was answered about a person outlives the person",
        (("gallery/removing.py", "t.rejections, t.replies,", "t.rejections,"),),
        "unit/gallery/test_removing.py::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
    Break(
        "P6",
        "an answer about a person that is not sealed under their key",
        (("service/replies.py", "number = context.subject_row(connection, subject).id", "number = None"),
         ("service/replies.py", "sealing = subject_key(number)", "sealing = context.party_key")),
        f"{RECORDS}::test_p6_what_was_answered_about_a_person_goes_with_them",
    ),
    Break(
        "P15",
        "an access answer that is silent on what programs were answered",
        (("rights/access.py", 'json.loads(reading.text(row.answer_sealed, "reply") or "null")', "None"),),
        f"{RECORDS}::test_p15_what_was_answered_about_a_person_is_told_to_them",
    ),
    Break(
        "P3",
        "a write that is done again because it was sent again",
        (("http/service.py", "if key is None or not route.repeats:", "if True:"),),
        f"{RECORDS}::test_p3_a_write_that_is_sent_again_is_done_once_also_after_a_restart",
    ),
    Break(
        "P3",
        "a job of a revoked API key that goes on",
        (("policy/delegating.py", "row.revoked is None and _proven(connection, row)", "_proven(connection, row)"),),
        f"{JOBS}::test_p3_a_key_that_is_revoked_ends_its_work",
    ),
    Break(
        "P6",
        "a job's record that names the photos that it left out",
        (("service/runner.py", "len(told.pop(name))", "told.pop(name)"),),
        f"{JOBS}::test_p6_a_job_s_record_names_no_file",
    ),
    Break(
        "P25",
        "two ingests of one source at one time",
        (("service/jobs.py", "if each.source == source and each.kind == kind:", "if False:"),),
        f"{JOBS}::test_a_job_is_cancelled_and_one_source_has_one_ingest",
    ),
    Break(
        "P21",
        "a job that an officer's program cancels",
        (
            ("service/jobs.py", '"job-cancelled", "operator"', '"job-cancelled", "operator", "officer"'),
            ("http/jobs.py", 'cancel", "ingest", ("operator",)', 'cancel", "ingest", _ANYBODY'),
        ),
        f"{JOBS}::test_a_job_is_cancelled_and_one_source_has_one_ingest",
    ),
    Break(
        "P25",
        "a job that goes on when the service is told to stop",
        (("service/runner.py", 'raise _Stopped("interrupted")', "pass"),),
        f"{JOBS}::test_a_service_that_stops_leaves_its_work_to_be_gone_on_with",
    ),
    Break(
        "P21",
        "a client that sends its key in clear over a network",
        (("client/connecting.py", 'if parts.scheme == "http" and not here:', "if False:"),),
        f"{CLIENT}::test_p21_a_key_goes_in_clear_to_this_machine_alone",
    ),
    Break(
        "P3",
        "a client that makes a search again whose answer was lost",
        (("client/asking.py", "ask.safe or not came.sent", "True"),),
        f"{CLIENT}::test_p3_a_search_whose_answer_was_lost_is_not_made_twice",
    ),
    Break(
        "P16",
        "a service that waits for an upload without end",
        (("http/service.py", "asyncio.timeout(PATIENCE)", "asyncio.timeout(None)"),),
        f"{FLOOD}::test_p16_an_upload_that_does_not_come_is_not_waited_for",
    ),
]  # fmt: skip
