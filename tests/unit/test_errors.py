"""What an error tells."""

from __future__ import annotations

from countenance.errors import CountenanceError, NoBasis, QualityTooLow, Refused, StorageFull, Unavailable


def test_a_refusal_names_its_requirement_and_log_entry() -> None:
    error = NoBasis("No basis.", requirement="P1", log_index=12)
    assert error.diagnostics() == {
        "code": "no-basis", "message": "No basis.", "hint": NoBasis.default_hint, "requirement": "P1", "log_index": 12,
    }  # fmt: skip
    assert isinstance(error, Refused)


def test_a_poor_photo_says_how() -> None:
    error = QualityTooLow("Too poor.", reasons=("blurred", "small"))
    assert error.diagnostics()["reasons"] == ["blurred", "small"]


def test_a_full_disk_is_a_kind_of_unavailable() -> None:
    assert issubclass(StorageFull, Unavailable)


def test_everything_raised_on_purpose_has_one_base() -> None:
    import inspect

    from countenance import errors

    kinds = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]
    assert all(issubclass(each, CountenanceError) for each in kinds)
