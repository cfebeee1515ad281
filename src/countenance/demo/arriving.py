"""Steps 1 to 4: people agree, photographs come in, one person is found, and who may not ask is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from countenance.demo import club
from countenance.demo.club import MEMBERS, PARTY, PURPOSE, SCRAPED, TRIAL
from countenance.demo.stage import CASE, FOUND, Stage, expect, unseen
from countenance.errors import CountenanceError, Refused
from countenance.reports.page import Refusal, Step
from countenance.service.ingesting import report_json
from countenance.service.scale import AmongCrowd, against_generated

RENDERED = "A threshold for rendered people, who resemble one another more than real ones do."


def enrol_members(stage: Stage) -> Step:
    """The club enrols its members; each consent is confirmed by a second account's own key."""
    names, stage.pending = club.enrol_members(stage.club, stage.second, stage.places)
    counts = stage.club.status()["counts"]
    expect(
        counts["bases_live"] == len(names) == MEMBERS and counts["bases_pending"] == 1, "twenty members, one pending"
    )
    return Step(
        "A club enrols its members",
        f"{len(names) + 1} members enrolled, a template each. A second account countersigned {len(names)} consents; "
        f"{stage.pending}'s still waits for that, so nobody finds {stage.pending}.",
        facts=(
            ("Templates", str(counts["references"])),
            ("Consents confirmed", str(counts["bases_live"])),
            ("Waiting", str(counts["bases_pending"])),
            ("Purpose", PURPOSE),
            ("Log entries", str(stage.club.status()["log"]["size"])),
        ),
    )


def ingest_photos(stage: Stage) -> Step:
    """The party's photographs come in and strangers are forgotten; a scraped folder is stopped."""
    club.add_party(stage.club, stage.places)
    report = stage.club.ingest(PARTY)
    expect(report.faces_kept and report.faces_forgotten, "members kept, strangers forgotten")
    club.add_scraped(stage.club, stage.places)
    stopped = refused("Ingest a second folder, whose photos carry Facebook's mark", lambda: stage.club.ingest(SCRAPED))
    return Step(
        "It takes in the party's photographs",
        f"{report.photos} files, {report.faces_found} faces: {report.faces_kept} kept, "
        f"{report.faces_forgotten} forgotten. A scraped folder was stopped at its first batch.",
        facts=_ingest_facts(report_json(report)),
        refusals=(stopped,),
    )


def _ingest_facts(report: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    skipped = Counter(each["code"] for each in report["skipped"])
    return (
        ("Photos read", str(report["new"])),
        ("Faces kept", str(report["faces_kept"])),
        ("Strangers forgotten", str(report["faces_forgotten"])),
        ("Files skipped", ", ".join(f"{count} {code}" for code, count in skipped.items()) or "0"),
    )


def find_somebody(stage: Stage) -> Step:
    """One member is found in an unseen picture, and again among a crowd of generated templates."""
    photo = unseen(FOUND)
    found = stage.search(photo)
    expect([hit.name for hit in found] == [FOUND], f"{FOUND} found, and nobody else")
    among = against_generated(stage.club.context.vision, photo, stage.crowd)
    expect(among.name == FOUND, f"{FOUND} first among the generated templates")
    best = found[0]
    return Step(
        f"It finds {FOUND} in a picture it has never seen",
        f"{FOUND}, cosine {best.score:.2f}, in {len(best.appearances)} photos of the party. Among {among.generated:,} "
        f"generated templates {FOUND} is first; one search took {among.seconds * 1000:.1f} ms.",
        facts=_crowd_facts(among),
        findings=(stage.show(found, photo, RENDERED),),
    )


def _crowd_facts(among: AmongCrowd) -> tuple[tuple[str, str], ...]:
    return (
        ("Generated templates", f"{among.generated:,}"),
        ("One search among them", f"{among.seconds * 1000:.1f} ms"),
        (f"{among.name}, first", f"{among.score:.2f}"),
        ("Nearest generated", f"{among.nearest_generated:.2f}"),
    )


def refuse_others(stage: Stage) -> Step:
    """No purpose, a trial account: refused with the reason. A pending consent: found by nobody."""
    photo = unseen(FOUND)
    aimless = refused("Anna searches, and does not say what for", lambda: stage.club.search(photo, case=CASE))
    trial = _search_on_trial(stage)
    waiting = unseen(stage.pending)
    nobody = stage.search(waiting)
    expect(not nobody, f"{stage.pending}, whose consent is pending, not found")
    return Step(
        "It refuses who may not ask",
        f"A search without a purpose and one by a trial account are refused; {stage.pending}, "
        "whose consent is pending, is not found.",
        refusals=(aimless, trial),
        findings=(stage.show(nobody, waiting, f"This is {stage.pending}, enrolled, whose consent is not confirmed."),),
    )


def _search_on_trial(stage: Stage) -> Refusal:
    stage.club.accounts.add(TRIAL, roles=["operator"], passphrase=stage.places.passphrases[TRIAL], trial=True)
    with stage.places.open(TRIAL) as visitor:
        return refused(
            "A trial account searches, with purpose and case",
            lambda: visitor.search(unseen(FOUND), purpose=PURPOSE, case=CASE),
        )


def refused(asked: str, act: Callable[[], object]) -> Refusal:
    """Do what must be refused, and keep the reason. Raises when it is not refused."""
    try:
        act()
    except Refused as no:
        where = f"{no.requirement or 'The rules'}, log entry {no.log_index}"
        return Refusal(asked, no.message, no.hint, where)
    raise CountenanceError(f"The demo did not go as promised: “{asked}” was not refused.", hint="Please report this.")
