"""``countenance order``: authorities' orders, from the proposal to the certificate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import RIGHTS, command, group
from countenance.cli.console import plural, write_json
from countenance.cli.session import Session
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.order import Order

Number = Annotated[str, typer.Argument(metavar="ORDER", help="Its number, such as O1.")]
Document = Annotated[
    Path, typer.Option("--evidence", metavar="FILE", help="The authority's document. Only its SHA-256 is kept.")
]
Authority = Annotated[str, typer.Option("--authority", metavar="NAME", help="Who ordered it.")]
Reference = Annotated[str | None, typer.Option("--reference", metavar="REF", help="The authority's own number.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    orders = group(app, "order", "What authorities and courts have ordered.", panel=RIGHTS)
    command(
        orders,
        "propose",
        "countenance order propose --kind erase --territory GB --authority ICO --reference ENF-1 --evidence notice.pdf",
        'countenance order propose --kind stop-collecting --supplier "Face Data Ltd" --authority CNIL --evidence n.pdf',
    )(propose)
    command(orders, "dry-run", "countenance order dry-run O1")(dry_run)
    command(orders, "approve", "countenance order approve O1 --account ben@club.example")(approve)
    command(orders, "execute", "countenance order execute O1 --yes")(execute)
    command(orders, "stay", "countenance order stay O1 --evidence ruling.pdf")(stay)
    command(orders, "revive", "countenance order revive O1 --evidence appeal.pdf")(revive)
    command(orders, "join", "countenance order join O1 --authority CNIL --evidence deliberation.pdf")(join)
    command(orders, "certificate", "countenance order certificate O1 --out O1.json")(certificate)
    command(orders, "list", "countenance order list")(list_)
    command(orders, "show", "countenance order show O1")(show)


def propose(
    session: Session,
    kind: Annotated[
        str, typer.Option("--kind", metavar="K", help="stop (stop-collecting), quarantine, erase or hold.")
    ],
    authority: Authority,
    evidence: Document,
    reference: Reference = None,
    subject: Annotated[str | None, typer.Option("--subject", metavar="HANDLE", help="A person.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="A source, with what was kept from it.")
    ] = None,
    territory: Annotated[
        str | None,
        typer.Option("--territory", metavar="CODE", help="Who lives there: GB, US-IL … Unknown residence counts."),
    ] = None,
    supplier: Annotated[
        str | None, typer.Option("--supplier", metavar="NAME", help="Everything that this supplier supplied.")
    ] = None,
    deadline: Annotated[
        str | None,
        typer.Option("--deadline", metavar="DAY", help="When an order to erase is executed; in 30 days if left out."),
    ] = None,
) -> None:
    """Record what an authority ordered.

    It binds once two other accounts have approved it (a solo installation: everybody else there is). It bears on
    whatever any of --subject, --source, --territory and --supplier covers.
    """
    with session.signed_in() as c:
        order = c.orders.propose(
            kind, authority=authority, evidence=evidence, reference=reference, subject=subject, source=source,
            territory=territory, supplier=supplier, deadline=deadline,
        )  # fmt: skip
    session.screen.done(f"{order.id}: {_words(order)}, ordered by {order.authority}. {_state(order)}")
    _warn(session, order)
    session.screen.advise("What it bears on, in numbers:")
    session.screen.command(f"countenance order dry-run {order.id}")
    session.screen.answer(asdict(order))


def dry_run(session: Session, order: Number) -> None:
    """Count what an order bears on now. Nothing is changed."""
    with session.open() as c:
        found, reach = c.orders.get(order), c.orders.dry_run(order)
    screen = session.screen
    screen.say(f"{found.id}: {_words(found)}. {_state(found)}", "bold")
    _warn(session, found)
    screen.facts(
        (
            ("People", reach.subjects),
            ("Templates", reach.templates),
            ("Appearances", reach.appearances),
            ("Sources", ", ".join(reach.sources) or "none"),
            ("Photo records", reach.photos),
            ("Held", f"{plural(reach.held, 'person', 'people')}, {plural(reach.sources_held, 'source')}"),
        )
    )
    screen.table(("territory", "people"), sorted(reach.by_territory.items()), empty="Nobody is in its scope.")
    screen.answer({"order": found.id, **reach.as_json()})


def approve(session: Session, order: Number) -> None:
    """Sign a proposed order with your own key. With the last signature it is in force, and binds at once."""
    with session.signed_in() as c:
        found = c.orders.approve(order)
    session.screen.done(f"{found.id} is signed. {_state(found)}")
    _warn(session, found)
    session.screen.answer(asdict(found))


def stay(session: Session, order: Number, evidence: Document) -> None:
    """An authority or a court set the order aside, or lifted it. Two accounts sign, each with the same document."""
    with session.signed_in() as c:
        found = c.orders.stay(order, evidence=evidence)
    session.screen.done(f"{found.id} is signed. {_state(found)}")
    session.screen.answer(asdict(found))


def revive(session: Session, order: Number, evidence: Document) -> None:
    """A stayed order holds again, at once, as it was before: one account signs."""
    with session.signed_in() as c:
        found = c.orders.revive(order, evidence=evidence)
    session.screen.done(f"{found.id} is revived. {_state(found)}")
    session.screen.answer(asdict(found))


def join(
    session: Session, order: Number, authority: Authority, evidence: Document, reference: Reference = None
) -> None:
    """Another authority joins an order; the certificate names all of them."""
    with session.signed_in() as c:
        found = c.orders.join(order, authority=authority, evidence=evidence, reference=reference)
    session.screen.done(f"{authority} has joined {found.id}.")
    session.screen.answer(asdict(found))


def execute(
    session: Session,
    order: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Erase everything in the scope of an order in force, now, with a certificate.

    It cannot be undone. Whoever a hold keeps stays, in no search; the order is finished once the hold is lifted.
    """
    with session.open() as c:
        reach = c.orders.dry_run(order)
        question = f"Erase {plural(reach.subjects - reach.held, 'person', 'people')} under {order} for good?"
        if session.interactive and not yes and not session.agreed(question):
            raise InputError("Nothing was erased.", hint="Say yes, or give --yes.")
        c.sign_in()

        def told(erased: int, total: int) -> None:
            if total > erased and not (session.quiet or session.json):
                session.screen.err.print(f"{erased:,} of {total:,} people are erased")

        executed = c.orders.execute(order, progress=told)
        place = c.context.settings.folder / "certificates" / f"{executed.order}.json"
    counts = executed.certificate["body"]["counts"]
    screen = session.screen
    gone = plural(counts["subjects_erased"], "person", "people"), plural(counts["templates_erased"], "template")
    shown = plural(counts["appearances_erased"], "appearance")
    now = "complied with" if executed.state == "complied" else "in force still"
    screen.done(f"{executed.order} is {now}: {gone[0]}, {gone[1]} and {shown} gone.")
    if counts["held"] or counts["sources_held"]:
        screen.warn(
            f"{plural(counts['held'], 'person is', 'people are')} kept by a hold, and in no search. When it is lifted: "
            f"countenance order execute {executed.order}"
        )
    _save(session, executed.certificate, place)
    for each in executed.erasures:
        _save(session, each, place.with_name(f"{each['body']['number']}.json"), quiet=True)
    screen.answer(executed.as_json())


def certificate(
    session: Session,
    order: Number,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where it goes; the screen otherwise.")
    ] = None,
) -> None:
    """The signed certificate of an order: the final one when it is complied with, else how it stands today."""
    with session.signed_in() as c:
        found = c.orders.certificate(order)
    if out is not None:
        _save(session, found, out)
    elif not session.json:
        write_json(found)
    session.screen.answer(found)


def list_(session: Session) -> None:
    """Show all orders."""
    with session.open() as c:
        orders = c.orders.list()
    rows = (
        (each.id, each.kind, _scope(each), each.authority, each.state, (each.deadline or "")[:10]) for each in orders
    )
    columns = ("order", "kind", "scope", "authority", "state", "deadline")
    session.screen.table(columns, rows, empty="No authority has ordered anything.")
    session.screen.answer([asdict(each) for each in orders])


def show(session: Session, order: Number) -> None:
    """Show one order: who ordered what, its state, and what comes next."""
    with session.open() as c:
        found = c.orders.get(order)
    screen = session.screen
    names = [found.authority, *(each["authority"] for each in found.joined)]
    screen.facts(
        (
            ("Order", found.id),
            ("Kind", _words(found)),
            ("Authority", ", ".join(names) + (f" ({found.reference})" if found.reference else "")),
            ("Proposed", f"{found.proposed} by {found.proposed_by or 'nobody on record'}"),
            ("Deadline", found.deadline or "none"),
            ("Signed", "; ".join(f"{each['at']} by {each['account']}" for each in found.signed) or "by nobody"),
            ("State", _state(found)),
        )
    )
    rows = ((each["at"], each["step"], (each["evidence_sha256"] or "")[:12]) for each in found.history)
    screen.table(("when", "step", "document"), rows, empty="Nothing has happened yet.")
    screen.answer(asdict(found))


def _save(session: Session, certified: dict[str, Any], place: Path, *, quiet: bool = False) -> None:
    """What was erased is gone whatever happens to the file, so a full disk must not look like a failed execution."""
    fresh = place.with_name(place.name + ".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(certified, indent=2) + "\n", encoding="utf-8")
        fresh.replace(place)
    except OSError as error:
        session.screen.warn(f"The certificate could not be written to {place}: {error.strerror}.")
        return
    session.screen.say(f"  Certificate {certified['body']['number']}: {place}")
    if quiet:
        return
    session.screen.advise("Anybody can check it, offline and without us:")
    session.screen.command(f"countenance-check certificate {place}")


def _words(order: Order) -> str:
    return f"{'stop collecting' if order.kind == 'stop' else order.kind} ({_scope(order)})"


def _scope(order: Order) -> str:
    return ", ".join(f"{name} {value}" for name, value in order.scope.items())


def _warn(session: Session, order: Order) -> None:
    if order.warning:
        session.screen.warn(order.warning)


def _state(order: Order) -> str:
    """Its state in words, and what is still missing."""
    now = {"proposed": "It is proposed", "in-force": "It is in force", "stayed": "It is stayed, and binds nobody"}
    said = now.get(order.state, "It is complied with")
    return said + (f"; {plural(order.waiting, 'signature')} missing." if order.waiting else ".")
