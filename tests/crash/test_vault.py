"""kill -9 while keys are made and destroyed: what was told to the caller holds, and nothing is half-done (P7)."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from countenance.vault.file import create_vault, open_vault

KEK = bytes(range(32))
CHILD = """
import random, sys
from pathlib import Path
from countenance.vault.file import open_vault
vault, name, live = open_vault(Path(sys.argv[1]), bytes(range(32))), sys.argv[2], []
for number in range(2000):
    if random.random() < 0.7 or not live:
        key_id = f"{name}:{number}"
        print("making", key_id, flush=True)
        vault.create(key_id)
        live.append(key_id)
        print("made", key_id, vault.wrapped(key_id).hex(), flush=True)
    else:
        key_id = live.pop(random.randrange(len(live)))
        print("destroying", key_id, flush=True)
        vault.destroy(key_id)
        print("destroyed", key_id, flush=True)
"""


def run_and_kill(path: Path, name: str, lines: int) -> list[list[str]]:
    """Lets a child work until it has said so many lines, kills it, and returns all that it said."""
    command = [sys.executable, "-c", CHILD, str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.parametrize("round_", range(4))
def test_a_killed_process_leaves_a_whole_vault(tmp_path: Path, round_: int) -> None:
    path = tmp_path / "vault.sqlite"
    create_vault(path, KEK).close()
    said = run_and_kill(path, f"round-{round_}", random.randint(10, 120))  # noqa: S311 - any moment will do
    state, wrapped = {}, {}
    for word, key_id, *rest in said:
        state[key_id] = word
        wrapped |= {key_id: bytes.fromhex(rest[0])} if rest else {}
    vault = open_vault(path, KEK)
    vault.check()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for key_id, word in state.items():
        if word == "made":
            assert vault.wrapped(key_id) == wrapped[key_id]
        if word == "destroyed":
            assert not vault.exists(key_id)
            assert wrapped[key_id] not in content
    assert wrapped
    vault.create("afterwards")
    vault.close()


def test_several_processes_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "vault.sqlite"
    create_vault(path, KEK).close()
    short = CHILD.replace("range(2000)", "range(40)")
    children = [
        subprocess.Popen([sys.executable, "-c", short, str(path), f"worker-{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(2)
    ]
    words = [line.split()[:2] for child in children for line in child.communicate()[0].splitlines()]
    assert [child.returncode for child in children] == [0, 0]
    expected = {key_id for word, key_id in words if word == "made"} - {k for word, k in words if word == "destroyed"}
    vault = open_vault(path, KEK)
    assert set(vault.ids()) == expected
    vault.check()
    vault.close()
