"""No template moves without a grant, and a grant cannot be made, kept, copied or stretched by anybody but the desk."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import countenance
from countenance import types
from countenance.errors import GrantRefused
from countenance.gallery.gallery import Gallery
from countenance.policy.rules import RULES
from countenance.types import _MINT, Action, Erase, Grant, Search

SOURCE = Path(countenance.__file__).parent
ACTIONS = [Action, *Action.__subclasses__()]
PUBLIC = [(name, each) for name, each in inspect.getmembers(Gallery, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize(("name", "method"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_p3_every_gallery_method_demands_a_grant(name: str, method: object) -> None:
    grant = inspect.signature(method).parameters.get("grant")
    assert grant is not None, f"Gallery.{name} moves templates without a grant"
    assert grant.kind is inspect.Parameter.KEYWORD_ONLY
    assert grant.default is inspect.Parameter.empty, "a grant is never optional"
    action = str(grant.annotation).removeprefix("Grant[").removesuffix("]")
    assert str(grant.annotation).startswith("Grant["), grant.annotation
    assert issubclass(getattr(types, action), Action)


@pytest.mark.parametrize(("name", "method"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_p3_every_gallery_method_spends_its_grant_before_anything_else(name: str, method: object) -> None:
    body = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0].body  # type: ignore[attr-defined,arg-type]
    calls = [ast.unparse(each) for each in body[1:3]]  # after the docstring; the time may be asked first
    spending = [call for call in calls if call.startswith("grant.spend(")]
    assert spending, f"Gallery.{name} begins with {calls[0]}"
    wanted = str(inspect.signature(method).parameters["grant"].annotation).removeprefix("Grant[").removesuffix("]")  # type: ignore[arg-type]
    assert spending[0].startswith(f"grant.spend({wanted}, scope="), "it is spent for another action than it is for"


def test_the_gallery_has_no_public_attribute_beside_its_methods() -> None:
    assert not [name for name in vars(Gallery) if not name.startswith("_") and name not in dict(PUBLIC)]
    made = inspect.getsource(Gallery.__init__)
    assert all(f"self.{word}" not in made for word in ("registry", "keys", "index", "mirror"))


def test_p3_only_the_desk_holds_the_seal() -> None:
    holders = []
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        named = any(isinstance(each, ast.Name) and each.id == "_MINT" for each in ast.walk(tree))
        imported = any(
            alias.name == "_MINT" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) for alias in each.names
        )
        reached = any(isinstance(each, ast.Attribute) and each.attr == "_MINT" for each in ast.walk(tree))
        spelled = any(isinstance(each, ast.Constant) and each.value == "_MINT" for each in ast.walk(tree))
        if named or imported or reached or spelled:
            holders.append(file.relative_to(SOURCE).as_posix())
    assert sorted(holders) == ["policy/desk.py", "types.py"]


def test_every_action_has_rules_and_what_has_none_is_refused() -> None:
    assert set(RULES) == set(Action.__subclasses__())
    assert all(RULES.values()), "an empty list of rules permits everything"


def test_nobody_mints_without_the_seal() -> None:
    for seal in (None, object(), "_MINT", True):
        with pytest.raises(GrantRefused):
            Grant(seal, Search, scope="gallery", purpose="photo-library", expires=10, log_index=0)


def grant(action: type[Action] = Search, *, scope: str = "gallery", expires: int = 100, uses: int = 1) -> Grant[Action]:
    return Grant(_MINT, action, scope=scope, purpose="photo-library", expires=expires, log_index=7, uses=uses)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, pickle.dumps, lambda g: copy.copy([g]) and copy.deepcopy([g])]
)
def test_a_grant_refuses_to_be_copied(duplicate: object) -> None:
    with pytest.raises(GrantRefused):
        duplicate(grant())  # type: ignore[operator]


def test_a_grant_cannot_be_changed_from_outside() -> None:
    made = grant()
    for name in ("purpose", "scope", "log_index", "uses", "expires"):
        with pytest.raises(AttributeError):
            setattr(made, name, 99)
    assert not hasattr(made, "__dict__")


@given(
    made=st.sampled_from(ACTIONS), shown=st.sampled_from(ACTIONS), scope=st.sampled_from(["gallery", "subject:7", ""]),
    asked=st.sampled_from(["gallery", "subject:7", "subject:71", "", "GALLERY"]), now=st.integers(0, 200),
)  # fmt: skip
def test_a_grant_fits_exactly_one_act(
    made: type[Action], shown: type[Action], scope: str, asked: str, now: int
) -> None:
    given_ = grant(made, scope=scope, expires=100)
    if made is shown and scope == asked and now < 100:
        given_.spend(shown, scope=asked, now=now)
    else:
        with pytest.raises(GrantRefused):
            given_.spend(shown, scope=asked, now=now)


@given(uses=st.integers(0, 5), spent=st.integers(0, 8))
def test_a_grant_is_spent_as_often_as_it_says_and_never_again(uses: int, spent: int) -> None:
    made = grant(Erase, uses=uses)
    for number in range(spent):
        if number < uses:
            made.spend(Erase, scope="gallery", now=0)
        else:
            with pytest.raises(GrantRefused, match="spent"):
                made.spend(Erase, scope="gallery", now=0)


def test_a_refused_showing_does_not_use_the_grant_up() -> None:
    made = grant(Erase, scope="subject:7")
    with pytest.raises(GrantRefused):
        made.spend(Erase, scope="subject:8", now=0)
    made.spend(Erase, scope="subject:7", now=0)


def test_two_threads_cannot_spend_one_grant_twice() -> None:
    import threading

    made, won, gate = grant(), [], threading.Barrier(8)

    def race() -> None:
        gate.wait()
        try:
            made.spend(Search, scope="gallery", now=0)
        except GrantRefused:
            return
        won.append(1)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
