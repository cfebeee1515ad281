"""Checkpoints go outside: to a folder, by e-mail, to a time-stamping authority; and letters to people, by e-mail.

It speaks to the endpoints in the configuration alone (DESIGN §10): no redirect is followed, no proxy of the environment
is asked, and nothing is sent but a checkpoint, or a letter to the contact on record.
"""

from __future__ import annotations

import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import urlsplit

from countenance.config import MailSection, MailServerSection, TimestampSection, WitnessSection
from countenance.config.secrets import secret
from countenance.errors import BadConfiguration, InputError, Unavailable
from countenance.log import timestamps
from countenance.log.note import Checkpoint

SECONDS = 30
LARGEST_ANSWER = 2**16
LASTING = 500
"""A mail server's answers from here on will be the same tomorrow (RFC 5321, 4.2.1)."""
PASSWORD = "COUNTENANCE_SMTP_PASSWORD"  # noqa: S105 - the variable's name
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Sender:
    """A place outside. ``send`` takes the checkpoint and its signed text, and returns what came back, if anything.

    The name goes into certificates, so it tells no path and no person's address.
    """

    name: str
    send: Callable[[Checkpoint, str], bytes | None]


def senders(settings: WitnessSection, folder: Path) -> Iterator[Sender]:
    """The places that are configured. Relative paths are relative to ``folder``."""
    if settings.drop is not None:
        place = folder / settings.drop.expanduser()
        yield Sender("folder", lambda seen, text: drop(place, seen, text))
    if settings.smtp is not None:
        mail_to = settings.smtp
        yield Sender(f"e-mail ({mail_to.to.rpartition('@')[2]})", lambda seen, text: mail(mail_to, seen, text))
    if settings.timestamp is not None:
        authority = settings.timestamp
        name = f"time-stamp ({urlsplit(authority.url).hostname})"
        yield Sender(name, lambda _seen, text: stamp(authority, folder, text))


def drop(place: Path, seen: Checkpoint, text: str) -> None:
    """Put a checkpoint into a folder that somebody else keeps, under a name that no other has."""
    try:
        file = place / f"checkpoint-{seen.size}-{seen.root.hex()[:16]}.txt"
        fresh = file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        # The folder is not made here: one that is missing is most likely a disk that is not there.
        raise Unavailable(f"The folder for checkpoints cannot be written to: {error.strerror}.") from None


def mail(to: MailSection, seen: Checkpoint, text: str) -> bytes:
    """Send a checkpoint by e-mail; returns the message's id."""
    message = _message(to, to.to, f"Checkpoint of {seen.origin}: {seen.size} entries")
    message.set_content(
        "Keep this. With it anybody can tell later whether the log was changed:\ncountenance-check --help"
    )
    message.add_attachment(text, filename=f"checkpoint-{seen.size}.txt")
    _deliver(to, message, "[witness.smtp]", "the checkpoint")
    return str(message["Message-ID"]).encode()


def letter(server: MailServerSection, to: str, subject: str, text: str) -> None:
    """Send a person a letter. Raises `InputError` for what is no address, to the server either; else as `mail`."""
    try:
        message = _message(server, to, subject)
        message.set_content(text)
        if len(message["To"].addresses) != 1 or not message["To"].addresses[0].domain:
            raise ValueError
    except (ValueError, IndexError, MessageError):  # the library's own words would carry the address
        raise InputError("The contact on record is no e-mail address.", hint="Write to them another way.") from None
    _deliver(server, message, "[mail]", "the letter")


def _message(server: MailServerSection, to: str, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message["Date"] = formatdate(datetime.now(UTC).timestamp())
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2] or "countenance")
    return message


def _deliver(to: MailServerSection, message: EmailMessage, section: str, what: str) -> None:
    password = secret(PASSWORD) or ""
    if to.user and not (to.starttls and password):
        raise BadConfiguration(
            f"{section} user is set, but no password, or the connection is not encrypted.",
            hint=f"Set {PASSWORD}, and starttls = true.",
        )
    try:
        with smtplib.SMTP(to.host, to.port, timeout=SECONDS) as server:
            if to.starttls:
                server.starttls(context=ssl.create_default_context())
            if to.user:
                server.login(to.user, password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= LASTING for code, _ in error.recipients.values()):
            raise InputError(f"The mail server takes {what} to no such address.", hint="Ask for another one.") from None
        raise Unavailable(f"The mail server did not take {what}: it does not now, for this address.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server did not take {what}: {_why(error)}.") from None


def stamp(authority: TimestampSection, folder: Path, text: str) -> bytes:
    """Have a checkpoint time-stamped; returns the authority's answer, which was checked."""
    try:
        roots = (folder / authority.certificates.expanduser()).read_bytes()
    except OSError as error:
        raise BadConfiguration(f"[witness.timestamp] certificates cannot be read: {error.strerror}.") from None
    question = timestamps.Request(text)
    answer = _post(authority.url, question.data)
    question.check(answer, roots)
    return answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Whoever answers does not choose whom we speak to."""
        return


def _post(url: str, data: bytes) -> bytes:
    # Built by hand: only http and https, no proxy of the environment, no redirect, no files.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler(), _NoRedirect(),
    ):  # fmt: skip
        opener.add_handler(handler)
    asked = urllib.request.Request(url, data, {"Content-Type": _QUERY, "Accept": _REPLY})  # noqa: S310 - checked: http
    try:
        with opener.open(asked, timeout=SECONDS) as answer:
            kind, found = answer.headers.get_content_type(), answer.read(LARGEST_ANSWER + 1)
    except (OSError, ValueError) as error:
        raise Unavailable(f"The time-stamping authority cannot be asked: {_why(error)}.") from None
    if kind != _REPLY or len(found) > LARGEST_ANSWER:
        raise Unavailable("The time-stamping authority answered something else than a time-stamp.")
    return bytes(found)


def _why(error: Exception) -> str:
    """What went wrong, in the error's own words, on one line."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"it answered {error.code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not check, {error.verify_message}"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return " ".join(str(reason).split()) or type(error).__name__
