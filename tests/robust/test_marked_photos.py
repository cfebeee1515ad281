"""Photos that say what may not be done with them, and photos that say where they were taken from (P26)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clubs import Club
from countenance.errors import SourceRefused
from countenance.samples.made import with_data_mining_prohibited, with_facebook_mark
from countenance.service.sources import Source
from robust import photos


def test_p26_a_photo_that_forbids_mining_is_refused_with_that_reason(members: Club, source: Source) -> None:
    (source.root / "free.jpg").write_bytes(photos.portrait())
    (source.root / "kept.jpg").write_bytes(with_data_mining_prohibited(photos.portrait("Bruno")))
    report = members.anna.ingest(source)
    assert [(each.path, each.code) for each in report.skipped] == [("kept.jpg", "rights")]
    assert "data mining: prohibited" in report.skipped[0].reason
    assert (report.faces_found, report.faces_kept) == (1, 1)
    assert members.anna.ingest(source, again=True).skipped == report.skipped


def test_p26_facebook_s_mark_pauses_the_source(members: Club, source: Source) -> None:
    (source.root / "a.jpg").write_bytes(photos.portrait())
    (source.root / "b.jpg").write_bytes(with_facebook_mark(photos.portrait("Bruno")))
    with pytest.raises(SourceRefused, match="1 of the first 2 photos carry Facebook's FBMD mark") as refused:
        members.anna.ingest(source)
    assert refused.value.requirement == "P26"
    assert members.anna.sources.get("pictures").state == "paused"
    assert members.anna.status()["counts"]["appearances"] == 0
    with pytest.raises(SourceRefused):
        members.anna.ingest(source)


@pytest.mark.parametrize(
    ("mark", "words"), [(with_data_mining_prohibited, "data mining: prohibited"), (with_facebook_mark, "FBMD")]
)
def test_p26_a_marked_photo_is_no_enrolment_photo(
    club: Club, tmp_path: Path, mark: Callable[[bytes], bytes], words: str
) -> None:
    dana = club.subject("Dana")
    basis = club.basis(dana)
    photo = tmp_path / "dana.jpg"
    photo.write_bytes(mark(photos.portrait("Ada")))
    with pytest.raises(SourceRefused, match=words) as refused:
        club.anna.enrol(dana, photo, basis=basis)
    assert refused.value.requirement == "P26"
    assert club.anna.log_entries()[refused.value.log_index]["outcome"] == "refused"  # type: ignore[index]
    assert club.anna.look("dana").references == 0
