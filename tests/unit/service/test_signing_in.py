"""Signing in with a browser: passwords, passkeys, sessions, and what a person signs again (P3, P18, P21)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from authenticators import PRESENT, Authenticator
from clubs import ANNA, BEN, CLEO, WORDS, Club
from countenance.errors import (
    BadSignature,
    CountenanceError,
    InputError,
    NotFound,
    NotSignedIn,
    RoleRefused,
    SignAgain,
    TooMany,
)  # fmt: skip
from countenance.policy import sessions
from countenance.registry import schema as t
from countenance.service import guessing, signing_again, signing_in
from countenance.service.handed_out import PATIENCE
from countenance.service.signing_in import Place, Visit

HERE = Place("localhost", "http://localhost:8420")
HOURS = sessions.HOURS * 3600


@dataclass
class Browser:
    """Somebody at a browser: a cookie, and perhaps a passkey."""

    club: Club
    cookie: str
    passkey: Authenticator = field(default_factory=lambda: Authenticator(HERE.origin, HERE.site))

    def visit(self) -> Visit:
        return signing_in.enter(self.club.anna, self.cookie)

    def add(self, **bent: Any) -> str:
        """Add the passkey; returns its number."""
        visit = self.visit()
        options = visit.club.passkeys.options(HERE)
        made = self.passkey.create(options.challenge, **bent)
        words = WORDS[visit.actor.email]
        return visit.club.passkeys.add("my phone", words, options.sealed, made, HERE).id

    def signed(self, act: Any, **bent: Any) -> Any:
        """Do something that needs the person, who signs with the passkey when asked."""
        first = self.visit()
        with pytest.raises(SignAgain) as asked:
            act(first.club)
        wanted = signing_again.ask_again(first, asked.value, HERE)
        again = self.visit()
        signing_again.by_passkey(again, wanted.sealed, self.passkey.get(wanted.challenge, **bent), HERE)
        return act(again.club)


def signed_in(club: Club, email: str = ANNA) -> Browser:
    return Browser(club, signing_in.by_password(club.anna, email, WORDS[email]))


def with_passkey(club: Club, email: str = ANNA) -> Browser:
    browser = signed_in(club, email)
    browser.add()
    return browser


def by_passkey(club: Club, passkey: Authenticator, place: Place = HERE, **bent: Any) -> str:
    asked = signing_in.ask(club.anna)
    return signing_in.by_passkey(club.anna, asked.sealed, passkey.get(asked.challenge, **bent), place)


def approve(order: str) -> Any:
    return lambda c: c.orders.approve(order)


def proposed(club: Club) -> str:
    """An order that Ben has proposed, among three people."""
    _ = club.cleo
    return club.ben.orders.propose("hold", territory="GB", authority="ICO", evidence=club.document()).id


# --- passwords -------------------------------------------------------------------------------------------------------


def test_p21_the_passphrase_of_a_person_s_key_signs_them_in(club: Club) -> None:
    visit = signed_in(club, BEN).visit()
    assert visit.actor.email == BEN
    assert visit.club.subjects.list() == []
    assert club.anna.log_entries()[-1]["act"] == "sign-in"
    with club.sql() as connection:
        row = connection.execute(sa.select(t.sessions)).one()
    assert row.how == "password"
    assert visit.secret not in repr(row) + repr(visit)


@pytest.mark.parametrize("email", [ANNA, "nobody@club.example", "../anna", ""])
def test_p21_a_wrong_password_and_an_unknown_address_are_told_and_worked_on_alike(
    club: Club, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = []
    stretch = guessing.try_in_vain.__globals__["_stretch"]
    monkeypatch.setitem(
        guessing.try_in_vain.__globals__, "_stretch", lambda *given: worked.append(1) or stretch(*given)
    )
    with pytest.raises(NotSignedIn, match="This address and this password open nothing here"):
        signing_in.by_password(club.anna, email, "ben's words")
    assert worked == [1]


@pytest.mark.parametrize("email", [ANNA, "nobody@club.example"])
def test_p21_guessing_ends_after_five_for_known_and_unknown_addresses_alike(club: Club, email: str) -> None:
    said = []
    for _ in range(guessing.MOST + 1):
        with pytest.raises(CountenanceError) as refused:
            signing_in.by_password(club.anna, email, "a guess")
        said.append(type(refused.value))
    assert said == [NotSignedIn] * guessing.MOST + [TooMany]
    with pytest.raises(TooMany, match="too often"):
        signing_in.by_password(club.ben, email, WORDS[ANNA])  # another process, and the right one for Anna
    club.clock.forward(seconds=guessing.STRETCH)
    if email == ANNA:
        assert signed_in(club)
        assert [each["outcome"] for each in club.anna.log_entries() if each["act"] == "sign-in"] == ["refused", "done"]


def test_p21_the_right_password_clears_the_count(club: Club) -> None:
    for _ in range(3):
        for guess in range(guessing.MOST - 1):
            with pytest.raises(NotSignedIn):
                signing_in.by_password(club.anna, ANNA, f"guess {guess}")
        signed_in(club)


def test_p21_a_revoked_account_and_a_timer_s_do_not_sign_in(club: Club) -> None:
    club.anna.accounts.add("timer@club.example", roles=["system"], passphrase="tick")
    before = signed_in(club, BEN)
    club.anna.accounts.revoke(BEN)
    for email, words in ((BEN, WORDS[BEN]), ("timer@club.example", "tick")):
        with pytest.raises(NotSignedIn):
            signing_in.by_password(club.anna, email, words)
    with pytest.raises(NotSignedIn):
        before.visit()


def test_another_passphrase_signs_every_browser_out(club: Club) -> None:
    browser = signed_in(club)
    assert club.anna.accounts.change_passphrase(WORDS[ANNA], "other words") == 1
    with pytest.raises(NotSignedIn):
        browser.visit()
    with pytest.raises(NotSignedIn):
        signed_in(club)
    assert signing_in.by_password(club.anna, ANNA, "other words")
    with pytest.raises(NotSignedIn):
        club.anna.accounts.change_passphrase("a guess", "mine now")


# --- sessions --------------------------------------------------------------------------------------------------------


def test_p3_what_is_no_session_opens_nothing(club: Club) -> None:
    cookie = signed_in(club).cookie
    number, _, secret = cookie.partition(".")
    for wrong in ("", number, f"{number}.", f"9.{secret}", f"{number}.{'A' * 43}", cookie + "x", "é" * 50, "1" * 9_000):
        with pytest.raises(NotSignedIn, match="not signed in"):
            signing_in.enter(club.anna, wrong)


def test_p3_a_session_ends_when_nobody_uses_it_and_after_its_hours_at_the_latest(club: Club) -> None:
    idle, used = signed_in(club), signed_in(club)
    for _ in range(HOURS // 1_500 - 1):
        club.clock.forward(seconds=1_500)
        late = used.visit()
        late.club.subjects.list()
    with pytest.raises(NotSignedIn):
        idle.visit()
    club.clock.forward(seconds=1_500)
    with pytest.raises(NotSignedIn):
        used.visit()
    with pytest.raises(NotSignedIn):
        late.club.subjects.add("Ada", territory="GB")


def test_p3_a_session_that_is_ended_is_no_longer_a_way_in(club: Club) -> None:
    browser, other, bens = signed_in(club), signed_in(club), signed_in(club, BEN)
    inside = browser.visit()
    listed = inside.club.browsers.list()
    assert [each.here for each in listed] == [False, True]
    with pytest.raises(NotFound):
        bens.visit().club.browsers.end(listed[1])
    inside.club.browsers.end(listed[0])
    with pytest.raises(NotSignedIn):
        other.visit()
    inside.club.browsers.end_here()
    with pytest.raises(NotSignedIn):
        browser.visit()
    with pytest.raises(NotSignedIn):
        inside.club.subjects.add("Ada", territory="GB")  # it had come in before
    assert bens.visit()


@pytest.mark.parametrize("change", ["expires", "account", "public_key", "proof", "ended"])
def test_p3_a_session_s_row_from_outside_opens_nothing(club: Club, change: str) -> None:
    browser, bens = signed_in(club), signed_in(club, BEN)
    values: dict[str, Any] = {
        "expires": {"expires": club.clock() + 10 * HOURS}, "account": {"account": 2}, "proof": {"proof": bytes(64)},
        "public_key": {"public_key": bytes(31) + b"\x09"}, "ended": {"ended": 1},
    }[change]  # fmt: skip
    with club.sql() as connection:
        connection.execute(sa.update(t.sessions).where(t.sessions.c.id == 1).values(**values))
    with pytest.raises(NotSignedIn):
        browser.visit()
    assert bens.visit()


def test_p2_a_notice_that_a_browser_records_stands(club: Club) -> None:
    """The session's key has signed it; when the session is over, it still has."""
    browser = signed_in(club)
    visit = browser.visit()
    person = visit.club.subjects.add("Ada", territory="GB")
    basis = visit.club.bases.record(
        person, ground="consent", condition="explicit-consent", purposes=["photo-library"], notice="notice-2027",
        evidence=club.evidence("ada"),
    )  # fmt: skip
    club.enrol(person, club.ben.bases.countersign(basis), 1)
    visit.club.browsers.end_here()
    club.clock.forward(seconds=60)
    assert [each.subject for each in club.search(1).candidates] == ["ada"]
    with club.sql() as connection:
        connection.execute(sa.update(t.sessions).values(proof=bytes(64)))
    with pytest.raises(CountenanceError, match="no signature confirms"):
        club.search(1)


# --- passkeys --------------------------------------------------------------------------------------------------------


def test_p18_a_passkey_signs_in_without_an_address_or_a_password(club: Club) -> None:
    browser = with_passkey(club, BEN)
    visit = signing_in.enter(club.anna, by_passkey(club, browser.passkey))
    assert visit.actor.email == BEN
    listed = visit.club.passkeys.list()
    assert [(each.id, each.label, each.site, each.state) for each in listed] == [
        ("W1", "my phone", "localhost", "live")
    ]
    assert listed[0].used


@pytest.mark.parametrize("bent", [
    {"origin": "http://localhost:9999"}, {"origin": "https://evil.example"}, {"type": "webauthn.create"},
    {"challenge": "AAAA"},
])  # fmt: skip
def test_p18_an_assertion_of_another_page_or_for_something_else_opens_nothing(club: Club, bent: dict[str, str]) -> None:
    browser = with_passkey(club)
    with pytest.raises(NotSignedIn, match="opens nothing"):
        by_passkey(club, browser.passkey, **bent)
    assert by_passkey(club, browser.passkey)


def test_p18_another_host_s_assertion_and_an_absent_person_s_open_nothing(club: Club) -> None:
    browser = with_passkey(club)
    browser.passkey.site = "evil.example"
    with pytest.raises(NotSignedIn):
        by_passkey(club, browser.passkey)
    with pytest.raises(NotSignedIn):
        by_passkey(club, browser.passkey, Place("evil.example", HERE.origin))
    browser.passkey.site, browser.passkey.flags = HERE.site, PRESENT
    with pytest.raises(NotSignedIn):
        by_passkey(club, browser.passkey)


def test_p18_an_assertion_is_taken_once_and_for_five_minutes(club: Club) -> None:
    browser, asked = with_passkey(club), signing_in.ask(club.anna)
    answer = browser.passkey.get(asked.challenge)
    assert signing_in.by_passkey(club.anna, asked.sealed, answer, HERE)
    for again in (answer, browser.passkey.get(asked.challenge)):
        with pytest.raises(NotSignedIn):
            signing_in.by_passkey(club.anna, asked.sealed, again, HERE)
    late = signing_in.ask(club.anna)
    club.clock.forward(seconds=PATIENCE)
    with pytest.raises(NotSignedIn):
        signing_in.by_passkey(club.anna, late.sealed, browser.passkey.get(late.challenge), HERE)


def test_p18_a_counter_that_has_not_gone_on_is_a_copy_and_opens_nothing(club: Club) -> None:
    browser = with_passkey(club)
    by_passkey(club, browser.passkey)
    browser.passkey.count -= 1
    with pytest.raises(NotSignedIn):
        by_passkey(club, browser.passkey)


@pytest.mark.parametrize("answer", ["", "{}", "[]", '{"id": 1}', "[" * 9_000, '{"id": "é"}'])
def test_what_is_no_answer_of_a_passkey_is_refused(club: Club, answer: str) -> None:
    asked = signing_in.ask(club.anna)
    with pytest.raises(NotSignedIn):
        signing_in.by_passkey(club.anna, asked.sealed, answer, HERE)
    with pytest.raises(NotSignedIn):
        signing_in.by_passkey(club.anna, answer, answer, HERE)


def test_p18_what_was_sealed_for_one_use_serves_for_no_other(club: Club) -> None:
    browser = with_passkey(club)
    options = browser.visit().club.passkeys.options(HERE)
    with pytest.raises(NotSignedIn):
        signing_in.by_passkey(club.anna, options.sealed, browser.passkey.get(options.challenge), HERE)


def test_p18_a_passkey_is_added_with_the_account_s_own_password_alone(club: Club) -> None:
    browser = signed_in(club)
    visit = browser.visit()
    options, bens = visit.club.passkeys.options(HERE), signed_in(club, BEN).visit()
    made = browser.passkey.create(options.challenge)
    with pytest.raises(NotSignedIn):
        visit.club.passkeys.add("phone", WORDS[BEN], options.sealed, made, HERE)
    with pytest.raises(NotSignedIn):
        bens.club.passkeys.add("phone", WORDS[BEN], options.sealed, made, HERE)
    for bent in ({"origin": "https://evil.example"}, {"challenge": "AAAA"}, {"type": "webauthn.get"}):
        with pytest.raises(BadSignature):
            browser.add(**bent)
    with pytest.raises(InputError, match="name"):
        visit.club.passkeys.add(" ", WORDS[ANNA], options.sealed, made, HERE)
    assert visit.club.passkeys.list() == []
    assert browser.add() == "W1"
    with pytest.raises(CountenanceError, match="already"):
        browser.add()


def test_p18_a_passkey_s_row_from_outside_signs_nothing(club: Club) -> None:
    browser = with_passkey(club)
    opened = Browser(club, by_passkey(club, browser.passkey))
    assert opened.visit()
    with club.sql() as connection:
        connection.execute(sa.update(t.passkeys).values(account=2))
        connection.execute(sa.update(t.sessions).where(t.sessions.c.how == "passkey").values(account=2))
    with pytest.raises(NotSignedIn):
        by_passkey(club, browser.passkey)
    with pytest.raises(NotSignedIn):
        opened.visit()


def test_p18_a_passkey_that_is_removed_opens_nothing_and_closes_what_it_opened(club: Club) -> None:
    browser = with_passkey(club)
    opened, bens = Browser(club, by_passkey(club, browser.passkey)), signed_in(club, BEN)
    assert opened.visit()
    bens.visit().club.passkeys.remove("W1")  # a controller of the owner's
    for way in (opened.visit, lambda: by_passkey(club, browser.passkey)):
        with pytest.raises(NotSignedIn):
            way()
    assert browser.visit()
    with pytest.raises(NotFound):
        browser.visit().club.passkeys.remove("W1")
    with pytest.raises(NotFound):
        club.cleo.passkeys.remove("W9")


# --- signing again ---------------------------------------------------------------------------------------------------


def test_p18_a_session_alone_cannot_approve_countersign_or_erase(club: Club) -> None:
    order, person = proposed(club), club.subject("Ada")
    basis = club.basis(person, live=False)
    visit = signed_in(club, BEN).visit()
    size = club.anna.context.book.size()
    acts = (
        lambda: visit.club.bases.countersign(basis),
        lambda: visit.club.erase(person, reason="withdrawn"),
        lambda: visit.club.accounts.add("dora@club.example", roles=["controller"], passphrase="mine"),
        lambda: visit.club.accounts.revoke(CLEO),
    )
    for act in acts:
        with pytest.raises(SignAgain) as asked:
            act()
        assert asked.value.statement
    with pytest.raises(SignAgain):
        signed_in(club).visit().club.orders.approve(order)
    assert club.anna.bases.get(basis).state == "pending"
    assert [each.handle for each in club.anna.subjects.list()] == ["ada"]
    assert club.anna.context.book.size() == size + 1  # that Anna has signed in
    with pytest.raises(RoleRefused, match="proposed"):
        visit.club.orders.approve(order)  # who may not is told so before they sign


@pytest.mark.parametrize("how", ["password", "passkey"])
def test_p18_approvals_confirmations_and_erasures_are_signed_when_the_person_is_asked_again(
    club: Club, how: str
) -> None:
    order, person = proposed(club), club.subject("Ada")
    basis = club.basis(person, live=False)
    anna, cleo, ben = (with_passkey(club, email) for email in (ANNA, "cleo@club.example", BEN))

    def do(browser: Browser, act: Any) -> Any:
        if how == "passkey":
            return browser.signed(act)
        visit = browser.visit()
        signing_again.by_password(visit, WORDS[visit.actor.email])
        return act(visit.club)

    do(anna, approve(order))
    assert do(cleo, approve(order)).state == "in-force"
    assert do(ben, lambda c: c.bases.countersign(basis)).state == "live"
    other = club.subject("Bela", territory="FR")
    assert do(ben, lambda c: c.erase(other, reason="withdrawn")).certificate
    club.clock.forward(seconds=10)
    cleo.visit().club.passkeys.remove("W1")  # what it has signed stays signed
    assert club.anna.orders.get(order).state == "in-force"
    club.enrol(person, club.anna.bases.get(basis), 1)
    assert [each.subject for each in club.search(1).candidates] == ["ada"]


def test_p18_an_assertion_signs_exactly_what_was_shown(club: Club) -> None:
    first, second = proposed(club), proposed(club)
    browser = with_passkey(club)
    visit = browser.visit()
    with pytest.raises(SignAgain) as asked:
        visit.club.orders.approve(first)
    wanted = signing_again.ask_again(visit, asked.value, HERE)
    assert json.loads(wanted.text)["thing"] == first
    assert json.loads(wanted.text)["act"] == "approve"
    again = browser.visit()
    answer = browser.passkey.get(wanted.challenge)
    signing_again.by_passkey(again, wanted.sealed, answer, HERE)
    with pytest.raises(SignAgain):
        again.club.orders.approve(second)
    again.club.orders.approve(first)
    replayed = browser.visit()
    with pytest.raises(NotSignedIn, match="did not sign"):
        signing_again.by_passkey(replayed, wanted.sealed, answer, HERE)


def test_p18_what_one_browser_was_asked_no_other_answers_nor_another_s_passkey_nor_too_late(club: Club) -> None:
    order, browser, ben = proposed(club), with_passkey(club), with_passkey(club, BEN)
    visit = browser.visit()
    with pytest.raises(SignAgain) as asked:
        visit.club.orders.approve(order)
    wanted = signing_again.ask_again(visit, asked.value, HERE)
    for who, passkey in ((ben, browser.passkey), (signed_in(club), browser.passkey), (browser, ben.passkey)):
        with pytest.raises(NotSignedIn):
            signing_again.by_passkey(who.visit(), wanted.sealed, passkey.get(wanted.challenge), HERE)
    club.clock.forward(seconds=PATIENCE)
    with pytest.raises(NotSignedIn):
        signing_again.by_passkey(browser.visit(), wanted.sealed, browser.passkey.get(wanted.challenge), HERE)


def test_p18_the_session_s_own_key_is_no_signature_of_the_person(club: Club) -> None:
    """Whoever has the cookie, and forges the step: what they sign is not the person's."""
    order, person = proposed(club), club.subject("Ada")
    visit = signed_in(club).visit()
    visit.actor = type(visit.actor)(
        visit.actor.account, visit.actor.organisation, ANNA, visit.actor.sign, session=visit.actor.session,
        in_person=visit.actor.sign,
    )  # fmt: skip
    for act in (approve(order), lambda c: c.erase(person, reason="withdrawn")):
        with pytest.raises(NotSignedIn):
            act(visit.club)
    assert club.anna.orders.get(order).approvals == 0
    assert club.anna.subjects.list()


def test_p18_an_approval_under_a_passkey_that_the_account_never_signed_counts_for_nothing(club: Club) -> None:
    order, browser = proposed(club), with_passkey(club)
    browser.signed(approve(order))
    assert club.anna.orders.get(order).approvals == 1
    with club.sql() as connection:
        connection.execute(sa.update(t.passkeys).values(signature=bytes(64)))
    assert club.anna.orders.get(order).approvals == 0


def test_p18_a_wrong_password_signs_nothing_and_is_counted(club: Club) -> None:
    browser = signed_in(club)
    for _ in range(guessing.MOST):
        with pytest.raises(NotSignedIn):
            signing_again.by_password(browser.visit(), "a guess")
    with pytest.raises(TooMany):
        signing_again.by_password(browser.visit(), WORDS[ANNA])
