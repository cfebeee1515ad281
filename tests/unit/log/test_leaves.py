"""P20: no leaf names anybody, and an erasure destroys what a leaf's commitments could be opened with."""

from __future__ import annotations

import hashlib
import itertools
import json

import pytest

from clubs import ANNA, BEN, PURPOSES, Club, looked
from countenance.errors import CountenanceError, KeyMissing
from countenance.log.book import commitment
from countenance.vault.keyring import subject_key

SECRETS = {
    "name": "Zebedee Quux",
    "handle": "zq-1984",
    "contact": "zebedee@quux.example",
    "case": "the affair of the missing teaspoon",
    "photo": "holiday-with-zebedee.jpg",
    "evidence": "form-of-zebedee",
    "source": "wedding-of-the-quuxes",
}


def live(club: Club) -> None:
    """A little of everything that writes to the log, with a name in every place that takes one."""
    who = club.subject(SECRETS["name"], handle=SECRETS["handle"], contact=SECRETS["contact"])
    club.enrol(who, club.basis(who, PURPOSES, evidence=club.evidence(SECRETS["evidence"])), 1)
    source = club.source(SECRETS["source"])
    club.ingest(source, [looked(SECRETS["photo"], [1, 2])])
    club.search(1, case=SECRETS["case"])
    club.verify(1, 2, case=SECRETS["case"])
    for refused in (
        lambda: club.search(1, purpose=SECRETS["name"]),
        lambda: club.search(1, case=None),
        lambda: club.anna.subjects.add(SECRETS["name"], handle=SECRETS["handle"], territory="GB"),
        lambda: club.open(None).search(b"", purpose="photo-library", case=SECRETS["case"]),
    ):
        with pytest.raises(CountenanceError):
            refused()
    club.anna.logbook.uses()
    club.anna.withdraw(SECRETS["handle"])


def test_p20_no_name_handle_path_address_or_case_is_in_any_leaf(club: Club) -> None:
    live(club)
    text = b"\n".join(club.anna.context.book.export()).decode().lower()
    words = {word for secret in SECRETS.values() for word in (secret, *secret.replace("@", " ").split())}
    words |= {ANNA, BEN, "anna@", "quux", "zebedee", "teaspoon", str(club.root)}
    common = {"the", "of", "affair", "missing"}
    assert not [word for word in words - common if word.lower() in text]


def test_p20_commitments_cannot_be_guessed_without_the_key(club: Club) -> None:
    """A plain hash of a name or a number would be found by trying all of them."""
    live(club)
    guesses = [*SECRETS.values(), ANNA, BEN, *map(str, range(50))]
    prefixes = ("", "subject:", "account:", "case:")
    plain = {hashlib.sha256(f"{p}{g}".encode()).hexdigest() for p, g in itertools.product(prefixes, guesses)}
    committed = set()
    for leaf in map(json.loads, club.anna.context.book.export()):
        committed |= {leaf.get("account"), leaf.get("case"), *leaf.get("subjects", [])} - {None}
    assert committed
    assert not committed & plain
    assert len(committed) > 20, "a salt for each entry: one person's commitments cannot be linked either"


def test_p20_erasing_somebody_destroys_the_salt_and_the_log_still_checks(club: Club) -> None:
    live(club)
    book, vault = club.anna.context.book, club.anna.context.keys.vault
    number = club.anna.subjects.get(SECRETS["handle"]).id
    leaves = list(book.export())
    key = vault.get(subject_key(number))
    named = [leaf for leaf in map(json.loads, leaves) if leaf.get("subjects")]
    for leaf in named:
        assert commitment(key, leaf["index"], f"subject:{number}") in leaf["subjects"], "salted by the person's own key"
    outside = book.checkpoint()
    club.ben.erase(SECRETS["handle"], reason="request")
    with pytest.raises(KeyMissing):
        vault.get(subject_key(number))
    assert list(book.export())[: len(leaves)] == leaves
    assert named
    book.check({"a witness": outside})
