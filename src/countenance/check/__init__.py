"""``countenance-check``: checks a certificate, a receipt or a log of Countenance, offline.

This is the whole of it. It imports nothing else of Countenance, so an authority can read it in one sitting and need
trust nothing but this file, ``cryptography`` and ``rfc8785``. It opens no connection and writes no file.

It relies on Ed25519 (RFC 8032), canonical JSON (RFC 8785), Merkle trees with their proofs (RFC 6962 §2.1), and signed
checkpoints and tiles of logs (C2SP signed-note, tlog-checkpoint, tlog-tiles).
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OK, UNUSABLE, DOES_NOT_CHECK = 0, 10, 70
FILES = {"certificate": 1, "log": 1, "consistency": 3}
KEEP = "Keep the file as it is, and ask whoever gave it to you for the one they hold."
UNVOUCHED = "NOT VOUCHED FOR: nobody said whose key this is. Get the log's key another way, and give it with --key."
UNWITNESSED = "UNWITNESSED: without a checkpoint held outside, a log rewritten from the start looks the same."
HELP = """commands:
  certificate FILE          a certificate or receipt: its signature, its log entry, its checkpoints
  log LOG                   a whole log (one entry a line, or a tlog-tiles folder), with checkpoints held outside
  consistency OLD NEW LOG   that a log only grew from one checkpoint to another
examples:
  countenance-check certificate erasure.json --key club.vkey
  countenance-check log leaves.jsonl --checkpoint march.txt --checkpoint receipt.json --key club.vkey
Exits with 0 when all checks, 70 when something does not, 10 when the input cannot be used."""


class CheckError(Exception):
    """Something does not check (exit 70), or cannot be checked at all (exit 10)."""

    def __init__(self, message: str, exit_code: int = DOES_NOT_CHECK) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def need(sound: object, message: str) -> None:
    """Every check is one of these: what must be so, and what is wrong where it is not."""
    if not sound:
        raise CheckError(message)


@contextmanager
def strict(message: str, exit_code: int = DOES_NOT_CHECK) -> Iterator[None]:
    """What is malformed does not check: a field that is missing, is of another kind, or is nested too deeply."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, InvalidSignature):
        raise CheckError(message, exit_code) from None


# --- keys and checkpoints --------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """An Ed25519 public key with its name, from ``name+hash+base64`` (C2SP signed-note)."""

    name: str
    id: bytes
    public: bytes

    def check(self, signature: bytes, data: bytes, what: str) -> None:
        """Checks one signature."""
        with strict(f"The signature of {what} does not fit: it was changed, or signed by another."):
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)


class Checkpoint(NamedTuple):
    """The state of a log that somebody signed: whose, how many entries, their Merkle root."""

    origin: str
    size: int
    root: bytes


def parse_key(text: str, exit_code: int = DOES_NOT_CHECK) -> Key:
    """The key in ``name+hash+base64``; the hash must be that of the name and the key."""
    with strict("The key is no Ed25519 key in the form name+hash+base64.", exit_code):
        name, hashed, data = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", text).groups()  # type: ignore[union-attr]
        raw = _base64(data)
        if len(raw) != 33 or raw[0] != 1 or sha256(f"{name}\n".encode() + raw).hexdigest()[:8] != hashed:
            raise ValueError
    return Key(name, bytes.fromhex(hashed), raw[1:])


def open_checkpoint(note: str, key: Key | None) -> Checkpoint:
    """The checkpoint in a signed note; its signature by ``key`` is checked unless there is no key."""
    with strict("The checkpoint is no signed note with an origin, a size and a root."):
        head, tail = re.fullmatch(r"([^\0-\x09\x0b-\x1f]+)\n\n((?:— [^ +\n]+ \S+\n)+)", note).groups()  # type: ignore[union-attr]
        if key is not None:
            lines = [line.split(" ") for line in tail.split("\n")[:-1]]
            named = [_base64(data) for _, name, data in lines if name == key.name]
            ours = [raw[4:] for raw in named if raw[:4] == key.id]
            need(ours, f"The checkpoint is not signed by {key.name!a}.")
            for signature in ours:
                key.check(signature, f"{head}\n".encode(), "the checkpoint")
        origin, size, root = head.split("\n")[:3]
        if not re.fullmatch(r"0|[1-9][0-9]{0,17}", size, re.ASCII) or len(_base64(root)) != 32 or "\n\n" in head:
            raise ValueError
        return Checkpoint(origin, int(size), _base64(root))


def _base64(text: str) -> bytes:
    """The bytes of base64 in its one canonical spelling. `ValueError` for any other."""
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError
    return data


def parse_json(data: bytes) -> Any:
    """Strict JSON: UTF-8, and no name twice in one object. `ValueError` for anything else."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    return json.loads(data.decode(), object_pairs_hook=unique)


# --- the Merkle tree: RFC 6962 §2.1, its own recursion read backwards ------------------------------------------------


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _left(size: int) -> int:
    """How many entries the left side of a tree has: the largest power of two below its size."""
    return 1 << (size - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    return _node(_root(leaves[: _left(len(leaves))]), _root(leaves[_left(len(leaves)) :]))


def _proven_root(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to. `ValueError` when the proof is too long or too short."""
    if size == 1 and not proof:
        return leaf
    *inner, other = proof
    if index < _left(size):
        return _node(_proven_root(index, _left(size), leaf, inner), other)
    return _node(other, _proven_root(index - _left(size), size - _left(size), leaf, inner))


def _proven_roots(old: int, new: int, known: list[bytes], proof: list[bytes]) -> tuple[bytes, bytes]:
    """The roots that a consistency proof leads to. The old root itself is ``known``, so it is not in the proof."""
    if old == new:
        (root,) = known + proof
        return root, root
    *inner, other = proof
    if old <= _left(new):
        before, after = _proven_roots(old, _left(new), known, inner)
        return before, _node(after, other)
    before, after = _proven_roots(old - _left(new), new - _left(new), [], inner)
    return _node(other, before), _node(other, after)


def _hashes(steps: list[str]) -> list[bytes]:
    hashes = [bytes.fromhex(step) for step in steps]
    need(all(len(each) == 32 for each in hashes), "A proof holds what is no SHA-256 hash.")
    return hashes


# --- what can be checked ---------------------------------------------------------------------------------------------


def check_certificate(data: bytes, given: Key | None) -> dict[str, Any]:
    """Checks a certificate or receipt: signature, key, its log entry, its checkpoints and their proofs."""
    with strict("This is no certificate.", UNUSABLE):
        document = parse_json(data)
        body, signature = document["body"], document["signature"]
    with strict("The certificate is malformed: a part is missing, or of another kind."):
        need(len(document) == 2, "The certificate carries something beside its body that nobody signed.")
        need(signature["algorithm"] == "Ed25519" and len(signature) == 3, "The signature is not by an Ed25519 key.")
        key = parse_key(signature["key"])
        need(given in (None, key), "It is signed by another key than the one given.")
        key.check(_base64(signature["value"]), rfc8785.dumps(body), "the certificate")
        kind, log, leaf, index = str(body["kind"]), body["log"], body["log"]["leaf"], body["log"]["index"]
        now = open_checkpoint(log["checkpoint"], key)
        need(type(index) is int and 0 <= index < now.size, "The log entry has no place under the checkpoint.")
        need(leaf["index"] == index, "The log entry stands at another place than it says.")
        root = _proven_root(index, now.size, sha256(b"\0" + rfc8785.dumps(leaf)).digest(), _hashes(log["inclusion"]))
        need(root == now.root, "The log entry is not in the log that the checkpoint stands for.")
        told = {"origin": now.origin, "index": index, "size": now.size, "root": now.root.hex(), "only_grew_from": None}
        if "before" in log or "consistency" in log:
            before = open_checkpoint(log["before"], key)
            need(before.size <= index, "The checkpoint from before the act was signed after it.")
            if "consistency" in log:
                check_consistency(before, now, log["consistency"])
                told["only_grew_from"] = before.size
    return {"kind": kind, "key": signature["key"], "key_vouched_for": given is not None, "log": told, "body": body}


def check_consistency(old: Checkpoint, new: Checkpoint, steps: list[str]) -> None:
    """Checks a proof that the log only grew from the old checkpoint to the new one."""
    need(old.origin == new.origin, "The two checkpoints are of different logs.")
    need(old.size <= new.size, "The log was cut: the newer checkpoint has fewer entries.")
    with strict(f"The proof that the log only grew from {old.size} to {new.size} entries is malformed."):
        proof = _hashes(steps)
        roots = _proven_roots(old.size, new.size, [old.root], proof) if old.size else (_root(proof), new.root)
    need(roots == (old.root, new.root), f"The log was rewritten: its first {old.size} entries are not those of before.")


def check_log(entries: Iterable[bytes], checkpoints: Sequence[tuple[str, Checkpoint]]) -> dict[str, Any]:
    """Checks a log's entries against checkpoints, each with the name of where it came from."""
    need(len({seen.origin for _, seen in checkpoints}) < 2, "The checkpoints are of different logs.")
    leaves: list[bytes] = []
    for place, entry in enumerate(entries):
        with strict(f"Line {place + 1} is no log entry: it was changed."):
            index, canonical = parse_json(entry)["index"], rfc8785.dumps(parse_json(entry))
        need(canonical == entry, f"Line {place + 1} is not written as the log writes it: it was changed.")
        need(json.dumps(index) == str(place), f"Line {place + 1} says that it is entry {index!a}: it was moved.")
        leaves.append(sha256(b"\0" + entry).digest())
    size, good = len(leaves), 0
    for name, seen in sorted(checkpoints, key=lambda named: named[1].size):
        need(seen.size <= size, f"The log was cut: it has {size} entries, and {name} was signed over {seen.size}.")
        where = f"Something in lines {good + 1} to {seen.size}" if good < seen.size else "The log"
        need(_root(leaves[: seen.size]) == seen.root, f"{where} was rewritten: {name} was signed over other entries.")
        good = seen.size
    return {"size": size, "root": _root(leaves).hex(), "covered": good}


def read_entries(place: Path) -> Iterator[bytes]:
    """The log's entries: one a line of a file, or the entry bundles of a tlog-tiles folder."""
    if place.is_dir():
        yield from _bundled(place / "tile" / "entries")
        return
    with place.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            need(line.endswith(b"\n"), f"Line {number} is cut off in the middle.")
            yield line[:-1]


def _bundled(folder: Path) -> Iterator[bytes]:
    """256 entries a file, each behind its length in two bytes; the last ones may stand in a shorter ``NNN.p/W``."""
    for number in count():
        above = [f"x{number // 1000**power % 1000:03}" for power in (3, 2, 1) if number >= 1000**power]
        file = folder.joinpath(*above, f"{number % 1000:03}")
        shorter = [each for each in file.parent.glob(f"{file.name}.p/*") if each.name.isdecimal()]
        if not file.is_file() and not shorter:
            return
        data = (file if file.is_file() else max(shorter, key=lambda each: int(each.name))).read_bytes()
        while data:
            end = 2 + int.from_bytes(data[:2])
            need(end <= len(data), f"The entry bundle {number} is cut off in the middle.")
            yield data[2:end]
            data = data[end:]


# --- the command line ------------------------------------------------------------------------------------------------


def _checkpoint(path: Path, key: Key | None) -> Checkpoint:
    """The checkpoint in a file, or the one that a certificate carries."""
    text = path.read_text("utf-8", "replace")
    with strict(f"{path} holds no checkpoint.", UNUSABLE):
        note = parse_json(text.encode())["body"]["log"]["checkpoint"] if text.lstrip().startswith("{") else text
    return open_checkpoint(note, key)


def _log(place: Path, held: list[Path], key: Key | None, *, complete: bool) -> tuple[str, dict[str, Any]]:
    seen = [(str(path), _checkpoint(path, key)) for path in held]
    own = [("its own checkpoint", _checkpoint(place / "checkpoint", key))] if place.is_dir() else []
    found = check_log(read_entries(place), seen + own)
    if not found["size"]:
        raise CheckError("This log is empty: there is no entry in it to check.", UNUSABLE)
    beyond = found["size"] - max((each.size for _, each in seen), default=0)
    need(not (complete and beyond), f"No checkpoint given covers the last {beyond} entries of the log.")
    said = f"It fits {len(seen)} checkpoint(s); the last {beyond} entries came later." if seen else UNWITNESSED
    return f"This log is whole in itself: {found['size']} entries. {said}", found


def _run(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    text, files = options.key, [Path(file) for file in options.files]
    if text is not None and text.count("+") < 2:
        text = Path(text).read_text("utf-8", "replace")
    key = None if text is None else parse_key(text.strip(), UNUSABLE)
    if options.command == "certificate":
        found = check_certificate(files[0].read_bytes(), key)
        return f"This certificate ({ascii(found['kind'])[1:-1]}) checks.", found
    if options.command == "consistency":
        need(_checkpoint(files[0], key).size <= _checkpoint(files[1], key).size, "The log was cut between the two.")
    return _log(files[-1], files[:-1] + [Path(file) for file in options.checkpoint], key, complete=options.complete)


def _told(found: dict[str, Any]) -> Iterator[str]:
    """A certificate in a few lines for a person: what, when, how much, what the scan found, who witnesses the log."""
    if "body" not in found:
        return
    body, log = found["body"], found["log"]
    grew = "" if log["only_grew_from"] is None else f", and only grew from {log['only_grew_from']}"
    names = ("number", "reason", "order", "issued", "counts", "index", "scan", "witness")
    told = {name: body.get(name) for name in names}
    told["log"] = f"entry {log['index']} of {log['origin']}, which had {log['size']} entries{grew}"
    told["key"] = found["key"] + (", the one that you gave" if found["key_vouched_for"] else "")
    for name, value in told.items():
        parts = value.items() if isinstance(value, dict) else ()
        said = ", ".join(f"{what} {each}" for what, each in parts if isinstance(each, str | int)) if parts else value
        if said is not None:
            yield f"  {name:8} {ascii(str(said))[1:-1]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, 10 or 70."""
    parser = argparse.ArgumentParser("countenance-check", description="Checks what Countenance handed out, offline.")
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, HELP
    parser.add_argument("command", choices=FILES)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--key", metavar="VKEY", help="the log's public key, name+hash+base64, or a file that holds it")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="or a certificate with one")
    parser.add_argument("--complete", action="store_true", help="a checkpoint must cover the log's last entry")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args(arguments)
    if len(options.files) != FILES[options.command]:
        parser.error(f"{options.command} takes {FILES[options.command]} file(s)")
    try:
        with strict("It is nested too deeply, or its name is none that a file can have.", UNUSABLE):
            said, found = _run(options)
            # Pure ASCII: whatever could steer a terminal or hide text is written out as an escape.
            shown = json.dumps({"ok": True, **found}) if options.json else "\n".join([said, *_told(found)])
    except (CheckError, OSError) as fault:
        missing = isinstance(fault, OSError)
        named = getattr(fault, "filename", None) or "The input"
        message = f"{named} cannot be read: {fault.strerror}." if isinstance(fault, OSError) else str(fault)
        exit_code = UNUSABLE if isinstance(fault, OSError) else fault.exit_code
        hint = "Check the name." if missing else KEEP
        told = {"ok": False, "code": "tampered" if exit_code == DOES_NOT_CHECK else "input", "message": message}
        if options.json:
            sys.stdout.write(json.dumps(told | {"hint": hint}) + "\n")
        else:
            sys.stderr.write(f"{ascii(message)[1:-1]}\n{hint}\n")
        return exit_code
    sys.stdout.write(f"{shown}\n" if options.json or options.key else f"{shown}\n{UNVOUCHED}\n")
    return OK
