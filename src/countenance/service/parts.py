"""The parts of an open gallery, one a kind of record or job: each is imported and made when it is first asked for.

A command needs two or three of them, and to import them all takes longer than most commands do.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from countenance.service.accounts import Accounts
    from countenance.service.activations import Activations
    from countenance.service.agreements import Agreements
    from countenance.service.backups import Backups
    from countenance.service.bases import Bases
    from countenance.service.browsers import Browsers
    from countenance.service.cases import Cases
    from countenance.service.collected import Collected
    from countenance.service.collecting import Collections
    from countenance.service.coming import Coming
    from countenance.service.comparing import Comparing
    from countenance.service.context import Context
    from countenance.service.enrolling import Enrolling
    from countenance.service.events import Events
    from countenance.service.examples import Examples
    from countenance.service.executing import Executing
    from countenance.service.exporting import Exporting
    from countenance.service.finding import Finding
    from countenance.service.forms import Forms
    from countenance.service.guests import Guests
    from countenance.service.hosting import Hosting
    from countenance.service.importing import Importing
    from countenance.service.indexing import Indexing
    from countenance.service.invitations import Invitations
    from countenance.service.jobs import Jobs
    from countenance.service.keys import Keys
    from countenance.service.leaving import Leaving
    from countenance.service.logbook import Logbook
    from countenance.service.names import Names
    from countenance.service.notices import Notices
    from countenance.service.organisations import Organisations
    from countenance.service.passkeys import Passkeys
    from countenance.service.people import Peopling
    from countenance.service.photographs import Photographs
    from countenance.service.pictures import Pictures
    from countenance.service.programs import ApiKeys
    from countenance.service.purging import Purging
    from countenance.service.quotas import Quotas
    from countenance.service.receipts import Receipts
    from countenance.service.replies import Replies
    from countenance.service.reporting import Reporting
    from countenance.service.requests import Requests
    from countenance.service.reviewing import Reviewing
    from countenance.service.sources import Sources
    from countenance.service.stills import Stills
    from countenance.service.subjects import Subjects


class Parts:
    """What a surface is made of. The parts know the context and, some of them, one another."""

    def __init__(self, context: Context, closing: ExitStack) -> None:
        self.context = context
        """What the use cases work with; for entry points, not for users."""
        self._closing = closing

    @cached_property
    def subjects(self) -> Subjects:
        """The people who may be found."""
        from countenance.service.subjects import Subjects

        return Subjects(self.context)

    @cached_property
    def bases(self) -> Bases:
        """Why each of them may be held."""
        from countenance.service.bases import Bases

        return Bases(self.context)

    @cached_property
    def receipts(self) -> Receipts:
        """What people prove with instead of an account: a signed receipt."""
        from countenance.service.receipts import Receipts

        return Receipts(self.context)

    @cached_property
    def stills(self) -> Stills:
        """Camera stills in the poses that were asked for: what people without an account enrol with."""
        from countenance.service.stills import Stills

        return Stills(self.context)

    @cached_property
    def events(self) -> Events:
        """What guests are invited to, to find their own photos."""
        from countenance.service.events import Events

        return Events(self.context)

    @cached_property
    def invitations(self) -> Invitations:
        """One guest's way in, once."""
        from countenance.service.invitations import Invitations

        return Invitations(self.context)

    @cached_property
    def hosting(self) -> Hosting:
        """Events' guests, for their organiser."""
        from countenance.service.hosting import Hosting

        return Hosting(self.context)

    @cached_property
    def coming(self) -> Coming:
        """How a guest comes in."""
        from countenance.service.coming import Coming

        return Coming(self.context, self.subjects)

    @cached_property
    def guests(self) -> Guests:
        """What a guest does who is in."""
        from countenance.service.guests import Guests

        return Guests(self.context, self.pictures, self._leaving, self.receipts)

    @cached_property
    def notices(self) -> Notices:
        """What people are told."""
        from countenance.service.notices import Notices

        return Notices(self.context)

    @cached_property
    def agreements(self) -> Agreements:
        """What lets an organisation search."""
        from countenance.service.agreements import Agreements

        return Agreements(self.context)

    @cached_property
    def cases(self) -> Cases:
        """What a search belongs to."""
        from countenance.service.cases import Cases

        return Cases(self.context)

    @cached_property
    def accounts(self) -> Accounts:
        """Named people who act, each with a key."""
        from countenance.service.accounts import Accounts

        return Accounts(self.context)

    @cached_property
    def organisations(self) -> Organisations:
        """With whom agreements are made."""
        from countenance.service.organisations import Organisations

        return Organisations(self.context)

    @cached_property
    def activations(self) -> Activations:
        """What an impact assessment switches on."""
        from countenance.service.activations import Activations

        return Activations(self.context)

    @cached_property
    def reviewing(self) -> Reviewing:
        """People decide about candidates."""
        from countenance.service.reviewing import Reviewing

        return Reviewing(self.context)

    @cached_property
    def logbook(self) -> Logbook:
        """The log for people outside: checkpoints sent, tiles, proofs, uses."""
        from countenance.service.logbook import Logbook

        return Logbook(self.context)

    @cached_property
    def sources(self) -> Sources:
        """Folders, archives and buckets with photos."""
        from countenance.service.sources import Sources

        return Sources(self.context)

    @cached_property
    def photographs(self) -> Photographs:
        """Photos' records, and how far each source has come."""
        from countenance.service.photographs import Photographs

        return Photographs(self.context)

    @cached_property
    def pictures(self) -> Pictures:
        """The photos that may be shown, with strangers covered."""
        from countenance.service.pictures import Pictures

        made = Pictures(self.context)
        self._closing.callback(made.close)
        return made

    @cached_property
    def keys(self) -> Keys:
        """The vault's keys, and the one that opens it."""
        from countenance.service.keys import Keys

        return Keys(self.context)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """What lets programs in over HTTP."""
        from countenance.service.programs import ApiKeys

        return ApiKeys(self.context)

    @cached_property
    def forms(self) -> Forms:
        """Why programs of a compatible endpoint may hold the people whom they name."""
        from countenance.service.forms import Forms

        return Forms(self.context, self.subjects, self.bases, self._enrolling)

    @cached_property
    def passkeys(self) -> Passkeys:
        """What a person signs with in a browser, beside their password."""
        from countenance.service.passkeys import Passkeys

        return Passkeys(self.context)

    @cached_property
    def browsers(self) -> Browsers:
        """Where an account is signed in."""
        from countenance.service.browsers import Browsers

        return Browsers(self.context)

    @cached_property
    def collections(self) -> Collections:
        """People who are searched together, as Rekognition's clients keep them."""
        from countenance.service.collecting import Collections

        return Collections(self.context, self._leaving)

    @cached_property
    def collected(self) -> Collected:
        """The faces of collections."""
        from countenance.service.collected import Collected

        return Collected(
            self.context, self.collections, self.subjects, self.forms, self._enrolling, self._leaving, self._finding
        )

    @cached_property
    def comparing(self) -> Comparing:
        """One face beside each face of another photo."""
        from countenance.service.comparing import Comparing

        return Comparing(self.context, self.cases)

    @cached_property
    def quotas(self) -> Quotas:
        """How much programs ask."""
        from countenance.service.quotas import Quotas

        return Quotas(self.context)

    @cached_property
    def replies(self) -> Replies:
        """What programs were answered, so that a write that is sent twice is done once."""
        from countenance.service.replies import Replies

        return Replies(self.context)

    @cached_property
    def jobs(self) -> Jobs:
        """Long work that programs and browsers have begun."""
        from countenance.service.jobs import Jobs

        return Jobs(self.context)

    @cached_property
    def names(self) -> Names:
        """What CompreFace's clients call people."""
        from countenance.service.names import Names

        return Names(self.context, self.subjects)

    @cached_property
    def examples(self) -> Examples:
        """Enrolled faces one by one, for CompreFace's clients."""
        from countenance.service.examples import Examples

        return Examples(self.context, self._leaving)

    @cached_property
    def importing(self) -> Importing:
        """People and photos taken over from another program's database."""
        from countenance.service.importing import Importing

        return Importing(self.context, self.names, self.bases, self._enrolling, self.examples)

    @cached_property
    def backups(self) -> Backups:
        """Backups, and a drill of restoring one."""
        from countenance.service.backups import Backups

        return Backups(self.context)

    @cached_property
    def index(self) -> Indexing:
        """What searches use: built anew, compared with the registry, moved to another engine."""
        from countenance.service.indexing import Indexing

        return Indexing(self.context)

    @cached_property
    def people(self) -> Peopling:
        """Who is in the organisation's own pictures, and what people say about that."""
        from countenance.service.people import Peopling

        return Peopling(self.context, self.cases)

    @cached_property
    def orders(self) -> Executing:
        """What authorities ordered, and carrying it out."""
        from countenance.service.executing import Executing

        return Executing(self.context, self._leaving)

    @cached_property
    def requests(self) -> Requests:
        """People's rights: access, erasure, objection, restriction, rectification."""
        from countenance.service.answering import Answering
        from countenance.service.requests import Requests

        return Requests(self.context, Answering(self.context, self.pictures, self._leaving))

    @cached_property
    def exporting(self) -> Exporting:
        """Confirmed names for an archive."""
        from countenance.service.exporting import Exporting

        return Exporting(self.context, self.cases)

    @cached_property
    def reports(self) -> Reporting:
        """Accountability, the register of processing, what is public, and what nobody owns."""
        from countenance.service.reporting import Reporting

        return Reporting(self.context)

    @cached_property
    def _finding(self) -> Finding:
        from countenance.service.finding import Finding

        return Finding(self.context, self.cases)

    @cached_property
    def _enrolling(self) -> Enrolling:
        from countenance.service.enrolling import Enrolling

        return Enrolling(self.context, self.subjects, self.bases)

    @cached_property
    def _leaving(self) -> Leaving:
        from countenance.service.leaving import Leaving

        return Leaving(self.context)

    @cached_property
    def _purging(self) -> Purging:
        from countenance.service.purging import Purging

        return Purging(self.context, self._leaving, self.orders)
