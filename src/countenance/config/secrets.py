"""Passwords, passphrases, tokens and keys: from a variable of the environment, or from the file that it names.

For each variable there is one with ``_FILE`` at its end, as Docker's secrets and systemd's credentials want it: what is
in a file stands in no list of processes, in no unit and in no image.
"""

from __future__ import annotations

import os
from pathlib import Path

from countenance.errors import BadConfiguration

SECRETS = {
    "COUNTENANCE_PASSPHRASE": "of the account's key",
    "COUNTENANCE_NEW_PASSPHRASE": "of a key that is made, or a key's new one",
    "COUNTENANCE_KEK": "the key-encryption key itself, 64 hexadecimal digits",
    "COUNTENANCE_NEW_KEK": "the one that takes its place, `countenance keys rotate`",
    "COUNTENANCE_KEK_PASSPHRASE": "from which the key-encryption key is stretched",
    "COUNTENANCE_NEW_KEK_PASSPHRASE": "from which the next one is",
    "COUNTENANCE_REGISTRY_PASSWORD": "of the program's role on PostgreSQL",
    "COUNTENANCE_REGISTRY_OWNER_PASSWORD": "of the role that owns the tables; `countenance registry` and `upgrade`",
    "COUNTENANCE_MILVUS_TOKEN": "for Milvus, USER:PASSWORD",
    "COUNTENANCE_SMTP_PASSWORD": "of the mail account that sends",
    "COUNTENANCE_OIDC_SECRET": "of the organisation's directory, for this client",
    "COUNTENANCE_IMPORT_PASSWORD": "of the database that `countenance import` reads",
    "AWS_ACCESS_KEY_ID": "of the store of buckets",
    "AWS_SECRET_ACCESS_KEY": "of the store of buckets",
    "AWS_SESSION_TOKEN": "of the store of buckets, where it wants one",
}
"""Every variable that holds a secret, and which."""
FILE = "_FILE"
_MOST = 64 * 2**10


def secret(variable: str) -> str | None:
    """What a variable holds, or the file that it names, without the line's end; None where neither is set.

    Raises `BadConfiguration` where both are, or the file cannot be read; never with a word of what is in it.
    """
    name = os.environ.get(variable + FILE)
    if name is None:
        return os.environ.get(variable)
    check_one(variable)
    try:
        with Path(name).open("rb") as opened:
            text = opened.read(_MOST + 1).decode("utf-8")
    except OSError as error:
        raise _unusable(variable, f"cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError):
        raise _unusable(variable, "is no text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(text) > _MOST:
        raise _unusable(variable, "is empty" if not text else "is too long")
    return text


def is_given(variable: str) -> bool:
    """Whether the environment holds it, or names its file."""
    return variable in os.environ or variable + FILE in os.environ


def check_one(*variables: str) -> None:
    """Raise `BadConfiguration` where a secret is given in both ways; of all of them where none is named."""
    for each in variables or SECRETS:
        if each in os.environ and each + FILE in os.environ:
            raise BadConfiguration(f"{each} and {each}{FILE} are both set.", hint="Set one of them.")


def _unusable(variable: str, why: str) -> BadConfiguration:
    return BadConfiguration(
        f"The file that {variable}{FILE} names {why}.", hint="Name a file that holds the secret and nothing else."
    )
