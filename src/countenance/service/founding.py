"""A new gallery: its folders, keys, first account and self-agreement."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.config import FILE_NAME
from countenance.errors import AlreadyExists, InputError
from countenance.policy.facts import FOUNDER_ROLES
from countenance.policy.purposes import purpose
from countenance.service.accounts import check_account

_FILE = """\
# Countenance: face search by permission. Every setting, with its default; times in seconds.
# An environment variable overrides a line: COUNTENANCE_INDEX__ENGINE=exact.

[gallery]
id = "{id}"
organisation = {organisation}
purpose = "{purpose}"            # of new bases and sources; a search always says its own
account = {account}            # who acts when --account is left out
# address = "1 Quay Lane, Riverside"   # where letters reach you; it stands in `countenance report register`
# dpo = "dpo@example.org"              # your data protection officer, if you have one; it stands there too

[registry]
url = {registry}   # or "postgresql://club_app@db.example.org/club"
# passfile = "/etc/countenance/pgpass"   # a server's password, if not in COUNTENANCE_REGISTRY_PASSWORD or ~/.pgpass

[keys]                           # all of it outside the data folder; keep one current copy, apart from the data
vault = "vault/keys.db"          # every person's key, wrapped
kek = {kek}                    # the key-encryption key, or the salt of its passphrase: without it nothing can be read
accounts = {accounts}          # account key files, one a person, passphrase-protected

[index]
engine = "embedded"              # or "exact", or "milvus": `countenance index move --to ENGINE` changes it
snapshot = 100_000               # kept on disk, encrypted, from so many templates on; 0: never

# [milvus]                       # a cluster, see docs/how-to/search-on-milvus.md; token: COUNTENANCE_MILVUS_TOKEN
# address = "https://milvus.example.org:19530"  # the only one that is ever spoken to; http:// only on this machine
# encrypted_disk = true          # your word that its disks are encrypted: it keeps vectors in clear
# index = "flat"                 # or "hnsw"
# certificates = "/etc/ssl/our-authority.pem"

[vision]
backend = "auto"                 # or "openvino", "onnxruntime", "cuda"
gate = "standard"                # quality gate: "standard" or "strict"
# enrolment_gate = "strict"      # of what is enrolled alone
detect = "standard"              # how closely an ingest looks: "quick", or "thorough" for small faces in large photos
max_bytes = 67_108_864           # of a photo file
max_pixels = 120_000_000         # of a photo
seconds = 20.0                   # to decode one photo

[search]                         # cosine similarity; see docs/concepts/scores.md
fpir = {fpir}                     # searches for a stranger that may show anybody; the threshold follows, by size
# calibration = "calibration.json"  # your own, made by `countenance calibrate`; the model's if left out
{fixed}
limit = 10

[ingest]
batch = 64                       # photos a transaction at most; after 5 seconds, those that there are
# workers = 2                    # processes that look at photos; as many as there are cores if left out
# engine = "ray"                 # on the machines of a Ray cluster; see docs/how-to/ingest-on-a-cluster.md

# [ray]
# address = "10.0.0.1:6379"      # its head, the only one that is ever spoken to

# [photos]                       # where the sources lie that are named photos://NAME
# root = "/srv/photos"           # or "s3://bucket/prefix"

# [s3]                           # sources that are buckets; keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
# endpoint = "https://s3.example.org"  # the only host that is ever asked
# region = "us-east-1"
# certificates = "/etc/ssl/our-authority.pem"  # where the store's certificate is from an authority of your own

[http]                           # `countenance serve`; see docs/how-to/run-it.md
host = "127.0.0.1"               # beyond this machine only with TLS or a proxy, and a public_url
port = 8420
# public_url = "https://faces.example.org"  # what people call it; passkeys belong to a name and not to a number
# certificate = "tls/chain.pem"  # TLS of its own, PEM
# key = "tls/key.pem"
# proxies = ["10.0.0.2"]         # whose X-Forwarded-Host and X-Forwarded-Proto are believed
# workers = 2                    # processes that answer; several need the records on PostgreSQL
# requests = 600                 # of one account in a minute
# max_bytes = 33554432           # of one request
# waiting = 268435456            # bytes of all requests that are being received or answered
# [http.oidc]                    # a directory that sees people first; its client's secret: COUNTENANCE_OIDC_SECRET
# issuer = "https://login.example.org/realms/club"
# client_id = "countenance"
# required = true                # see docs/how-to/sign-in-with-a-directory.md

# Letters: that a consent ends, and to a guest that later pictures came. Without it nobody is written to.
# [mail]                         # the password, if there is a user: COUNTENANCE_SMTP_PASSWORD
# host = "mail.example.org"
# port = 587
# starttls = true
# sender = "faces@example.org"
# user = "faces"

# Where `countenance log send` sends signed checkpoints, so that others can tell whether the log was changed.
# [witness]
# drop = "/media/elsewhere"      # a folder that somebody else keeps
# [witness.smtp]                 # the password, if there is a user: COUNTENANCE_SMTP_PASSWORD
# host = "mail.example.org"
# port = 587
# starttls = true
# sender = "log@example.org"
# to = "auditor@example.com"
# user = "log"
# [witness.timestamp]            # a time-stamping authority (RFC 3161)
# url = "https://tsa.example.org/"
# certificates = "tsa.pem"       # its root certificates, as you got them from it
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new gallery shall be.

    ``keys`` is the folder for the key-encryption key and the account keys; by default the user's own configuration.
    ``territories``: where the people live whom it is made for, ISO 3166 codes, or ``*`` for everywhere (P24).
    ``kek`` says whether the key-encryption key lies there (``file``) or is stretched from ``kek_passphrase``
    (``passphrase``); ``threshold``, and ``high``, fix a cosine in place of the rate ``fpir``;
    a key in COUNTENANCE_KEK goes before either. ``registry``: where the records are.
    """

    folder: Path
    organisation: str
    account: str
    passphrase: str
    purposes: Sequence[str]
    keys: Path | None = None
    fpir: float = 0.01
    threshold: float | None = None
    high: float | None = None
    roles: Sequence[str] = FOUNDER_ROLES
    territories: Sequence[str] = ("*",)
    kek: str = "file"
    kek_passphrase: str | None = None
    registry: str = "sqlite:///data/registry.db"


def write_config(plan: Plan) -> Path:
    """Check the plan and write the commented configuration. Raises `AlreadyExists` rather than touch an old gallery."""
    if not plan.organisation.strip() or any(sign in '"\\' or not sign.isprintable() for sign in plan.organisation):
        raise InputError("The organisation needs a name, without quotation marks, line breaks or control signs.")
    check_account(plan.account, plan.roles)
    if not plan.passphrase:
        raise InputError("The account's key needs a passphrase.", hint="Type one, or set COUNTENANCE_PASSPHRASE.")
    if plan.kek not in {"file", "passphrase"}:
        raise InputError(f"{plan.kek!r} is no place for a key-encryption key.", hint="Say file or passphrase.")
    if not plan.purposes:
        raise InputError("A gallery needs a purpose.")
    for each in plan.purposes:
        purpose(each)
    file = plan.folder / FILE_NAME
    if file.exists() or (plan.folder / "data").exists():
        raise AlreadyExists(f"There is a gallery in {plan.folder} already.", hint="Choose another folder.")
    word = re.sub(r"[^a-z0-9]+", "-", plan.organisation.lower()).strip("-")[:40] or "gallery"
    identity = f"{word}-{secrets.token_hex(4)}"
    keys = (plan.keys or user_folder() / identity).expanduser().resolve()
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
        text = _FILE.format(
            id=identity,
            organisation=_quoted(plan.organisation.strip()),
            registry=_quoted(plan.registry),
            purpose=plan.purposes[0],
            account=_quoted(plan.account),
            kek=_quoted((keys / "kek").as_posix()),
            accounts=_quoted((keys / "accounts").as_posix()),
            fpir=plan.fpir,
            fixed=_fixed(plan),
        )
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{plan.folder} cannot be written to: {error.strerror}.") from None
    return file


def _fixed(plan: Plan) -> str:
    """The lines of a threshold that is fixed, or how one would be."""
    if plan.threshold is None:
        return "# threshold = 0.415              # a fixed cosine instead, whatever the gallery's size; high = 0.465"
    high = "" if plan.high is None else f"\nhigh = {plan.high}"
    return f"threshold = {plan.threshold}                # a fixed cosine, whatever the gallery's size{high}"


def _quoted(text: str) -> str:
    """A text as a basic string of TOML 1.0: quotation marks, backslashes and control signs are escaped."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InputError("A name or a path of the new gallery holds bytes that are no text.", hint="Give it in UTF-8.")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def user_folder() -> Path:
    """Where a user's own keys lie when nothing else is said."""
    import os

    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "countenance"
