"""A face beside one enrolled reference: only where a search for the same purpose could show it (P3, P4)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import Club, probe
from countenance.errors import ContractMismatch, CountenanceError, NotFound, TooMany
from countenance.gallery.searching import Comparison
from countenance.gallery.verifying import Enrolled
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.types import Probe, ReferenceId, Template, Verify


def verify(
    club: Club, reference: int, person: int, purpose: str = "photo-library", face: Probe | None = None
) -> Comparison:
    context = club.anna.context
    number = club.anna.cases.for_search("press 12", purpose)
    grant = context.desk.decide(Verify, Ask(purpose=purpose, case_named=True, case=number))
    commitment = f"{reference}".rjust(64, "0")
    return context.gallery.verify(face or probe(person), Enrolled(ReferenceId(reference), commitment), grant=grant)


def test_p4_an_enrolled_face_is_compared_where_a_search_could_show_it(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False)
    reference = club.enrol(ada, basis, 1)
    with pytest.raises(NotFound):
        verify(club, reference, 1)  # pending
    club.ben.bases.countersign(basis)
    assert verify(club, reference, 1).band == "high"
    assert verify(club, reference, 2).band == "below-threshold"
    with pytest.raises(NotFound):
        verify(club, reference, 1, "visitor-check-in")  # not what Ada agreed to
    with pytest.raises(NotFound):
        verify(club, reference + 1, 1)
    club.ben.withdraw("ada")
    with pytest.raises(NotFound):
        verify(club, reference, 1)


def test_p1_a_basis_that_was_made_live_by_hand_verifies_nobody(club: Club) -> None:
    ada = club.subject("Ada")
    reference = club.enrol(ada, club.basis(ada, live=False), 1)
    with club.sql() as connection:
        forged = {"state": "live", "confirmed_how": "countersigned", "confirmed_by": 2, "confirmed": club.clock()}
        connection.execute(sa.update(t.bases).values(**forged))
    with pytest.raises(CountenanceError):
        verify(club, reference, 1)


def test_p15_whose_face_it_was_beside_is_on_record(club: Club) -> None:
    club.person("Ada", 1)
    verify(club, 1, 1)
    with club.sql() as connection:
        shown = connection.execute(sa.select(t.shown.c.subject, t.searches.c.kind).join(t.searches)).all()
    assert [tuple(row) for row in shown] == [(1, "verify")]


def test_p3_enrolled_faces_count_for_the_cap(club: Club) -> None:
    club.person("Ada", 1)
    alien = Probe(probe(1).face, Template(probe(1).template.vector, "another contract"), "0" * 64)
    with pytest.raises(ContractMismatch):
        verify(club, 1, 1, face=alien)
    for person in range(20):
        verify(club, 1, person)
    with pytest.raises(TooMany):
        verify(club, 1, 20)
