"""The desk: decides, writes it down, and only then mints."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club
from countenance.errors import GrantRefused, NotSignedIn, PurposeRefused, RoleRefused
from countenance.policy.desk import LIFETIME, Ask, Desk
from countenance.registry import schema as t
from countenance.types import Enrol, Erase, Search, Withdraw
from countenance.vault.accounts import AccountKey, create_account_key


def desk_of(club: Club, **changed: object) -> Desk:
    """Anna's desk, with something about her changed."""
    context = club.anna.context
    actor = context.actor and replace(context.actor, **changed)
    return Desk(context.registry, context.book, club.clock, context.organisation, actor, context.vision.contract)


def last(club: Club) -> dict[str, object]:
    return club.anna.log_entries()[-1]


def search(club: Club) -> Ask:
    case = club.anna.cases.for_search("press 12", "photo-library")
    return Ask(purpose="photo-library", case_named=True, case=case, facts={"probe": "00"})


def test_the_decision_is_in_the_log_before_the_grant_is_there(club: Club) -> None:
    ask = search(club)
    grant = club.anna.context.desk.decide(Search, ask)
    entry = last(club)
    assert grant.log_index == entry["index"]
    assert (entry["act"], entry["outcome"], entry["purpose"]) == ("search", "granted", "photo-library")
    assert (grant.scope, grant.purpose) == ("gallery", "photo-library")


def test_no_grant_without_a_log(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = search(club)
    monkeypatch.setattr(club.anna.context.book, "append", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        club.anna.context.desk.decide(Search, ask)


def test_a_refusal_is_in_the_log_and_names_its_entry(club: Club) -> None:
    with pytest.raises(PurposeRefused) as refused:
        club.anna.context.desk.decide(Search, Ask(purpose="family-tracing"))
    entry = last(club)
    assert refused.value.log_index == entry["index"]
    assert (entry["outcome"], entry["facts"]) == ("refused", {"code": "purpose", "requirement": "P24"})


def test_what_was_typed_as_a_purpose_never_enters_the_log(club: Club) -> None:
    typed = "find Mrs Jane Marple of St Mary Mead"
    with pytest.raises(PurposeRefused):
        club.anna.context.desk.decide(Search, Ask(purpose=typed))
    assert last(club)["purpose"] == "unknown"
    assert not [line for line in club.anna.export_log() if "Marple" in line or "Mead" in line]


def test_a_signature_by_another_key_is_refused_and_logged(club: Club) -> None:
    file = club.root / "eve.pem"
    create_account_key(file, "eve's words")
    eve = AccountKey.open(file, "eve's words")
    ask = search(club)
    with pytest.raises(NotSignedIn, match="not the key of"):
        desk_of(club, sign=eve.sign).decide(Search, ask)
    assert (last(club)["outcome"], last(club)["facts"]["code"]) == ("refused", "not-signed-in")  # type: ignore[index]


def test_a_signature_of_nothing_is_refused(club: Club) -> None:
    with pytest.raises(NotSignedIn):
        desk_of(club, sign=lambda _: bytes(64)).decide(Search, search(club))


def test_an_account_is_judged_as_it_is_now(club: Club) -> None:
    """The session is open and the key is unlocked; the account was revoked, or lost its role, a second ago."""
    ask = search(club)
    with club.sql() as connection:
        connection.execute(sa.update(t.accounts).where(t.accounts.c.email == ANNA).values(roles="officer"))
    with pytest.raises(RoleRefused):
        club.anna.context.desk.decide(Search, ask)
    with club.sql() as connection:
        connection.execute(sa.update(t.accounts).where(t.accounts.c.email == ANNA).values(revoked=1))
    with pytest.raises(NotSignedIn):
        club.anna.context.desk.decide(Search, ask)


def test_the_log_keeps_the_signature_under_seal(club: Club) -> None:
    club.anna.context.desk.decide(Search, search(club))
    assert "signature" not in str(last(club))
    assert not [line for line in club.anna.export_log() if "signature" in line]


def test_a_grant_is_void_after_ten_minutes(club: Club) -> None:
    grant = club.anna.context.desk.decide(Search, search(club))
    club.clock.forward(seconds=LIFETIME)
    with pytest.raises(GrantRefused, match="expired"):
        grant.spend(Search, scope="gallery", now=club.clock())


def test_each_question_has_its_own_scope(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada)
    desk = club.anna.context.desk
    assert desk.decide(Enrol, Ask(subject=ada.id, basis=basis.number)).scope == f"subject:{ada.id}"
    assert desk.decide(Erase, Ask(subject=ada.id)).scope == f"subject:{ada.id}"
    assert desk.decide(Withdraw, Ask(subject=ada.id)).scope == f"subject:{ada.id}"
    assert desk.decide(Search, replace(search(club), on_behalf_of=ada.id)).scope == f"gallery:subject:{ada.id}"


def test_a_record_that_is_refused_leaves_nothing_but_the_refusal_in_the_log(club: Club) -> None:
    size = club.anna.context.book.size()
    with pytest.raises(RoleRefused), club.ben.context.registry.write() as connection:  # noqa: PT012
        connection.execute(sa.update(t.organisations).values(name="Ben's"))
        club.ben.context.desk.record(connection, "case", "operator")
    assert club.anna.context.book.size() == size + 1
    assert (last(club)["act"], last(club)["outcome"]) == ("case", "refused")
    assert club.anna.status()["organisation"] == "Rowing Club"
    club.reopen()


def test_a_handle_that_was_typed_is_not_in_the_log(club: Club) -> None:
    club.person("Zebedee", 1)
    club.search(1, case="matter")
    club.ben.erase("zebedee", reason="request")
    assert not [line for line in club.anna.export_log() if "ebedee" in line]
