"""Calibration: what a threshold means among the operator's own testers. Measured in memory, decided and logged (P3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from countenance.config import set_values
from countenance.errors import InputError, StorageFull, Unavailable
from countenance.evaluate.dataset import open_dataset
from countenance.evaluate.run import FACES, Progress, measure
from countenance.evaluate.splits import Faces, Tried, always, fitted_apart, try_out
from countenance.evaluate.tail import fit, strangers
from countenance.gallery.calibration import Calibration
from countenance.gallery.scale import Scaling
from countenance.policy.desk import Ask
from countenance.policy.facts import DataSetFacts
from countenance.policy.rules import STATEMENTS
from countenance.service.scaling import FILE, shipped
from countenance.types import Calibrate, iso
from countenance.vision.packs import write_whole

if TYPE_CHECKING:
    from countenance.service.context import Context

ASKED = (0.1, 0.01)
"""The rates at which it is tried out."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is calibrated on, and how.

    Attributes:
        dataset: A folder that holds one folder for each person, with that person's photos.
        statement: What it is: one of `STATEMENTS`.
        people: Take only the first so many people who have two photos or more.
        face: Which face of a photo is its person's: one of `FACES`.
        leave_out_duplicates: Leave out files that lie under two names; without it they are an error.
        dry_run: Only tell what would come of it.
    """

    dataset: Path
    statement: str
    people: int | None = None
    face: str = "largest"
    leave_out_duplicates: bool = False
    dry_run: bool = False


def calibrate(context: Context, wish: Wish, progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
    """Fit the calibration to how high these people's strangers score, and use it from the next opening on.

    Where they are too few to tell how rare a high score is, the shape of the model's own calibration is carried on.
    Nothing of a template or a photo is kept: a few rates are.

    Returns:
        What ``countenance calibrate --json`` prints; docs/reference/calibration.md explains every field.

    Raises:
        InputError: no such folder, too few people, or one file under two names.
        PurposeRefused: the statement is not on the list.
        NotSignedIn, RoleRefused: this account may not calibrate.
    """
    if wish.face not in FACES:
        raise InputError(f"There is no way {wish.face!r} to choose a face.", hint=f"Use one of: {', '.join(FACES)}.")
    data = open_dataset(wish.dataset, people=wish.people)
    known = wish.statement if wish.statement in STATEMENTS else "unknown"
    facts = {"statement": known, "people": data.people, "files": len(data.photos)}
    ask = Ask(data_set=DataSetFacts(wish.statement, data.people), facts=facts)
    grant = context.desk.decide(Calibrate, ask)
    grant.spend(Calibrate, scope=ask.scope, now=context.clock())
    limit = context.settings.vision.max_bytes
    seen = measure(
        data, context.vision, limit=limit, face=wish.face,
        leave_out_duplicates=wish.leave_out_duplicates, progress=progress,
    )  # fmt: skip
    found = np.array(seen.observed.found, np.bool_)
    faces = Faces(seen.observed.scores, np.array(seen.observed.persons, np.int64)[found])
    base = shipped(context.vision.card, context.vision.contract, flip=context.vision.flip)
    made = fit(strangers(faces.scores, faces.persons), base.contract, _words(wish.statement), base)
    told = _told(context, made, base, faces) | {"statement": wish.statement, "seconds": seen.seconds}
    written = None if wish.dry_run else _keep(context, made, told, grant.log_index)
    context.book.publish()
    return told | {"file": None if written is None else FILE, "logged": written}


def _words(statement: str) -> str:
    return {
        "consented-testers": "testers of this organisation, who agreed",
        "synthetic": "synthetic people",
        "public-benchmark": "a public benchmark, by this organisation",
    }[statement]


def _told(context: Context, made: Calibration, base: Calibration, faces: Faces) -> dict[str, Any]:
    wanted, here = context.settings.search, context.scale
    rule = Scaling(made, wanted.fpir, wanted.threshold, wanted.high)
    before, after = here, rule.at(here.compared)
    return {
        "people": made.people,
        "photos": made.photos,
        "embedding_contract": made.contract,
        "fpir": wanted.fpir,
        "before": before.as_json(),
        "after": after.as_json(),
        "tried": [_trial(faces, base, asked) for asked in dict.fromkeys((*ASKED, wanted.fpir))],
        "calibration": made.as_plain(),
    }


def _trial(faces: Faces, base: Calibration, asked: float) -> dict[str, Any]:
    """The shipped calibration and one that was fitted on half of the people, both tried out on the other half."""
    people = len(faces.people)
    size, apart = max(people // 4, 2), people // 2
    before: Tried = try_out(faces, always(base), size, asked, apart=apart)
    after: Tried | None = None
    with suppress(InputError):  # half of these people may be too few to fit anything on: then nobody can say
        after = try_out(faces, fitted_apart(faces, base), size, asked, apart=apart)
    return {
        "asked": asked, "gallery": size, "splits": before.splits,
        "before": _figures(before), "after": None if after is None else _figures(after),
    }  # fmt: skip


def _figures(tried: Tried) -> dict[str, Any]:
    told = asdict(tried)
    return {name: None if told[name] is None else round(told[name], 6) for name in ("threshold", "fpir", "fnir")}


def _keep(context: Context, made: Calibration, told: dict[str, Any], decision: int) -> dict[str, Any]:
    """Write the file, then the log, then the line of the configuration that makes it count."""
    about = {name: told[name] for name in ("statement", "tried")} | {"made": iso(context.clock())}
    content = (json.dumps({"calibration": made.as_plain(), **about}, indent=1) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    try:
        write_whole(context.settings.folder / FILE, content)
    except OSError as error:
        kind = StorageFull if error.errno == 28 else Unavailable
        raise kind(f"{context.settings.folder} cannot be written: {error.strerror}.") from None
    facts = {
        "people": made.people, "photos": made.photos, "contract": made.contract, "calibration": digest,
        "before": told["before"]["threshold"], "after": told["after"]["threshold"],
    }  # fmt: skip
    with context.registry.write() as connection:
        entry = context.desk.effect(connection, "calibrate", decision, facts=facts)
    set_values(context.settings.file, "search", {"calibration": FILE})
    return {"index": entry.index, "root": entry.root, "sha256": digest}
