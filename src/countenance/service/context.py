"""What every use case works with. Built by `countenance.wiring`, passed by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from countenance.config import Settings
from countenance.errors import NotFound, NotSignedIn
from countenance.gallery.erasing import Tools
from countenance.gallery.following import Following
from countenance.gallery.gallery import Gallery
from countenance.gallery.scale import Scale, Scaling
from countenance.gallery.searching import size
from countenance.gallery.snapshot import FOLDER
from countenance.log.book import Book
from countenance.photos.opening import place_of
from countenance.policy.actor import Actor
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.rights.requests import plain_contact
from countenance.types import AccountId, Clock, OrganisationId
from countenance.vault.keyring import Keyring, organisation_key
from countenance.vault.ledger import Ledger
from countenance.vision.engine import Vision


@dataclass(frozen=True, slots=True)
class Context:
    """One gallery, opened by one account (or by nobody, who may look at the status and no more)."""

    settings: Settings
    registry: Registry
    keys: Keyring
    book: Book
    desk: Desk
    gallery: Gallery
    vision: Vision
    scaling: Scaling
    clock: Clock
    organisation: OrganisationId
    actor: Actor | None
    follow: Callable[[str], Following]
    """Opens the index of an engine, by its name."""
    acting: Callable[[Actor | None], Context]
    """The same gallery, opened by another account: one index, one vision, a desk of its own."""
    servers: tuple[str, ...] = ()
    """Engines whose server is configured, whether it is searched or not."""

    @property
    def scale(self) -> Scale:
        """Threshold and bands for a search among all templates that are here now."""
        with self.registry.read() as connection:
            return self.scaling.at(size(connection, self.desk))

    @property
    def own_key(self) -> str:
        """The name of the organisation's key."""
        return organisation_key(self.organisation)

    @property
    def party(self) -> OrganisationId:
        """The organisation that asks: the owner, or another one under an agreement. Cases are the party's own."""
        return self.actor.organisation if self.actor else self.organisation

    @property
    def party_name(self) -> str:
        """What the asking organisation is called."""
        with self.registry.read() as connection:
            return f"{connection.scalar(sa.select(t.organisations.c.name).where(t.organisations.c.id == self.party))}"

    @property
    def party_key(self) -> str:
        """The name of the asking organisation's key."""
        return organisation_key(self.party)

    def own(self) -> None:
        """Raise `NotFound` unless the owner's own people ask: what is here is nobody else's business."""
        if self.party != self.organisation:
            raise NotFound("There is no such record.")

    @property
    def ledger(self) -> Ledger:
        """The erasure ledger, beside the vault."""
        return Ledger(self.settings.ledger_path, self.settings.gallery.id)

    @property
    def tools(self) -> Tools:
        """What an erasure works with."""
        return erasure_tools(self.settings, self.registry, self.keys)

    @property
    def account(self) -> AccountId:
        """Who acts. Raises `NotSignedIn` when nobody does."""
        if self.actor is None:
            raise NotSignedIn("No account is asking.")
        return self.actor.account

    def find_hash(self, kind: str, text: str) -> str:
        """The keyed hash by which a sealed text is found again."""
        return self.keys.keyed_hash(self.own_key, f"{kind}:{text}")

    def contact_hashes(self, contact: str) -> tuple[str, str]:
        """The keyed hashes by which a contact is found: as it is kept now, and as the first release kept it."""
        return self.find_hash("contact", plain_contact(contact)), self.find_hash("contact", contact.strip().lower())

    def subject_row(self, connection: sa.Connection, handle: str) -> sa.Row[tuple[object, ...]]:
        """The subject by this handle. Raises `NotFound`: absent, erased or not yours, in the same words."""
        self.own()
        row = connection.execute(
            sa.select(t.subjects).where(
                t.subjects.c.organisation == self.organisation,
                t.subjects.c.handle_hash == self.find_hash("handle", handle),
                t.subjects.c.state.not_in(("erasing", "erased")),
            )
        ).first()
        if row is None:
            raise NotFound(f"There is no subject {handle!r}.", hint="`countenance subject list` shows them.")
        return row


def erasure_tools(settings: Settings, registry: Registry, keys: Keyring) -> Tools:
    """What an erasure works with. Every folder with files of ours is searched, also for what others copied there."""
    places = {*settings.places, *([registry.file.parent] if registry.file else [])}
    ledger = Ledger(settings.ledger_path, settings.gallery.id)
    data = settings.data
    place = partial(place_of, settings=settings)
    return Tools(registry, keys, ledger, tuple(sorted(places)), data / "exports", data / FOLDER, place)
