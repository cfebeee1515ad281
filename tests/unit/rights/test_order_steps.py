"""The steps that an order may take, against a model that knows them from the requirement's own words (P8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import EmptyScope, InputError, OrderError
from countenance.rights.orders import KINDS, TRANSITIONS, Scope, after, kind_of

STEPS = ("enter", "stay", "revive", "comply")


def legal(kind: str, state: str, step: str, *, was_in_force: bool) -> str | None:
    """What DESIGN says: proposed → (stayed ⇄ revived) → in force → complied, only to erase is complied with."""
    match step, state:
        case "enter", "proposed":
            return "in-force"
        case "stay", "proposed" | "in-force":
            return "stayed"
        case "revive", "stayed":
            return "in-force" if was_in_force else "proposed"
        case "comply", "in-force" if kind == "erase":
            return "complied"
    return None


@given(kind=st.sampled_from(sorted(KINDS)), steps=st.lists(st.sampled_from(STEPS), max_size=30))
def test_p8_only_legal_steps_happen(kind: str, steps: list[str]) -> None:
    state, was_in_force = "proposed", False
    for step in steps:
        expected = legal(kind, state, step, was_in_force=was_in_force)
        if expected is None:
            with pytest.raises(OrderError) as caught:
                after(kind, state, step, was_in_force=was_in_force)
            assert caught.value.message
            continue
        state = after(kind, state, step, was_in_force=was_in_force)
        assert state == expected
        was_in_force = was_in_force or state == "in-force"


def test_p8_the_table_holds_nothing_else() -> None:
    reached = {(state, step): set(leads) for (state, step), leads in TRANSITIONS.items()}
    expected: dict[tuple[str, str], set[str]] = {}
    for state in ("proposed", "in-force", "stayed", "complied"):
        for step in STEPS:
            leads = {legal("erase", state, step, was_in_force=was) for was in (True, False)} - {None}
            if leads:
                expected[state, step] = leads  # type: ignore[assignment]
    assert reached == expected
    assert not any(state == "complied" for state, _ in TRANSITIONS)


def test_p8_a_scope_is_never_empty() -> None:
    with pytest.raises(EmptyScope):
        Scope()
    assert Scope(subject=3, territory="GB").kinds == ["subject", "territory"]


def test_kinds_by_their_names() -> None:
    assert [kind_of(name) for name in ("stop-collecting", "stop", "erase")] == ["stop", "stop", "erase"]
    with pytest.raises(InputError):
        kind_of("forgive")
