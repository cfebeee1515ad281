"""Steps 6, 7 and 10: one person withdraws, one is erased with a certificate, and a changed log is caught."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from countenance.demo.club import ANNA
from countenance.demo.stage import ERASED, WITHDRAWN, Stage, expect, unseen
from countenance.errors import CountenanceError, Tampered
from countenance.reports.page import Code, Refusal, Step
from countenance.wiring import open_gallery


def withdraw_one(stage: Stage) -> Step:
    """A member withdraws: the next search finds nobody."""
    photo = unseen(WITHDRAWN)
    before = stage.search(photo)
    expect([hit.name for hit in before] == [WITHDRAWN], f"{WITHDRAWN} found before")
    entry = stage.second.withdraw(WITHDRAWN.lower())
    after = stage.search(photo)
    expect(not after, f"{WITHDRAWN} not found after withdrawing")
    return Step(
        f"{WITHDRAWN} withdraws",
        f"Found with {before[0].score:.2f} before; {WITHDRAWN} withdraws (log entry {entry}); "
        "the next search finds nobody.",
        findings=(stage.show(after, photo, f"The same photo, a moment after {WITHDRAWN} withdrew."),),
    )


def erase_one(stage: Stage) -> Step:
    """A member is erased: certificate, every file searched for their bytes, checked by the separate verifier."""
    photo = unseen(ERASED)
    # Kept for the step that restores it: a backup in which this person still is.
    stage.backup = stage.club.backups.make(stage.places.folder / "before.backup").file
    expect([hit.name for hit in stage.search(photo)] == [ERASED], f"{ERASED} found before")
    certified = stage.second.erase(ERASED.lower(), reason="withdrawn")
    stage.certificate = certified.save(stage.places.folder / "certificate.json")
    expect(not stage.search(photo), f"{ERASED} not found after the erasure")
    checked = check(stage, "certificate", stage.certificate)
    expect(checked.code == 0, "the certificate checks")
    scan = certified.certificate["body"]["scan"]
    return Step(
        f"{ERASED} is erased",
        f"{certified.faces_erased} faces erased; {scan['files']} files, {scan['bytes']:,} bytes searched for "
        f"{ERASED}'s bytes: {scan['found']} found. countenance-check: {checked.said}",
        facts=(
            ("Faces erased", str(certified.faces_erased)),
            ("Files searched", str(scan["files"])),
            ("Bytes searched", f"{scan['bytes']:,}"),
            ("Found of them", str(scan["found"])),
        ),
        code=(
            Code("The certificate, which names nobody", json.dumps(certified.certificate, indent=2)),
            Code("Checked offline, by a separate program", f"$ {checked.command}\n{checked.output}"),
        ),
    )


def change_the_log(stage: Stage) -> Step:
    """One byte of the log is changed, in a copy: our own check refuses, and so does the separate verifier."""
    expect(stage.club.check_log(), "the untouched log checks")
    ours = _change_in_the_registry(stage)
    theirs = _change_in_the_export(stage)
    return Step(
        "Somebody changes one byte of the log",
        f"On copies: countenance log check refuses ({ours.message.rstrip('.')}), and so does "
        f"countenance-check ({theirs.said.rstrip('.')}).",
        refusals=(
            Refusal("countenance log check, on a copy of the gallery", ours.message, ours.hint, "P19"),
            Refusal(theirs.command, theirs.said, theirs.rest, "P19"),
        ),
    )


def _change_in_the_registry(stage: Stage) -> Tampered:
    copy = stage.places.folder / "changed-copy"
    shutil.copytree(stage.places.club, copy)
    changing = sqlite3.connect(copy / "data" / "registry.db")
    with changing:
        ((index, leaf),) = changing.execute('SELECT "index", leaf FROM leaves ORDER BY "index" LIMIT 1 OFFSET 40')
        changing.execute('UPDATE leaves SET leaf = ? WHERE "index" = ?', (_one_byte_changed(leaf), index))
    changing.close()
    try:
        with open_gallery(copy, account=ANNA, passphrase=stage.places.passphrases[ANNA]) as changed:
            changed.check_log()
    except Tampered as caught:
        return caught
    raise CountenanceError("The demo did not go as promised: a changed log was not caught.", hint="Please report this.")


def _change_in_the_export(stage: Stage) -> Checked:
    lines = ("\n".join(stage.club.export_log()) + "\n").encode()
    whole, changed = stage.places.folder / "log.jsonl", stage.places.folder / "log-changed.jsonl"
    whole.write_bytes(lines)
    checkpoint = stage.places.folder / "checkpoint.txt"
    checkpoint.write_text(stage.club.status()["log"]["checkpoint"], encoding="utf-8")
    expect(check(stage, "log", whole, "--checkpoint", checkpoint.name).code == 0, "the exported log checks")
    changed.write_bytes(_one_byte_changed(lines))
    refused = check(stage, "log", changed, "--checkpoint", checkpoint.name)
    expect(refused.code == 70, "the changed export is refused")
    return refused


def _one_byte_changed(text: bytes) -> bytes:
    """The same, with one digit of the first time of day in it another: a change that nobody sees by eye."""
    at = text.index(b'"at":"') + len(b'"at":"2026-11-22T18:4')
    return text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]


@dataclass(frozen=True, slots=True)
class Checked:
    """What ``countenance-check`` answered: its exit code, and what it wrote."""

    command: str
    code: int
    output: str

    @property
    def said(self) -> str:
        """The first line: the verdict."""
        return self.output.partition("\n")[0]

    @property
    def rest(self) -> str:
        """The line after it: what to do."""
        return self.output.partition("\n")[2].strip()


def check(stage: Stage, what: str, file: Path, *more: str) -> Checked:
    """Run the offline verifier in a process of its own, with the log's key as a witness would hold it."""
    key = stage.places.folder / "club.vkey"
    key.write_text(stage.club.status()["log"]["key"] + "\n", encoding="utf-8")
    arguments = [what, file.name, *more, "--key", key.name]
    done = subprocess.run(  # noqa: S603 - our own program, on files that we wrote
        [sys.executable, "-m", "countenance.check", *arguments],
        cwd=stage.places.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    command = " ".join(["countenance-check", *arguments])
    return Checked(command, done.returncode, (done.stdout + done.stderr).strip())
