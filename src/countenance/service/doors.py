"""Keys of Rekognition's clients: their secret is derived where it is needed, and kept nowhere.

Such a client does not send its secret: it signs with it (SigV4), so that the service has to know it. It is derived from
the organisation's key, which lies in the vault under the key-encryption key, and the API key's number. Turning the
key-encryption key leaves it as it is; destroying the vault ends it. From the secret follows the program's signing key,
as for every API key (decision 0023), so that what it asks is signed and checked all the same.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from countenance.vault.keyring import organisation_key

if TYPE_CHECKING:
    from countenance.service.context import Context

_ACCESS = re.compile(r"CNTK([0-9]{12,18})")


def access_id(number: int) -> str:
    """The access key's id: the API key's number, which is no secret."""
    return f"CNTK{number:012d}"


def key_number(access: str) -> int:
    """The number in an access key's id; 0, which is no key's, for anything else."""
    found = _ACCESS.fullmatch(access)
    return int(found[1]) if found and access_id(int(found[1])) == access else 0


def secret_text(secret: bytes) -> str:
    """The secret access key as it is shown, and as the client signs with it."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def derived_secret(context: Context, organisation: int, number: int) -> bytes:
    """The secret of an organisation's key: 32 bytes, known to nobody who has not the vault and its key."""
    return context.keys.salt(organisation_key(organisation), f"rekognition secret, {context.desk.origin}, K{number}")
