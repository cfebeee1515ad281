"""Where people live, as lists of ISO 3166 codes: which of them a list covers, and which it does not.

Unknown means no: who lives nobody knows where, or in a country of which only a part is listed, is not covered. (For an
authority's order it is the other way round, see `countenance.policy.bearing`: there the doubt is the person's gain.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlalchemy as sa

EVERYWHERE = "*"
UNKNOWN = "unknown"
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2. A code that is not among them says nothing about where anybody lives, and counts as unknown."""
MISTAKEN = {"UK": "GB", "EL": "GR"}
"""Codes that other lists have, and what ISO 3166 writes for them."""
_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PARTS = 37**3
"""Numbers for a country and its parts: each of up to three signs is one of 36, or missing."""


def is_code(territory: str) -> bool:
    """Whether this is a country of ISO 3166-1, or written like a part of one."""
    found = _CODE.fullmatch(territory)
    return found is not None and found[1] in COUNTRIES


def is_unknown(territory: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """A recorded residence says nothing: ``unknown``, or no country of the list."""
    return sa.func.substr(territory, 1, 2).not_in(sorted(COUNTRIES))


def read(text: str) -> frozenset[str] | None:
    """The codes of a recorded list; None for everywhere."""
    codes = frozenset(text.split())
    return None if EVERYWHERE in codes else codes


def covers(codes: frozenset[str] | None, territory: str) -> bool:
    """Whether a list covers a residence: the same code, or the country of which it is a part."""
    return codes is None or (is_code(territory) and bool(codes & {territory, territory.partition("-")[0]}))


def number(territory: str) -> int:
    """A residence as a number, for the index: the parts of a country follow it. 0 where nobody knows; never changes."""
    if not is_code(territory):
        return 0
    country, _, part = territory.partition("-")
    first, second = (ord(letter) - ord("A") for letter in country)
    within = sum((_SIGNS.index(sign) + 1) * int(37**at) for at, sign in enumerate(part))
    return (1 + 26 * first + second) * _PARTS + within


def spans(codes: frozenset[str] | None) -> frozenset[tuple[int, int]] | None:
    """What a list covers, in those numbers: each span goes up to before its end. None for everywhere."""
    if codes is None:
        return None
    known = [(number(code), "-" in code) for code in codes if is_code(code)]
    return frozenset((start, start + (1 if is_part else _PARTS)) for start, is_part in known)


def missing(wanted: Iterable[str], codes: frozenset[str] | None) -> list[str]:
    """Those of the wanted codes that a list does not cover, sorted; `EVERYWHERE` is covered by everywhere alone."""
    return sorted(code for code in set(wanted) if not covers(codes, code))
