"""A stale index never leaks: whatever it still holds, the registry has the last word (DESIGN §4, rule 3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clubs import Club, looked
from countenance.errors import Tampered
from countenance.gallery.mirror import Mirror


def withdrawn(club: Club) -> None:
    club.ben.withdraw("ada")


def expired(club: Club) -> None:
    club.clock.forward(days=1096)
    club.anna.agreements.add(["photo-library"])


def quarantined(club: Club) -> None:
    club.order("quarantine", territory="GB")


def erased(club: Club) -> None:
    club.ben.erase("ada", reason="request")


def without_a_key(club: Club) -> None:
    club.anna.context.keys.vault.destroy(f"subject:{club.anna.subjects.get('ada').id}")


def without_a_notice(club: Club) -> None:
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE bases SET notice = NULL")


def for_another_purpose(club: Club) -> None:
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE bases SET purposes = 2, confirmed_by = NULL, state = 'pending'")


def of_another_organisation(club: Club) -> None:
    with club.sql() as connection:
        connection.exec_driver_sql("INSERT INTO organisations (name, created) VALUES ('Other', 1)")
        connection.exec_driver_sql("UPDATE references_ SET organisation = 2")


WAYS = [
    withdrawn, expired, quarantined, erased, without_a_key, without_a_notice, for_another_purpose,
    of_another_organisation,
]  # fmt: skip


@pytest.fixture
def stale(club: Club, monkeypatch: pytest.MonkeyPatch) -> Club:
    """Ada is in the index, which from now on learns of nothing any more."""
    club.person("Ada", 1)
    assert club.found(1) == ["ada"]
    monkeypatch.setattr(Mirror, "_catch_up", lambda self: self._sequence)
    assert len(club.anna.context.gallery._mirror._index) == 1
    return club


@pytest.mark.parametrize("gone", WAYS, ids=[each.__name__ for each in WAYS])
def test_a_stale_index_shows_nobody_who_is_gone(stale: Club, gone: Callable[[Club], None]) -> None:
    gone(stale)
    assert len(stale.anna.context.gallery._mirror._index) == 1, "the index was meant to be stale"
    assert stale.found(1) == []
    assert stale.found(1, threshold=None) == []


@pytest.mark.parametrize("gone", WAYS, ids=[each.__name__ for each in WAYS])
def test_a_stale_index_keeps_nobody_at_ingest(stale: Club, gone: Callable[[Club], None]) -> None:
    source = stale.source()
    gone(stale)
    assert stale.ingest(source, [looked("a.jpg", [1])]).kept == 0


def test_scores_are_the_registry_s_and_not_the_index_s(club: Club) -> None:
    """The embedded engine estimates; what is shown is the exact cosine of the stored template."""
    import numpy as np

    from clubs import probe, template

    club.person("Ada", 1)
    (shown,) = club.search(1).candidates
    exact = float(np.dot(template(1, 0).vector, probe(1).template.vector))
    assert shown.score == pytest.approx(exact, abs=1e-6)


def test_a_place_is_not_shown_under_a_basis_that_was_widened_by_hand(club: Club) -> None:
    """The search itself stands on another basis, which is in order."""
    ada = club.subject("Ada")
    narrow, other = club.basis(ada, ["visitor-check-in"]), club.basis(ada, ["photo-library"])
    club.enrol(ada, narrow, 1)
    source = club.source(purposes=["visitor-check-in", "photo-library"])
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE sources SET purposes = 2")
    assert club.ingest(source, [looked("a.jpg", [1])]).kept == 1
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE sources SET purposes = 6")
    club.enrol(ada, other, 1, photo=900)
    (candidate,) = club.search(1).candidates
    assert candidate.appearances == ()
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE bases SET purposes = 6 WHERE id = :id", {"id": narrow.number})
    with pytest.raises(Tampered, match=narrow.id):
        club.search(1)
