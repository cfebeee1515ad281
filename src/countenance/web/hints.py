"""What to do about an error, said for a browser: where a page does what the hint's command does, the page is named.

The errors speak to whoever is at a terminal. A hint with a command that no page does yet stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMAND = re.compile(r"`(?:countenance )?([^`\n]+)`")
_NUMBER = re.compile(r"\b[A-Z][1-9][0-9]*\b")

PAGES = (
    ("subject list", "/people", "The list of people shows who is here."),
    ("status", "/people", "The lists show what there is."),
    ("basis list", "/people", "A person’s page shows their bases."),
    ("source list", "/sources", "The list of sources shows them all."),
    ("review list", "/reviews", "The list of reviews shows them all."),
    ("review show", "/reviews", "Look at its candidates first, among the reviews."),
    ("log show", "/log", "Look at the log."),
    ("event list", "/events", "The list of events shows them all."),
    ("event guests", "/events", "The event’s page shows who does."),
    ("event invitations", "/events", "The event’s page shows them all."),
    ("request list", "/officer/requests", "The list of requests shows them all."),
    ("request open", "/officer/requests", "Record the request first."),
    ("request answer", "/officer/requests/{number}", "The request’s page answers it."),
    (
        "request assign",
        "/officer/requests/{number}",
        "On the request’s page, say whose it is, or that nothing is held.",
    ),
    ("subject correct", "/officer/requests", "Record a request for rectification: its answer puts the contact right."),
    ("basis countersign", "/approvals", "A second person signs it, signed in as themselves, among the approvals."),
    ("order list", "/officer/orders", "The list of orders shows them all."),
    ("order show", "/officer/orders", "The order’s page says in what state it is and what comes next."),
    ("order approve", "/officer/orders/{number}", "If it is right, two people approve it on its page."),
    ("agreement sign", "/approvals", "Each side signs it with their own key, among the approvals."),
)  # fmt: skip
"""How a command begins, the page that does the same, and what to say instead."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence, and the page that it names; none where it is the error's own."""

    text: str
    page: str | None = None


def hint_of(text: str) -> Hint:
    """The hint for a browser. A command's number leads to the page of that record; without one, to the list."""
    found = _COMMAND.search(text)
    if found is None:
        return Hint(text)
    for command, page, said in PAGES:
        if not found[1].startswith(command):
            continue
        number = _NUMBER.search(found[1])
        return Hint(said, page.format(number=number[0]) if number else page.removesuffix("/{number}"))
    return Hint(text)
