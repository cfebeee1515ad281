"""Archives that somebody made to do harm, or that a copy cut short: a reason for each, and nothing unbounded."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import stat
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from countenance.errors import InputError, TooLarge, Unreadable
from countenance.photos import tarred, zipped
from countenance.photos.opening import archive_kind
from countenance.photos.store import EVERYTHING, Store
from countenance.photos.tarred import Tar
from countenance.photos.zipped import Zip

NOISE = random.Random(4).randbytes(50_000)  # noqa: S311 - the same on every run


def make_zip(file: Path, *files: tuple[str | zipfile.ZipInfo, bytes]) -> Zip:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return Zip(file)


def make_tar(file: Path, *files: tuple[tarfile.TarInfo, bytes], kind: str = "") -> Tar:
    with tarfile.open(file, f"w:{kind}") as archive:
        for about, data in files:
            about.size = about.size or len(data)
            archive.addfile(about, io.BytesIO(data))
    return Tar(file, kind)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, link
    return about


def faults(store: Store) -> dict[bytes, str | None]:
    found = {each.path: each.fault for each in store.files()}
    store.close()
    return found


# --- names -----------------------------------------------------------------------------------------------------------


def test_names_that_lead_out_of_the_archive_are_not_read(tmp_path: Path) -> None:
    names = ("../up.jpg", "/etc/passwd", "a/../../b.jpg", "C:\\win.jpg", "..\\up.jpg", "fine.jpg")
    for store in (
        make_zip(tmp_path / "a.zip", *((name, b"1") for name in names)),
        make_tar(tmp_path / "a.tar", *((member(name), b"1") for name in names)),
    ):
        found = {each.path.decode(): each.fault for each in store.files()}
        assert found.pop("fine.jpg") is None
        assert len(found) == 5
        assert all(fault and "leads out" in fault for fault in found.values())
        for name in found:
            with pytest.raises(Unreadable):
                store.read(name.encode(), 10)
        store.close()


def test_links_and_devices_in_archives_are_not_read(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link" in (faults(make_zip(tmp_path / "a.zip", (link, b"/etc/passwd")))[b"link.jpg"] or "")
    tar = make_tar(
        tmp_path / "a.tar",
        (member("real.jpg"), b"1"),
        (member("soft.jpg", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (member("hard.jpg", tarfile.LNKTYPE, "real.jpg"), b""),
        (member("null.jpg", tarfile.CHRTYPE), b""),
        (member("pipe.jpg", tarfile.FIFOTYPE), b""),
    )
    found = faults(tar)
    assert [bool(found[name]) for name in (b"real.jpg", b"soft.jpg", b"hard.jpg", b"null.jpg", b"pipe.jpg")] == [
        False, True, True, True, True,
    ]  # fmt: skip


def test_of_two_by_the_same_name_the_later_counts(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        store: Store = make_zip(tmp_path / "a.zip", ("a.jpg", b"old"), ("a.jpg", b"new"))
    assert store.read(b"a.jpg", 10) == b"new"
    assert len(list(store.files())) == 1
    store.close()
    store = make_tar(tmp_path / "a.tar", (member("a.jpg"), b"old"), (member("./a.jpg"), b"new"))
    assert store.read(b"a.jpg", 10) == b"new"
    assert len(list(store.files())) == 1
    store.close()


def test_names_that_are_no_text_are_the_archives_own_bytes(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg"
    about = member(name.decode("utf-8", "surrogateescape"))
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        archive.addfile(about, io.BytesIO(b""))
    assert list(faults(Tar(tmp_path / "a.tar"))) == [name]
    entry = zipfile.ZipInfo("caf_.jpg")
    file = tmp_path / "a.zip"
    make_zip(file, (entry, b"1")).close()
    file.write_bytes(file.read_bytes().replace(b"caf_.jpg", name))
    assert list(faults(Zip(file))) == [name]


# --- content ---------------------------------------------------------------------------------------------------------


def test_a_changed_content_of_the_same_size_shows_in_the_listing(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("a.jpg", (2027, 1, 1, 0, 0, 0))
    stores = make_zip(tmp_path / "a.zip", (entry, b"one")), make_zip(tmp_path / "b.zip", (entry, b"two"))
    (before,), (after,) = (list(store.files()) for store in stores)
    for store in stores:
        store.close()
    assert (before.size, before.path) == (after.size, after.path)
    assert before.modified_ns != after.modified_ns


def test_an_encrypted_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    make_zip(file, ("a.jpg", b"secret")).close()
    data = bytearray(file.read_bytes())
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.find(sign) + at] |= 1
    file.write_bytes(data)
    assert "encrypted" in (faults(Zip(file))[b"a.jpg"] or "")


def test_a_method_whose_unpacking_cannot_be_bounded_is_not_used(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.jpg", bytes(1000))
    assert "method" in (faults(Zip(tmp_path / "a.zip"))[b"a.jpg"] or "")


# --- bombs -----------------------------------------------------------------------------------------------------------


def test_a_file_that_unpacks_to_gigabytes_is_never_unpacked(tmp_path: Path) -> None:
    store = make_zip(tmp_path / "a.zip", ("bomb.jpg", bytes(64 * 2**20)))
    assert (tmp_path / "a.zip").stat().st_size < 2**20
    tracemalloc.start()
    assert "tightly" in (next(store.files()).fault or "")
    with pytest.raises(Unreadable):
        store.read(b"bomb.jpg", 2**30)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    store.close()


def test_a_file_that_lies_about_its_size_is_read_to_the_limit_at_most(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    make_zip(file, ("a.jpg", NOISE)).close()
    data = file.read_bytes().replace(len(NOISE).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    file.write_bytes(data)
    store = Zip(file)
    with pytest.raises((Unreadable, TooLarge)):
        store.read(b"a.jpg", 1000)
    store.close()


def test_files_that_share_their_bytes_are_not_read_twice(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    make_zip(file, ("a.jpg", NOISE), ("b.jpg", b"1")).close()
    data = bytearray(file.read_bytes())
    second = data.rfind(b"PK\1\2")
    data[second + 42 : second + 46] = bytes(4)  # where it lies: where the first one lies
    file.write_bytes(data)
    found = faults(Zip(file))
    assert sorted(bool(fault) for fault in found.values()) == [False, True]


def test_a_table_of_contents_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST_CONTENTS", 500)
    store = make_zip(tmp_path / "a.zip", *((f"{number}.jpg", b"1") for number in range(20)))
    with pytest.raises(InputError, match="more files"):
        store.check()


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_a_packed_stream_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(tarred, "_FREE", 2**20)
    file = tmp_path / f"a.tar.{kind}"
    about = member("a.jpg")
    about.size = 40 * 2**20
    pack = gzip.open if kind == "gz" else lzma.open
    with pack(file, "wb") as packed:
        packed.write(about.tobuf())
        for _ in range(40):
            packed.write(bytes(2**20))
    store = Tar(file, kind)
    assert [each.path for each in store.files()][-1] == EVERYTHING
    with pytest.raises((Unreadable, TooLarge)):
        store.read(b"a.jpg", 2**30)
    store.close()


def test_an_xz_that_demands_gigabytes_of_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.tar.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**30}]
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    data = bytearray(packer.compress(member("a.jpg").tobuf() + bytes(1024)) + packer.flush())
    huge = lzma._encode_filter_properties(filters[0])
    small = lzma._encode_filter_properties({"id": lzma.FILTER_LZMA2, "preset": 0})
    head = bytes(data[12 : 12 + 4 * (data[12] + 1)])
    changed = bytearray(head[:-4].replace(b"\x21\x01" + small, b"\x21\x01" + huge, 1))
    data[12 : 12 + len(head)] = changed + zlib.crc32(changed).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        Tar(file, "xz").check()
    monkeypatch.setattr(tarred, "_XZ_MEMORY", 2**32)
    assert list(faults(Tar(file, "xz"))) == [b"a.jpg"]  # it was the memory, and nothing else


def test_a_description_without_end_is_not_read(tmp_path: Path) -> None:
    long = member("x" * 400_000 + ".jpg")
    file = tmp_path / "a.tar"
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(member("a.jpg"), io.BytesIO(b""))
        archive.addfile(long, io.BytesIO(b""))
    assert list(faults(Tar(file))) == [b"a.jpg", EVERYTHING]


def test_a_tar_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    about = member("a.jpg").tobuf(tarfile.GNU_FORMAT)
    back = bytearray(about)
    back[124:136] = b"\xff" * 10 + (-512 & 0xFFFF).to_bytes(2)  # the size of a file, as a negative number
    back[148:156] = b" " * 8
    back[148:156] = b"%06o\0 " % sum(back)
    file = tmp_path / "a.tar"
    file.write_bytes(about + bytes(back) + bytes(1024))
    assert list(faults(Tar(file)))[-1] == EVERYTHING


# --- damage ----------------------------------------------------------------------------------------------------------


def whole_zip(file: Path) -> Store:
    return make_zip(file, *((f"{number}.jpg", NOISE[number * 100 :][:9000]) for number in range(6)))


def whole_tar(kind: str) -> Callable[[Path], Store]:
    def make(file: Path) -> Store:
        return make_tar(
            file, *((member(f"{number}.jpg"), NOISE[number * 100 :][:9000]) for number in range(6)), kind=kind
        )

    return make


MAKERS = {"zip": whole_zip, "": whole_tar(""), "gz": whole_tar("gz"), "bz2": whole_tar("bz2"), "xz": whole_tar("xz")}


def go_through(kind: str, file: Path) -> bool:
    """Read all there is, as an ingest does: only our own errors come out, and what is read is what was put in.

    Whether everything could be read.
    """
    store, whole = Zip(file) if kind == "zip" else Tar(file, kind), True
    try:
        for each in list(store.files()):
            whole = whole and not each.fault
            if not each.fault:
                assert len(each.path) < 10_000
                try:
                    assert len(store.read(each.path, 2**20)) == each.size
                except (Unreadable, TooLarge):
                    whole = False
    except InputError:
        whole = False
    finally:
        store.close()
    return whole


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_damaged_archives_end_in_a_reason(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "whole"
    MAKERS[kind](file).close()
    whole, luck = file.read_bytes(), random.Random(f"archive {kind}")  # noqa: S311
    wholes: list[bool] = []
    for number in range(60):
        data = bytearray(whole)
        for _ in range(luck.choice((1, 3, 30))):
            data[luck.randrange(len(data))] = luck.randrange(256)
        if number % 3 == 0:
            del data[luck.randrange(len(data)) :]
        changed = tmp_path / "changed"
        changed.write_bytes(data)
        wholes.append(go_through(kind, changed))
    assert go_through(kind, file)
    assert not all(wholes)


def test_a_tar_that_is_cut_short_names_what_it_has_and_says_that_there_is_more(tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    MAKERS[""](file).close()
    file.write_bytes(file.read_bytes()[:30_000])
    store = Tar(file)
    found = list(store.files())
    assert [each.path for each in found[:3]] == [b"0.jpg", b"1.jpg", b"2.jpg"]
    assert found[-1].path == EVERYTHING
    assert store.read(b"1.jpg", 10_000) == NOISE[100:9100]
    store.close()


# --- what is an archive ----------------------------------------------------------------------------------------------


def test_an_archive_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    for kind, make in MAKERS.items():
        make(tmp_path / f"photos-{kind}").close()
        assert archive_kind(tmp_path / f"photos-{kind}") == (kind or "tar")
    (tmp_path / "no.zip").write_bytes(b"a text")
    assert archive_kind(tmp_path / "no.zip") is None
    assert archive_kind(tmp_path) is None
    assert archive_kind(tmp_path / "gone.tar.gz") == "gz"
    assert archive_kind(tmp_path / "gone") is None
    assert archive_kind(tmp_path / ("x" * 300)) is None
