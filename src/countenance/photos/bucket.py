"""A bucket of photographs in an S3-compatible store.

One of the few modules that may open a connection (P25, DESIGN §10). It speaks to ``[s3] endpoint`` and to no other
host, whatever it is answered and whatever the environment says: buckets are named in the path and not in the host's
name; no redirect is followed, no region or account looked up, no proxy or configuration of another program asked, no
metadata service of a cloud. The keys come from the environment alone. Objects are listed and read, never written.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from countenance.config import S3Section
from countenance.config.secrets import secret
from countenance.errors import BadConfiguration, InputError, Unavailable, Unreadable
from countenance.photos.entries import hidden
from countenance.photos.folder import too_large
from countenance.photos.store import Found

try:
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # pragma: no cover - the extra is not installed
    raise BadConfiguration(
        "Buckets need a library that is not installed.", hint="Run `pip install 'countenance[s3]'`."
    ) from None

KEY, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
TRIES = 3
"""How often a request is made before the store counts as away."""
SECONDS = 20
"""How long an answer may let us wait."""
_PAGE = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_AWAY = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_GONE = frozenset({"NoSuchBucket", "404", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""The library's variables for its own configuration: no file, whatever the environment names."""
_T = TypeVar("_T")


class Bucket:
    """Lists and reads the objects of a bucket whose keys begin with a prefix; their paths are what comes after it."""

    def __init__(self, name: str, prefix: str, client: Any) -> None:
        self.name, self._prefix, self._client = name, prefix, client

    def check(self) -> None:
        """Raise `InputError` when the bucket is not there or may not be listed, `Unavailable` when nobody answers."""
        self._list(1)

    def files(self) -> Iterator[Found]:
        """Every object, in the order of their keys. What a folder's listing leaves alone is left alone here as well."""
        begin = ""
        while True:
            page = self._list(_PAGE, begin)
            for entry in page.get("Contents", ()):
                key = entry["Key"]
                path = key.removeprefix(self._prefix).encode("utf-8", "surrogatepass")
                if path and not key.endswith("/") and not _skipped(path):
                    yield _found(path, entry)
            before, begin = begin, page.get("NextContinuationToken", "")
            if not page.get("IsTruncated") or begin in ("", before):
                return

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of an object. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""
        key = self._prefix + path.decode("utf-8", "surrogatepass")
        if _skipped(path):
            raise Unreadable("This object's name is none that is read.")

        def get() -> bytes:
            # One byte more than the limit tells that there is more, and no more than that is sent.
            answer = self._client.get_object(Bucket=self.name, Key=key, Range=f"bytes=0-{limit}")
            with answer["Body"] as body:
                data: bytes = body.read(limit + 1)
            return data

        try:
            data = _patiently(get)
        except ClientError as error:
            code = _code(error)
            if code == "InvalidRange":  # an empty object has no first byte
                return b""
            if code in _OF_ONE:
                raise Unreadable(f"This object cannot be read: {_REASONS[code]}.") from None
            raise Unavailable(f"The bucket {self.name} cannot be read: {_REASONS.get(code, code)}.") from None
        if len(data) > limit:
            raise too_large(limit)
        return data

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _list(self, most: int, begin: str = "") -> dict[str, Any]:
        more = {"ContinuationToken": begin} if begin else {}
        try:
            page: dict[str, Any] = _patiently(
                lambda: self._client.list_objects_v2(Bucket=self.name, Prefix=self._prefix, MaxKeys=most, **more)
            )
        except ClientError as error:
            code = _code(error)
            told = f"The bucket {self.name} cannot be listed: {_REASONS.get(code, code)}."
            if code in _GONE:
                raise InputError(told, hint="Check its name, and what the key in the environment may do.") from None
            raise Unavailable(told) from None
        return page


_REASONS = {
    "NoSuchKey": "it is gone",
    "NoSuchBucket": "there is none by this name",
    "404": "it is gone",
    "AccessDenied": "the key has no right to it",
    "403": "the key has no right to it",
    "InvalidAccessKeyId": "the key is unknown there",
    "SignatureDoesNotMatch": "the secret does not belong to the key",
    "InvalidObjectState": "it is stored away and must be restored first",
    "PermanentRedirect": "it lies at another endpoint",
    "301": "it lies at another endpoint",
}
_OF_ONE = frozenset({"NoSuchKey", "404", "AccessDenied", "403", "InvalidObjectState"})
"""Answers that speak of one object; any other one speaks of the bucket."""


def open_bucket(root: str, settings: S3Section | None, folder: Path) -> Bucket:
    """The bucket that ``NAME/PREFIX`` names, at the configured endpoint. Nothing is asked of it yet.

    Relative paths in the settings are relative to ``folder``.
    """
    name, _, prefix = root.partition("/")
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(f"{name!r} is no name of a bucket.", hint="Write s3://bucket or s3://bucket/prefix.")
    prefix = prefix.strip("/")
    if prefix and (not prefix.isprintable() or _skipped(prefix.encode())):
        raise InputError("This prefix cannot be used.", hint="Parts of it may not begin with a dot.")
    if settings is None:
        raise BadConfiguration(
            "No store is configured for buckets.", hint='Add to the configuration: [s3] endpoint = "https://…".'
        )
    return Bucket(name, prefix + "/" * bool(prefix), _client(settings, folder))


def _client(settings: S3Section, folder: Path) -> Any:
    key, hidden = secret(KEY), secret(SECRET)
    if not (key and hidden):
        raise BadConfiguration("There is no key for the store of buckets.", hint=f"Set {KEY} and {SECRET}.")
    session = botocore.session.Session(_NO_FILES)
    endpoint = settings.endpoint.rstrip("/")
    try:
        client = session.create_client(
            "s3",
            region_name=settings.region,
            endpoint_url=endpoint,
            verify=settings.certificates is None or str(folder / settings.certificates.expanduser()),
            aws_access_key_id=key,
            aws_secret_access_key=hidden,
            aws_session_token=secret(TOKEN) or None,
            config=Config(
                s3={"addressing_style": "path", "use_arn_region": False},
                proxies={},  # none, rather than those of the environment
                retries={"total_max_attempts": 1},  # we try again ourselves, and say so
                connect_timeout=SECONDS,
                read_timeout=SECONDS,
                max_pool_connections=16,
                defaults_mode="legacy",
                ignore_configured_endpoint_urls=True,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                user_agent="countenance",
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise BadConfiguration(f"[s3] cannot be used: {' '.join(str(error).split())}.") from None
    client.meta.events.register_first("before-send.s3", _guard(endpoint + "/"))
    return client


def _guard(ours: str) -> Callable[..., None]:
    def check(request: Any, **_: object) -> None:
        """Whatever made the library want to speak to somebody else, it does not."""
        if not str(request.url).startswith(ours):
            raise _Elsewhere

    return check


class _Elsewhere(BotoCoreError):  # type: ignore[misc] # the library has no types
    fmt = "the store sends us to another host"


def _patiently(ask: Callable[[], _T]) -> _T:
    """Ask a few times. What the store answers is its answer; only silence and its own faults are asked again."""
    for tried in range(1, TRIES + 1):
        try:
            return ask()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status < 500 and _code(error) not in ("SlowDown", "RequestTimeout"):
                raise
            why = f"it answered {status}"
        except (BotoCoreError, OSError) as error:
            why = str(error) if isinstance(error, _Elsewhere) else f"no answer ({type(error).__name__})"
            if isinstance(error, _Elsewhere):
                break
        if tried < TRIES:
            time.sleep(0.2 * 4**tried)
    raise Unavailable(f"The store of buckets cannot be reached: {why}.", hint="Try again later; it goes on from there.")


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "no reason given"))


def _skipped(path: bytes) -> bool:
    return hidden(path) or b".." in path.split(b"/")


def _found(path: bytes, entry: dict[str, Any]) -> Found:
    """An object. In its time's nanoseconds stands its entity tag: another content has another number."""
    changed = entry.get("LastModified")
    seconds = int(changed.timestamp()) if isinstance(changed, datetime) else 0
    mark = int.from_bytes(hashlib.sha256(str(entry.get("ETag", "")).encode()).digest()[:4]) % 10**9
    fault = None
    if entry.get("StorageClass") in _AWAY:
        fault = "It is stored away and must be restored first."
    return Found(path, int(entry.get("Size", 0)), seconds * 10**9 + mark, fault)
