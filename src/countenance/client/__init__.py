"""The library's own shape over HTTP, for programs: sync and async, typed, with the library's own errors.

Imports nothing of the house but its words and its errors, so that it can be read, and trusted with a key, alone.
"""

from __future__ import annotations

from countenance.client.connecting import AsyncClient, Client
from countenance.client.results import (
    Basis,
    Case,
    Certified,
    Detected,
    Enrolled,
    Event,
    Found,
    Job,
    Review,
    Source,
    Subject,
    Verified,
)

__all__ = [
    "AsyncClient", "Basis", "Case", "Certified", "Client", "Detected", "Enrolled", "Event", "Found", "Job", "Review",
    "Source", "Subject", "Verified",
]  # fmt: skip
