"""Checkpoints go outside, to real servers on this machine; what fails is told, and the others are still done."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clubs import Club
from countenance.config import MailSection, TimestampSection
from countenance.errors import BadConfiguration, BadSignature, Unavailable
from countenance.log import note, senders, timestamps
from countenance.log.note import Checkpoint
from countenance.registry import schema as t
from outside import OPENSSL, Authority, Behaviour, free_port, mail_server, self_signed, stamping

SEEN = Checkpoint("countenance/club", 3, bytes(32))
TEXT = note.sign_checkpoint("countenance/club", 3, bytes(32), note.SignerKey.from_seed("countenance/club", bytes(32)))
with_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed here")


def mail_to(port: int, **more: Any) -> MailSection:
    values = {"host": "127.0.0.1", "port": port, "starttls": False, "sender": "log@club.example", "to": "a@b.example"}
    return MailSection(**(values | more))


# --- a folder --------------------------------------------------------------------------------------------------------


def test_p19_a_folder_gets_each_checkpoint_under_a_name_of_its_own(tmp_path: Path) -> None:
    senders.drop(tmp_path, SEEN, TEXT)
    senders.drop(tmp_path, SEEN, TEXT)
    senders.drop(tmp_path, Checkpoint(SEEN.origin, 3, bytes([1]) * 32), "a fork")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "checkpoint-3-0000000000000000.txt",
        "checkpoint-3-0101010101010101.txt",
    ]
    assert (tmp_path / "checkpoint-3-0000000000000000.txt").read_text("utf-8") == TEXT


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        senders.drop(tmp_path / "stick", SEEN, TEXT)
    assert not (tmp_path / "stick").exists()


# --- e-mail ----------------------------------------------------------------------------------------------------------


def test_p19_a_mail_server_gets_the_checkpoint_as_it_was_signed() -> None:
    with mail_server() as (port, box):
        sent = senders.mail(mail_to(port), SEEN, TEXT)
    (letter,) = box.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("log@club.example", ["a@b.example"])
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert message["Message-ID"].encode() == sent
    assert "3 entries" in message["Subject"]
    (attached,) = message.iter_attachments()
    key = note.SignerKey.from_seed("countenance/club", bytes(32)).verifier
    assert note.open_checkpoint(attached.get_content().replace("\r\n", "\n"), key) == SEEN


def test_a_mail_server_that_is_not_there_or_says_no_is_told() -> None:
    with pytest.raises(Unavailable, match="mail server did not take"):
        senders.mail(mail_to(free_port()), SEEN, TEXT)
    with mail_server(data_size_limit=10) as (port, box), pytest.raises(Unavailable, match="mail server did not take"):
        senders.mail(mail_to(port), SEEN, TEXT)
    assert box.letters == []


def test_no_password_goes_over_a_plain_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as (port, box):
        with pytest.raises(BadConfiguration, match="no password"):
            senders.mail(mail_to(port, user="log", starttls=True), SEEN, TEXT)
        monkeypatch.setenv(senders.PASSWORD, "secret")
        with pytest.raises(BadConfiguration, match="not encrypted"):
            senders.mail(mail_to(port, user="log"), SEEN, TEXT)
    assert box.letters == []


def test_with_starttls_nothing_is_sent_to_a_server_that_cannot_show_who_it_is(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(self_signed(tmp_path))
    with mail_server(tls_context=context) as (port, box), pytest.raises(Unavailable, match="certificate"):
        senders.mail(mail_to(port, starttls=True), SEEN, TEXT)
    with mail_server() as (port, other), pytest.raises(Unavailable, match="STARTTLS"):
        senders.mail(mail_to(port, starttls=True), SEEN, TEXT)
    assert box.letters == other.letters == []


# --- time-stamps -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def server(authority: Authority) -> Iterator[tuple[str, Behaviour]]:
    with stamping(authority) as served:
        yield served


def section(url: str, root: Path) -> TimestampSection:
    return TimestampSection(url=url, certificates=root)


@with_openssl
def test_p19_a_time_stamp_is_over_this_checkpoint_and_checks_against_the_authority_s_root(
    authority: Authority, server: tuple[str, Behaviour], tmp_path: Path
) -> None:
    url, _ = server
    answer = senders.stamp(section(url, authority.root), tmp_path, TEXT)
    roots = authority.root.read_bytes()
    assert abs(timestamps.check(answer, TEXT, roots) - datetime.now(UTC).timestamp()) < 300
    with pytest.raises(BadSignature, match="Mismatch"):
        timestamps.check(answer, TEXT.replace("3", "4", 1), roots)
    # A stranger's stamp brings the stranger's own root along; that makes nobody trust it.
    stranger = Authority(tmp_path / "stranger", "A stranger")
    question = timestamps.Request(TEXT)
    forged = stranger.answer(question.data, "-chain", "root.pem")
    assert question.check(forged, stranger.root.read_bytes())
    for stamp, trusted in ((forged, roots), (answer, stranger.root.read_bytes())):
        with pytest.raises(BadSignature, match="does not check"):
            timestamps.check(stamp, TEXT, trusted)
    with pytest.raises(BadConfiguration, match="PEM"):
        timestamps.check(answer, TEXT, b"no certificate")


@with_openssl
def test_p19_an_old_answer_or_one_to_another_question_is_no_time_stamp(
    authority: Authority, server: tuple[str, Behaviour], tmp_path: Path
) -> None:
    url, behaviour = server
    behaviour.body = senders.stamp(section(url, authority.root), tmp_path, TEXT)
    with pytest.raises(BadSignature, match="Nonce"):
        senders.stamp(section(url, authority.root), tmp_path, TEXT)
    behaviour.body = behaviour.body[:-40] + bytes(40)
    with pytest.raises(BadSignature):
        timestamps.check(behaviour.body, TEXT, authority.root.read_bytes())


@with_openssl
@pytest.mark.parametrize(
    ("change", "fault", "words"),
    [
        ({"body": b"no token"}, BadSignature, "does not check"),
        ({"body": b""}, BadSignature, "does not check"),
        ({"body": bytes.fromhex("30053003020102")}, BadSignature, "gave no stamp"),
        ({"status": 500, "body": b""}, Unavailable, "it answered 500"),
        ({"kind": "text/html"}, Unavailable, "something else"),
        ({"body": bytes(2**16 + 1)}, Unavailable, "something else"),
    ],
)
def test_whatever_else_an_authority_answers_is_told(
    authority: Authority,
    server: tuple[str, Behaviour],
    tmp_path: Path,
    change: dict[str, Any],
    fault: type[Exception],
    words: str,
) -> None:
    url, behaviour = server
    for name, value in change.items():
        setattr(behaviour, name, value)
    with pytest.raises(fault, match=words):
        senders.stamp(section(url, authority.root), tmp_path, TEXT)


@with_openssl
def test_p25_nobody_but_the_configured_endpoint_is_asked(
    authority: Authority, server: tuple[str, Behaviour], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, behaviour = server
    with stamping(authority) as (other, elsewhere):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other)
        for status in (301, 302, 303, 307, 308):
            behaviour.status, behaviour.headers = status, {"Location": other}
            with pytest.raises(Unavailable, match=f"it answered {status}"):
                senders.stamp(section(url, authority.root), tmp_path, TEXT)
    assert (len(behaviour.asked), elsewhere.asked) == (5, [])


def test_an_authority_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(self_signed(tmp_path).read_bytes())
    with pytest.raises(Unavailable, match="cannot be asked"):
        senders.stamp(section(f"http://127.0.0.1:{free_port()}/", Path("root.pem")), tmp_path, TEXT)
    with pytest.raises(BadConfiguration, match="certificates cannot be read"):
        senders.stamp(section("http://127.0.0.1:1/", Path("none.pem")), tmp_path, TEXT)


# --- all of them -----------------------------------------------------------------------------------------------------


def test_p19_one_place_that_fails_does_not_stop_the_others(club: Club, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    with mail_server() as (port, box):
        club.configure(
            "[witness]", f'drop = "{tmp_path / "stick"}"',
            "[witness.smtp]", 'host = "127.0.0.1"', f"port = {port}", "starttls = false",
            'sender = "log@club.example"', 'to = "zoe@auditor.example"',
            "[witness.timestamp]", f'url = "http://127.0.0.1:{free_port()}/"',
            f'certificates = "{self_signed(tmp_path)}"',
        )  # fmt: skip
        sent = club.anna.logbook.send()
    assert [(each.name, each.fault is None) for each in sent] == [
        ("folder", True),
        ("e-mail (auditor.example)", True),
        ("time-stamp (127.0.0.1)", False),
    ]
    assert len(box.letters) == len(list((tmp_path / "stick").iterdir())) == 1
    with club.sql() as connection:
        rows = connection.execute(t.witnesses.select()).all()
    book = club.anna.context.book
    assert [(row.name, row.size, row.root) for row in rows] == [
        (name, book.size(), book.check().root.hex()) for name in ("folder", "e-mail (auditor.example)")
    ]
    assert rows[1].proof.startswith(b"<")


@with_openssl
def test_p19_a_time_stamp_is_kept_with_what_it_stamps(
    club: Club, authority: Authority, server: tuple[str, Behaviour]
) -> None:
    club.configure("[witness.timestamp]", f'url = "{server[0]}"', f'certificates = "{authority.root}"')
    club.anna.logbook.send()
    with club.sql() as connection:
        row = connection.execute(t.witnesses.select()).one()
    book = club.anna.context.book
    stamped = note.sign_checkpoint(book.origin, row.size, bytes.fromhex(row.root), book.signer())
    assert timestamps.check(row.proof, stamped, authority.root.read_bytes())


def test_without_a_place_outside_there_is_nothing_to_send_to(club: Club) -> None:
    with pytest.raises(BadConfiguration, match="No place outside"):
        club.anna.logbook.send()
    with pytest.raises(BadConfiguration, match="drop lies inside"):
        club.configure("[witness]", 'drop = "data/held"')


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "tsa.example", "http://"])
def test_an_authority_has_a_web_address(club: Club, url: str) -> None:
    with pytest.raises(BadConfiguration):
        club.configure("[witness.timestamp]", f'url = "{url}"', 'certificates = "root.pem"')
