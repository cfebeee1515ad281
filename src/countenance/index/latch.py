"""A lock that many readers share and a writer has alone. A writer that waits goes before readers that come after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Latch:
    """Shared by whoever looks, held alone by whoever changes. Not for taking twice in one thread."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Nothing changes meanwhile; others may look as well."""
        with self._turn:
            while self._writing or self._waiting:
                self._turn.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._turn:
                self._readers -= 1
                if not self._readers:
                    self._turn.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody looks meanwhile, and nobody else changes anything."""
        with self._turn:
            self._waiting += 1
            try:
                while self._writing or self._readers:
                    self._turn.wait()
                self._writing = True
            finally:
                self._waiting -= 1
                if not self._writing:
                    self._turn.notify_all()  # the wait was cut short: readers need not stand back for it
        try:
            yield
        finally:
            with self._turn:
                self._writing = False
                self._turn.notify_all()
