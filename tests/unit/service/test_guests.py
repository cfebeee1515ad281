"""Guests find their own photos: events, invitations, consent, stills, pictures, leaving (DESIGN §10)."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from clubs import ANNA, BEN, Club, MovableClock, orphans
from countenance.config import FILE_NAME
from countenance.errors import (
    InputError,
    NoAgreement,
    NoBasis,
    NotFound,
    NotSignedIn,
    PurposeRefused,
    QualityTooLow,
    ReceiptRefused,
    RoleRefused,
    TerritoryRefused,
    TooMany,
)
from countenance.policy.desk import Ask
from countenance.policy.inviting import event_statement
from countenance.registry import schema as t
from countenance.rights.access import everything
from countenance.rights.reading import Reading
from countenance.samples import cast
from countenance.service.coming import Welcomed
from countenance.service.events import Event
from countenance.service.guest_sweeps import GuestSweeps, sweep_for_guests
from countenance.types import Confirm, Enrol
from restores import backup, lose, restore
from unit.service.test_stills import stills

DAY = "2027-01-14"
SOURCE = "summer"
"""Where the event's photos come from."""
ADDRESS = "farah@example.org"
MAIL = ("[mail]", 'host = "127.0.0.1"', "port = 1", "starttls = false", 'sender = "faces@club.example"')
"""A mail server; nobody is there."""


@pytest.fixture
def hosted(club: Club) -> Club:
    """A club with an event. Its photos are not looked at: most tests need none."""
    club.source(SOURCE, ["find-my-photos"])
    make(club)
    return club


def make(club: Club, **more) -> Event:
    given = {"source": SOURCE, "notice": club.notice, "day": DAY} | more
    return club.anna.events.add("Summer party", **given)


def invited(club: Club, event: str = "G1") -> str:
    (made,) = club.anna.invitations.make(event)
    assert made.secret
    return made.secret


def welcomed(club: Club, event: str = "G1", **more) -> Welcomed:
    return club.anna.coming.agree(invited(club, event), agrees=True, adult=True, **({"territory": "GB"} | more))


def shown(club: Club, key: str, name: str = "Farah", **more) -> None:
    challenge = club.anna.guests.ask(key)
    club.anna.guests.answer(key, challenge.token, stills(challenge.poses, name, **more))


# --- events ----------------------------------------------------------------------------------------------------------


def test_an_event_is_made_under_the_own_agreement_for_one_source(hosted: Club) -> None:
    (event,) = hosted.anna.events.list()
    assert (event.id, event.name, event.source, event.receive, event.open) == (
        "G1",
        "Summer party",
        SOURCE,
        "blurred",
        True,
    )
    assert (event.day, event.ends) == (DAY, "2027-04-15")
    assert event.notice == hosted.notice.read_text()
    with hosted.sql() as connection:
        assert b"Summer" not in connection.scalar(sa.select(t.events.c.name_sealed))
    assert [notice.channel for notice in hosted.anna.notices.list()] == ["form", "the guest's page"]
    make(hosted)
    assert len(hosted.anna.notices.list()) == 2, "the same text is one notice"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"day": "soon"}, InputError),
        ({"day": "2026-01-01"}, InputError),
        ({"day": "2029-01-01"}, InputError),
        ({"receive": "original"}, InputError),
        ({"receive": "everything"}, InputError),
        ({"notice": "nowhere.txt"}, InputError),
        ({"source": "other"}, NotFound),
    ],
)
def test_an_event_that_cannot_be_is_refused_and_leaves_nothing(hosted: Club, wrong, error) -> None:
    with pytest.raises(error):
        make(hosted, **wrong)
    assert len(hosted.anna.events.list()) == 1


def test_p4_an_event_s_source_serves_the_purpose(hosted: Club) -> None:
    hosted.source("archive", ["photo-library"])
    with pytest.raises(PurposeRefused):
        make(hosted, source="archive")


def test_p3_without_an_agreement_nobody_is_invited_and_nobody_comes_in(hosted: Club) -> None:
    secret = invited(hosted)
    hosted.anna.agreements.end("A1")
    for refused in (lambda: make(hosted), lambda: hosted.anna.invitations.make("G1")):
        with pytest.raises(NoAgreement):
            refused()
    with pytest.raises(NotFound):
        hosted.anna.coming.look(secret)


def test_p21_who_may_make_an_event_is_asked(hosted: Club) -> None:
    hosted.anna.accounts.add("rev@club.example", roles=["reviewer"], passphrase="words")
    reviewer = hosted.open("rev@club.example")
    for refused in (
        lambda: reviewer.events.add("Party", source=SOURCE, notice=hosted.notice, day=DAY),
        lambda: reviewer.invitations.make("G1"),
        lambda: reviewer.events.close("G1"),
    ):
        with pytest.raises(RoleRefused):
            refused()
    assert hosted.anna.invitations.list("G1") == []
    with pytest.raises(NotSignedIn):
        hosted.open(None).events.add("Party", source=SOURCE, notice=hosted.notice, day=DAY)


# --- invitations -----------------------------------------------------------------------------------------------------


def test_p3_an_invitation_serves_once_and_its_secret_is_kept_nowhere(hosted: Club) -> None:
    made = hosted.anna.invitations.make("G1", 3, days=2)
    assert [each.id for each in made] == ["I1", "I2", "I3"]
    assert len({each.secret for each in made}) == 3
    secret = f"{made[0].secret}"
    files = b"".join(file.read_bytes() for place in hosted.places for file in place.rglob("*") if file.is_file())
    assert secret.encode() not in files
    assert made[0].address("https://faces.example.org/") == f"https://faces.example.org/guest/{secret}"
    asked = hosted.anna.coming.look(secret)
    assert (asked.event, asked.words, asked.receive) == ("Summer party", hosted.notice.read_text(), "blurred")
    hosted.anna.coming.agree(secret, agrees=True, adult=True)
    for again in (
        lambda: hosted.anna.coming.look(secret),
        lambda: hosted.anna.coming.agree(secret, agrees=True, adult=True),
    ):
        with pytest.raises(NotFound):
            again()
    assert [each.state for each in hosted.anna.invitations.list("G1")] == ["used", "open", "open"]
    hosted.anna.invitations.void("I2")
    hosted.clock.forward(days=3)
    assert [each.state for each in hosted.anna.invitations.list("G1")] == ["used", "voided", "expired"]
    with pytest.raises(InputError):
        hosted.anna.invitations.void("I1")


def test_p14_what_serves_no_more_is_told_in_the_words_of_what_never_was(hosted: Club) -> None:
    used, voided, expired, closed = (invited(hosted) for _ in range(4))
    told = set()

    def absent(secret: str) -> None:
        with pytest.raises(NotFound) as error:
            hosted.anna.coming.look(secret)
        told.add((error.value.message, error.value.hint))

    hosted.anna.coming.agree(used, agrees=True, adult=True)
    hosted.anna.invitations.void("I2")
    absent(used), absent(voided), absent("x" * 43), absent("short"), absent("é" * 43)
    hosted.anna.events.close("G1")
    absent(closed)
    hosted.clock.forward(days=31)
    absent(expired)
    with pytest.raises(NotFound) as error:
        hosted.anna.guests.standing("x" * 43)
    told.add((error.value.message, error.value.hint))
    assert len(told) == 1


@pytest.mark.parametrize("table", ["events", "invitations", "guests"])
def test_p1_a_row_that_was_written_by_hand_lets_nobody_in(hosted: Club, table: str) -> None:
    key, secret = welcomed(hosted).key, invited(hosted)
    change = {
        "events": {"receive": "original"},
        "invitations": {"expires": 2**40},
        "guests": {"subject": 1, "basis": 99},
    }
    if table == "guests":
        other = hosted.person("Ada", 1)
        change["guests"]["subject"] = int(other.id)
        change["guests"]["basis"] = 2
    with hosted.sql() as connection:
        connection.execute(sa.update(t.metadata.tables[table]).values(**change[table]))
    if table == "guests":
        with pytest.raises(NotFound):
            hosted.anna.guests.standing(key)
    else:
        with pytest.raises(NotFound):
            hosted.anna.coming.look(secret)
        with pytest.raises((NoAgreement, NotFound)):
            shown(hosted, key)


@pytest.mark.parametrize("log", ["kept", "lost"])
def test_p7_an_invitation_that_was_used_or_voided_serves_no_more_after_a_restore(hosted: Club, log: str) -> None:
    used, voided = invited(hosted), invited(hosted)
    made = backup(hosted)
    hosted.anna.coming.agree(used, agrees=True, adult=True)
    hosted.anna.invitations.void("I2")
    hosted.anna.events.close("G1")
    lose(hosted, log=log == "kept")
    restore(hosted, made.file)
    assert "open" not in {each.state for each in hosted.anna.invitations.list("G1")}
    if log == "kept":
        assert [each.state for each in hosted.anna.invitations.list("G1")] == ["used", "voided"]
        assert hosted.anna.events.get("G1").closed
    for secret in (used, voided):
        with pytest.raises(NotFound):
            hosted.anna.coming.look(secret)


# --- consent ---------------------------------------------------------------------------------------------------------


def test_p1_a_guest_agrees_and_gets_a_pending_basis_and_a_receipt(hosted: Club) -> None:
    guest = welcomed(hosted, contact="f@example.org")
    (basis,) = hosted.anna.bases.list()
    assert (basis.state, basis.purposes, basis.ground) == ("pending", ("find-my-photos",), "consent")
    assert basis.notice
    (subject,) = hosted.anna.subjects.list()
    assert (subject.contact, subject.territory) == ("f@example.org", "GB")
    assert guest.receipt["body"]
    assert hosted.anna.guests.standing(guest.key).state == "stills"
    acts = [(each["act"], each["facts"].get("by")) for each in hosted.anna.log_entries()[-2:]]
    assert acts == [("consent", "invitation"), ("receipt", "invitation")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"agrees": False}, InputError),
        ({"adult": False}, InputError),
        ({"territory": "Narnia"}, InputError),
        ({"contact": "x"}, InputError),
        ({"name": "a\nb"}, InputError),
    ],
)
def test_p1_whoever_does_not_agree_in_full_leaves_nothing_and_may_try_again(hosted: Club, said, error) -> None:
    secret = invited(hosted)
    with pytest.raises(error):
        hosted.anna.coming.agree(secret, **({"agrees": True, "adult": True} | said))
    assert hosted.anna.subjects.list() == []
    assert hosted.anna.coming.look(secret)


def test_p24_a_guest_from_where_the_gallery_was_not_made_for_is_told_before_anything_is_recorded(
    hosted: Club, monkeypatch
) -> None:
    monkeypatch.setattr("countenance.policy.activating.territories_on", lambda *_: frozenset({"DE"}))
    for territory in ("GB", "unknown"):
        with pytest.raises(TerritoryRefused):
            welcomed(hosted, territory=territory)
    assert hosted.anna.subjects.list() == []


# --- stills ----------------------------------------------------------------------------------------------------------


def test_p1_stills_that_fit_are_the_enrolment_and_confirm_the_consent(hosted: Club) -> None:
    guest = welcomed(hosted)
    shown(hosted, guest.key)
    (basis,) = hosted.anna.bases.list()
    assert (basis.life, basis.confirmed_how) == ("in force", "confirmed by stills in the poses asked")
    assert hosted.anna.guests.standing(guest.key).state == "searching"
    with pytest.raises(InputError):
        hosted.anna.guests.ask(guest.key)
    (subject,) = hosted.anna.subjects.list()
    found = hosted.anna.search(
        cast().portrait("Farah"), purpose="find-my-photos", case="own", on_behalf_of=subject.handle
    )
    assert [hit.subject for hit in found] == [subject.handle]
    with hosted.sql() as connection:
        connection.execute(sa.update(t.bases).values(noticed=5))
    with pytest.raises(Exception, match="no signature confirms"):
        hosted.anna.search(cast().portrait("Farah"), purpose="find-my-photos", case="own", on_behalf_of=subject.handle)


def test_p1_stills_that_do_not_fit_leave_nothing_and_may_be_taken_again(hosted: Club) -> None:
    guest = welcomed(hosted)
    challenge = hosted.anna.guests.ask(guest.key)
    taken = stills(challenge.poses)
    taken[challenge.poses.index("straight")] = cast().photos("Ada")[3].read_bytes()
    with pytest.raises((NoBasis, QualityTooLow)):
        hosted.anna.guests.answer(guest.key, challenge.token, taken)
    with hosted.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.references)) == 0
    with pytest.raises(ReceiptRefused):
        hosted.anna.guests.answer(guest.key, challenge.token, taken)
    assert hosted.anna.guests.standing(guest.key).state == "stills"
    shown(hosted, guest.key)
    assert hosted.anna.guests.standing(guest.key).state == "searching"


def test_p1_one_guest_s_asking_is_not_another_s(hosted: Club) -> None:
    one, other = welcomed(hosted), welcomed(hosted)
    challenge = hosted.anna.guests.ask(one.key)
    with pytest.raises(NotFound):
        hosted.anna.guests.answer(other.key, challenge.token, stills(challenge.poses))
    assert {each.state for each in hosted.anna.bases.list()} == {"pending"}


def test_p3_a_guest_s_record_enrols_nobody_else_and_not_after_the_event_is_closed(hosted: Club) -> None:
    ada = hosted.person("Ada", 1)
    guest = welcomed(hosted)
    desk = hosted.anna.context.desk
    (basis,) = hosted.anna.bases.list(ada)
    with pytest.raises(NoAgreement):
        desk.decide(Enrol, Ask(subject=ada.id, basis=basis.number, guest=1))
    with pytest.raises(NotSignedIn):
        desk.decide(Enrol, Ask(subject=ada.id, basis=basis.number, guest=77))
    hosted.anna.events.close("G1")
    with pytest.raises(NoAgreement):
        shown(hosted, guest.key)


def test_stills_are_taken_so_often_an_hour_and_no_more(hosted: Club, monkeypatch) -> None:
    monkeypatch.setattr("countenance.service.guests.HOURLY_STILLS", 1)
    guest = welcomed(hosted)
    for error in (InputError, TooMany):
        challenge = hosted.anna.guests.ask(guest.key)
        with pytest.raises(error):
            hosted.anna.guests.answer(guest.key, challenge.token, [b"a", b"b"])


def test_p1_where_guests_are_approved_nothing_is_live_before(hosted: Club) -> None:
    event = make(hosted, approve=True)
    with pytest.raises(InputError):
        welcomed(hosted, event.id)
    guest = welcomed(hosted, event.id, name="Farah")
    (subject,) = hosted.anna.hosting.guests(event)
    assert (subject.name, subject.state) == ("Farah", "stills")
    with pytest.raises(InputError):
        hosted.anna.hosting.approve(subject.subject)
    shown(hosted, guest.key)
    assert hosted.anna.guests.standing(guest.key).state == "waiting"
    assert hosted.anna.hosting.due() == {}
    (basis,) = hosted.anna.bases.list()
    assert basis.state == "pending"
    hosted.anna.hosting.approve(subject.subject)
    assert hosted.anna.bases.get(basis).life == "in force"
    assert hosted.anna.hosting.due() == {SOURCE: (1,)}
    with pytest.raises(InputError):
        hosted.anna.hosting.refuse(subject.subject)


def test_p5_a_guest_who_is_turned_away_is_found_by_nobody(hosted: Club) -> None:
    guest = welcomed(hosted, make(hosted, approve=True).id, name="Farah")
    shown(hosted, guest.key)
    (subject,) = hosted.anna.subjects.list()
    hosted.anna.hosting.refuse(subject.handle)
    assert hosted.anna.guests.standing(guest.key).state == "ended"
    assert hosted.anna.bases.list()[0].state == "withdrawn"


def test_p1_nothing_but_stills_confirms_a_guest(hosted: Club) -> None:
    """There is no form that a second account could have seen; and no account has signed the notice (P2)."""
    guest = welcomed(hosted, make(hosted, approve=True).id, name="Farah", contact=BEN)
    for taken in (False, True):
        if taken:
            shown(hosted, guest.key)
        assert hosted.ben.approvals.waiting() == []
        assert hosted.ben.bases.pending() == ()
        for confirm in (
            lambda: hosted.ben.bases.countersign("B1"),
            lambda: hosted.ben.bases.confirm("B1"),
            lambda: hosted.anna.bases.link("B1", base_url="https://faces.club.example"),
        ):
            with pytest.raises(NoBasis, match="guest"):
                confirm()
    assert hosted.anna.guests.standing(guest.key).state == "waiting"


# --- pictures --------------------------------------------------------------------------------------------------------


@dataclass
class Party:
    """A club whose guest Farah was found at the party: alone in one picture, among others in one."""

    club: Club
    key: str
    other: str

    def photo(self, name: str) -> Path:
        return self.club.root / f"source-{SOURCE}" / f"{name}.jpg"


@pytest.fixture(scope="module")
def _seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    club = Club(tmp_path_factory.mktemp("guests"))
    club.source(SOURCE, ["find-my-photos"])
    folder = club.root / f"source-{SOURCE}"
    farah, ada = (Image.open(cast().portrait(name)) for name in ("Farah", "Ada"))
    both = Image.new("RGB", (farah.width + ada.width, farah.height))
    both.paste(farah, (0, 0))
    both.paste(ada, (farah.width, 0))
    for name, picture in {"alone": farah, "other": ada, "both": both}.items():
        picture.save(folder / f"{name}.jpg", quality=92)
    club.anna.ingest(SOURCE)
    club.configure(*MAIL)
    make(club)
    keys = [welcomed(club, contact=ADDRESS).key, welcomed(club).key]
    shown(club, keys[0])
    sweep_for_guests(club.anna)
    club.close()
    return club.root, keys[0], keys[1]


@pytest.fixture
def party(_seen: tuple[Path, str, str], quick_folder: Path) -> Iterator[Party]:
    root, *keys = _seen
    shutil.copytree(root, quick_folder / "party")
    config = quick_folder / "party" / "club" / FILE_NAME
    config.write_text(config.read_text().replace(str(root), str(quick_folder / "party")))
    club = Club.__new__(Club)
    club.__dict__.update(root=quick_folder / "party", clock=MovableClock(), opened=[], engine="embedded", server=None)
    with sqlite3.connect(quick_folder / "party" / "club" / "data" / "registry.db") as registry:
        moved = str(quick_folder / "party" / f"source-{SOURCE}")
        registry.execute("UPDATE sources SET root = ?", (moved,))
    club.anna, club.ben = club.open(ANNA), club.open(BEN)
    yield Party(club, *keys)
    club.close()


def test_a_guest_gets_their_own_pictures_with_all_others_covered(party: Party) -> None:
    guests = party.club.anna.guests
    here = guests.standing(party.key)
    assert (here.state, here.receive, len(here.photos)) == ("here", "blurred", 2)
    for number in here.photos:
        data, kind = guests.picture(party.key, number)
        small, _ = guests.picture(party.key, number, small=True)
        assert kind == "image/jpeg"
        assert b"Exif" not in data
        assert len(small) < len(data)
        got = Image.open(io.BytesIO(data))
        middle = np.asarray(Image.open(party.photo("both")).crop((0, 0, *got.size))).astype(int)
        changed = np.abs(np.asarray(got).astype(int) - middle).max(axis=2) > 40
        face = changed[got.height // 3 : got.height // 2]
        assert face[:, : got.height // 2].mean() < 0.05, "she is seen"
        assert (got.width < 2 * middle.shape[0] / 1.5) or face[:, got.width // 2 :].mean() > 0.3, "nobody else is"


def test_an_original_is_the_file_itself_where_the_owner_has_stated_so(party: Party) -> None:
    context, guests = party.club.anna.context, party.club.anna.guests
    here = guests.standing(party.key)
    with party.club.sql() as connection:
        connection.execute(sa.update(t.events).values(receive="original", statement="all have agreed"))
    with pytest.raises(NotFound):  # not as it was signed: nobody gets originals because a row was changed
        guests.picture(party.key, here.photos[0])
    with party.club.sql() as connection:
        row = connection.execute(sa.select(t.events)).one()
        connection.execute(sa.update(t.events).values(signature=context.book.signer().sign(event_statement(row))))
    files = {party.photo(name).read_bytes() for name in ("alone", "both")}
    assert {guests.picture(party.key, number)[0] for number in here.photos} == files
    assert guests.picture(party.key, here.photos[0], small=True)[1] == "image/jpeg"


def test_p3_a_guest_sees_nothing_but_their_own(party: Party) -> None:
    guests = party.club.anna.guests
    (own,) = (set(guests.standing(party.key).photos),)
    others = {f"P{number}" for number in range(1, 9)} - own
    for number in (*others, "P0", "x", "../etc"):
        with pytest.raises(NotFound):
            guests.picture(party.key, number)
    assert guests.standing(party.other).photos == ()
    for number in own:
        with pytest.raises(NotFound):
            guests.picture(party.other, number)


def test_p19_each_look_and_each_download_of_a_guest_is_in_the_log(party: Party) -> None:
    club, before = party.club.anna, party.club.anna.context.book.size()
    (number, *_) = club.guests.standing(party.key).photos
    club.guests.picture(party.key, number)
    told = [(each["act"], each["facts"]["by"], each["facts"]["step"]) for each in club.log_entries(before)]
    assert told == [("guest", "invitation", "looked"), ("guest", "invitation", "downloaded")]
    answer = [each for each in club.log_entries(before) if each["subjects"]]
    assert len(answer) == 2


def test_pictures_are_asked_for_so_often_an_hour_and_no_more(party: Party, monkeypatch) -> None:
    monkeypatch.setattr("countenance.service.guests.HOURLY_PICTURES", 1)
    guests = party.club.anna.guests
    (number, *_) = guests.standing(party.key).photos
    guests.picture(party.key, number, small=True)
    with pytest.raises(TooMany):
        guests.picture(party.key, number, small=True)


def test_pictures_that_come_later_are_told_as_new(party: Party) -> None:
    club = party.club
    club.anna.guests.standing(party.key)
    club.clock.forward(seconds=60)
    shutil.copyfile(cast().photos("Farah")[3], club.root / f"source-{SOURCE}" / "later.jpg")
    club.anna.ingest(SOURCE)
    here = club.anna.guests.standing(party.key)
    assert (len(here.photos), here.new) == (3, 1)
    assert club.anna.guests.standing(party.key).new == 0


def test_p6_a_guest_leaves_with_one_act_and_gets_a_certificate(party: Party) -> None:
    club = party.club.anna
    done = club.guests.leave(party.key)
    assert done.certificate["body"]["residuals"] is not None
    assert done.faces_erased == 3  # the still, and two pictures
    with pytest.raises(NotFound):
        club.guests.standing(party.key)
    assert len(club.subjects.list()) == 1
    assert orphans(party.club) == []


def test_p13_all_of_an_event_ends_ninety_days_after_it(party: Party) -> None:
    club = party.club
    club.clock.forward(days=91)
    with pytest.raises(NotFound):
        club.anna.coming.look("x" * 43)
    assert club.anna.guests.standing(party.key).state == "ended"
    club.ben.purge()
    club.ben.purge()
    assert club.anna.subjects.list() == []
    assert club.anna.events.list() == []
    assert orphans(club) == []


def test_p15_the_access_answer_tells_of_the_event(party: Party) -> None:
    context = party.club.anna.context
    with context.registry.read() as connection:
        guest = connection.execute(sa.select(t.guests).order_by(t.guests.c.id)).first()
        assert guest is not None
        told = everything(Reading(connection, context.keys, context.organisation, guest.subject))["events"]
    (event,) = told
    assert (event["event"], event["day"]) == ("Summer party", DAY)
    assert event["stills"]


def refuse(*_: object, **__: object) -> None:
    raise RoleRefused("This needs the role 'operator'.")


def test_a_sweep_for_guests_takes_all_who_wait_and_says_once_why_it_cannot(hosted: Club, monkeypatch) -> None:
    keys = [welcomed(hosted).key for _ in range(2)]
    shown(hosted, keys[0])
    shown(hosted, keys[1], "Farah")
    said: list[str] = []
    by_ben = GuestSweeps(hosted.ben, said.append)
    monkeypatch.setattr(hosted.ben, "sweep", refuse)
    by_ben.run_if_due()
    by_ben.run_if_due()
    assert len(said) == 1
    assert hosted.anna.hosting.due() == {SOURCE: (1, 2)}
    assert sweep_for_guests(hosted.anna, lambda: True).guests == 0
    GuestSweeps(hosted.anna, said.append).run_if_due()
    assert hosted.anna.hosting.due() == {}
    assert {hosted.anna.guests.standing(key).state for key in keys} == {"here"}
    assert sweep_for_guests(hosted.anna).guests == 0


def test_p17_a_picture_of_the_low_band_is_not_shown_to_a_guest_before_it_is_reviewed(party: Party) -> None:
    guests = party.club.anna.guests
    here = guests.standing(party.key)
    doubtful = here.photos[0]
    with party.club.sql() as connection:
        mine = t.appearances.c.photo == int(doubtful[1:])
        connection.execute(sa.update(t.appearances).where(mine).values(band="low"))
    assert guests.standing(party.key).photos == here.photos[1:]
    for small in (False, True):
        with pytest.raises(NotFound):
            guests.picture(party.key, doubtful, small=small)
    subject = min(party.club.anna.subjects.list(), key=lambda each: each.id)  # handles are drawn by chance
    party.club.anna.people.is_this(subject.handle, [doubtful])
    assert guests.standing(party.key).photos == here.photos


@pytest.mark.parametrize("again", [False, True])
def test_p1_stills_that_come_twice_at_once_enrol_one_face(hosted: Club, monkeypatch, again: bool) -> None:
    guests, guest = hosted.anna.guests, welcomed(hosted)
    challenge = guests.ask(guest.key)
    kind, raced = type(hosted.anna.context.desk), []
    decide, moment = kind.decide, Enrol if again else Confirm

    def slow(desk, action, ask):
        grant = decide(desk, action, ask)
        if action is moment and not raced:  # another request comes in before this one goes on
            raced.append(1)
            asked = guests.ask(guest.key) if again else challenge
            others = [still + b"\0" for still in stills(asked.poses)]
            guests.answer(guest.key, asked.token, others)
        return grant

    monkeypatch.setattr(kind, "decide", slow)
    with pytest.raises((InputError, ReceiptRefused)):
        guests.answer(guest.key, challenge.token, stills(challenge.poses))
    with hosted.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.references)) == 1
    assert guests.standing(guest.key).state == "searching"


def test_p1_a_guest_who_is_approved_after_a_purge_is_found_and_no_search_breaks(hosted: Club) -> None:
    guest = welcomed(hosted, make(hosted, approve=True).id, name="Farah")
    shown(hosted, guest.key)
    hosted.anna.purge()
    (subject,) = hosted.anna.subjects.list()
    hosted.anna.hosting.approve(subject.handle)
    assert hosted.anna.guests.standing(guest.key).state == "searching"
    hosted.anna.purge()
    found = hosted.anna.search(
        cast().portrait("Farah"), purpose="find-my-photos", case="own", on_behalf_of=subject.handle
    )
    assert [hit.subject for hit in found] == [subject.handle]


def test_p4_a_guest_is_looked_for_in_the_event_s_pictures_and_nowhere_else(party: Party) -> None:
    club = party.club
    elsewhere = club.source("winter", ["find-my-photos"])
    shutil.copy(cast().photos("Farah")[1], club.root / "source-winter" / "winter.jpg")
    club.anna.ingest("winter")
    club.anna.sweep("winter")
    with club.sql() as connection:
        seen = sa.select(t.sources.c.name).select_from(
            t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(t.sources)
        )
        assert set(connection.scalars(seen)) == {SOURCE}, elsewhere
