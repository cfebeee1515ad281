"""What a person may ask for, until when it is answered, and what the answer may be (P14, P29). Nothing is stored here.

The words to whoever asks are the same whether or not anything is held: an answer page that differed would tell a
stranger who is in the gallery.
"""

from __future__ import annotations

import calendar
import unicodedata
from datetime import UTC, datetime, timedelta

from countenance.errors import InputError
from countenance.types import DAY

KINDS = {
    "access": "what is held of the person, who searched for them, and why",
    "erasure": "everything held of the person is erased, with a certificate",
    "objection": "the person objects to being searched for: out of search at once, then their bases end",
    "restriction": "the record is kept and not used: out of search at once",
    "rectification": "what is wrong about the person is put right",
}
RIGHTS = {
    "access": "Know what is held of you, who searched for you, and why.",
    "erasure": "Have everything erased. You get a certificate that anybody can check.",
    "objection": "Object to being searched for, or withdraw what you agreed to. The next search does not find you.",
    "restriction": "Have your record kept, but not used. The next search does not find you.",
    "rectification": "Have what is wrong put right.",
}
"""The same kinds, as they are said to the person."""

AT_ONCE = frozenset({"objection", "restriction"})
"""Kinds that take the person out of search when they are asked for, not when they are answered (P5)."""

REFUSALS = {
    "not-identified": "the record cannot be told apart with what was given (GDPR Art 11)",
    "unfounded": "the request is manifestly unfounded (GDPR Art 12(5))",
    "excessive": "the request repeats an earlier one without a new reason (GDPR Art 12(5))",
    "duty": "a law or an authority's hold forbids it (GDPR Art 17(3), 18(2), 23)",
}
"""Why a request may be refused: a closed list, because free words could carry the very data that is asked about."""

EXTENSIONS = {
    "complex": "what is asked takes long to find out and to check",
    "many": "several requests of yours are being answered",
}
"""Why a request may take two further months: the two reasons of GDPR Art 12(3), and no free words."""

OBJECTABLE = frozenset({"consent", "public-task", "legitimate-interests"})
"""Grounds that an objection ends: a task or interest is objected to (GDPR Art 21), a consent is withdrawn (Art 7(3)).
A contract, a legal duty and a life at stake are not open to objection; bases on them stand."""

MOST_CONTACT, MOST_DETAILS = 254, 2000

THANKS = (
    "It costs nothing, and no account is needed. An objection or a restriction takes effect with the next search. If "
    "nothing is held under what you gave, the answer says so, at that same contact."
)


def deadline_of(now: int, months: int = 1) -> int:
    """The end of the day a calendar month later (GDPR Art 12(3)); the month's last day where there is no such day.

    ``months``: three where the answer was put off by two further months.
    """
    day = datetime.fromtimestamp(now, UTC).date()
    year, month = day.year + (day.month + months - 1) // 12, (day.month + months - 1) % 12 + 1
    last = day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    return int(end.timestamp())


def last_day(deadline: int) -> str:
    """The last day on which a request is answered in time, as people write it: ``15 February 2027``."""
    day = datetime.fromtimestamp(deadline - 1, UTC)
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def days_left(deadline: int, now: int) -> int:
    """Whole days before the deadline; 0 on the last day, negative from the day after it."""
    return (deadline - 1) // DAY - now // DAY


def check_request(kind: str, contact: str | None, details: str | None) -> None:
    """Raise `InputError` for what is no request."""
    if kind not in KINDS:
        raise InputError(f"{kind[:40]!r} is no kind of request.", hint=f"Name one of: {', '.join(KINDS)}.")
    if contact is not None:
        check_contact(contact)
    if details is not None and len(details) > MOST_DETAILS:
        raise InputError(f"These words are longer than {MOST_DETAILS} characters.", hint="Say it in fewer.")
    if details is not None and any(unicodedata.category(sign) == "Cs" for sign in details):
        raise InputError("These words hold bytes that are no text.", hint="Give them in UTF-8.")


def check_contact(contact: str) -> None:
    """Raise `InputError` for what cannot be a contact: put on record, nobody could ever ask by it."""
    if not 3 <= len(contact) <= MOST_CONTACT or not plain_contact(contact).isprintable():
        raise InputError("This is no contact.", hint="Give an e-mail address or a number, on one line.")


def plain_contact(contact: str) -> str:
    """A contact as it is compared: whoever types it with other spaces, capitals or signs for the same is meant too."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", contact).strip().casefold())


def check_extension(reason: str) -> None:
    """Raise `InputError` unless a request may take longer for this reason."""
    if reason not in EXTENSIONS:
        raise InputError(
            f"{reason[:40]!r} is no reason for taking longer.", hint=f"Give one of: {', '.join(EXTENSIONS)}."
        )


def check_refusal(reason: str) -> None:
    """Raise `InputError` unless a request may be refused for this reason."""
    if reason not in REFUSALS:
        raise InputError(
            f"{reason[:40]!r} is no reason to refuse a request.", hint=f"Give one of: {', '.join(REFUSALS)}."
        )
