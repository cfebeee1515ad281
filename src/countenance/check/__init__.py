"""``countenance-check``: checks a certificate, a receipt or a log of Countenance, offline.

This is the whole of it. It imports nothing else of Countenance, so an authority can read it in one sitting and need
trust nothing but this file, ``cryptography`` and ``rfc8785``. It opens no connection and writes no file.

What it relies on: Ed25519 (RFC 8032), canonical JSON (RFC 8785), Merkle trees (RFC 6962), their inclusion proofs
(RFC 9162 §2.1.3.2), and signed notes and log checkpoints (C2SP signed-note, tlog-checkpoint).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OK, UNUSABLE, DOES_NOT_CHECK = 0, 10, 70
KINDS = ("erasure", "order", "receipt")
KEEP = "Keep the file as it is, and ask whoever gave it to you for the one they hold."


class CheckError(Exception):
    """Something does not check (exit 70) or could not be checked at all (exit 10)."""

    def __init__(self, message: str, hint: str = KEEP, exit_code: int = DOES_NOT_CHECK) -> None:
        super().__init__(message)
        self.message, self.hint, self.exit_code = message, hint, exit_code


class Key(NamedTuple):
    """A public key with its name, from ``name+hash+base64`` (C2SP signed-note)."""

    text: str
    name: str
    id: bytes
    public: bytes

    def check(self, signature: bytes, data: bytes, what: str) -> None:
        """Checks one Ed25519 signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise CheckError(f"The signature of {what} does not fit: it was changed, or signed by another.") from None


class Checkpoint(NamedTuple):
    """The state of a log that somebody holds: whose, how many entries, their Merkle root."""

    origin: str
    size: int
    root: bytes


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_key(text: str) -> Key:
    """The key in ``name+hash+base64``; the hash must be that of the name and the key."""
    name, _, rest = text.partition("+")
    hashed, _, data = rest.partition("+")
    raw = _base64(data)
    key_id = sha256(f"{name}\n".encode("utf-8", "surrogatepass") + raw).digest()[:4]
    if not name or any(c.isspace() for c in name) or len(raw) != 33 or raw[0] != 1 or hashed != key_id.hex():
        raise CheckError("The key is not an Ed25519 key written name+hash+base64.", "Copy the key again, as one line.")
    return Key(text, name, key_id, raw[1:])


def open_checkpoint(note: Any, key: Key | None) -> Checkpoint:
    """The checkpoint in a signed note; its signature by ``key`` is checked unless there is no key."""
    if not isinstance(note, str) or any(c < " " and c != "\n" for c in note):
        raise CheckError("The checkpoint is not the text of a signed note.")
    head, blank, tail = note.rpartition("\n\n")
    signatures = [re.fullmatch(r"— ([^ +\n]+) (\S+)", line) for line in tail.split("\n")[:-1]]
    if not blank or not tail.endswith("\n") or not signatures or None in signatures:
        raise CheckError("The checkpoint has no signature lines that can be read.")
    if key is not None:
        named = [_base64(found[2]) for found in signatures if found and found[1] == key.name]
        ours = [raw[4:] for raw in named if raw[:4] == key.id]
        if not ours:
            raise CheckError(
                f"The checkpoint is not signed by {_plain(key.name)}.", "Check that this is the log's key."
            )
        for signature in ours:
            key.check(signature, f"{head}\n".encode("utf-8", "surrogatepass"), "the checkpoint")
    lines = head.split("\n")
    root = _base64(lines[2]) if len(lines) > 2 else b""
    if not all(lines) or len(root) != 32 or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1], re.ASCII):
        raise CheckError("The checkpoint does not hold an origin, a size and a root.")
    return Checkpoint(lines[0], int(lines[1]), root)


def parse_json(data: bytes) -> Any:
    """Strict JSON: UTF-8, no name twice in one object. Raises `ValueError`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name appears twice")
        return dict(pairs)

    try:
        return json.loads(data.decode(), object_pairs_hook=unique)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _canonical(value: Any, what: str) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError):
        raise CheckError(f"{what} cannot be written as canonical JSON.") from None


def _base64(text: Any) -> bytes:
    """The bytes of strict base64 in its one canonical spelling; nothing for anything else."""
    try:
        data = b64decode(text, validate=True)
    except (ValueError, TypeError):
        return b""
    return data if b64encode(data).decode() == text else b""


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CheckError(f"{path} cannot be read: {error.strerror}.", "Check the name.", UNUSABLE) from None


def _key_given(text: str | None) -> Key | None:
    if text is None:
        return None
    try:
        return parse_key(text.strip() if text.count("+") > 1 else _read(text).decode().strip())
    except CheckError as error:
        raise CheckError(error.message, error.hint, UNUSABLE) from None
    except UnicodeDecodeError:
        raise CheckError(f"{text} does not hold a key.", "Give name+hash+base64, or its file.", UNUSABLE) from None


# --- the Merkle tree -------------------------------------------------------------------------------------------------


def _leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _grow(stack: list[bytes], size: int, leaf: bytes) -> None:
    """Adds leaf number ``size``: equal subtrees are joined, so the stack holds one for each bit set in the size."""
    stack.append(leaf)
    while size & 1:
        right = stack.pop()
        stack[-1] = _node(stack[-1], right)
        size >>= 1


def _root(stack: list[bytes]) -> bytes:
    root = stack[-1] if stack else sha256(b"").digest()
    for left in reversed(stack[:-1]):
        root = _node(left, root)
    return root


def _root_from_proof(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2); None when it is too long or too short."""
    fn, sn, root = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = _node(step, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = _node(root, step)
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


# --- the two commands ------------------------------------------------------------------------------------------------


def check_certificate(data: bytes, given: Key | None) -> dict[str, Any]:
    """Checks a certificate or receipt: signature, key, checkpoint, and that its log entry is under the checkpoint."""
    certificate = _certificate(data)
    body, signature = certificate["body"], certificate["signature"]
    if not isinstance(signature, dict) or set(signature) != {"algorithm", "key", "value"}:
        raise CheckError("The signature must have an algorithm, a key and a value, and nothing else.")
    if signature["algorithm"] != "Ed25519" or not isinstance(signature["key"], str):
        raise CheckError("The signature is not by an Ed25519 key.")
    key = parse_key(signature["key"])
    if given is not None and key != given:
        raise CheckError("It is signed by another key than the one that you gave.", "Check whose key you hold.")
    key.check(_base64(signature["value"]), _canonical(body, "The certificate"), "the certificate")
    if not isinstance(body, dict) or body.get("kind") not in KINDS or not isinstance(body.get("log"), dict):
        raise CheckError(f"Its kind is none of {', '.join(KINDS)}, or it has no log entry.")
    checkpoint = open_checkpoint(body["log"].get("checkpoint"), key)
    _check_inclusion(body["log"], checkpoint)
    log = {"origin": checkpoint.origin, "index": body["log"]["index"], "size": checkpoint.size}
    log["root"] = checkpoint.root.hex()
    return {"kind": body["kind"], "key": key.text, "key_vouched_for": given is not None, "log": log, "body": body}


def _certificate(data: bytes) -> dict[str, Any]:
    try:
        certificate = parse_json(data)
    except ValueError:
        certificate = None
    if not isinstance(certificate, dict) or not {"body", "signature"} <= set(certificate):
        raise CheckError("This is no certificate.", "Give the JSON file as it was handed out.", UNUSABLE)
    if len(certificate) > 2:
        raise CheckError("The certificate carries something beside its body that nobody signed.")
    return certificate


def _check_inclusion(log: dict[str, Any], checkpoint: Checkpoint) -> None:
    index, leaf, steps = log.get("index"), log.get("leaf"), log.get("inclusion")
    if type(index) is not int or not 0 <= index < checkpoint.size or not isinstance(leaf, dict):
        raise CheckError("The log entry has no place under the checkpoint.")
    if type(leaf.get("index")) is not int or leaf["index"] != index:
        raise CheckError("The log entry stands at another place than it says.")
    if not isinstance(steps, list) or not all(isinstance(s, str) and re.fullmatch("[0-9a-f]{64}", s) for s in steps):
        raise CheckError("The proof that the entry is in the log cannot be read.")
    hashed = _leaf(_canonical(leaf, "The log entry"))
    if _root_from_proof(index, checkpoint.size, hashed, [bytes.fromhex(s) for s in steps]) != checkpoint.root:
        raise CheckError("The log entry is not in the log that the checkpoint stands for.")


def check_log(lines: Iterator[bytes], checkpoints: list[tuple[str, Checkpoint]]) -> dict[str, Any]:
    """Checks a log, one entry a line, against the checkpoints (each with the name of where it came from)."""
    stack: list[bytes] = []
    waiting = sorted(checkpoints, key=lambda named: named[1].size)
    size = good = 0
    while True:
        while waiting and waiting[0][1].size == size:
            name, checkpoint = waiting.pop(0)
            if _root(stack) != checkpoint.root:
                # Up to the last checkpoint that fits, nothing was changed; so it was after that.
                where = f"somewhere from line {good + 1} to line {size}" if good < size else f"before line {size + 1}"
                raise CheckError(f"The log was rewritten {where}: {name} was signed over other entries.")
            good = size
        line = next(lines, None)
        if line is None:
            break
        _grow(stack, size, _leaf(_entry(line, size)))
        size += 1
    if waiting:
        name, checkpoint = waiting[0]
        raise CheckError(f"The log was cut: it has {size} entries, and {name} was signed over {checkpoint.size}.")
    return {"size": size, "root": _root(stack).hex(), "covered": good, "checkpoints": len(checkpoints)}


def _entry(line: bytes, index: int) -> bytes:
    """The bytes of the entry on this line, which must be canonical and know its own place."""
    if not line.endswith(b"\n"):
        raise CheckError(f"Line {index + 1} is cut off in the middle.")
    data = line[:-1]
    try:
        entry = parse_json(data)
        canonical = rfc8785.dumps(entry)
    except (ValueError, RecursionError):
        raise CheckError(f"Line {index + 1} is no log entry: it was changed.") from None
    if not isinstance(entry, dict) or canonical != data:
        raise CheckError(f"Line {index + 1} is not written as the log writes it: it was changed.")
    if type(entry.get("index")) is not int or entry["index"] != index:
        raise CheckError(f"Line {index + 1} says that it is entry {_plain(entry.get('index'))}, and stands at {index}.")
    return data


# --- the command line ------------------------------------------------------------------------------------------------


def _certificate_command(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = check_certificate(_read(options.file), _key_given(options.key))
    log = found["log"]
    what = "receipt" if found["kind"] == "receipt" else f"{found['kind']} certificate"
    lines = [f"This {what} checks."]
    for name, value in found["body"].items():
        lines += _told(value if name != "log" else value["leaf"], name if name != "log" else "log entry")
    lines += [f"  log: entry {log['index']} of {log['size']} in {_plain(log['origin'])}, root {log['root']}"]
    lines += [f"  signed by: {_plain(found['key'])}"]
    if found["key_vouched_for"]:
        lines += ["The key is the one that you gave."]
    else:
        lines += ["NOT VOUCHED FOR: the key is only the one named inside the certificate; anyone could have made it."]
        lines += ["Get the log's key another way, and run this again with --key."]
    return found, lines


def _log_command(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    key = _key_given(options.key)
    checkpoints = [(path, open_checkpoint(_checkpoint_text(_read(path), path), key)) for path in options.checkpoint]
    try:
        with Path(options.leaves).open("rb") as lines:
            found = check_log(iter(lines), checkpoints)
    except OSError as error:
        raise CheckError(f"{options.leaves} cannot be read: {error.strerror}.", "Check the name.", UNUSABLE) from None
    found["signatures_checked"] = bool(checkpoints) and key is not None
    beyond = found["size"] - found["covered"]
    if options.complete and (beyond or not checkpoints):
        raise CheckError(f"No checkpoint covers the last {beyond} entries of the log.", "Get a newer checkpoint.")
    told = [f"This log is whole in itself: {found['size']} entries, root {found['root']}."]
    if not checkpoints:
        told += ["UNWITNESSED: without a checkpoint held outside, a log rewritten from the start looks the same."]
        return found, told
    told += [f"It fits {len(checkpoints)} checkpoint(s): the first {found['covered']} entries are as they were signed."]
    if beyond:
        told += [f"The last {beyond} entries came later: no checkpoint given covers them."]
    if key is None:
        told += ["NOT VOUCHED FOR: without --key nobody knows who signed the checkpoints."]
    return found, told


def _checkpoint_text(data: bytes, path: str) -> Any:
    """The signed note in a checkpoint file, or the one that a certificate carries."""
    if data.lstrip().startswith(b"{"):
        body = _certificate(data)["body"]
        return body["log"].get("checkpoint") if isinstance(body, dict) and isinstance(body.get("log"), dict) else None
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise CheckError(f"{path} is no checkpoint.", "Give a signed checkpoint or a certificate.", UNUSABLE) from None


def _told(value: Any, name: str) -> list[str]:
    """Any JSON value as readable lines, ``a.b: c``."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _told(inner, f"{name}.{key}")]
    shown = ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
    return [f"  {_plain(name)}: {shown}"]


def _plain(value: Any) -> str:
    """A value for the terminal: whatever could steer it or hide text is written out as an escape."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="countenance-check",
        description="Checks what Countenance handed out, offline. Exits with 0 when all checks, 70 when something\n"
        "does not, 10 when the input cannot be used.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  countenance-check certificate erasure.json --key club.vkey\n"
        "  countenance-check log leaves.jsonl --checkpoint march.txt --checkpoint receipt.json --key club.vkey",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="certificate | log")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--key", metavar="VKEY", help="the log's public key (name+hash+base64) or a file that holds it")
    shared.add_argument("--json", action="store_true", help="print the result as one JSON object")
    about = "check the signature of a certificate or receipt, and that its entry is in the log"
    one = commands.add_parser("certificate", parents=[shared], help=about, description=about)
    one.add_argument("file", metavar="FILE", help="the certificate, a JSON file")
    one.set_defaults(run=_certificate_command)
    about = "recompute a whole log, and compare it with checkpoints that were held outside"
    log = commands.add_parser("log", parents=[shared], help=about, description=about)
    log.add_argument("leaves", metavar="LEAVES", help="the log, one entry a line, exactly as it was exported")
    log.add_argument(
        "--checkpoint",
        metavar="FILE",
        action="append",
        default=[],
        help="a checkpoint, or a certificate that holds one",
    )
    log.add_argument("--complete", action="store_true", help="the newest checkpoint must cover every entry")
    log.set_defaults(run=_log_command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, 10 or 70."""
    options = _parser().parse_args(arguments)
    try:
        found, lines = options.run(options)
        told = json.dumps({"ok": True, **found}) if options.json else "\n".join(lines)
    except (CheckError, RecursionError) as fault:
        error = fault if isinstance(fault, CheckError) else CheckError("It is nested too deeply.", exit_code=UNUSABLE)
        if options.json:
            code = "input" if error.exit_code == UNUSABLE else "tampered"
            print(json.dumps({"ok": False, "code": code, "message": error.message, "hint": error.hint}))  # noqa: T201
        else:
            sys.stderr.write(f"{_plain(error.message)}\n{_plain(error.hint)}\n")
        return error.exit_code
    encoding = sys.stdout.encoding or "utf-8"  # a terminal that cannot show a sign gets its escape
    sys.stdout.write(told.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return OK
