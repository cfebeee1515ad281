"""The demo club: founded in a folder of its own, on synthetic people only (P21).

The folder holds ``club/`` (configuration, data, vault), ``keys/`` (apart from both), ``papers/`` (made-up consent
forms), ``photos/`` (the sources) and ``passphrases.json``: made up, and lying open, because nobody real is behind them.
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from countenance.errors import InputError
from countenance.samples import cast, made
from countenance.service.bases import Basis
from countenance.service.countenance import Countenance
from countenance.service.enrolling import Enrolled
from countenance.service.founding import Plan
from countenance.wiring import found_gallery, open_gallery

FOLDER = Path(".demo")
"""Where the demo lives unless told otherwise: in the project, ignored by git."""

ORGANISATION = "Riverside Rowing Club"
ANNA, BEN, CLARA = "anna@riverside.example", "ben@riverside.example", "clara@riverside.example"
TRIAL = "visitor@trial.example"
GUESTS = "dan@police.example", "eve@police.example", "finn@police.example"
"""People of another organisation: one who searches, two who review."""

PURPOSE = "photo-library"
NOTICE = "notice-2026"
MEMBERS = 20
"""So many of the cast are members; the one after them is a member whose consent nobody has confirmed yet."""

THRESHOLD, HIGH = 0.57, 0.65
"""For rendered people, who resemble one another more than real ones. A real gallery's follows from its size."""

TERRITORIES = {"Hana": "FR", "Iker": "FR", "Jia": "unknown"}
"""Where members live who do not live in the United Kingdom; of one, nobody asked."""

PARTY, SCRAPED = "summer-party", "from-a-website"
_MARKER = ".countenance-demo"


@dataclass(frozen=True, slots=True)
class Places:
    """What lies where in the demo's folder."""

    folder: Path

    @property
    def club(self) -> Path:
        """The gallery: configuration, data, vault."""
        return self.folder / "club"

    @property
    def keys(self) -> Path:
        """The key-encryption key and the account keys."""
        return self.folder / "keys"

    @property
    def papers(self) -> Path:
        """Consent forms and the notice."""
        return self.folder / "papers"

    @property
    def photos(self) -> Path:
        """The sources, a folder each."""
        return self.folder / "photos"

    @property
    def passphrases(self) -> dict[str, str]:
        """The made-up passphrases by account."""
        found: dict[str, str] = json.loads((self.folder / "passphrases.json").read_text("utf-8"))
        return found

    def open(self, account: str = ANNA, *, apart: bool = False) -> Countenance:
        """Open the club's gallery as one of its accounts; ``apart`` as for `open_gallery`."""
        return open_gallery(self.club, account=account, passphrase=self.passphrases[account], apart=apart)

    @property
    def finished(self) -> bool:
        """Whether a whole club stands here, not the rest of a run that was cut short."""
        marker = self.folder / _MARKER
        return marker.exists() and marker.read_text("utf-8") == "finished\n"

    def finish(self) -> None:
        """Note that the club is whole."""
        (self.folder / _MARKER).write_text("finished\n", encoding="utf-8")


def clear(folder: Path) -> Places:
    """An empty demo folder. Only a folder that a demo made is ever emptied; any other is refused."""
    folder = folder.absolute()
    if folder.exists() and not (folder / _MARKER).exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty, and no demo made it.", hint="Give a new folder for the demo.")
    try:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
        folder.mkdir(parents=True)
        (folder / _MARKER).write_text("building\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written to: {error.strerror}.") from None
    return Places(folder)


def found(places: Places) -> Countenance:
    """Found the club: three named accounts, each with a key, and the notice that everybody was given."""
    passphrases = {email: secrets.token_urlsafe(12) for email in (ANNA, BEN, CLARA, TRIAL, *GUESTS)}
    file = places.folder / "passphrases.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(passphrases, indent=2) + "\n", encoding="utf-8")
    plan = Plan(
        places.club, ORGANISATION, ANNA, passphrases[ANNA], [PURPOSE], keys=places.keys, threshold=THRESHOLD, high=HIGH
    )
    club = found_gallery(plan)
    club.accounts.add(BEN, roles=["controller", "officer"], passphrase=passphrases[BEN])
    club.accounts.add(CLARA, roles=["reviewer", "officer"], passphrase=passphrases[CLARA])
    places.papers.mkdir()
    notice = places.papers / f"{NOTICE}.txt"
    notice.write_text("We look for members' faces in our own photographs. Everybody else is forgotten.\n", "utf-8")
    club.notices.add(NOTICE, text=notice, channel="form")
    return club


def enrol(club: Countenance, places: Places, name: str) -> tuple[Enrolled, Basis]:
    """Enrol one member from a portrait, under a consent that still waits to be confirmed."""
    form = places.papers / f"consent-{name.lower()}.txt"
    form.write_text(f"I, {name}, agree that the club finds me in its photographs.\n", encoding="utf-8")
    subject = club.subjects.add(name, territory=TERRITORIES.get(name, "GB"))
    basis = club.bases.record(
        subject,
        ground="consent",
        condition="explicit-consent",
        purposes=[PURPOSE],
        evidence=form,
        notice=NOTICE,
    )
    return club.enrol(subject, cast().portrait(name), basis=basis), basis


def enrol_members(club: Countenance, second: Countenance, places: Places) -> tuple[tuple[str, ...], str]:
    """Enrol the members, each consent countersigned by ``second``; one more is left pending.

    Returns the members' names and the pending one's.
    """
    names = cast().identities
    for name in names[:MEMBERS]:
        _, basis = enrol(club, places, name)
        second.bases.countersign(basis)
    enrol(club, places, names[MEMBERS])
    return names[:MEMBERS], names[MEMBERS]


def add_party(club: Countenance, places: Places) -> Path:
    """The party's folder: group photos with strangers, pictures of nobody, and a file that was cut off."""
    folder = places.photos / PARTY
    folder.mkdir(parents=True)
    for photo in [group.path for group in cast().party()] + cast().no_face():
        shutil.copyfile(photo, folder / photo.name)
    (folder / "cut-off.jpg").write_bytes(made.broken_jpeg())
    club.sources.add(
        PARTY,
        folder,
        statement="our own photographer, contract of May 2026",
        purposes=[PURPOSE],
        origin="the club's summer party, 2026",
    )
    return folder


def add_scraped(club: Countenance, places: Places) -> Path:
    """A folder that somebody downloaded: its photos carry Facebook's mark."""
    folder = places.photos / SCRAPED
    folder.mkdir(parents=True)
    for group in cast().party()[:6]:
        (folder / group.path.name).write_bytes(made.with_facebook_mark(group.path.read_bytes()))
    club.sources.add(SCRAPED, folder, statement="a supplier says it is fine", purposes=[PURPOSE])
    return folder


def ready(folder: Path = FOLDER) -> Places:
    """The demo club as it stands, or a new one, quickly: members enrolled, the party ingested."""
    places = Places(folder.absolute())
    if places.finished:
        return places
    places = clear(folder)
    with found(places) as club, places.open(BEN) as second:
        enrol_members(club, second, places)
        add_party(club, places)
        club.ingest(PARTY)
    places.finish()
    return places
