"""A data set for an evaluation: a folder of people, one folder a person, with that person's photos inside."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from countenance.errors import InputError, Unreadable
from countenance.photos.folder import Folder
from countenance.photos.store import PICTURES, Found
from countenance.policy.rules import LEAST_PEOPLE


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture file, the number of the person whose folder it lies in, and why it cannot be read, if so."""

    path: bytes
    person: int
    fault: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class DataSet:
    """Photos by person, both in the order of their names. ``people`` is how many persons there are."""

    root: Path
    people: int
    photos: tuple[Photo, ...]

    def read(self, photo: Photo, limit: int) -> bytes:
        """The bytes of a photo. Raises `Unreadable`, or `TooLarge` over ``limit`` bytes."""
        if photo.fault is not None:
            raise Unreadable(photo.fault)
        return Folder(self.root).read(photo.path, limit)

    def name(self, number: int) -> str:
        """The path of a photo, as text."""
        return self.photos[number].path.decode("utf-8", "backslashreplace")

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all names in their order: two folders with the same are numbered alike."""
        return hashlib.sha256(b"\0".join(photo.path for photo in self.photos)).hexdigest()


def open_dataset(root: Path, *, people: int | None = None, only: Collection[bytes] | None = None) -> DataSet:
    """List a folder of people. No picture is read yet.

    A person is a folder directly below ``root``; all picture files in it, at any depth, are theirs. Other files are
    left alone, hidden ones and linked folders too; a linked photo counts as unreadable.

    Args:
        root: The folder.
        people: Take only the first so many people who have two photos or more, in the order of their names.
        only: Take only the photos with these paths.

    Raises:
        InputError: There is no such folder, or it has too few people: an evaluation of a handful of persons would be a
            comparison of their faces, which needs a purpose and a case (P3).
    """
    if not root.is_dir():
        raise InputError(f"There is no folder {root}.", hint="Give a folder that holds one folder for each person.")
    if people is not None and people < LEAST_PEOPLE:
        raise InputError(f"An evaluation needs at least {LEAST_PEOPLE} people; {people} were asked for.")
    found = [(_person(root, file), file) for file in Folder(root).files() if only is None or file.path in only]
    named = sorted((pair for pair in found if pair[0]), key=lambda pair: (pair[0], pair[1].path))
    persons = [[file for _, file in group] for _, group in groupby(named, key=lambda pair: pair[0])]
    if people is not None:
        persons = [files for files in persons if len(files) > 1][:people]
    _check(root, persons, people, alone=only is None)
    photos = (Photo(file.path, number, file.fault, file.size) for number, files in enumerate(persons) for file in files)
    return DataSet(root, len(persons), tuple(photos))


def _person(root: Path, file: Found) -> bytes:
    """The first folder of a picture's path, or the folder that cannot be read; nothing for all other files."""
    folder, _, rest = file.path.partition(b"/")
    if file.suffix in PICTURES and rest:
        return folder
    # Where a folder cannot be read, it stands in the list itself.
    place = Path(root, os.fsdecode(file.path))
    unread = file.fault is not None and place.is_dir() and not place.is_symlink()
    return folder if unread and folder != b"." else b""


def _check(root: Path, persons: list[list[Found]], wanted: int | None, *, alone: bool) -> None:
    least = wanted or LEAST_PEOPLE
    if len(persons) < least:
        what = "people with two photos or more" if wanted else "people, one folder each"
        what = what if alone else "people whom the pairs name"
        raise InputError(
            f"{root} holds {len(persons)} {what}; {least} are needed.",
            hint=f"An evaluation needs at least {LEAST_PEOPLE} people: fewer would be a comparison of faces (P3).",
        )
    if alone and all(len(files) < 2 for files in persons):
        raise InputError(
            f"Nobody in {root} has two photos, so there is nothing to compare.",
            hint="Give at least some people two photos or more.",
        )


@dataclass(frozen=True, slots=True)
class Copies:
    """The same picture file more than once, byte for byte.

    Attributes:
        repeats: Photos that the same person has already: comparing the two would flatter.
        duplicates: The photos of each file that lies under two names or more: all names but one are wrong.
    """

    repeats: frozenset[int]
    duplicates: tuple[tuple[int, ...], ...]


def copies(data: DataSet, limit: int) -> Copies:
    """Look for copies among the photos of one size. What cannot be read is left to whoever reads the photos."""
    by_size: dict[int, list[int]] = {}
    for number, photo in enumerate(data.photos):
        if photo.fault is None and photo.size:
            by_size.setdefault(photo.size, []).append(number)
    same: dict[bytes, list[int]] = {}
    for number in (each for numbers in by_size.values() if len(numbers) > 1 for each in numbers):
        with suppress(InputError):
            same.setdefault(hashlib.sha256(data.read(data.photos[number], limit)).digest(), []).append(number)
    repeats: set[int] = set()
    several = []
    for numbers in same.values():
        first = {data.photos[number].person: number for number in reversed(numbers)}
        repeats |= set(numbers) - set(first.values())
        if len(first) > 1:
            several.append(tuple(sorted(first.values())))
    return Copies(frozenset(repeats), tuple(sorted(several)))
