"""Every error that Countenance raises on purpose.

One base class; each error has a stable ``code``, an HTTP status, an exit code and two lines for a person: what is wrong
(the message) and what to do (the hint). An error never carries a pixel, a vector or a stranger's data.
"""

from __future__ import annotations

from typing import Any, ClassVar


class CountenanceError(Exception):
    """The base of all of them.

    Args:
        message: What is wrong, in one line, for a person.
        hint: What to do about it, in one line; the class's own hint when left out.
        requirement: The requirement that refuses (P1 to P30), where one does.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""
    default_requirement: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "", requirement: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.requirement = requirement or self.default_requirement

    def diagnostics(self) -> dict[str, Any]:
        """The error as plain data: what ``--json`` prints and what HTTP sends as problem+json."""
        told = {"code": self.code, "message": self.message, "hint": self.hint}
        return told | ({"requirement": self.requirement} if self.requirement else {})


# --- InputError: what was handed in cannot be used -------------------------------------------------------------------


class InputError(CountenanceError):
    """What was handed in cannot be used."""

    code = "input"
    status = 422
    exit_code = 10
    default_hint = "Check the value and try again; --help shows what is expected."


class Unreadable(InputError):
    """The bytes are no picture that we can read."""

    code = "unreadable"
    exit_code = 11
    default_hint = "Give a JPEG, PNG, WebP, AVIF, HEIC or TIFF file that opens elsewhere."


class NoFace(InputError):
    """No face was found where one is needed."""

    code = "no-face"
    exit_code = 12
    default_hint = "Give a photo in which one face is seen from the front, at least 50 pixels wide."


class ManyFaces(InputError):
    """More than one face where exactly one is needed."""

    code = "many-faces"
    exit_code = 13
    default_hint = "Give a photo of this person alone, or choose the face by its number."


class QualityTooLow(InputError):
    """A face was found, but it is too poor to be relied on. The reasons say how."""

    code = "quality-too-low"
    exit_code = 14
    default_hint = "Give a larger, sharper photo, seen from the front in even light."

    def __init__(self, message: str, *, reasons: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons = reasons

    def diagnostics(self) -> dict[str, Any]:
        """As the base class, with the reasons as a list."""
        return super().diagnostics() | {"reasons": list(self.reasons)}


class BadSignature(InputError):
    """A signature does not fit what it is said to sign."""

    code = "bad-signature"
    exit_code = 15
    default_hint = "Check that the key belongs to this account and that the file was not changed."


class TooLarge(InputError):
    """More bytes or more pixels than the limits allow."""

    code = "too-large"
    status = 413
    exit_code = 16
    default_hint = "Make the picture smaller, or raise [vision] max_bytes or max_pixels in the configuration."


class BadConfiguration(InputError):
    """The configuration file is missing, cannot be read, or contradicts itself."""

    code = "bad-configuration"
    exit_code = 17
    default_hint = "Run `countenance init FOLDER` for a new one, or correct the line that is named."


class ReceiptRefused(InputError):
    """A receipt or a link that proves nothing here: forged, used up, expired, or of another gallery."""

    code = "receipt"
    exit_code = 18
    default_hint = "Use the receipt as it was handed out, or write to the contact in the notice."


class LedgerTooOld(InputError):
    """The erasure ledger is older than the backup that it is to be replayed on, or of another gallery."""

    code = "ledger-too-old"
    exit_code = 19
    default_hint = "Give the newest copy of the ledger: it lies beside the vault."


# --- who is asking ---------------------------------------------------------------------------------------------------


class NotSignedIn(CountenanceError):
    """No account was named, or its key could not be opened."""

    code = "not-signed-in"
    status = 401
    exit_code = 25
    default_hint = "Name your account with --account, and its passphrase when asked or in COUNTENANCE_PASSPHRASE."


class SignAgain(CountenanceError):
    """What the person has to sign now, in their browser. ``statement``: the bytes."""

    code = "sign-again"
    status = 401
    exit_code = 27
    default_requirement = "P18"
    default_hint = "Sign it with your password or your passkey."

    def __init__(self, message: str, *, hint: str = "", requirement: str = "", statement: bytes = b"") -> None:
        super().__init__(message, hint=hint, requirement=requirement)
        self.statement = statement


class TooMany(CountenanceError):
    """More than the quota allows. ``after``: the seconds until more may be asked for, where that is known."""

    code = "too-many"
    status = 429
    exit_code = 26
    default_requirement = "P3"
    default_hint = "Wait, or ask the owner of the agreement for a larger quota."

    def __init__(self, message: str, *, hint: str = "", requirement: str = "", after: int | None = None) -> None:
        super().__init__(message, hint=hint, requirement=requirement)
        self.after = after


class NotFound(CountenanceError):
    """Absent, or not yours: the words are the same for both."""

    code = "not-found"
    status = 404
    exit_code = 20
    default_hint = "Check the name; `countenance status` and the list commands show what there is."


# --- Refused: the rules say no ---------------------------------------------------------------------------------------


class Refused(CountenanceError):
    """The policy says no. Carries the requirement (P-number) and the log entry of the refusal."""

    code = "refused"
    status = 403
    exit_code = 30
    default_hint = "Record what is missing, then ask again. There is no way around it."

    def __init__(self, message: str, *, hint: str = "", requirement: str = "", log_index: int | None = None) -> None:
        super().__init__(message, hint=hint, requirement=requirement)
        self.log_index = log_index

    def diagnostics(self) -> dict[str, Any]:
        """As the base class, with the requirement and the log entry that records the refusal."""
        return super().diagnostics() | {"requirement": self.requirement, "log_index": self.log_index}


class NoBasis(Refused):
    """No live lawful basis."""

    code = "no-basis"
    exit_code = 31
    default_requirement = "P1"
    default_hint = "Record a basis and have it confirmed: `countenance basis --help`."


class NoNotice(Refused):
    """The person has not been told."""

    code = "no-notice"
    exit_code = 32
    default_requirement = "P2"
    default_hint = "Record the notice that was given: `countenance notice add`."


class PurposeRefused(Refused):
    """The purpose is missing, unknown, switched off or not covered."""

    code = "purpose"
    exit_code = 33
    default_hint = "Name a purpose from the list that the agreement covers: `countenance agreement list`."


class TerritoryRefused(Refused):
    """The territory is not covered, or under an order."""

    code = "territory"
    exit_code = 34


class NoAgreement(Refused):
    """No live agreement lets this account do this."""

    code = "no-agreement"
    exit_code = 35
    default_requirement = "P3"
    default_hint = "An agreement is needed, signed by both parties: `countenance agreement --help`."


class NoCase(Refused):
    """A search belongs to a case; none, or a closed one, was named."""

    code = "no-case"
    exit_code = 36
    default_requirement = "P3"
    default_hint = "Name the case that this search belongs to with --case."


class RoleRefused(Refused):
    """This account's roles do not cover the act."""

    code = "role"
    exit_code = 37
    default_requirement = "P21"
    default_hint = "Ask someone whose account has the role."


class GrantRefused(Refused):
    """A grant was missing, spent, expired or made for something else. A fault in the program, never in its use."""

    code = "grant"
    exit_code = 38
    default_requirement = "P3"
    default_hint = "This is a fault in Countenance; nothing was read or changed. Please report it."


class SourceRefused(Refused):
    """The source may not be collected from."""

    code = "source"
    exit_code = 39
    default_hint = "Show what entitles you to these photographs: `countenance source --help`."


# --- state -----------------------------------------------------------------------------------------------------------


class Held(CountenanceError):
    """A hold blocks the erasure."""

    code = "held"
    status = 409
    exit_code = 40
    default_requirement = "P8"
    default_hint = "The hold must be lifted by the authority that made it."


class OrderError(CountenanceError):
    """An order cannot take this step."""

    code = "order"
    status = 409
    exit_code = 41
    default_hint = "`countenance order show` says in what state it is and what comes next."


class EmptyScope(OrderError):
    """An order or a batch that names nothing that it bears on."""

    code = "empty-scope"
    exit_code = 42
    default_hint = "Name a subject, a source, a territory or a supplier."


class AlreadyExists(CountenanceError):
    """Something by this name is there already."""

    code = "already-exists"
    status = 409
    exit_code = 21
    default_hint = "Choose another name, or use the one that is there."


class Busy(CountenanceError):
    """The same work is being done by another process."""

    code = "busy"
    status = 409
    exit_code = 22
    default_hint = "Wait for the other one to end, then run this again."


class ModelRefused(CountenanceError):
    """A model, or what is said of it, that cannot be trusted: another hash, no card, no template, no licence."""

    code = "model-refused"
    status = 422
    exit_code = 23
    default_hint = "Nothing was taken in. `countenance models add --help` says what a model needs."


class ContractMismatch(CountenanceError):
    """Templates of two embedding contracts never meet."""

    code = "contract-mismatch"
    status = 409
    exit_code = 50
    default_hint = "Use the model that the gallery was made with, or migrate the gallery."


class Unavailable(CountenanceError):
    """A part that is needed cannot be reached just now."""

    code = "unavailable"
    status = 503
    exit_code = 60
    default_hint = "Try again in a moment."


class ClockWentBack(Unavailable):
    """The machine's clock says an earlier time than the log's last entry."""

    code = "clock"
    exit_code = 64
    default_hint = "Set the clock right; then run the same command again."


class StorageFull(Unavailable):
    """No space left; nothing was half-written."""

    code = "storage-full"
    status = 507
    exit_code = 61
    default_hint = "Free some space on the disk, then run the same command again."


class KeyMissing(Unavailable):
    """The key-encryption key, or a person's key, is not there."""

    code = "key-missing"
    exit_code = 62
    default_hint = "Put the key file back where the configuration says it lies."


class ModelMissing(Unavailable):
    """The model files are not there."""

    code = "model-missing"
    exit_code = 63
    default_hint = "Run `countenance models fetch`, or `countenance models add FILE`."


class Tampered(CountenanceError):
    """A file of our own does not check."""

    code = "tampered"
    status = 500
    exit_code = 70
    default_hint = "Stop, keep the files as they are, and compare with a checkpoint held outside."
