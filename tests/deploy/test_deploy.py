"""What `deploy/` says, read and checked: no engine runs here, and nothing in it was ever started by a test."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from countenance.config import HttpSection
from countenance.config.secrets import FILE, SECRETS
from countenance.web.reaching import check, reach

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "how-to" / "run-it.md").read_text("utf-8")
# The first part of an image's name is a host where it holds a dot, a colon, or is localhost.
HOST = re.compile(r"^([^/]*[.:][^/]*|localhost)/")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in their order; lines that go on are one."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def test_the_image_is_built_in_two_steps_and_runs_as_nobody_in_particular() -> None:
    found = instructions()
    known = {"ARG", "FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    assert {name for name, _ in found} <= known | {"ENTRYPOINT", "CMD"}
    assert [name for name, _ in found].count("FROM") == 2
    last = found[[n for n, (name, _) in enumerate(found) if name == "FROM"][-1] :]
    said = dict(last)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", said["USER"])
    assert "/healthz" in said["HEALTHCHECK"]
    assert json.loads(said["ENTRYPOINT"]) == ["countenance"]
    assert json.loads(said["CMD"])[-2:] == ["serve", "--no-open"]
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert not [text for name, text in last if name in {"RUN", "COPY"} and re.search(r"pip|--from=build /build", text)]


def test_what_is_copied_is_there_and_what_is_installed_is_checked_by_hash() -> None:
    for name, text in instructions():
        if name == "COPY" and "--from" not in text:
            assert [each for each in text.split()[:-1] if not (ROOT / each).exists()] == []
    installs = [text for name, text in instructions() if name == "RUN"]
    for each in re.findall(r"pip install ([^&]+)", " ".join(installs)):
        assert "--require-hashes" in each or "/build/made" in each
    for name in re.findall(r"-r (\S+)", " ".join(installs)):
        assert "--hash=sha256:" in (ROOT / name).read_text("utf-8")


def test_no_image_names_a_host(compose: Any) -> None:
    images = [each["image"] for each in compose["services"].values()]
    images += [text.partition("=")[2] for name, text in instructions() if name == "ARG"]
    assert [image for image in images if HOST.match(image)] == []


def test_p30_only_the_proxy_is_published_and_the_database_has_no_network(compose: Any) -> None:
    services = compose["services"]
    assert [name for name, each in services.items() if "ports" in each] == ["proxy"]
    assert compose["networks"]["front"]["internal"] is True
    assert services["database"]["network_mode"] == services["owner"]["network_mode"] == "none"
    assert services["milvus"]["network_mode"] == "service:countenance"
    assert list(services["countenance"]["networks"]) == ["front"]


def test_p30_secrets_come_from_files_and_stand_nowhere_else(compose: Any) -> None:
    for each in compose["services"].values():
        given = each.get("environment", {})
        assert [name for name in given if name in SECRETS or name.endswith("PASSWORD")] == []
        files = {name: value for name, value in given.items() if name.endswith(FILE)}
        assert {value.removeprefix("/run/secrets/") for value in files.values()} <= set(each.get("secrets", ()))
        assert set(files) <= {name + FILE for name in SECRETS} | {"POSTGRES_PASSWORD_FILE"}
    assert all(set(each) == {"file"} for each in compose["secrets"].values())
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_each_service_has_as_little_as_it_needs(compose: Any) -> None:
    volumes = set(compose["volumes"])
    for name, each in compose["services"].items():
        assert each["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in each["security_opt"]
        assert each.get("read_only") or name == "milvus"
        assert not each.get("privileged")
        named = {volume.split(":")[0] for volume in each["volumes"] if not volume.startswith((".", "$"))}
        assert named <= volumes
        for place in (volume.split(":")[0] for volume in each["volumes"] if volume.startswith("./")):
            assert (DEPLOY / place).exists()


def test_what_the_containers_say_of_http_is_what_serve_takes(compose: Any) -> None:
    given = compose["services"]["countenance"]["environment"]
    section = HttpSection(
        host=given["COUNTENANCE_HTTP__HOST"], public_url="https://faces.example.org",
        proxies=tuple(json.loads(given["COUNTENANCE_HTTP__PROXIES"])),
    )  # fmt: skip
    assert check(reach(section, Path())) == []
    assert compose["services"]["proxy"]["networks"]["front"]["ipv4_address"] in section.proxies


def test_the_unit_is_shut_in() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((DEPLOY / "countenance.service").read_text("utf-8"))
    service = unit["Service"]
    for name, value in {
        "ProtectSystem": "strict", "NoNewPrivileges": "yes", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "CapabilityBoundingSet": "", "UMask": "0077", "User": "countenance",
    }.items():  # fmt: skip
        assert service[name] == value
    text = (DEPLOY / "countenance.service").read_text("utf-8")
    given = dict(re.findall(r"^Environment=(COUNTENANCE_\w+)_FILE=%d/(\w+)$", text, re.MULTILINE))
    assert set(given) <= set(SECRETS)
    assert set(given.values()) == set(re.findall(r"^LoadCredential=(\w+):/", text, re.MULTILINE))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "countenance.service"
    text = (DEPLOY / "countenance.service").read_text("utf-8")
    unit.write_text(text.replace("/opt/countenance/bin/countenance", "/bin/true"))  # it looks whether it is there
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60, check=False
    )
    assert [line for line in told.stderr.splitlines() if unit.name in line] == []


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_proxies_say_how_somebody_came_and_take_what_the_api_takes(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert text.count("{") == text.count("}")
    sizes = [int(number) for number in re.findall(r"(?:client_max_body_size|max_size) (\d+)", text)]
    assert sizes
    assert min(sizes) * 10**6 > HttpSection().max_bytes
    assert "healthz" in text
    if name == "nginx.conf":
        assert "X-Forwarded-Proto $scheme" in text
        assert all(
            line.rstrip().endswith((";", "{", "}")) for line in re.sub(r"#.*", "", text).splitlines() if line.strip()
        )


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_reads_its_file(tmp_path: Path) -> None:
    lines = re.sub(r"ssl_certificate(_key)? .*;|listen 443 ssl;", "listen 8443;", (DEPLOY / "nginx.conf").read_text())
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {lines} }}")
    told = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, timeout=60, check=False
    )
    assert "syntax is ok" in told.stderr


def test_the_guide_names_every_file_and_says_that_none_was_started() -> None:
    files = [file.name for file in DEPLOY.iterdir() if file.is_file()]
    assert [name for name in files if f"deploy/{name}" not in GUIDE] == []
    assert "Nobody has started" in GUIDE
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert version == ">=3.11"
