"""``countenance review``: people decide about candidates, each with their own key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command, group
from countenance.cli.searching import tell_cautions
from countenance.cli.session import Session
from countenance.cli.sheets import write_review

if TYPE_CHECKING:
    from countenance.service.reviewed import Next, Review

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as R12, as the search said it.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="The candidate's handle.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    reviews = group(app, "review", "People decide about candidates; no score does.", panel=MAIN_JOB)
    command(reviews, "list", "countenance review list", "countenance review list --open")(review_list)
    command(
        reviews, "show", "countenance review show R12", "countenance review show R12 --page R12.html"
    )(review_show)  # fmt: skip
    command(
        reviews, "next", "countenance review next", "countenance review next --page next.html"
    )(review_next)  # fmt: skip
    command(reviews, "confirm", "countenance review confirm R12 anna-berg")(review_confirm)
    command(reviews, "reject", "countenance review reject R12 anna-berg")(review_reject)


def review_list(
    session: Session,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that wait for somebody.")] = False,
) -> None:
    """Show the searches of your organisation whose candidates people must look at."""
    with session.open() as c:
        found = c.reviewing.list(open_only=open_only)
    rows = (
        (
            each.id,
            each.at[:10],
            each.purpose,
            each.case,
            each.searched_by,
            each.demanded,
            ", ".join(f"{one.subject}: {one.state}" for one in each.candidates) or "nobody who may still be shown",
        )
        for each in found
    )
    columns = ("review", "searched", "purpose", "case", "by", "reviewers", "candidates")
    session.screen.table(columns, rows, empty="There is nothing to review.")
    session.screen.answer([each.as_json() for each in found])


def review_show(
    session: Session,
    review: Number,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="Write a page: the searched face beside each candidate."),
    ] = None,
) -> None:
    """Show one review: its candidates with their photos, and who has decided what. That you looked is logged.

    Look before you decide: whoever has not is refused. The searched face is kept until the last review, for 14 days.
    """
    with session.signed_in() as c:
        found = c.reviewing.show(review)
        if page is not None:
            write_review(c, page, found)
    _tell(session, found)
    if page is not None:
        session.screen.advise(f"The page is in {page}. Delete it once you have decided.")


def review_next(
    session: Session,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="Write a page: the searched face beside this candidate."),
    ] = None,
) -> None:
    """Show the candidate that has waited longest for your decision. That you looked is logged.

    Passed over: your own searches, what you have signed already, and people who may be shown no more.
    """
    with session.signed_in() as c:
        found = c.reviewing.next()
        if found is not None and page is not None:
            write_review(c, page, found.review)
    if found is None:
        session.screen.say("Nobody waits for your decision.")
        session.screen.answer(None)
        return
    _tell_next(session, found)
    if page is not None:
        session.screen.advise(f"The page is in {page}. Delete it once you have decided.")


def review_confirm(session: Session, review: Number, subject: Subject) -> None:
    """Sign that, as far as you can see, this candidate is the person. As many must as the purpose demands."""
    with session.signed_in() as c:
        found = c.reviewing.confirm(review, subject)
    _tell(session, found)


def review_reject(session: Session, review: Number, subject: Subject) -> None:
    """Sign that this candidate is not the person. One rejection is enough."""
    with session.signed_in() as c:
        found = c.reviewing.reject(review, subject)
    _tell(session, found)


def _tell_next(session: Session, found: Next) -> None:
    screen, who = session.screen, found.candidate.subject
    _describe(session, found.review)
    screen.say(f"{found.waiting} wait for you, this one among them. As far as you can see, is it this person?")
    screen.command(f"countenance review confirm {found.review.id} {who}")
    screen.command(f"countenance review reject {found.review.id} {who}")
    screen.answer(found.as_json())


def _tell(session: Session, review: Review) -> None:
    _describe(session, review)
    session.screen.answer(review.as_json())


def _describe(session: Session, review: Review) -> None:
    screen = session.screen
    solo = ", solo: fewer than three named people" if review.solo else ""
    screen.facts(
        [
            ("Review", f"{review.id} of {review.purpose}, case {review.case}"),
            ("Searched", f"{review.at} by {review.searched_by}"),
            ("Needs", f"{review.demanded} of other accounts{solo}"),
        ]
    )
    rows = (
        (
            each.subject,
            f"{each.score:.3f}",
            each.band,
            each.state,
            each.demanded,
            "; ".join(f"{who}: {what}" for who, what, _ in each.reviews),
            "not looked at" if each.appearances is None else ", ".join(one.photo.path for one in each.appearances[:3]),
        )
        for each in review.candidates
    )
    columns = ("candidate", "cosine", "band", "state", "needs", "reviews", "photos")
    screen.table(columns, rows, empty="Nobody is left who may still be shown.")
    tell_cautions(session, ((each.subject, each.cautions) for each in review.candidates))
