"""A running server, and Amazon's own client beside it: the real boto3, told another address."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import get_session

from clubs import Club, MovableClock
from countenance.http.app import create_api
from countenance.service.countenance import Countenance
from countenance.service.forms import Wish
from countenance.service.programs import Made

PURPOSE, CASE = "photo-library", "door"
ROLES = ("controller", "operator", "officer")
MODEL = get_session().get_service_model("rekognition")


class RealClock(MovableClock):
    """The machine's, which a client signs by, and by how much it was moved."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self) -> int:
        return int(time.time()) + self.now


def now_club(folder: Path) -> Club:
    """A club in the present."""
    return Club(folder, clock=RealClock())


@contextmanager
def listening(opened: Countenance) -> Iterator[str]:
    """The API on 127.0.0.1, served by a thread of ours."""
    app = create_api(opened)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@dataclass
class Aws:
    """A club behind a running server, and clients with keys of every kind."""

    club: Club
    url: str
    keys: dict[str, Made] = field(default_factory=dict)

    def key(self, name: str = "whole", *, roles: tuple[str, ...] = ROLES, form: bool = True, **more: Any) -> Made:
        """A key of Anna's, made once."""
        if name not in self.keys:
            wish = Wish(self.club.form, "notice-2027") if form else None
            given = {"purposes": [PURPOSE], "purpose": PURPOSE, "case": CASE, "door": "rekognition"} | more
            self.keys[name] = self.club.anna.api_keys.create(name, roles=roles, form=wish, **given)
        return self.keys[name]

    def client(
        self,
        made: Made | None = None,
        *,
        secret: str | None = None,
        access: str | None = None,
        retries: int | None = None,
    ) -> Any:
        """The real client, as a program makes it; ``retries=0`` shows what the service said at first."""
        made = made or self.key()
        return boto3.client(
            "rekognition", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=access or made.access,
            aws_secret_access_key=secret or made.token,
            config=Config(retries=None if retries is None else {"max_attempts": retries}, proxies={}),
        )  # fmt: skip

    def signed(self, operation: str, body: bytes, made: Made | None = None, **headers: str) -> dict[str, str]:
        """The headers of a request, signed as the client signs it; ``headers`` are signed with it."""
        made = made or self.key()
        request = AWSRequest("POST", f"{self.url}/", data=body)
        own = {"X-Amz-Target": f"RekognitionService.{operation}", "amz-sdk-invocation-id": secrets.token_hex(8)}
        for name, value in (own | headers).items():
            request.headers[name] = value
        SigV4Auth(Credentials(made.access, made.token), "rekognition", "eu-west-1").add_auth(request)
        return {"host": self.url.removeprefix("http://"), **dict(request.headers.items())}

    def send(self, operation: str, asked: Any, made: Made | None = None) -> httpx.Response:
        """A request as it is, past what the client checks itself."""
        body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
        return self.post(self.signed(operation, body, made), body)

    def post(self, headers: Any, body: bytes) -> httpx.Response:
        """Anything at all."""
        return httpx.post(f"{self.url}/", headers=headers, content=body, trust_env=False)

    def confirm(self) -> None:
        """Ben countersigns whatever waits."""
        for basis in self.club.ben.bases.list():
            if basis.state == "pending":
                self.club.ben.bases.countersign(basis)


@contextmanager
def standing(folder: Path) -> Iterator[Aws]:
    """A club in memory, where there is some, and its server."""
    memory = Path("/dev/shm")  # noqa: S108
    place = Path(tempfile.mkdtemp(prefix="countenance-test-", dir=memory if os.access(memory, os.W_OK) else folder))
    club = now_club(place)
    try:
        with listening(club.anna) as url:
            yield Aws(club, url)
    finally:
        club.close()
        shutil.rmtree(place, ignore_errors=True)


def raw(aws: Aws, operation: str, asked: dict[str, dict[str, bytes]]) -> list[str]:
    """What is not as the model says in the answer to a request with photos."""
    packed = {name: {"Bytes": base64.b64encode(each["Bytes"]).decode()} for name, each in asked.items()}
    answer = aws.send(operation, packed)
    assert answer.status_code == 200, answer.text
    return fits(operation, answer.json())


def fits(operation: str, answer: dict[str, Any]) -> list[str]:
    """What in an answer is not as the service's own model says; the client itself drops what it does not know."""
    shape = MODEL.operation_model(operation).output_shape
    told = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return _faults(shape, told, operation)


def _faults(shape: Any, value: Any, where: str) -> list[str]:
    if shape.type_name == "structure":
        unknown = [f"{where}.{name} is not in the model" for name in value if name not in shape.members]
        known = ((name, each) for name, each in value.items() if name in shape.members)
        return unknown + [
            fault for name, each in known for fault in _faults(shape.members[name], each, f"{where}.{name}")
        ]
    if shape.type_name == "list":
        return [fault for each in value for fault in _faults(shape.member, each, f"{where}[]")]
    if shape.type_name == "timestamp":
        return [] if isinstance(value, float | int) else [f"{where} is {value!r}"]
    kinds = {"string": str, "integer": int, "long": int, "float": float | int, "boolean": bool}
    if shape.type_name in kinds and not isinstance(value, kinds[shape.type_name]):
        return [f"{where} is {value!r}"]
    if getattr(shape, "enum", None) and value not in shape.enum:
        return [f"{where} says {value!r}"]
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    size = len(value) if isinstance(value, str) else value
    if (least is not None and size < least) or (most is not None and size > most):
        return [f"{where} is out of bounds: {value!r}"]
    return []
