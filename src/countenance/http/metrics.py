"""Counts for Prometheus: requests by route and status, and how long they took. Nothing of anybody, no account."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
"""Seconds."""


class Metrics:
    """Of this process since it began, and of those that serve beside it.

    Args:
        folder: Where each of several processes leaves its counts for the others.
        number: Of this process among them; one that takes its place goes on counting.
    """

    def __init__(self, folder: Path | None = None, number: int = 0) -> None:
        self._lock = threading.Lock()
        self._leaving = threading.Lock()
        self._folder = folder
        self._number = number
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._within: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self.running = 0
        if folder is not None:
            self._add(self._file(number), running=False)

    def begin(self) -> None:
        """A request has come."""
        with self._lock:
            self.running += 1

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """It was answered. ``route`` is the pattern of its path, never the path itself."""
        with self._lock:
            self.running -= 1
            self._requests[(method, route, status)] += 1
            self._count[route] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]
            for bound in BOUNDS:
                if seconds <= bound:
                    self._within[(route, bound)] += 1

    def leave(self) -> None:
        """Leave the counts for the other processes; called now and then."""
        if self._folder is None:
            return
        with self._lock:
            counted = [[list(key), count] for key, count in self._requests.items()]
            within = [[list(key), count] for key, count in self._within.items()]
            told = [counted, within, dict(self._seconds), dict(self._count), self.running]
        fresh = self._file(self._number).with_suffix(".new")
        with self._leaving:  # whoever asks for the counts leaves them too, beside the thread that does it every second
            fresh.write_text(json.dumps(told), "utf-8")
            fresh.replace(self._file(self._number))

    def text(self) -> str:
        """In the exposition format: of all processes together."""
        if self._folder is None:
            return self._text()
        whole = Metrics()
        self.leave()
        for file in sorted(self._folder.glob("counts-*.json")):
            whole._add(file)
        return whole._text()

    def _file(self, number: int) -> Path:
        assert self._folder is not None  # noqa: S101 - for the type checker
        return self._folder / f"counts-{number}.json"

    def _add(self, file: Path, *, running: bool = True) -> None:
        """Count what another process has counted."""
        try:
            counted, within, seconds, count, now = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            return
        self._requests.update({(key[0], key[1], key[2]): number for key, number in counted})
        self._within.update({(key[0], key[1]): number for key, number in within})
        self._seconds.update(seconds)
        self._count.update(count)
        self.running += now if running else 0

    def _text(self) -> str:
        with self._lock:
            lines = ["# TYPE countenance_requests_total counter"]
            for (method, route, status), count in sorted(self._requests.items()):
                lines.append(
                    f'countenance_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                )
            lines.append("# TYPE countenance_request_seconds histogram")
            for route, count in sorted(self._count.items()):
                name = f'countenance_request_seconds_bucket{{route="{route}"'
                lines += [f'{name},le="{bound}"}} {self._within[(route, bound)]}' for bound in BOUNDS]
                lines.append(f'{name},le="+Inf"}} {count}')
                lines.append(f'countenance_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}')
                lines.append(f'countenance_request_seconds_count{{route="{route}"}} {count}')
            lines += ["# TYPE countenance_requests_running gauge", f"countenance_requests_running {self.running}"]
        return "\n".join(lines) + "\n"
