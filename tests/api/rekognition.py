"""A running server, and Amazon's own client beside it: the real boto3, told another address."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from botocore.session import get_session

from clubs import Club, MovableClock
from countenance.http.app import create_api
from countenance.service.countenance import Countenance
from countenance.service.forms import Wish
from countenance.service.programs import Made

PURPOSE, CASE = "photo-library", "door"
ROLES = ("controller", "operator", "officer")
MODEL = get_session().get_service_model("rekognition")


def now_club(folder: Path) -> Club:
    """A club whose time is the machine's: a client signs with that."""
    return Club(folder, clock=MovableClock(int(time.time())))


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

    def client(self, made: Made | None = None, *, secret: str | None = None, access: str | None = None) -> Any:
        """The real client, as a program makes it."""
        made = made or self.key()
        return boto3.client(
            "rekognition", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=access or made.access,
            aws_secret_access_key=secret or made.token,
            config=Config(retries={"max_attempts": 0}, proxies={}),
        )  # fmt: skip

    def confirm(self) -> None:
        """Ben countersigns whatever waits."""
        for basis in self.club.ben.bases.list():
            if basis.state == "pending":
                self.club.ben.bases.countersign(basis)


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
    kinds = {"string": str, "integer": int, "long": int, "float": float, "boolean": bool}
    if shape.type_name in kinds and not isinstance(value, kinds[shape.type_name]):
        return [f"{where} is {value!r}"]
    if getattr(shape, "enum", None) and value not in shape.enum:
        return [f"{where} says {value!r}"]
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    size = len(value) if isinstance(value, str) else value
    if shape.type_name != "timestamp" and ((least is not None and size < least) or (most is not None and size > most)):
        return [f"{where} is out of bounds: {value!r}"]
    return []
