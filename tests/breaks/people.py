"""Rules of people, who is who, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

PEOPLE = "unit/service/test_people.py"
REMOVING = "unit/gallery/test_removing.py"

BREAKS = [
    Break(
        "P3",
        "kept faces that are compared with one another for any purpose",
        (("policy/rules.py", "*_WHY, a_purpose_that_groups, *_LIMITED", "*_WHY, *_LIMITED"),),
        f"{PEOPLE}::test_p3_people_are_compared_for_a_purpose_that_groups_and_in_a_case",
    ),
    Break(
        "P3",
        "kept faces that are compared under an agreement that ended while photos were looked at",
        (
            ("service/people.py", "grant=context.desk.decide(People, ask)", "grant=asked.grant"),
            ("gallery/gallery.py", 'check_in_force(connection, self._desk, grant.terms, "people", now)\n', "size\n"),
        ),
        f"{PEOPLE}::test_p3_an_agreement_that_ends_while_photos_are_looked_at_ends_the_comparison",
    ),
    Break(
        "P27",
        "a face that somebody said is not theirs, and that is kept as theirs again",
        (
            (
                "gallery/keeping.py",
                'each for each in line if not any((way, each.subject) in said for way in ways)), None)',
                "each for each in line), None)",
            ),
        ),
        f"{PEOPLE}::test_p27_not_this_person_is_forgotten_and_never_kept_again",
    ),
    Break(
        "P6",
        "what somebody said of a person stays when the person is erased",
        (("gallery/removing.py", "t.corrections, t.pairs, t.rejections,", "t.rejections,"),),
        f"{REMOVING}::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
    Break(
        "P6",
        "a pair that goes on naming somebody who was erased",
        (("gallery/removing.py", "connection.execute(sa.delete(t.pairs).where(t.pairs.c.other.in_(part)))\n", "\n"),),
        f"{REMOVING}::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
    Break(
        "P8",
        "a face that is taken off somebody whom a hold keeps",
        (("service/saying.py", "if any(bearing.holds_on(connection, each) for each in records):", "if False:"),),
        f"{PEOPLE}::test_p8_a_hold_keeps_the_face",
    ),
    Break(
        "P5",
        "somebody who restricted their record, of whom things are said all the same",
        (("service/saying.py", "t.subjects.c.id.in_(every), subject_stands())", "t.subjects.c.id.in_(every))"),
         ("gallery/appearing.py", "subject_stands(),\n", "")),
        f"{PEOPLE}::test_p5_nothing_is_said_of_whoever_restricted_their_record",
    ),
    Break(
        "P7",
        "a restore that gives people back the faces that were taken off them",
        (("backup/repeating.py", '"people-is", "people-same",', '"people-is", "people-not", "people-same",'),),
        f"{PEOPLE}::test_p7_what_was_said_after_a_backup_is_said_again_by_a_restore",
    ),
    Break(
        "P15",
        "an access answer that is silent on what was said of a person",
        (("rights/held.py", "told += [(_SAID[row.decision], None, row) for row in records]\n", "\n"),),
        f"{PEOPLE}::test_p15_what_was_said_of_a_person_is_told_and_nobody_else_is_named",
    ),
    Break(
        "P28",
        "kept faces that are compared and counted nowhere",
        (("service/located.py", "entry[\"act\"] in _ACTS and", "entry[\"act\"] == KIND and"),),
        f"{PEOPLE}::test_p28_a_comparison_of_kept_faces_is_among_the_uses_and_the_public_counts",
    ),
]  # fmt: skip
