"""Signed notes and log checkpoints: the text by which the state of the log is shown outside.

Source: C2SP signed-note and tlog-checkpoint, with Ed25519 (signature type 0x01) alone. A malformed note raises
`Tampered`; one that is well formed but not signed by the key asked for raises `BadSignature`.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import BadSignature, InputError, Tampered
from countenance.log.merkle import HASH_SIZE, MAX_SIZE

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_MAX_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a note key: a name, such as ``club.example/log``, and 32 bytes of Ed25519."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or c < " " for c in self.name):
            raise InputError("The name of a log key is empty or holds a space or a plus sign.")
        if len(self.public) != 32:
            raise InputError("An Ed25519 public key is 32 bytes.")

    @property
    def id(self) -> bytes:
        """The four bytes that point at this key: SHA-256(name ‖ newline ‖ 0x01 ‖ public), cut."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The key as people hand it out: ``name+hash+base64``."""
        return f"{self.name}+{self.id.hex()}+{_b64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key in ``name+hash+base64``. Raises `InputError` for anything that is not exactly one."""
        name, _, rest = text.strip().partition("+")
        _, _, data = rest.partition("+")
        raw = _unb64(data)
        if raw is None or raw[:1] != _ED25519 or len(raw) != 33:
            raise InputError("This is no Ed25519 log key.", hint="A log key is written name+hash+base64, on one line.")
        key = cls(name, raw[1:])
        if str(key) != text.strip():
            raise InputError("The hash in this log key does not fit its name and key.", hint="Copy the key again.")
        return key

    def check(self, signature: bytes, data: bytes) -> None:
        """Checks a bare Ed25519 signature (64 bytes) over ``data``. Raises `BadSignature`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise BadSignature(f"The signature of {self.name} does not fit what it is said to sign.") from None


@dataclass(frozen=True, slots=True)
class SignerKey:
    """The secret half of a note key. ``repr`` shows the name alone."""

    name: str
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> SignerKey:
        """The key of this name made from 32 secret bytes. Raises `InputError` for a bad name or length."""
        if len(seed) != 32:
            raise InputError("An Ed25519 secret key is 32 bytes.")
        key = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        _ = key.verifier  # checks the name
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """A bare Ed25519 signature, 64 bytes (RFC 8032).

        The same key may sign notes and RFC 8785 JSON: a note holds newlines and canonical JSON never does, so neither
        can pass for the other.
        """
        return self._private.sign(data)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose, how many leaves, the Merkle root (32 bytes), and any further lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The note text that is signed. Raises `InputError` when a part cannot be written as one line."""
        lines = [self.origin, str(self.size), _b64(self.root), *self.extensions]
        if any(not line or any(c < " " for c in line) for line in lines):
            raise InputError("A line of a checkpoint is empty or holds a control character.")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise InputError("A checkpoint needs a size and a root of 32 bytes.")
        return "\n".join(lines) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """The opposite of `to_text`, strictly. Raises `Tampered`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise Tampered("A checkpoint must be at least three lines, none of them empty.")
        origin, size, root64, *extensions = lines
        root = _unb64(root64)
        if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE or root is None or len(root) != HASH_SIZE:
            raise Tampered("The size or the root of a checkpoint cannot be read.")
        return cls(origin, int(size), root, tuple(extensions))


def sign_checkpoint(origin: str, size: int, root: bytes, key: SignerKey) -> str:
    """The signed checkpoint of a log: what is handed to witnesses and put into receipts and certificates.

    Raises `InputError` when a part cannot be written.
    """
    return sign_note(Checkpoint(origin, size, root).to_text(), key)


def open_checkpoint(text: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, once its signature by ``key`` has been checked.

    Raises `Tampered` when malformed and `BadSignature` when not signed by this key.
    """
    return Checkpoint.from_text(open_note(text, key))


def sign_note(text: str, key: SignerKey) -> str:
    """``text`` (ending in a newline) with the signature line of ``key``. Raises `InputError` for any other text."""
    if not text.endswith("\n") or not _is_note_text(text):
        raise InputError("A note must end in a newline and hold no control characters.")
    return f"{text}\n{_DASH}{key.name} {_b64(key.verifier.id + key.sign(text.encode()))}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a signed note, once the signature by ``key`` has been checked; signatures of others are ignored.

    Raises as `open_checkpoint`.
    """
    if not _is_note_text(note):
        raise Tampered("A signed note holds characters that no note may hold.")
    head, blank, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() or not 0 < len(lines) <= _MAX_SIGNATURES:
        raise Tampered("A signed note must end in a blank line and its signature lines.")
    text = head + "\n"
    ours = [raw[4:] for name, raw in map(_signature_line, lines) if name == key.name and raw[:4] == key.id]
    if not ours:
        raise BadSignature(f"This note is not signed by {key.name}.", hint="Check that this is the key of this log.")
    for signature in ours:
        key.check(signature, text.encode())
    return text


def _signature_line(line: str) -> tuple[str, bytes]:
    name, _, data = line.removeprefix(_DASH).partition(" ")
    raw = _unb64(data)
    if not line.startswith(_DASH) or not name or "+" in name or raw is None or len(raw) < 5:
        raise Tampered("A signature line of a note cannot be read.")
    return name, raw


def _is_note_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return all(c >= " " or c == "\n" for c in text)


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes | None:
    """The bytes of strict base64 (RFC 4648 §4), or None; only the one canonical spelling is taken."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _b64(data) == text else None
