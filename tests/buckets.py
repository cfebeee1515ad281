"""A real S3 server to test against: moto's, in a process of its own, on this machine alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret"}


@dataclass
class Server:
    """Where it listens, what it was asked, and a client with every right, for filling buckets."""

    endpoint: str
    asked: list[str]
    client: Any

    def fill(self, bucket: str, objects: Mapping[str, bytes]) -> None:
        """Make the bucket if it is not there, and put these objects into it."""
        self.client.create_bucket(Bucket=bucket)
        for key, data in objects.items():
            self.client.put_object(Bucket=bucket, Key=key, Body=data)


@contextmanager
def serving() -> Iterator[Server]:
    """Start the server, wait for it, and stop it by its number at the end."""
    command = [sys.executable, "-P", "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=_plain())
    assert process.stderr is not None
    asked: list[str] = []
    listening = threading.Thread(target=asked.extend, args=(process.stderr,), daemon=True)
    try:
        endpoint = next(line.split()[-1] for line in process.stderr if "Running on" in line)
        listening.start()
        yield Server(endpoint, asked, _client(endpoint))
    finally:
        process.terminate()
        process.wait(10)
        if listening.is_alive():
            listening.join(10)
        process.stderr.close()


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}


def _client(endpoint: str) -> Any:
    import botocore.session
    from botocore.config import Config

    return botocore.session.Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="filler",
        aws_secret_access_key="filler",
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
