"""Work that only one process at a time may do on a gallery."""

from __future__ import annotations

from pathlib import Path

from countenance.errors import Busy


class OnlyOne:
    """The operating system's own lock on a file: gone with the process, however it ends.

    Args:
        file: The lock file; made where it is not there.
        busy: What to say when another process has it.
        wait: Seconds to wait for it.
    """

    def __init__(self, file: Path, busy: str, *, wait: float = 0) -> None:
        from filelock import FileLock

        file.parent.mkdir(parents=True, exist_ok=True)
        # One thread may take it and another let go of it: a service's threads come and go.
        self._lock = FileLock(file, timeout=wait, thread_local=False)
        self._busy = busy

    def __enter__(self) -> None:
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            raise Busy(self._busy) from None

    def __exit__(self, *_: object) -> None:
        self._lock.release()
