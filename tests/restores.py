"""Backing a club up, losing it, and restoring it: what the tests of backup and restore share."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, template
from countenance.backup.making import Made
from countenance.backup.restoring import Staged
from countenance.registry import schema as t
from countenance.wiring import restore_gallery


def backup(club: Club, name: str = "one.backup") -> Made:
    return club.anna.backups.make(club.root / "elsewhere" / name)


def ledger(club: Club) -> Path:
    """The club's erasure ledger, which lies beside the vault."""
    return club.folder / "vault" / "erasures.ledger"


def lose(club: Club, *, log: bool = False) -> None:
    """The data folder is gone; with ``log`` the log's own files are left."""
    club.close()
    for each in (club.folder / "data").iterdir():
        if not (log and each.name == "log"):
            shutil.rmtree(each) if each.is_dir() else each.unlink()


def restore(club: Club, file: Path, **more: Any) -> Staged:
    """As Anna, who then has it open again."""
    club.close()
    done = restore_gallery(
        club.folder, file, more.pop("ledger", ledger(club)), account=ANNA, passphrase=WORDS[ANNA], clock=club.clock,
        **more,
    )  # fmt: skip
    club.reopen()
    return done


def traces(club: Club, number: int, person: int) -> list[bytes]:
    """What our files hold of one person, found by this test's own code; and the key and the template in the clear."""
    context = club.anna.context
    key = f"subject:{number}"
    found: list[bytes | None] = []
    with context.registry.read() as connection:
        row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == number)).one()
        found += [row.handle_hash.encode(), row.handle_sealed, row.name_sealed, row.contact_sealed]
        for row in connection.execute(sa.select(t.references).where(t.references.c.subject == number)):
            found += [row.template_sealed, row.photo_sealed, row.face_sealed]
        found += connection.scalars(sa.select(t.openings.c.sealed).where(t.openings.c.key == key)).all()
    found += [context.keys.vault.wrapped(key), context.keys.vault.get(key), template(person).to_bytes()]
    return [bytes(each) for each in found if each]


def where(markers: list[bytes], *folders: Path) -> set[str]:
    """The files in which any 16 bytes in a row of a marker are."""
    pieces = {marker[i : i + 16] for marker in markers for i in range(0, len(marker) - 15, 16)}
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {file.name for file in files for data in [file.read_bytes()] for piece in pieces if piece in data}


def digest(folder: Path) -> str:
    """All of a folder, names and bytes, but for locks."""
    hashed = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.suffix != ".lock"):
        hashed.update(str(file.relative_to(folder)).encode() + (file.read_bytes() if file.is_file() else b""))
    return hashed.hexdigest()
