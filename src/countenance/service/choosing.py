"""Which models a gallery uses. It changes only to one that was added and assessed, and nobody loses their name."""

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


@dataclass(frozen=True, slots=True)
class Used:
    """Which models the gallery uses from its next opening on, and where its bands then begin at its present size."""

    recogniser: str
    detector: str
    embedding_contract: str
    changed: bool
    threshold: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return asdict(self)


def use(context: Context, name: str, *, accept_licence: str | None = None) -> Used:
    """Use another model from the next opening on: a recogniser or a detector, by its id.

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
    recogniser, detector = with_it(context, model.card)
    if model.card.role == "recogniser":
        _check_nothing_fixed(context, model.card)
    contract = contract_of(recogniser, detector)
    scale = scaling(context.settings, recogniser, contract).at(context.scale.compared)
    changed = contract != context.vision.contract
    used = Used(recogniser.id, detector.id, contract, changed, scale.threshold, scale.high)
    facts = {"step": "use", "model": model.card.id, "sha256": model.card.sha256}
    if model.card.non_commercial:
        facts["licence"] = model.card.licence
    ask = Ask(contract=contract, facts=facts)
    grant = context.desk.decide(Remodel, ask)
    grant.spend(Remodel, scope=ask.scope, now=context.clock())
    with context.registry.write() as connection:
        _nobody_is_lost(connection, context, contract, model.card)
        context.desk.effect(connection, "remodel", grant.log_index, facts={"contract": contract})
        set_values(context.settings.file, "vision", {"recogniser": recogniser.id, "detector": detector.id})
    context.book.publish()
    return used


def _index_is_here(context: Context) -> None:
    """A server goes on holding the old model's vectors, where no erasure would reach them."""
    if context.settings.index.engine == "milvus":
        raise Unavailable(
            "The index on Milvus holds templates of the model that is in use.",
            hint="Move it here first: `countenance index move --to embedded`; after the change, move it back.",
        )


def usable(name: str, accept_licence: str | None = None) -> ModelFile:
    """A model that is here, whole, and whose licence allows its use.

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
        return contract_of(*with_it(context, _here(value).card))
    except ModelMissing:
        return value


def with_it(context: Context, card: ModelCard) -> tuple[ModelCard, ModelCard]:
    """The recogniser and the detector of this gallery with one of them changed for this one."""
    recogniser, detector = context.vision.cards
    return (card, detector) if card.role == "recogniser" else (recogniser, card)


def _here(name: str) -> ModelFile:
    try:
        return shelf.find(name, "recogniser")
    except ModelMissing:
        return shelf.find(name, "detector")


def _check_nothing_fixed(context: Context, card: ModelCard) -> None:
    """A cosine of one model means nothing to another. Raises `BadConfiguration` where one is fixed."""
    search = context.settings.search
    fixed = [name for name in ("threshold", "high", "calibration") if getattr(search, name) is not None]
    if fixed:
        raise BadConfiguration(
            f"[search] {', '.join(fixed)} in {context.settings.file} was set for {context.vision.card.name}, and means "
            f"nothing to {card.name}.",
            hint="Take it out: the threshold then follows from the rate that is asked for, with either model.",
        )


def _nobody_is_lost(connection: sa.Connection, context: Context, contract: str, card: ModelCard) -> None:
    count = len(twins.alone(connection, context.organisation, contract))
    if count:
        raise ContractMismatch(
            f"{count:,} templates of this gallery were made with another model, and would find nobody under "
            f"{card.name}.",
            hint=f"Make them anew first, from the same photos: `countenance models migrate {card.id}`.",
        )
