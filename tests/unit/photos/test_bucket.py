"""A bucket is read at the configured endpoint and nowhere else, whatever it answers and the environment says (P25)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from buckets import KEYS, Server, serving
from countenance.config import S3Section
from countenance.errors import BadConfiguration, CountenanceError, InputError, TooLarge, Unavailable, Unreadable
from countenance.photos import bucket
from countenance.photos.bucket import Bucket, open_bucket

Answer = Callable[[BaseHTTPRequestHandler], None]


class Endpoint:
    """A store on this machine that answers as it is told, and counts who asks."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(f"{self.headers['Host']} {self.path}")
                answer(self)

            do_HEAD = do_PUT = do_POST = do_CONNECT = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Quietly."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Endpoint]]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bucket.time, "sleep", lambda _: None)
    started: list[Endpoint] = []

    def start(answer: Answer) -> Endpoint:
        started.append(Endpoint(answer))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def opened(url: str, root: str = "photos") -> Bucket:
    return open_bucket(root, S3Section(endpoint=url), Path("/"))


def ask(url: str) -> list[str]:
    """List and read, and say what came of it."""
    store, said = opened(url), []
    for work in (store.check, lambda: list(store.files()), lambda: store.read(b"a.jpg", 100)):
        try:
            work()
        except CountenanceError as error:
            said.append(error.code)
    store.close()
    return said


EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_p25_a_store_that_sends_us_elsewhere_is_not_followed(
    endpoints: Callable[[Answer], Endpoint], status: int
) -> None:
    elsewhere = endpoints(lambda handler: say(handler, 200, EMPTY))

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        host = elsewhere.url.removeprefix("http://")
        body = f"<Error><Code>PermanentRedirect</Code><Endpoint>{host}</Endpoint><Bucket>photos</Bucket></Error>"
        say(handler, status, body.encode(), Location=elsewhere.url + "/photos", x_amz_bucket_region="eu-north-1")

    here = endpoints(redirect)
    assert len(ask(here.url)) == 3
    assert here.asked
    assert elsewhere.asked == []


@pytest.mark.parametrize("code", ["AuthorizationHeaderMalformed", "IllegalLocationConstraintException"])
def test_p25_no_other_region_is_looked_up(endpoints: Callable[[Answer], Endpoint], code: str) -> None:
    def wrong_region(handler: BaseHTTPRequestHandler) -> None:
        body = f"<Error><Code>{code}</Code><Region>eu-north-1</Region></Error>"
        say(handler, 400, body.encode(), x_amz_bucket_region="eu-north-1")

    here = endpoints(wrong_region)
    assert len(ask(here.url)) == 3
    host = here.url.removeprefix("http://")
    assert {line.split()[0] for line in here.asked} == {host}


def test_p25_whatever_wants_to_speak_to_another_host_does_not(endpoints: Callable[[Answer], Endpoint]) -> None:
    here, elsewhere = (endpoints(lambda handler: say(handler, 200, EMPTY)) for _ in range(2))
    store = opened(here.url)

    def turn(request: object, **_: object) -> None:
        request.url = request.url.replace(here.url, elsewhere.url)  # type: ignore[attr-defined]

    store._client.meta.events.register("request-created.s3", turn)
    with pytest.raises(Unavailable, match="another host"):
        store.check()
    store.close()
    assert here.asked == elsewhere.asked == []


def test_p25_the_environment_cannot_name_another_endpoint_or_a_proxy(
    endpoints: Callable[[Answer], Endpoint], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, elsewhere = (endpoints(lambda handler: say(handler, 200, EMPTY)) for _ in range(2))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, elsewhere.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("AWS_PROFILE", "elsewhere")
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", elsewhere.url)
    (tmp_path / "config").write_text(
        f"[profile elsewhere]\nendpoint_url = {elsewhere.url}\nrole_arn = arn:aws:iam::1\n"
    )
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    store = opened(here.url)
    store.check()
    store.close()
    assert len(here.asked) == 1
    assert elsewhere.asked == []


def test_p25_without_a_key_nobody_is_asked_for_one(
    endpoints: Callable[[Answer], Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = endpoints(lambda handler: say(handler, 200, b"role"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", elsewhere.url)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", elsewhere.url)
    with pytest.raises(BadConfiguration, match="no key"):
        opened(elsewhere.url)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "root",
    [
        "", "x", "UPPER", "a..b", "evil.example/../x", "arn:aws:s3:us-east-1:1:accesspoint/x", "user@host",
        "photos/../b", "photos/.hidden", "photos/a\nb", "host:80", "[::1]", "https://evil.example/x",
    ],
)  # fmt: skip
def test_p25_a_root_names_a_bucket_and_nothing_else(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError):
        opened("http://127.0.0.1:1", root)


def test_p25_without_a_configured_endpoint_there_are_no_buckets() -> None:
    with pytest.raises(BadConfiguration, match="configured"):
        open_bucket("photos", None, Path("/"))


@pytest.mark.parametrize("url", ["ftp://x", "https://user:word@x", "https://x/path", "https://x?y", "x", "file:///etc"])
def test_an_endpoint_is_a_host_and_no_more(url: str) -> None:
    with pytest.raises(ValidationError):
        S3Section(endpoint=url)


# --- patience --------------------------------------------------------------------------------------------------------


def test_a_fault_of_the_store_is_asked_again_a_few_times(endpoints: Callable[[Answer], Endpoint]) -> None:
    def third_time(handler: BaseHTTPRequestHandler) -> None:
        third = len(here.asked) % 3 == 0
        say(handler, 200 if third else 503, EMPTY if third else b"")

    here = endpoints(third_time)
    store = opened(here.url)
    assert list(store.files()) == []
    assert len(here.asked) == 3
    store.close()
    down = endpoints(lambda handler: say(handler, 503))
    store = opened(down.url)
    with pytest.raises(Unavailable, match="503"):
        store.read(b"a.jpg", 10)
    assert len(down.asked) == bucket.TRIES
    store.close()


def test_what_the_store_says_of_the_bucket_is_said_of_no_photo(endpoints: Callable[[Answer], Endpoint]) -> None:
    body = b"<Error><Code>ExpiredToken</Code></Error>"
    here = endpoints(lambda handler: say(handler, 400, body))
    store = opened(here.url)
    with pytest.raises(Unavailable, match="ExpiredToken"):
        store.read(b"a.jpg", 10)
    store.close()


def test_nobody_there_is_no_fault_of_a_photo(endpoints: Callable[[Answer], Endpoint]) -> None:
    gone = Endpoint(lambda handler: say(handler, 200))
    gone.stop()
    store = opened(gone.url)
    with pytest.raises(Unavailable, match="no answer"):
        store.read(b"a.jpg", 10)
    store.close()


def test_a_store_that_sends_without_end_is_read_to_the_limit(endpoints: Callable[[Answer], Endpoint]) -> None:
    sent: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Range"] == "bytes=0-1000"
        handler.send_response(200)
        handler.send_header("Content-Length", str(2**40))
        handler.end_headers()
        try:
            while len(sent) < 10_000:
                handler.wfile.write(bytes(2**16))
                sent.append(1)
        except OSError:
            return

    here = endpoints(endless)
    store = opened(here.url)
    with pytest.raises(TooLarge):
        store.read(b"a.jpg", 1000)
    store.close()
    assert len(sent) < 1000


# --- a real server ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("keys")
def test_a_long_listing_comes_by_pages(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number:02}.jpg" for number in range(11)]
    server.fill("pages", dict.fromkeys(names, b"x"))
    monkeypatch.setattr(bucket, "_PAGE", 3)
    store = opened(server.endpoint, "pages")
    assert [each.path.decode() for each in store.files()] == names
    store.close()


@pytest.mark.usefixtures("keys")
def test_only_what_lies_under_the_prefix_is_there(server: Server) -> None:
    server.fill("years", {"2026/a.jpg": b"1", "2027/a.jpg": b"2", "2026-b.jpg": b"3", "2026/": b""})
    store = opened(server.endpoint, "years/2026/")
    assert [each.path for each in store.files()] == [b"a.jpg"]
    assert store.read(b"a.jpg", 10) == b"1"
    for path in (b"../2027/a.jpg", b".hidden", b"b.jpg"):
        with pytest.raises(Unreadable):
            store.read(path, 10)
    store.close()


@pytest.mark.usefixtures("keys")
def test_a_changed_object_of_the_same_size_shows_and_one_stored_away_says_so(server: Server) -> None:
    server.fill("changes", {"a.jpg": b"one"})
    store = opened(server.endpoint, "changes")
    (before,) = store.files()
    server.client.put_object(Bucket="changes", Key="a.jpg", Body=b"two")
    server.client.put_object(Bucket="changes", Key="b.jpg", Body=b"x", StorageClass="GLACIER")
    after, away = store.files()
    assert (after.size, after.path) == (before.size, before.path)
    assert after.modified_ns % 10**9 != before.modified_ns % 10**9
    assert "stored away" in (away.fault or "")
    store.close()
