"""The API on a club of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callers import Api, serving
from clubs import Club


@pytest.fixture
def api(club: Club) -> Iterator[Api]:
    with serving(club) as browser:
        yield Api(club, browser)
