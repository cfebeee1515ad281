"""Which models a gallery uses. It changes only to one that was added and assessed, and nobody loses their name.

A recogniser's id stands for templates of the face alone; followed by ``+flip``, for those in which its mirror image
counts too (``[vision] flip``). These are two embedding contracts, and one is changed for the other like any model.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.config import set_values
from countenance.errors import BadConfiguration, ContractMismatch, ModelMissing, Unavailable
from countenance.gallery import twins
from countenance.policy.desk import Ask
from countenance.service.scaling import scaling
from countenance.types import Remodel
from countenance.vision import shelf
from countenance.vision.cards import ModelCard, ModelFile
from countenance.vision.contract import contract_of

if TYPE_CHECKING:
    from countenance.service.context import Context


FLIP = "+flip"


@dataclass(frozen=True, slots=True)
class Choice:
    """A recogniser, a detector, and whether a face's mirror image counts in its template."""

    recogniser: ModelCard
    detector: ModelCard
    flip: bool

    @property
    def contract(self) -> str:
        """The embedding contract of templates that are made so."""
        return contract_of(self.recogniser, self.detector, flip=self.flip)


@dataclass(frozen=True, slots=True)
class Used:
    """Which models the gallery uses from its next opening on, and where its bands then begin at its present size."""

    recogniser: str
    detector: str
    flip: bool
    embedding_contract: str
    changed: bool
    threshold: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return asdict(self)


def use(context: Context, name: str, *, accept_licence: str | None = None) -> Used:
    """Use another model from the next opening on: a recogniser, with or without ``+flip``, or a detector, by its id.

    What is searched has to have templates under the new contract: in a gallery where nobody is enrolled that is so,
    in another one after `countenance models migrate`.

    Raises:
        ModelMissing, Tampered: It is not here, or its file was changed.
        ModelRefused: Its licence was not accepted by name, or nobody knows how often it is wrong.
        Refused: No impact assessment was named for it (P24).
        Unavailable: The index is on a server, which would keep the old model's vectors.
        ContractMismatch: There are people who would lose their template.
        RoleRefused, NotSignedIn: Only a controller changes the model.
        BadConfiguration: The configuration fixes a cosine for the present model, or cannot be changed here.
    """
    _index_is_here(context)
    model = usable(name, accept_licence)
    wanted = with_it(context, name, model.card)
    recogniser, contract = wanted.recogniser, wanted.contract
    if model.card.role == "recogniser":
        _check_nothing_fixed(context, name)
    scale = scaling(context.settings, recogniser, contract, flip=wanted.flip).at(context.scale.compared)
    changed, detector = contract != context.vision.contract, wanted.detector
    used = Used(recogniser.id, detector.id, wanted.flip, contract, changed, scale.threshold, scale.high)
    facts = {"step": "use", "model": model.card.id, "sha256": model.card.sha256}
    if model.card.non_commercial:
        facts["licence"] = model.card.licence
    ask = Ask(contract=contract, facts=facts)
    grant = context.desk.decide(Remodel, ask)
    grant.spend(Remodel, scope=ask.scope, now=context.clock())
    with context.registry.write() as connection:
        _nobody_is_lost(connection, context, contract, name)
        context.desk.effect(connection, "remodel", grant.log_index, facts={"contract": contract})
        set_values(context.settings.file, "vision", _lines(wanted))
    context.book.publish()
    return used


def _lines(wanted: Choice) -> dict[str, str | float]:
    return {"recogniser": wanted.recogniser.id, "detector": wanted.detector.id, "flip": wanted.flip}


def _index_is_here(context: Context) -> None:
    """A server goes on holding the old model's vectors, where no erasure would reach them."""
    if context.settings.index.engine == "milvus":
        raise Unavailable(
            "The index on Milvus holds templates of the model that is in use.",
            hint="Move it here first: `countenance index move --to embedded`; after the change, move it back.",
        )


def usable(name: str, accept_licence: str | None = None) -> ModelFile:
    """A model that is here, whole, and whose licence allows its use; by its id, ``+flip`` left aside.

    Raises `ModelMissing`, `Tampered`, and `ModelRefused` where the licence was not accepted.
    """
    model = _here(name)
    if accept_licence is not None:
        model = shelf.accept(model, accept_licence)
    shelf.check_licence(model)
    shelf.check(model.card)
    return model


def meant(context: Context, value: str) -> str:
    """The embedding contract that is meant by a model's id, or the text itself where it is none."""
    try:
        return with_it(context, value, _here(value).card).contract
    except ModelMissing:
        return value


def in_use(context: Context) -> str:
    """By what name the gallery's recogniser is called here: its id, with ``+flip`` where mirror images count."""
    return context.vision.card.id + (FLIP if context.vision.flip else "")


def with_it(context: Context, name: str, card: ModelCard) -> Choice:
    """What this gallery works with, changed for what ``name`` asks for; ``card`` is that of the model it names."""
    recogniser, detector = context.vision.cards
    if card.role == "recogniser":
        return Choice(card, detector, flip=name.endswith(FLIP))
    return Choice(recogniser, card, context.vision.flip)


def _here(name: str) -> ModelFile:
    """Raises `ModelMissing`; only a recogniser makes anything of a mirror image."""
    try:
        return shelf.find(name.removesuffix(FLIP), "recogniser")
    except ModelMissing:
        return shelf.find(name, "detector")


def _check_nothing_fixed(context: Context, name: str) -> None:
    """A cosine of one model means nothing to another. Raises `BadConfiguration` where one is fixed."""
    search = context.settings.search
    fixed = [name for name in ("threshold", "high", "calibration") if getattr(search, name) is not None]
    if fixed:
        raise BadConfiguration(
            f"[search] {', '.join(fixed)} in {context.settings.file} was set for {in_use(context)}, and means "
            f"nothing to {name}.",
            hint="Take it out: the threshold then follows from the rate that is asked for, with either model.",
        )


def _nobody_is_lost(connection: sa.Connection, context: Context, contract: str, name: str) -> None:
    count = len(twins.alone(connection, context.organisation, contract))
    if count:
        raise ContractMismatch(
            f"{count:,} templates of this gallery were made with another model, and would find nobody under {name}.",
            hint=f"Make them anew first, from the same photos: `countenance models migrate {name}`.",
        )
