"""The compatible endpoints, asked by the clients that they are made for, beside the same call of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
from botocore.config import Config

from benchmarks.people import PURPOSE
from countenance.service.countenance import Countenance

Way = Callable[[bytes], Any]
CASE = "a benchmark"
QUOTA = 10_000_000


@contextmanager
def ways(club: Countenance, url: str, other: bytes) -> Iterator[dict[str, tuple[Way, Way]]]:
    """By name, the library's way and the service's, of one photo; ``other`` is what it is compared with."""
    given: dict[str, Any] = {"roles": ["operator"], "purposes": [PURPOSE], "purpose": PURPOSE, "case": CASE}
    keys = {door: club.api_keys.create(door, door=door, quota=QUOTA, **given) for door in ("compreface", "rekognition")}
    amazon = boto3.client(
        "rekognition", endpoint_url=url, region_name="eu-west-1", aws_access_key_id=keys["rekognition"].access,
        aws_secret_access_key=keys["rekognition"].token, config=Config(proxies={}),
    )  # fmt: skip
    with httpx.Client(base_url=url, headers={"x-api-key": keys["compreface"].token}, trust_env=False) as client:

        def found(photo: bytes) -> list[str]:
            return [hit.name for hit in club.search(photo, purpose=PURPOSE, case=CASE)]

        def recognised(photo: bytes) -> list[str]:
            answer = client.post("/api/v1/recognition/recognize", files={"file": photo}).raise_for_status().json()
            return [each["subject"] for each in answer["result"][0]["subjects"]]

        def verified(photo: bytes) -> float:
            return club.verify(photo, other, purpose=PURPOSE, case=CASE).score

        def compared(photo: bytes) -> float:
            files = {"source_image": photo, "target_image": other}
            answer = client.post("/api/v1/verification/verify", files=files).raise_for_status().json()
            return float(answer["result"][0]["face_matches"][0]["similarity"])

        def matched(photo: bytes) -> float:
            answer = amazon.compare_faces(SourceImage={"Bytes": photo}, TargetImage={"Bytes": other})
            return float(len(answer["FaceMatches"]))

        yield {
            "compreface_search": (found, recognised),
            "compreface_verify": (verified, compared),
            "rekognition_compare": (verified, matched),
        }
