"""Which models a gallery uses. It changes only to one that was added and assessed, and nobody loses their name."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.config import set_values
from countenance.errors import ContractMismatch, ModelMissing, ModelRefused, Unavailable
from countenance.gallery import twins
from countenance.policy.desk import Ask
from countenance.types import Remodel
from countenance.vision import shelf
from countenance.vision.cards import ModelCard, ModelFile
from countenance.vision.contract import contract_of

if TYPE_CHECKING:
    from countenance.service.context import Context

LOW, HIGH = 1e-4, 1e-5
"""The false accept rates of the threshold, and of the high band, that are written down with a model."""


@dataclass(frozen=True, slots=True)
class Used:
    """Which models the gallery uses from its next opening on, and what was written to its configuration."""

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
        BadConfiguration: The configuration is written in a way that cannot be changed here.
    """
    _index_is_here(context)
    model = usable(name, accept_licence)
    recogniser, detector = with_it(context, model.card)
    threshold, high = _thresholds(recogniser)
    contract = contract_of(recogniser, detector)
    used = Used(recogniser.id, detector.id, contract, contract != context.vision.contract, threshold, high)
    facts = {"step": "use", "model": model.card.id, "sha256": model.card.sha256}
    if model.card.non_commercial:
        facts["licence"] = model.card.licence
    ask = Ask(contract=contract, facts=facts)
    grant = context.desk.decide(Remodel, ask)
    grant.spend(Remodel, scope=ask.scope, now=context.clock())
    with context.registry.write() as connection:
        _nobody_is_lost(connection, context, contract, model.card)
        context.desk.effect(connection, "remodel", grant.log_index, facts={"contract": contract})
        file = context.settings.file
        set_values(file, "vision", {"recogniser": recogniser.id, "detector": detector.id})
        if model.card.role == "recogniser":
            set_values(file, "search", {"threshold": threshold, "high": high})
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


def _thresholds(card: ModelCard) -> tuple[float, float]:
    if not card.thresholds:
        raise ModelRefused(
            f"Nobody knows how often {card.name} is wrong: its card states no thresholds.",
            hint=f"Measure it: `countenance evaluate DATASET --model {card.id}`; write them into a copy of its "
            "manifest, and add it again.",
        )
    return _cosine_at(card, LOW), _cosine_at(card, HIGH)


def _cosine_at(card: ModelCard, rate: float) -> float:
    """The cosine that strangers reach at this rate: on the line through the two nearest stated pairs, in logarithms."""
    pairs = list(card.thresholds)
    at = next((number for number in range(1, len(pairs) - 1) if pairs[number][1] <= rate), len(pairs) - 1)
    (low, more), (high, less) = pairs[at - 1], pairs[at]
    part = (log(more) - log(rate)) / (log(more) - log(less))
    return round(min(low + part * (high - low), 1.0), 4)


def _nobody_is_lost(connection: sa.Connection, context: Context, contract: str, card: ModelCard) -> None:
    count = len(twins.alone(connection, context.organisation, contract))
    if count:
        raise ContractMismatch(
            f"{count:,} templates of this gallery were made with another model, and would find nobody under "
            f"{card.name}.",
            hint=f"Make them anew first, from the same photos: `countenance models migrate {card.id}`.",
        )
