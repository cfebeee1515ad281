"""``countenance order`` and ``source release``, as they are typed."""

import json

from countenance.check import check_certificate
from countenance.samples import cast
from countenance.samples.made import with_facebook_mark


def ben(run, *line):
    return run(*line, "--account", "ben@club.example", words="ben's words")


def third(run, name):
    """One more account, of a name of its own: key files outlive a test, and are never overwritten."""
    email = f"{name}@club.example"
    assert run("account", "add", email, "--role", "controller,officer").code == 0
    return lambda *line: run(*line, "--account", email, words="ben's words")


def paper(folder, words):
    file = folder / f"{words}.pdf"
    file.write_text(words, "utf-8")
    return file


def test_p8_an_order_from_the_proposal_to_the_certificate(run, club, tmp_path, probe):
    cleo = third(run, "cleo")
    notice, ruling = paper(tmp_path, "notice"), paper(tmp_path, "ruling")
    line = ("order", "propose", "--kind", "erase", "--territory", "GB", "--authority", "ICO", "--evidence", notice)
    order = run(*line, "--reference", "ENF-1", "--deadline", "2099-01-31", "--json").json
    assert (order["id"], order["state"], order["waiting"]) == ("O1", "proposed", 2)
    dry = run("order", "dry-run", "O1", "--json").json
    assert (dry["subjects"], dry["by_territory"], dry["templates"]) == (3, {"GB": 3}, 3)
    assert "Nothing is changed" in run("order", "dry-run", "--help").out
    assert "GB" in run("order", "dry-run", "O1").out
    told = run("order", "approve", "O1")
    assert (told.code, "requirement P18" in told.err) == (37, True)
    assert "1 signature missing" in ben(run, "order", "approve", "O1").out
    assert "in force" in cleo("order", "approve", "O1").out
    search = ("search", probe("Ada"), "--purpose", "photo-library", "--case", "press 12", "--json")
    assert run(*search).json["candidates"] == []
    assert "1 signature missing" in run("order", "stay", "O1", "--evidence", ruling).out
    assert "stayed" in ben(run, "order", "stay", "O1", "--evidence", ruling).out
    assert [each["subject"] for each in run(*search).json["candidates"]] == ["ada"]
    assert ben(run, "order", "revive", "O1", "--evidence", ruling, "--json").json["state"] == "in-force"
    assert run("order", "join", "O1", "--authority", "CNIL", "--evidence", ruling).out == "✓ CNIL has joined O1.\n"
    before = run("order", "show", "O1").out
    assert "by anna@club.example" in before
    assert all(who in before.partition("Signed")[2] for who in ("ben@club.example", "cleo@club.example"))
    assert [each["account"] for each in run("order", "show", "O1", "--json").json["signed"]] == [
        "ben@club.example",
        "cleo@club.example",
    ]
    executed = run("order", "execute", "O1", "--yes", "--json").json
    assert (executed["state"], executed["counts"]["subjects_erased"]) == ("complied", 3)
    assert run("subject", "list", "--json").json == []
    assert run("order", "execute", "O1").code == 41
    out = tmp_path / "o1.json"
    told = run("order", "certificate", "O1", "--out", out)
    assert "countenance-check certificate" in told.out
    assert check_certificate(out.read_bytes(), None)["kind"] == "order"
    assert json.loads(out.read_text("utf-8")) == executed["certificate"]
    assert json.loads((club / "certificates" / "O1.json").read_text("utf-8")) == executed["certificate"]
    assert executed["certificate"]["body"]["erasures"] == ["E1"]
    named = check_certificate((club / "certificates" / "E1.json").read_bytes(), None)
    assert (named["kind"], named["body"]["counts"]["bases"]) == ("erasure", 3)
    assert run("order", "certificate", "O1", "--json").json == json.loads(run("order", "certificate", "O1").out)
    assert "complied" in run("order", "list").out
    shown = run("order", "show", "O1").out
    assert "ICO, CNIL (ENF-1)" in shown
    assert "revived" in shown


def test_p8_what_a_hold_keeps_is_told(run, club, tmp_path):
    notice = paper(tmp_path, "notice")
    given = ("--authority", "ICO", "--evidence", notice)
    run("order", "propose", "--kind", "hold", "--subject", "ada", *given)
    run("order", "propose", "--kind", "erase", "--territory", "GB", *given)
    for order in ("O1", "O2"):
        assert "in force" in ben(run, "order", "approve", order).out
    told = run("order", "execute", "O2", "--yes")
    assert "O2 is in force still: 2 people, 2 templates" in told.out
    assert "1 person is kept by a hold" in told.err


def test_p8_an_order_without_a_scope_or_a_document_is_refused_in_two_lines(run, club, tmp_path):
    notice = paper(tmp_path, "notice")
    told = run("order", "propose", "--kind", "erase", "--authority", "ICO", "--evidence", notice)
    assert (told.code, told.err.count("\n")) == (42, 2)
    told = run("order", "propose", "--kind", "stop-collecting", "--territory", "GB", "--authority", "ICO",
               "--evidence", tmp_path / "gone.pdf")  # fmt: skip
    assert told.code == 10
    assert run("order", "list").out == "No authority has ordered anything.\n"


def test_p26_a_paused_source_is_released_by_two(run, club, tmp_path):
    dana = third(run, "dana")
    (tmp_path / "a.jpg").write_bytes(with_facebook_mark(cast().photos("Ada")[1].read_bytes()))
    manifest = paper(tmp_path.parent, "manifest")
    manifest.write_text("path,holder,origin,licence,date\na.jpg,Ada,an album,CC0,2026\n", "utf-8")
    added = run("source", "add", "bought", tmp_path, "--statement", "contract 7", "--supplier", "Face Data Ltd",
                "--manifest", manifest, "--json").json  # fmt: skip
    assert (added["supplier"], len(added["manifest_sha256"])) == ("Face Data Ltd", 64)
    told = run("ingest", "bought")
    assert (told.code, "source release" in told.err) == (39, True)
    assert "Another account must sign" in run("source", "release", "bought", "--rights-holder", "Ada Berg").out
    released = dana("source", "release", "bought", "--rights-holder", "Ada Berg", "--json").json
    assert (released["state"], released["rights_holder"], released["signatures_missing"]) == ("active", "Ada Berg", 0)
    assert run("ingest", "bought", "--json").json["faces_kept"] == 1
