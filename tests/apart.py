"""A server that listens wherever it likes, shut into a network of its own: from outside one port of 127.0.0.1 leads in.

    python apart.py PORT NUMBER -- COMMAND…

The command runs in a network that has nothing but a loopback, and what comes to 127.0.0.1:PORT here is handed to the
same port there. The process' number is written to the file NUMBER, and it does not outlive us.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # sched.h
_SET_FLAGS, _UP = 0x8914, 0x41  # SIOCSIFFLAGS; IFF_UP | IFF_RUNNING
_PDEATHSIG = 1
_TOLD = "COUNTENANCE_TEST_APART"


def possible() -> bool:
    """Whether this machine lets us have a network of our own. Asked once; processes that we start are told."""
    if _TOLD not in os.environ:
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import apart; apart.leave()"
        linux = sys.platform.startswith("linux")
        tried = linux and subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
        os.environ[_TOLD] = "yes" if tried and tried.returncode == 0 else "no"
    return os.environ[_TOLD] == "yes"


def leave() -> None:
    """Go into a network of our own, which has only a loopback. Raises `OSError` where that is not allowed."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK | (_NEW_USER if user else 0)):
        raise OSError(ctypes.get_errno(), "no network of our own")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)


async def _hand_on(port: int, outside: socket.socket, inside: subprocess.Popen[bytes]) -> int:
    async with await asyncio.start_server(lambda *ends: _pair(port, *ends), sock=outside):
        return await asyncio.to_thread(inside.wait)


async def _pair(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pour(reader, back), _pour(there, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


def main() -> int:
    """Listen here, leave, run the command there."""
    port, number, command = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[4:]
    with socket.socket() as outside:
        outside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        outside.bind(("127.0.0.1", port))
        outside.listen(64)
        leave()
        inside = subprocess.Popen(command, preexec_fn=_die_with_us)  # noqa: PLW1509 - no thread is running yet
        number.write_text(str(inside.pid))
        return asyncio.run(_hand_on(port, outside, inside))


if __name__ == "__main__":
    sys.exit(main())
