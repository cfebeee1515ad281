"""The description and the service fit each other: requests made from the one, by Schemathesis, as every role."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from callers import Api, serving
from clubs import Club
from conftest import LONG
from countenance.http.openapi import document
from countenance.http.table import ROUTES
from countenance.samples import cast
from county import county

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    OPERATIONS = [each.ok() for each in schemathesis.openapi.from_dict(document(ROUTES)).get_all_operations()]

CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_headers_conformance, checks.response_schema_conformance,
]  # fmt: skip
EXAMPLES = 100 if LONG else 4
WHO = ("controller", "operator", "officer", "county", "nobody", "without")
"""Each request is sent as each of them: our own roles, another organisation's, a key that opens nothing, and none."""
THERE = {"handle": "ada", "name": "party", "job": "J1", "index": "0"}
"""What is there: with random names alone, every answer would be that it is not."""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, dict[str, str]]]:
    club = Club(tmp_path_factory.mktemp("schema"))
    folder = club.root / "source-party"
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(b"moving")
    club.source("party")
    club.person("Ada", 1)
    elsewhere = county(club).dan.api_keys.create("county", roles=["operator"], purposes=["photo-library"])
    with serving(club) as browser:
        service, api = browser.app.state.service, Api(club, browser)
        service.settings = service.settings.model_copy(update={"requests": 1_000_000})
        keys = {role: api.key(role, quota=1_000_000).token for role in WHO[:3]}
        yield api, keys | {"county": elsewhere.token, "nobody": "cnt_K1_" + "A" * 43, "without": ""}
        service.runner.stop(30)
    club.close()


def _part(value: Any) -> Any:
    """What httpx sends of a part that requests would have written out."""
    if isinstance(value, tuple):
        return value[0], _part(value[1]), *value[2:]
    return value if isinstance(value, bytes | str) else str(value)


@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.label for each in OPERATIONS])
def test_no_request_of_any_role_breaks_it(tokens: tuple[Api, dict[str, str]], operation: Any) -> None:
    api, keys = tokens
    photo = cast().portrait("Ada").read_bytes()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=not LONG,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy(), there=st.booleans(), picture=st.booleans())
    def sent(case: Any, there: bool, picture: bool) -> None:
        if there:
            case.path_parameters = {name: THERE[name] for name in case.path_parameters or {}}
        for role in WHO:
            _send(case, role, picture)

    def _send(case: Any, role: str, picture: bool) -> None:
        asked = case.as_transport_kwargs(base_url="http://127.0.0.1:8420")
        asked["files"] = [
            (name, photo if picture and LONG else _part(value)) for name, value in asked.get("files") or ()
        ]
        key = {"Authorization": f"Bearer {keys[role]}"} if keys[role] else {}
        asked["headers"] = {**asked.get("headers", {}), **key}
        asked.pop("cookies", None)
        if isinstance(asked.get("data"), bytes | str):
            asked["content"] = asked.pop("data")
        answer = api.browser.request(**asked)
        answer.request.read()
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code != 500
        assert bool(keys[role]) or answer.status_code == 401

    sent()
