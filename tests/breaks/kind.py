"""What a broken rule is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """One rule of a requirement, how it is broken (file, what stands there, what shall), and the test that objects.

    ``server``: the test starts a PostgreSQL server; where none is installed the rule is skipped, and it is said why.
    """

    requirement: str
    rule: str
    changes: tuple[tuple[str, str, str], ...]
    test: str
    server: bool = False
