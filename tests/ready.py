"""The commands of a page, each in a process of its own that need not import everything anew.

A page's test runs dozens of commands, and most of the time of each goes into imports. Here one process imports the
program, and every ``countenance`` of the page is a copy of it (`os.fork`), with the folder, the environment, the
arguments and the three files of whoever called; what it leaves behind and its exit status are those of the command.
The installed command itself is run by `tests/unit/cli/test_help.py` and by ``make demo``.
"""

from __future__ import annotations

import contextlib
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

CALLER = f"""#!{sys.executable} -ISE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as caller:
    caller.connect({{address!r}})
    asked = {{{{"cwd": os.getcwd(), "environ": dict(os.environ), "argv": sys.argv}}}}
    socket.send_fds(caller, [b"!"], [0, 1, 2])
    caller.sendall(json.dumps(asked).encode() + b"\\n")
    status = caller.makefile().readline()
sys.exit(int(status or 1))
"""


@contextlib.contextmanager
def ready(folder: Path) -> Iterator[Path]:
    """A folder for the front of ``PATH``, with a ``countenance`` that answers as long as this is open."""
    folder.mkdir()
    address, caller = folder / "socket", folder / "countenance"
    caller.write_text(CALLER.format(address=str(address)))
    caller.chmod(0o755)
    server = subprocess.Popen([sys.executable, __file__, str(address)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield folder
    finally:
        server.terminate()
        server.communicate()


def _serve(address: str) -> None:
    import countenance

    for module in pkgutil.walk_packages(countenance.__path__, "countenance."):
        if module.name.split(".")[1] in {"cli", "service", "wiring"}:  # what a command imports when it comes to that
            import_module(module.name)
    for library in ("onnxruntime", "openvino", "rich.progress", "sqlalchemy.dialects.sqlite", "typer._adapters"):
        with contextlib.suppress(ImportError):
            import_module(library)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who has answered
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(caller)
            caller.close()


def _answer(caller: socket.socket) -> None:
    """Have the command run in a child, whose end is told; a command that is killed has a status, too."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _run(caller)
    _, status = os.waitpid(child, 0)
    caller.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(caller: socket.socket) -> None:
    import json

    from countenance.cli.app import main

    _, files, _, _ = socket.recv_fds(caller, 1, 3)
    asked = json.loads(caller.makefile().readline())
    caller.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        setattr(sys, name, os.fdopen(number, mode, closefd=False))
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = asked["argv"]
    status = 1
    try:
        sys.exit(main())
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve(sys.argv[1])
