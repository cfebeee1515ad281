"""Rules of CompreFace's routes and of what is imported from it, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

ROUTES = "api/test_compreface.py"
VERIFYING = "unit/gallery/test_verifying.py"
IMPORTING = "unit/service/test_importing.py"

BREAKS = [
    Break(
        "P3",
        "a key of /v1 that opens CompreFace's routes",
        (("http/compreface/door.py", "door=COMPREFACE", "door=None"),),
        f"{ROUTES}::test_p3_a_key_opens_one_door_alone",
    ),
    Break(
        "P1",
        "a CompreFace client that records people without a basis form",
        (("http/compreface/people.py", "    call.club.forms.mine()\n", ""),
         ("http/compreface/examples.py", "    club.forms.mine()\n", "")),
        f"{ROUTES}::test_p1_without_a_basis_form_nobody_is_recorded",
    ),
    Break(
        "P3",
        "a photo of many faces that counts as one comparison",
        (("http/compreface/comparing.py", "        call.draw()\n", ""),),
        f"{ROUTES}::test_p3_every_face_of_a_photo_counts_for_the_key_s_day",
    ),
    Break(
        "P7",
        "a CompreFace client that erases people whom it did not record",
        (("service/examples.py", "t.references.c.subject.in_(called(self._context)),", "sa.true(),"),),
        f"{ROUTES}::test_people_of_others_are_neither_listed_nor_renamed_nor_erased",
    ),
    Break(
        "P1",
        "two people's records that a new name makes one",
        (("service/names.py", "if other is not None and other.id != subject.id:", "if False:"),),
        f"{ROUTES}::test_names_are_kept_as_they_are_and_two_people_are_never_made_one",
    ),
    Break(
        "P6",
        "an example that takes others along when it is erased",
        (("service/examples.py", "        if others:\n", "        if False:\n"),),
        f"{ROUTES}::test_one_of_several_under_one_basis_is_not_erased_with_the_others",
    ),
    Break(
        "P4",
        "a face verified against somebody who did not agree to the purpose",
        (("gallery/verifying.py", "if not terms.permit(row):", "if False:"),),
        f"{VERIFYING}::test_p4_an_enrolled_face_is_compared_where_a_search_could_show_it",
    ),
    Break(
        "P1",
        "a face verified against somebody whose basis was made live by hand",
        (("gallery/verifying.py", "        check_confirmed(connection, [row.basis], tools.desk)\n", ""),),
        f"{VERIFYING}::test_p1_a_basis_that_was_made_live_by_hand_verifies_nobody",
    ),
    Break(
        "P15",
        "a verification that the person is not told of",
        (("gallery/verifying.py", "sequence, now, shown=shown, pair=pair)", "sequence, now, pair=pair)"),),
        f"{VERIFYING}::test_p15_whose_face_it_was_beside_is_on_record",
    ),
    Break(
        "P3",
        "verifications against enrolled faces without an end",
        (("gallery/verifying.py", "searching.check_capped(connection, self.desk, grant, now)", "pass"),
         ("policy/rules.py", "(*_COMPARE, verify_is_capped)", "_COMPARE")),
        f"{VERIFYING}::test_p3_enrolled_faces_count_for_the_cap",
    ),
    Break(
        "P25",
        "an import that can write to the database that it reads",
        (("ingest/compreface.py", ".execution_options(**READING)", ""),),
        f"{IMPORTING}::test_p25_nothing_can_be_written_there",
        server=True,
    ),
    Break(
        "P1",
        "an import that begins before its form is looked at",
        (("service/importing.py", "self._bases.check(\n", "dict(\n"),),
        f"{IMPORTING}::test_p1_a_form_that_carries_no_face_is_refused_before_anybody_is_recorded",
        server=True,
    ),
    Break(
        "P1",
        "an import that takes somebody for another of the same name",
        (("service/importing.py", "        if held and not any(", "        if False and not any("),),
        f"{IMPORTING}::test_a_name_that_is_somebody_else_s_already_is_not_merged",
        server=True,
    ),
]  # fmt: skip
