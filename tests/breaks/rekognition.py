"""Rules of the Rekognition-compatible endpoint and of basis forms, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

FORMS = "unit/service/test_forms.py"
SIGNING = "api/test_rekognition_signing.py"
REKOGNITION = "api/test_rekognition.py"
COLLECTED = "unit/service/test_collected.py"
DOOR = "http/rekognition/door.py"
SIGNED = "http/rekognition/signing.py"

BREAKS = [
    Break(
        "P1",
        "a basis form that was changed with a database tool",
        (("policy/delegating.py", "return form if _signed(", "return form if True or _signed("),),
        f"{FORMS}::test_p1_a_form_that_was_changed_with_a_database_tool_records_nobody",
    ),
    Break(
        "P1",
        "a basis form without evidence",
        (("service/forms.py", "    Bases(context).check(\n", "    dict(\n"),),
        f"{FORMS}::test_p1_a_form_that_can_carry_nobody_is_refused_when_the_key_is_made[more2-NoBasis]",
    ),
    Break(
        "P1",
        "people of a key without a basis form",
        (("service/forms.py", "        if row is None:\n", "        if False:\n"),),
        f"{FORMS}::test_p1_a_key_without_a_form_records_nobody",
    ),
    Break(
        "P3",
        "a key that opens another endpoint than it was made for",
        (("service/programs.py", " and row.door == door", ""),),
        f"{FORMS}::test_a_key_opens_the_endpoint_that_it_is_for_and_no_other",
    ),
    Break(
        "P3",
        "a request of a Rekognition client that another secret signed",
        (("service/doors.py", "    if not proof(secret_text(secret)):\n", "    if False:\n"),),
        f"{SIGNING}::test_p3_a_body_or_a_header_that_was_changed_on_the_way_is_refused",
    ),
    Break(
        "P3",
        "a signed request at any time",
        ((SIGNED, "if abs(_seconds(at) - now) > WINDOW or", "if"),),
        f"{SIGNING}::test_p3_an_old_or_early_request_is_refused",
    ),
    Break(
        "P3",
        "a signed request that is sent again",
        ((DOOR, "            await self._once(entered, claim)\n", ""),),
        f"{SIGNING}::test_p3_a_request_that_was_answered_is_not_answered_again",
    ),
    Break(
        "P3",
        "a header that nobody signed",
        ((SIGNED, "name in _HAVE_TO_BE or name.startswith((OURS, \"x-amz-\"))", "name in _HAVE_TO_BE"),),
        f"{SIGNING}::test_p3_a_header_that_was_put_in_is_not_listened_to[X-Countenance-Purpose]",
    ),
    Break(
        "P3",
        "a header that says two things",
        ((SIGNED, "        if name in told:\n", "        if False:\n"),),
        f"{SIGNING}::test_a_header_that_comes_twice_is_refused",
    ),
    Break(
        "P3",
        "a collection that another organisation reaches",
        (("http/service.py", "if not route.party and", "if False and"),
         ("service/entrance.py", "there = None if ours else", "there = None if True else")),
        f"{COLLECTED}::test_p3_to_another_organisation_collections_are_absent",
    ),
    Break(
        "P21",
        "an operation that asks for no role",
        ((DOOR, "            await work(self._service.may, operation, entered)\n", ""),),
        f"{COLLECTED}::test_p21_an_operation_asks_for_its_role",
    ),
    Break(
        "P3",
        "a client of Rekognition that compares without end",
        ((DOOR, "        if operation.compares:\n", "        if False:\n"),),
        f"{COLLECTED}::test_p3_a_client_compares_no_more_than_its_quota",
    ),
    Break(
        "P4",
        "a search that leaves its collection",
        (("gallery/collecting.py", "    if among is None:\n", "    if True:\n"),),
        f"{COLLECTED}::test_p4_a_search_stays_within_its_collection",
    ),
    Break(
        "P3",
        "a grant for one collection that is spent on another",
        (("policy/asking.py", 'return f"gallery:collection:{among}"', 'return "gallery:collection"'),),
        f"{COLLECTED}::test_p3_a_grant_is_for_one_collection",
    ),
    Break(
        "P1",
        "a search with a face that nobody confirmed",
        (("gallery/collecting.py", "    if not opened:\n", "    if False:\n"),),
        f"{COLLECTED}::test_p1_a_face_that_waits_is_searched_with_by_nobody",
    ),
    Break(
        "P3",
        "faces of a crowd that count as one verification",
        (("service/comparing.py", "if number == 1 else _of(other.commitment, number)", "if True else \"\""),),
        f"{COLLECTED}::test_p3_each_face_of_a_crowd_is_a_comparison_of_its_own",
    ),
    Break(
        "P25",
        "an address in a request that is passed over",
        (("http/rekognition/operation.py", "        if self.S3Object is not None:\n", "        if False:\n"),),
        f"{COLLECTED}::test_p25_an_address_is_refused_by_name",
    ),
    Break(
        "P6",
        "a collection that is deleted and its people kept",
        (("service/collecting.py", "self._leaving.erase_many(people, reason) if people else None", "None"),),
        f"{COLLECTED}::test_p6_deleting_a_collection_erases_its_people",
    ),
    Break(
        "P6",
        "what a program called somebody outlives them",
        (("gallery/removing.py", "        _forget_users(connection, users)\n", ""),),
        "unit/gallery/test_removing.py::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
]  # fmt: skip
