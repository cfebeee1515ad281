"""Time-stamps by somebody else (RFC 3161): proof that a checkpoint existed at a time.

Made and checked here, sent by `countenance.log.senders`. What is stamped is the SHA-256 of the checkpoint's text.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import rfc3161_client as rfc3161
from cryptography import x509

from countenance.errors import BadConfiguration, BadSignature

_CERTIFICATES = 0xA0
"""The tag of the certificates among the fields of a SignedData (RFC 5652 §5.1)."""
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class Request:
    """A question to a time-stamping authority. Each has a number of its own, so that an old answer does not fit."""

    def __init__(self, checkpoint: str) -> None:
        self._text = checkpoint
        made = rfc3161.TimestampRequestBuilder().data(checkpoint.encode()).hash_algorithm(rfc3161.HashAlgorithm.SHA256)
        self._made = made.nonce(nonce=True).cert_request(cert_request=True).build()
        self.data = self._made.as_bytes()

    def check(self, answer: bytes, roots: bytes) -> int:
        """The time in an answer, once it is shown to be a stamp over this checkpoint, for this question.

        Raises as `check`.
        """
        return check(answer, self._text, roots, nonce=self._made.nonce)


def check(answer: bytes, checkpoint: str, roots: bytes, *, nonce: int | None = None) -> int:
    """Check an authority's answer: imprint, signature, a certificate made for time-stamping, its chain to ``roots``.

    Args:
        answer: The response, in DER.
        checkpoint: What was stamped.
        roots: The authority's root certificates, PEM. What the answer brings itself is never trusted.
        nonce: The number of the question.

    Returns:
        When the authority saw it, in seconds since 1970.

    Raises `BadSignature` for anything else than such a stamp, `BadConfiguration` when ``roots`` holds no certificate.
    """
    try:
        trusted = x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise BadConfiguration("[witness.timestamp] certificates holds no certificate in PEM.") from None
    try:
        stamp = rfc3161.decode_timestamp_response(_in_order(answer))
        if rfc3161.PKIStatus(stamp.status) != rfc3161.PKIStatus.GRANTED:
            raise BadSignature("The time-stamping authority gave no stamp.", hint="Ask it why; its answer says no.")
        if stamp.tst_info.message_imprint.hash_algorithm != _SHA256:
            raise BadSignature("The time-stamp is not over a SHA-256 hash.")
        verifier = rfc3161.VerifierBuilder(roots=trusted, nonce=nonce).build()
        verifier.verify(stamp, sha256(checkpoint.encode()).digest())
        return int(stamp.tst_info.gen_time.timestamp())
    except (rfc3161.VerificationError, ValueError) as error:
        why = str(error).partition(": ErrorStack")[0]
        raise BadSignature(f"The time-stamp does not check: {why}.", hint="Keep it, and ask the authority.") from None


def _in_order(answer: bytes) -> bytes:
    """The answer with its certificates sorted, as DER wants a set to be and the library insists.

    Authorities made of OpenSSL send them in any order. They lie outside what is signed, so nothing else changes.
    """
    try:
        token = _inside(answer, 0)[1]
        signed = _inside(answer, _inside(answer, token)[1])[0]
        for field in _inside(answer, signed):
            if answer[field] == _CERTIFICATES:
                places = [*_inside(answer, field), _ends(answer, field)]
                each = sorted(answer[begin:end] for begin, end in pairwise(places))
                return answer[: places[0]] + b"".join(each) + answer[places[-1] :]
    except IndexError:
        return answer  # it is no such answer, which the library will say
    return answer


def _inside(data: bytes, at: int) -> list[int]:
    """Where the elements inside the one at ``at`` begin."""
    places, place, end = [], _begins(data, at), _ends(data, at)
    while place < end:
        places.append(place)
        place = _ends(data, place)
    return places


def _begins(data: bytes, at: int) -> int:
    """Where the content of an element begins: behind its tag, and one or more bytes of length."""
    return at + 2 + (data[at + 1] & 0x7F if data[at + 1] & 0x80 else 0)


def _ends(data: bytes, at: int) -> int:
    begin = _begins(data, at)
    return begin + (int.from_bytes(data[at + 2 : begin]) if data[at + 1] & 0x80 else data[at + 1])
