"""What an evaluation tells of the files: kept as numbers beside the scores, told by name where they are at hand."""

from __future__ import annotations

from typing import Any

from countenance.errors import InputError
from countenance.evaluate.dataset import DataSet
from countenance.evaluate.run import Measured
from countenance.evaluate.scores import Observed
from countenance.evaluate.worst import named


def kept(
    data: DataSet, result: Measured, people: int | None, gate: str | None = None, enrol: int = 1
) -> dict[str, Any]:
    """As numbers. ``names`` lets a folder be known again, and names none of its files."""
    seconds = result.seconds
    refused = {use: list(numbers) for use, numbers in (result.refused or {}).items()}
    gated = {"gate": {"level": gate, **refused}} if gate else {}
    return gated | {
        "seconds": seconds,
        "speed": {
            "photos_per_second": round(len(result.observed.numbers) / max(seconds, 0.001), 1),
            "seconds": result.stages,
        },
        "unreadable": [[fault.number, fault.code, fault.reason] for fault in result.faults],
        "repeats": result.repeats,
        "duplicates": [list(numbers) for numbers in result.duplicates],
        "names": data.fingerprint,
        "people": people,
        "enrol": enrol,
    }


def told(observed: Observed, report: dict[str, Any], data: DataSet | None) -> dict[str, Any]:
    """As the answer has it. Without the data set, files have numbers and no names.

    Raises `InputError` where this is not the data set that the scores were made from.
    """
    remarks = observed.remarks
    if data is not None and remarks["names"] != data.fingerprint:
        raise InputError(
            f"The scores were not made from {data.root} as it is now.",
            hint="Name the data set that they were made from, unchanged; or leave it out, and files have numbers.",
        )

    def name(number: int) -> str | None:
        return data.name(number) if data is not None and number < len(data.photos) else None

    return {
        "seconds": remarks["seconds"],
        "speed": remarks["speed"],
        "unreadable": [
            {"file": number, "path": name(number), "code": code, "reason": reason}
            for number, code, reason in remarks["unreadable"]
        ],
        "repeats": remarks["repeats"],
        "duplicates": [
            [{"file": number, "path": name(number)} for number in numbers] for numbers in remarks["duplicates"]
        ],
        "files": {str(number): name(number) for number in named(report)} if data is not None else {},
    }
