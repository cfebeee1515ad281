"""Rules of the web application, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

DOORS = "web/test_doors.py"
JOBS = "web/test_jobs.py"
SOURCE = "web/test_new_source.py"
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
    Break(
        "P25",
        "a name from a browser that leads out of the photos by a link",
        (
            (
                "service/sources_below.py",
                "if not is_bucket(base) and not _lies_in(place_of(root, settings), base):",
                "if False:",
            ),
        ),
        f"{SOURCE}::test_p25_no_name_from_a_browser_leads_out_of_it[out/secret]",
    ),
    Break(
        "P25",
        "a source whose place a browser names as a path",
        (
            (
                "service/sources.py",
                "self.add(name, inside(self._context.settings, place), **stated)",
                "self.add(name, place, **stated)",
            ),
        ),
        f"{SOURCE}::test_p25_no_name_from_a_browser_leads_out_of_it[/etc]",
    ),
    Break(
        "P3",
        "work that goes on when its session was ended or is over",
        (("policy/sessions.py", "standing = now < row.expires if working else", "standing = True if working else"),),
        f"{JOBS}::test_p3_work_whose_session_has_ended_keeps_nothing_more[too long]",
    ),
    Break(
        "P3",
        "an open page that keeps its browser signed in by itself",
        (("service/signing_in.py", "if used and now - row.seen >= NOTED:", "if now - row.seen >= NOTED:"),),
        f"{JOBS}::test_p3_a_page_that_asks_by_itself_does_not_keep_its_browser_signed_in",
    ),
    Break(
        "P3",
        "a planted place that signing in leads to",
        (
            (
                "web/look.py",
                'if not path.startswith("/") or path.startswith(("//", "/\\\\")) or not place.isprintable():',
                "if not place.isprintable():",
            ),
            (
                "web/look.py",
                "return place if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes) else None",
                "return place or None",
            ),
        ),
        "web/test_idle.py::test_p3_a_planted_place_leads_nowhere_else",
    ),
]
