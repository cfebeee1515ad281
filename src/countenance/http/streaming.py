"""Server-sent events: what a job tells while it runs, one JSON object each."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from countenance.errors import CountenanceError

MEDIA = "text/event-stream"
OFTEN = 0.5
"""Seconds between two looks."""
QUIET = 15.0
"""Seconds of silence after which a line is sent that says nothing: what stands between ends quiet connections."""
END: dict[str, Any] = {"event": ""}
"""What stands for no more events."""


def event(told: dict[str, Any]) -> str:
    """One event as it is sent; JSON of one line, so that nothing in it can begin another."""
    return f"event: {told['event']}\ndata: {json.dumps(told)}\n\n"


def refused(error: CountenanceError) -> str:
    """What ends a stream that may not go on."""
    return event({"event": "refused", **error.diagnostics()})


async def follow(ask: Callable[[], Awaitable[dict[str, Any] | None]], stopping: threading.Event) -> AsyncIterator[str]:
    """Ask now and then, and pass on what is told, until `END` or until the service stops."""
    last = time.monotonic()
    while not stopping.is_set():
        try:
            told = await ask()
        except CountenanceError as error:  # the key has ended meanwhile
            yield refused(error)
            return
        if told is END:
            return
        if told is not None:
            last = time.monotonic()
            yield event(told)
            continue
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(OFTEN)
