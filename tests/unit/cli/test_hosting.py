"""`countenance event`: what an organiser types."""

from __future__ import annotations

from datetime import UTC, datetime


def test_an_event_its_invitations_and_its_sheet(run, club, finished):
    pictures = finished / "summer"
    pictures.mkdir()
    purposes = ("--purposes", "find-my-photos")
    assert run("source", "add", "summer", pictures, "--statement", "our own", *purposes).code == 0
    assert run("agreement", "add", *purposes).code == 0
    notice = finished / "guests.txt"
    notice.write_text("We look for your face in the pictures of the party.")
    today = datetime.now(UTC).date().isoformat()
    line = ("event", "add", "Summer party", "--source", "summer", "--notice", notice, "--day", today)
    assert run("event", "add", "Summer party").code == 10
    made = run(*line, "--json").json
    assert (made["id"], made["open"]) == ("G1", True)
    assert "needs its" not in run(*line, "--guests-receive", "original").out
    assert run(*line, "--guests-receive", "original").code == 10
    assert run("event", "invite", "G1").code == 10
    sheet = finished / "sheet.html"
    base = ("--base-url", "https://faces.club.example")
    told = run("event", "invite", "G1", *base, "--count", "2", "--out", sheet, "--json").json
    page = sheet.read_text()
    assert page.count("data:image/svg+xml") == 2
    assert all(each["address"] in page for each in told["invitations"])
    assert "https://faces.club.example/guest/" in run("event", "invite", "G1", *base).out
    assert run("event", "void", "I2").code == 0
    assert [each["state"] for each in run("event", "invitations", "G1", "--json").json["invitations"]] == [
        "open", "voided", "open",
    ]  # fmt: skip
    assert "Summer party" in run("event", "list").out
    assert "We look for your face" in run("event", "show", "G1").out
    assert run("event", "guests", "G1", "--json").json == {"guests": []}
    assert run("event", "approve", "ada").code == 10
    assert run("event", "refuse", "nobody").code == 20
    assert run("event", "look", "--json").json["guests"] == 0
    assert "closed" in run("event", "close", "G1").out
    assert run("event", "show", "G9").code == 20
