"""Steps 5, 8 and 9: another organisation searches by agreement, an authority is obeyed, an old backup is restored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from countenance.demo.arriving import refused
from countenance.demo.club import ANNA, CLARA, GUESTS, PURPOSE, TERRITORIES
from countenance.demo.leaving import check
from countenance.demo.stage import ERASED, FOUND, Stage, expect, unseen
from countenance.reports.page import Code, Step
from countenance.service.finding import Found
from countenance.wiring import open_gallery, restore_gallery

POLICE = "County Police"
DAN, EVE, FINN = GUESTS
THEFT = "theft 7"
TERRITORY = "FR"


def let_others_search(stage: Stage) -> Step:
    """Another organisation searches: by an agreement that both signed, in a case, within a quota, with reviewers."""
    club, photo = stage.club, unseen(FOUND)
    _invite(stage)
    paper = _paper(stage, "impact-assessment.txt", "What we looked at before others may search here.")
    agreement = club.agreements.propose(
        POLICE, [PURPOSE], territories=["GB"], quota=5, dpia=paper, signatory="Clara Ost, data protection officer"
    )
    club.agreements.sign(agreement.id)
    with stage.places.open(DAN) as dan:

        def search() -> Found:
            return dan.search(photo, purpose=PURPOSE, case=THEFT)

        unsigned = refused(f"{POLICE} searches before it has signed the agreement", search)
        dan.agreements.sign(agreement.id)
        found = search()
        expect([hit.review for hit in found] == ["open"], "one candidate, open until two people have looked")
        _review(stage, found[0].subject)
        seen = club.agreements.searches(agreement.id)
        club.agreements.end(agreement.id)
        ended = refused(f"{POLICE} searches after the agreement has ended", search)
    expect(len(seen) == 1 and seen[0].confirmed == 1, "the club sees the search and its reviews")
    return Step(
        f"{POLICE} search it, by agreement",
        "Until both have signed, nothing; then, in a case and within a quota of 5 a day, one candidate, whom two of "
        "their people confirmed. The club sees each search, and ends the agreement.",
        facts=(("Quota", "5 a day"), ("Reviewers", "2"), ("Searches that the club sees", str(len(seen)))),
        refusals=(unsigned, ended),
    )


def _invite(stage: Stage) -> None:
    stage.club.organisations.add(POLICE)
    words = stage.places.passphrases
    for email, roles in ((DAN, ["controller", "operator"]), (EVE, ["reviewer"]), (FINN, ["reviewer"])):
        stage.club.accounts.add(email, roles=roles, passphrase=words[email], organisation=POLICE)


def _review(stage: Stage, subject: str) -> None:
    """Two people, neither of them the one who searched, each look and sign with their own key."""
    for email in (EVE, FINN):
        with stage.places.open(email) as reviewer:
            (review,) = reviewer.reviewing.list(open_only=True)
            reviewer.reviewing.show(review.id)
            reviewer.reviewing.confirm(review.id, subject)


def obey_an_order(stage: Stage) -> Step:
    """An authority orders a territory's residents erased: dry run, two approvers, stayed, revived, done, certified."""
    club = stage.club
    there = [name for name, territory in TERRITORIES.items() if territory in {TERRITORY, "unknown"}]
    expect(_found(stage, there) == set(there), "they are found before")
    notice = _paper(stage, "deliberation.txt", "The authority orders the residents of France to be erased.")
    order = club.orders.propose("erase", territory=TERRITORY, authority="CNIL", reference="D-7", evidence=notice)
    reach = club.orders.dry_run(order)
    own = refused("Anna, who entered the order, approves it", lambda: club.orders.approve(order))
    with stage.places.open(CLARA) as clara:
        for approver in (stage.second, clara):
            approver.orders.approve(order)
        expect(not _found(stage, there), "nobody in its scope is found from the second approval on")
        ruling = _paper(stage, "ruling.txt", "A court sets the order aside.")
        for approver in (stage.second, clara):
            approver.orders.stay(order, evidence=ruling)
        expect(_found(stage, there) == set(there), "a stayed order binds nobody")
        clara.orders.revive(order, evidence=_paper(stage, "appeal.txt", "A higher court revives it."))
    executed = stage.second.orders.execute(order)
    expect(not _found(stage, there), "nobody in its scope is found afterwards")
    file = stage.places.folder / "order.json"
    file.write_text(json.dumps(executed.certificate, indent=2) + "\n", encoding="utf-8")
    checked = check(stage, "certificate", file)
    expect(checked.code == 0, "the order's certificate checks")
    return Step(
        "An authority's order is obeyed",
        f"CNIL orders residents of {TERRITORY} erased: {reach.subjects} people, one of unknown residence among them. "
        f"Quarantined at the second approval, stayed, revived, erased. countenance-check: {checked.said}",
        facts=tuple((f"Lives in {where}", str(count)) for where, count in sorted(reach.by_territory.items())),
        refusals=(own,),
        code=(
            Code("The certificate", json.dumps(executed.certificate, indent=2)),
            Code("Checked offline", f"$ {checked.command}\n{checked.output}"),
        ),
    )


def _found(stage: Stage, names: list[str]) -> set[str]:
    return {hit.name for name in names for hit in stage.search(unseen(name)) if hit.name == name}


def restore_an_old_backup(stage: Stage) -> Step:
    """A backup from before the erasure is restored in another place: the erased are in it no more."""
    expect(stage.backup is not None, "a backup was made before the erasure")
    elsewhere = stage.places.folder / "restored"
    elsewhere.mkdir()
    shutil.copy(stage.places.club / "countenance.toml", elsewhere)
    shutil.copytree(stage.places.club / "vault", elsewhere / "vault")
    words, ledger = stage.places.passphrases[ANNA], elsewhere / "vault" / "erasures.ledger"
    tiles = stage.places.club / "data" / "log"
    restored = restore_gallery(elsewhere, stage.backup or Path(), ledger, log=tiles, account=ANNA, passphrase=words)
    gone = [ERASED, *(name for name, territory in TERRITORIES.items() if territory in {TERRITORY, "unknown"})]
    with open_gallery(elsewhere, account=ANNA, passphrase=words) as club:
        asked = {name: club.search(unseen(name), purpose=PURPOSE, case="after the fire") for name in [FOUND, *gone]}
        expect([hit.name for hit in asked[FOUND]] == [FOUND], "who had not left is found")
        expect(not any(hit.name == name for name in gone for hit in asked[name]), "who was erased is not")
        orphans = club.reports.orphans()
        expect(not orphans["found"], "nothing without an owner")
    shutil.rmtree(elsewhere)
    return Step(
        "An old backup is restored, and brings nobody back",
        f"Made before {ERASED} left; the ledger of erasures is replayed before it opens. {FOUND} is found; {ERASED} "
        f"and the {len(gone) - 1} erased by order are not: their keys are gone, and what the backup holds of them "
        "cannot be read.",
        facts=(("Erased since the backup", str(restored.replayed.people)), ("Found of them", "0")),
    )


def _paper(stage: Stage, name: str, text: str) -> Path:
    paper = stage.places.papers / name
    paper.write_text(text + "\n", encoding="utf-8")
    return paper
