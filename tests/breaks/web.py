"""Rules of the web application, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

DOORS = "web/test_doors.py"
PHOTOS = "unit/service/test_photographs.py"

BREAKS = [
    Break(
        "P21",
        "a page that opens to an account without its role",
        (("web/app.py", "    if route.roles:", "    if False:"),),
        f"{DOORS}::test_p21_a_role_opens_the_pages_of_its_menu_and_no_others",
    ),
    Break(
        "P3",
        "the owner's pages, to another organisation's account",
        (("web/app.py", "shut = not route.party and not site.own", "shut = False"),),
        f"{DOORS}::test_p3_to_another_organisation_the_owners_pages_are_absent",
    ),
    Break(
        "P21",
        "a photo's record, to an account that neither searches nor answers",
        (("service/photographs.py", '"operator", "officer", subjects', '"operator", "officer", "reviewer", subjects'),),
        f"{PHOTOS}::test_p21_a_photo_is_shown_to_its_owners_operators_and_officers_alone",
    ),
    Break(
        "P5",
        "a photo that names who has withdrawn",
        (("gallery/appearing.py", '            t.bases.c.state == "live",\n', ""),),
        f"{PHOTOS}::test_p5_who_has_withdrawn_is_named_in_no_photo",
    ),
]
