"""What is special to Milvus: where it may be, what it is told, what it says when the server is gone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from countenance.config import FILE_NAME, load
from countenance.errors import BadConfiguration, Unavailable
from countenance.index import Eligibility, Place, open_index
from countenance.index.milvus import conditions
from milvuses import LITE

HERE = Place("http://127.0.0.1:9", "club", "ab" * 32, encrypted_disk=True)
ANY = Eligibility(purposes=1, organisations=frozenset({1}), at=5)
WHOLE = """
[gallery]
id = "rowing-club"
organisation = "Rowing Club"
[keys]
vault = "vault/keys.db"
kek = "keys/kek"
accounts = "keys/accounts"
"""


def test_p30_it_is_refused_unless_the_disk_is_said_to_be_encrypted():
    with pytest.raises(BadConfiguration, match="in clear") as caught:
        open_index("milvus", 128, Place("http://127.0.0.1:9", "club", "ab" * 32))
    assert "encrypted_disk = true" in caught.value.hint


def test_it_is_refused_without_a_place():
    with pytest.raises(BadConfiguration, match="where it is"):
        open_index("milvus", 128)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:19530", "http://localhost:19530", "https://milvus.example.org:19530", "http://[::1]:1"],
)
def test_p25_a_server_is_on_this_machine_or_behind_tls(tmp_path: Path, address: str):
    (tmp_path / FILE_NAME).write_text(f'{WHOLE}[milvus]\naddress = "{address}"\n')
    milvus = load(tmp_path).milvus
    assert milvus is not None
    assert (milvus.address, milvus.encrypted_disk, milvus.index) == (address, False, "flat")


@pytest.mark.parametrize(
    "line",
    [
        'address = "http://milvus.example.org:19530"',
        'address = "http://127.0.0.1.example.org:19530"',
        'address = "http://user:word@127.0.0.1:19530"',
        'address = "data/milvus.db"',
        'address = "https://milvus.example.org:19530"\nindex = "ivf_flat"',
        'address = "https://milvus.example.org:19530"\nindex = "diskann"',
        'address = "https://milvus.example.org:19530"\ntoken = "root:Milvus"',
    ],
)
def test_p23_p25_another_place_or_an_index_that_learns_is_refused(tmp_path: Path, line: str):
    (tmp_path / FILE_NAME).write_text(f"{WHOLE}[milvus]\n{line}\n")
    with pytest.raises(BadConfiguration, match="milvus"):
        load(tmp_path)


def test_the_token_never_prints():
    place = Place("http://127.0.0.1:9", "club", "ab" * 32, token="root:secret")
    assert "secret" not in repr(place)


@LITE.marks[0]
@LITE.marks[1]
def test_a_server_that_is_not_there_is_told_in_two_lines():
    index = open_index("milvus", 128, HERE)
    vector = np.eye(1, 128, dtype=np.float32)
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        index.search(vector, 5, ANY)
    assert "COUNTENANCE_MILVUS_TOKEN" in caught.value.hint
    index.close()


# --- what the server is told -----------------------------------------------------------------------------------------


def test_nobody_is_asked_for_without_asking():
    for nobody in (
        Eligibility(1, frozenset(), 5),
        Eligibility(1, frozenset({1}), 5, frozenset()),
        Eligibility(1, frozenset({1}), 5, None, frozenset()),
    ):
        assert conditions(nobody) == []


@pytest.mark.parametrize("purposes", [1, 6, 0x80, 0x100, 0x8000_0000, 0x0102_0408])
def test_p4_a_row_is_eligible_if_one_of_its_purposes_is_asked_for(purposes: int):
    (where,) = conditions(Eligibility(purposes, frozenset({3, 1}), 5))
    for row in (0, 1, 2, 7, 0x80, 0x180, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFF & ~purposes):
        values = {f"purposes_{byte}": row >> 8 * byte & 255 for byte in range(4)}
        values |= {"organisations": 1, "not_before": 5, "expires": 6}
        assert bool(eval(where, {}, values)) is bool(row & purposes)  # noqa: S307 - the words are Python's too


@pytest.mark.parametrize(
    ("changed", "shown"),
    [({}, True), ({"organisations": 2}, False), ({"not_before": 6}, False), ({"expires": 5}, False),
     ({"territories": 9}, False), ({"territories": 20}, False), ({"territories": 31}, True), ({"subjects": 8}, False)],
)  # fmt: skip
def test_p4_every_condition_holds(changed: dict[str, int], shown: bool):
    eligible = Eligibility(1, frozenset({1, 3}), 5, frozenset({4, 7}), frozenset({(10, 20), (30, 32)}))
    (where,) = conditions(eligible)
    row = {"purposes_0": 1, "organisations": 3, "not_before": 5, "expires": 6, "territories": 10, "subjects": 7}
    assert bool(eval(where, {}, row | changed)) is shown  # noqa: S307


def test_of_many_people_several_conditions_are_made():
    many = frozenset(range(1, 5001))
    wheres = conditions(Eligibility(1, frozenset({1}), 5, many))
    row = {"purposes_0": 1, "organisations": 1, "not_before": 5, "expires": 6}
    for person in (1, 2000, 2001, 5000, 5001):
        found = [bool(eval(where, {}, row | {"subjects": person})) for where in wheres]  # noqa: S307
        assert sum(found) == (person in many)


@LITE.marks[0]
@LITE.marks[1]
def test_p25_no_proxy_of_the_environment_and_no_file_of_settings_comes_between(monkeypatch, milvuses):
    """The proxy does not answer; the server is reached all the same, and what a file .env says is not taken over."""
    place = milvuses.place("milvus-lite")
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    index = open_index("milvus", 128, place)
    assert len(index) == 0
    index.close()
    assert os.environ["PYTHON_DOTENV_DISABLED"] == "1"


@LITE.marks[0]
@LITE.marks[1]
def test_a_connection_that_rests_is_not_one_that_its_server_hangs_up_on(monkeypatch, milvuses):
    """gRPC's own servers bear one sign of life in five minutes; one test found that the hard way, under load."""
    import pymilvus

    asked = []
    monkeypatch.setattr(pymilvus, "MilvusClient", _noting(pymilvus.MilvusClient, asked))
    index = open_index("milvus", 128, milvuses.place("milvus-lite"))
    assert len(index) == 0
    index.close()
    assert [each["grpc_options"]["grpc.keepalive_time_ms"] > 300_000 for each in asked] == [True]


def _noting(real, asked):
    """The real one, and what it was given."""

    def made(*given, **options):
        asked.append(options)
        return real(*given, **options)

    return made
