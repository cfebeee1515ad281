"""Counts for Prometheus: requests by route and status, and how long they took. Nothing of anybody, no account."""

from __future__ import annotations

import threading
from collections import Counter

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
"""Seconds."""


class Metrics:
    """Of this process since it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._within: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self.running = 0

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

    def text(self) -> str:
        """In the exposition format."""
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
