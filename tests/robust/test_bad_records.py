"""Records that are absent, expired, pending or another organisation's: refused, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, DAY, WORDS, Club
from countenance import errors
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.founding import Plan
from countenance.wiring import found_gallery, open_gallery
from robust import photos
from robust.attacks import refused, two_lines

PHOTO = cast().portrait("Goran")


def test_a_subject_and_a_basis_that_do_not_exist(members: Club) -> None:
    anna, ada = members.anna, members.anna.subjects.get("ada")
    for act in (
        lambda: anna.subjects.get("nobody"),
        lambda: anna.enrol("nobody", PHOTO, basis="B1"),
        lambda: anna.enrol(ada, PHOTO, basis="B999"),
        lambda: anna.enrol(ada, PHOTO, basis="1"),
        lambda: anna.enrol(ada, PHOTO, basis="B999999999999999999999"),
        lambda: anna.enrol(ada, PHOTO, basis="B-1"),
        lambda: anna.withdraw("nobody"),
        lambda: anna.withdraw(ada, ["B999"]),
        lambda: anna.erase("nobody", reason="withdrawn"),
        lambda: anna.ingest("nowhere"),
        lambda: anna.bases.countersign("B999"),
        lambda: anna.search(PHOTO, purpose="find-my-photos", case="c", on_behalf_of="nobody"),
    ):
        assert " no " in refused(members, errors.NotFound, act).message
    refused(members, errors.NoBasis, lambda: anna.enrol("bruno", PHOTO, basis=anna.bases.list(ada)[0]))
    refused(members, errors.InputError, lambda: anna.erase("ada", reason="Ada Lovelace asked on the phone"))


def test_bases_that_are_pending_expired_or_withdrawn(members: Club) -> None:
    goran = members.subject("Goran")
    pending = members.basis(goran, live=False)
    members.anna.enrol(goran, PHOTO, basis=pending)
    probe = photos.portrait("Goran")

    def found() -> list[str]:
        return [hit.subject for hit in members.anna.search(probe, purpose="photo-library", case="c")]

    assert found() == []
    refused(members, errors.RoleRefused, lambda: members.anna.bases.countersign(pending))
    members.ben.bases.countersign(pending)
    assert found() == ["goran"]
    refused(members, errors.NoBasis, lambda: members.ben.bases.countersign(pending))
    short = members.anna.bases.record(
        goran, ground="consent", condition="explicit-consent", purposes=["photo-library"],
        evidence=members.evidence("goran, short"), notice="notice-2027", until="2027-02-01",
    )  # fmt: skip
    members.clock.forward(days=40)
    other = members.root / "other.jpg"
    other.write_bytes(photos.portrait("Goran", 2))
    refused(members, errors.NoBasis, lambda: members.anna.enrol(goran, other, basis=short))
    refused(members, errors.NoBasis, lambda: members.ben.bases.countersign(short))
    assert found() == ["goran"]
    members.clock.forward(days=4000)
    with pytest.raises(errors.NoAgreement):
        found()
    members.anna.agreements.add(["photo-library"])
    assert found() == []


def test_a_withdrawn_basis_serves_for_nothing(members: Club) -> None:
    (basis,) = members.anna.bases.list(members.anna.subjects.get("ada"))
    members.anna.withdraw("ada")
    other = members.root / "other.jpg"
    other.write_bytes(photos.portrait())
    refused(members, errors.NoBasis, lambda: members.anna.enrol("ada", other, basis=basis))
    refused(members, errors.NoBasis, lambda: members.ben.bases.countersign(basis))
    refused(members, errors.NotFound, lambda: members.anna.withdraw("ada"))
    assert len(members.anna.search(other, purpose="photo-library", case="c")) == 0


@pytest.mark.parametrize(
    ("purpose", "case", "kind"),
    [
        (None, "c", errors.PurposeRefused),
        ("", "c", errors.PurposeRefused),
        ("surveillance", "c", errors.PurposeRefused),
        ("PHOTO-LIBRARY", "c", errors.PurposeRefused),
        ("duplicate-check", "c", errors.PurposeRefused),
        ("archive-cataloguing", "c", errors.PurposeRefused),
        ("family-tracing", "c", errors.PurposeRefused),
        ("find-my-photos", "c", errors.PurposeRefused),
        ("photo-library", None, errors.NoCase),
        ("photo-library", "", errors.NoCase),
        ("photo-library", "x" * 201, errors.InputError),
    ],
)
def test_a_search_without_a_purpose_or_a_case_that_permits_it(
    members: Club, purpose: str | None, case: str | None, kind: type[errors.CountenanceError]
) -> None:
    refused(members, kind, lambda: members.anna.search(photos.portrait(), purpose=purpose, case=case))
    if purpose != "find-my-photos":  # which may verify
        refused(members, kind, lambda: members.anna.verify(photos.portrait(), PHOTO, purpose=purpose, case=case))


def test_evidence_that_proves_nothing(members: Club) -> None:
    goran = members.subject("Goran")

    def record(evidence: Path) -> None:
        members.anna.bases.record(
            goran, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=evidence
        )

    empty = members.root / "empty.pdf"
    empty.write_bytes(b" \n\n ")
    for kind, file in (
        (errors.NoBasis, empty),
        (errors.NoBasis, cast().portrait("Ada")),
        (errors.InputError, members.root / "nothing.pdf"),
        (errors.InputError, members.root),
    ):
        refused(members, kind, lambda file=file: record(file))
    assert members.anna.bases.list(goran) == []


def other_organisation(club: Club) -> dict[str, int]:
    """Another organisation in the same registry, with a subject of its own who can be found, and a source."""
    context, now = club.anna.context, club.clock()
    keys = context.keys
    with club.sql() as connection:

        def insert(table: sa.Table, **values: object) -> int:
            row = connection.execute(sa.insert(table).values(**values))
            return int((row.inserted_primary_key or (0,))[0])

        other = insert(t.organisations, name="Chess Club", created=now)
        keys.vault.create(f"organisation:{other}")
        subject = insert(
            t.subjects, organisation=other, handle_hash=keys.keyed_hash(f"organisation:{other}", "handle:eve"),
            territory="GB", state="active", created=now, last_interaction=now,
        )  # fmt: skip
        keys.vault.create(f"subject:{subject}")
        own = f"subject:{subject}"
        sealed = {
            "handle_sealed": keys.seal_text(own, "eve", "handle"),
            "name_sealed": keys.seal_text(own, "Eve", "name"),
        }
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id == subject).values(**sealed))
        notice = insert(
            t.notices, organisation=other, name="n", sha256="00", channel="form", given=now - 5, created=now
        )
        basis = insert(
            t.bases, organisation=other, subject=subject, ground="consent", condition="explicit-consent",
            purposes=2**20 - 1, evidence_sha256="ab" * 32, collective=False, notice=notice, starts=now - 5,
            ends=now + 400 * DAY, state="live",
            recorded_by=1, created=now,
        )  # fmt: skip
        vision = context.vision
        picture = vision.decode(PHOTO.read_bytes())
        face = vision.one_face(picture)
        (template,) = vision.templates(picture, [face])
        insert(
            t.references, organisation=other, subject=subject, basis=basis, photo_sha256="cd" * 32,
            photo_sealed=keys.seal_text(own, "/p.jpg", "photo"), face_sealed=keys.seal_text(own, "{}", "face"),
            template_sealed=keys.seal(own, template.to_bytes(), "template"), contract=template.contract,
            expires=now + 400 * DAY, created=now,
        )  # fmt: skip
        source = insert(
            t.sources, organisation=other, name="theirs", root=str(club.root), statement="theirs", territory="GB",
            purposes=2**20 - 1, unknown_faces="forget", retention_days=10, state="active", created=now,
        )  # fmt: skip
        connection.execute(sa.insert(t.changes).values(subject=subject))
    return {"organisation": other, "subject": subject, "basis": basis, "source": source}


def test_another_organisations_records_are_absent_in_the_same_words(members: Club) -> None:
    theirs = other_organisation(members)
    anna, number = members.anna, f"B{theirs['basis']}"
    absent = {
        "basis": anna.bases.get,
        "sign": anna.bases.countersign,
        "notice": lambda n: anna.bases.give_notice(n, "notice-2027"),
        "enrol": lambda n: anna.enrol("ada", PHOTO, basis=n),
    }
    for act in absent.values():
        theirs_fault = refused(members, errors.NotFound, lambda act=act: act(number))
        nobodys_fault = refused(members, errors.NotFound, lambda act=act: act("B998"))
        assert theirs_fault.message.replace(number, "B998") == nobodys_fault.message
    for act in (
        lambda: anna.subjects.get("eve"),
        lambda: anna.withdraw("eve"),
        lambda: anna.erase("eve", reason="request"),
        lambda: anna.ingest("theirs"),
        lambda: anna.search(PHOTO, purpose="find-my-photos", case="c", on_behalf_of="eve"),
    ):
        refused(members, errors.NotFound, act)
    found = anna.search(photos.portrait("Goran"), purpose="photo-library", case="c", threshold="off", limit=1000)
    assert {hit.subject for hit in found} == {"ada", "bruno", "chidi"}
    assert found.gallery_size == 3
    assert "eve" not in [subject.handle for subject in anna.subjects.list()]
    assert "theirs" not in [source.name for source in anna.sources.list()]


def test_a_photo_of_another_organisation_is_no_oracle(members: Club) -> None:
    """Whether somebody else enrolled this very photo must not show in the answer to one's own record."""
    theirs = other_organisation(members)
    import hashlib

    with members.sql() as connection:
        digest = hashlib.sha256(PHOTO.read_bytes()).hexdigest()
        mine = t.references.c.subject == theirs["subject"]
        connection.execute(sa.update(t.references).where(mine).values(photo_sha256=digest))
    goran = members.subject("Goran")
    basis = members.anna.bases.record(
        goran, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=PHOTO
    )
    assert basis.state == "pending"


def test_founding_twice_or_where_it_cannot_be(members: Club, tmp_path: Path) -> None:
    def plan(folder: Path, keys: Path, **more: object) -> Plan:
        return Plan(folder, "Rowing Club", ANNA, "words", ["photo-library"], keys=keys, **more)  # type: ignore[arg-type]

    refused(members, errors.AlreadyExists, lambda: found_gallery(plan(members.folder, tmp_path / "keys")))
    file = tmp_path / "file"
    file.write_text("x")
    refused(members, errors.InputError, lambda: found_gallery(plan(file / "club", tmp_path / "keys")))
    fresh = tmp_path / "fresh"
    with pytest.raises(errors.CountenanceError) as caught:
        found_gallery(plan(fresh, file / "keys"))
    two_lines(caught.value)
    # What could not be founded leaves nothing that stands in the way of the same command with a better place.
    found_gallery(plan(fresh, tmp_path / "good-keys")).close()


def test_opening_what_is_no_gallery(members: Club, tmp_path: Path) -> None:
    (tmp_path / "countenance.toml").write_text("this is = not [toml")
    for place in (tmp_path, tmp_path / "nowhere"):
        refused(members, errors.BadConfiguration, lambda p=place: open_gallery(p))
    refused(members, errors.NotSignedIn, lambda: members.open("eve@club.example"))
    kek = next(iter((members.root / "keys").glob("kek")))
    content = kek.read_bytes()
    kek.write_bytes(b"00" * 32)
    refused(members, errors.KeyMissing, lambda: members.open(ANNA))
    kek.unlink()
    refused(members, errors.KeyMissing, lambda: members.open(ANNA))
    kek.write_bytes(content)
    assert WORDS[ANNA]
    registry = members.folder / "data" / "registry.db"
    members.close()
    whole = registry.read_bytes()
    registry.write_bytes(b"not a database" * 1000)
    with pytest.raises(errors.Tampered) as caught:
        members.open(ANNA)
    two_lines(caught.value)
    registry.unlink()
    with pytest.raises(errors.BadConfiguration):
        members.open(ANNA)
    registry.write_bytes(whole)
    members.reopen()
    members.anna.check_log()
