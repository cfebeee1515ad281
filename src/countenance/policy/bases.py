"""Why a face may be held: the lawful grounds and conditions that a basis can have (GDPR Art 6 and Art 9)."""

from __future__ import annotations

from datetime import UTC, datetime

from countenance.errors import NoBasis

GROUNDS = {
    "consent": "Art 6(1)(a): the person has consented",
    "contract": "Art 6(1)(b): needed for a contract with the person",
    "legal-obligation": "Art 6(1)(c): the law requires it",
    "vital-interests": "Art 6(1)(d): it protects a life",
    "public-task": "Art 6(1)(e): a task in the public interest laid down by law",
    "legitimate-interests": "Art 6(1)(f): interests that the person's own do not override",
}
CONDITIONS = {
    "explicit-consent": "Art 9(2)(a): the person has consented explicitly",
    "vital-interests": "Art 9(2)(c): the person cannot consent and a life is at stake",
    "substantial-public-interest": "Art 9(2)(g): a law lays down a substantial public interest",
    "archiving": "Art 9(2)(j): archiving in the public interest, laid down by law",
}
COLLECTIVE_LIMIT = 30
"""More subjects than this on one piece of evidence need it declared a collective form (P1)."""
ADULT = 18


def is_minor(birth_year: int | None, now: int) -> bool:
    """Whether the person may be under 18: only the birth year is known, so it is counted safely."""
    return birth_year is not None and datetime.fromtimestamp(now, UTC).year - birth_year <= ADULT


def check_ground(ground: str, condition: str) -> None:
    """Refuse what cannot carry biometric data. Raises `NoBasis` with the reason (P1)."""
    if ground == "public":
        raise NoBasis(
            "“It was public” is not a lawful basis for holding a face.",
            requirement="P1", hint=f"Record one of: {', '.join(GROUNDS)}, with its Art 9 condition.",
        )  # fmt: skip
    if ground not in GROUNDS:
        raise NoBasis(f"There is no ground {ground!r}.", requirement="P1", hint=f"Name one of: {', '.join(GROUNDS)}.")
    if condition not in CONDITIONS:
        raise NoBasis(
            "Faces are special-category data: a ground alone is not enough, and no Art 9 condition was given.",
            requirement="P1", hint=f"Name one of: {', '.join(CONDITIONS)}.",
        )  # fmt: skip
    if ground == "legitimate-interests":
        raise NoBasis(
            "Legitimate interests do not carry a search by face.",
            requirement="P1", hint="Ask the person: --ground consent --condition explicit-consent.",
        )  # fmt: skip
    if (ground == "consent") != (condition == "explicit-consent"):
        raise NoBasis(
            f"The ground {ground!r} and the condition {condition!r} do not belong together.",
            requirement="P1", hint="Consent goes with explicit-consent; the other grounds with the other conditions.",
        )  # fmt: skip
