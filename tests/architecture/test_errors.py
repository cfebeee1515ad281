"""Each error has a code, an HTTP status, an exit code of its own in its family's range, and a hint (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from countenance import errors
from countenance.errors import CountenanceError

RANGES = {
    errors.InputError: range(10, 20),
    errors.NotFound: range(20, 21),
    errors.AlreadyExists: range(21, 22),
    errors.Busy: range(22, 23),
    errors.ModelRefused: range(23, 24),
    errors.NotSignedIn: range(25, 26),
    errors.TooMany: range(26, 27),
    errors.SignAgain: range(27, 28),
    errors.Refused: range(30, 40),
    errors.Held: range(40, 41),
    errors.OrderError: range(41, 50),
    errors.ContractMismatch: range(50, 51),
    errors.Unavailable: range(60, 70),
    errors.Tampered: range(70, 71),
}
STATUSES = {
    errors.InputError: {422, 413}, errors.NotSignedIn: {401}, errors.SignAgain: {401}, errors.TooMany: {429},
    errors.NotFound: {404},
    errors.Refused: {403}, errors.Held: {409}, errors.OrderError: {409}, errors.ContractMismatch: {409},
    errors.Unavailable: {503, 507}, errors.Tampered: {500}, errors.AlreadyExists: {409}, errors.Busy: {409},
    errors.ModelRefused: {422},
}  # fmt: skip


def every(kind: type[CountenanceError] = CountenanceError) -> Iterator[type[CountenanceError]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


ALL = list(every())
every_error = pytest.mark.parametrize("kind", ALL, ids=[each.__name__ for each in ALL])


def family(kind: type[CountenanceError]) -> type[CountenanceError]:
    return next(each for each in kind.__mro__ if each in RANGES)  # type: ignore[return-value]


@pytest.mark.parametrize("what", ["code", "exit_code"])
def test_codes_are_unique(what: str) -> None:
    seen = [getattr(kind, what) for kind in ALL]
    assert len(seen) == len(set(seen))


@every_error
def test_code_status_and_exit_code_are_the_family_s(kind: type[CountenanceError]) -> None:
    assert kind.exit_code in RANGES[family(kind)]
    assert kind.status in STATUSES[family(kind)]
    assert kind.code == kind.code.lower()
    assert " " not in kind.code


@every_error
def test_what_is_wrong_and_what_to_do(kind: type[CountenanceError]) -> None:
    without = {errors.OrderError, errors.TerritoryRefused}
    error = kind("What is wrong.")
    assert error.message == str(error) == "What is wrong."
    assert error.hint or kind in without
    assert "\n" not in error.hint
    assert kind("x", hint="Do this.").hint == "Do this."
    assert set(error.diagnostics()) >= {"code", "message", "hint"}
