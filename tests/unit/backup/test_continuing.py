"""After a restore the log goes on from its own files, and what they say was taken back since is taken back again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import BEN, WORDS, Club
from countenance.errors import InputError, NotSignedIn, OrderError, ReceiptRefused, RoleRefused, Tampered
from countenance.registry import schema as t
from restores import backup, lose, restore

ADA = "ada@home.example"


@pytest.fixture
def ada(club: Club) -> int:
    club.person("Bea", 2)
    return int(club.person("Ada", 1).id)


def stay(club: Club, order: str) -> None:
    """Two people enter that the order is stayed."""
    for account in (club.ben, club.cleo):
        account.orders.stay(order, evidence=club.document("stayed"))


def test_p19_the_log_goes_on_unbroken_and_outside_checkpoints_still_fit(club: Club, ada: int) -> None:
    made = backup(club)
    club.person("Cy", 3)
    club.anna.context.book.publish()
    outside = club.anna.context.book.checkpoint()
    size = club.anna.check_log().size
    lose(club, log=True)
    done = restore(club, made.file)
    assert done.continued.short == ""
    assert len(done.continued.leaves) == size - made.manifest.log_size
    assert club.anna.check_log({"outside": outside}).size > size
    assert club.found(3) == []


def test_p19_without_its_files_the_log_is_said_to_be_shorter_and_the_outside_checkpoint_shows_it(
    club: Club, ada: int
) -> None:
    made = backup(club)
    club.person("Cy", 3)
    club.anna.context.book.publish()
    outside = club.anna.context.book.checkpoint()
    lose(club)
    done = restore(club, made.file)
    assert "no files of a log" in done.continued.short
    club.anna.check_log()
    with pytest.raises(Tampered):
        club.anna.check_log({"outside": outside})


def test_the_log_s_files_may_lie_elsewhere(club: Club, ada: int) -> None:
    made = backup(club)
    club.person("Cy", 3)
    club.anna.context.book.publish()
    size = club.anna.check_log().size
    shutil.copytree(club.folder / "data" / "log", club.root / "log-copy")
    lose(club)
    done = restore(club, made.file, log=club.root / "log-copy")
    assert made.manifest.log_size + len(done.continued.leaves) == size


@pytest.mark.parametrize("harm", ["entry", "checkpoint", "cut"])
def test_p19_files_that_were_changed_do_not_continue_the_log(club: Club, ada: int, harm: str) -> None:
    made = backup(club)
    club.person("Cy", 3)
    club.anna.context.book.publish()
    log = club.root / "log-copy"
    shutil.copytree(club.folder / "data" / "log", log)
    if harm == "checkpoint":
        text = (log / "checkpoint").read_text().splitlines()
        text[1] = str(int(text[1]) - 1)
        (log / "checkpoint").write_text("\n".join(text) + "\n")
    else:
        entries = log / "tail"
        content = entries.read_bytes()
        entries.write_bytes(content[:-200] if harm == "cut" else content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    lose(club)
    with pytest.raises((Tampered, InputError)):
        restore(club, made.file, log=log)
    assert not (club.folder / "data" / "registry.db").exists()


def test_files_that_are_older_than_the_backup_are_told(club: Club, ada: int) -> None:
    log = club.root / "log-copy"
    shutil.copytree(club.folder / "data" / "log", log)
    club.person("Cy", 3)
    club.anna.context.book.publish()
    made = backup(club)
    lose(club)
    with pytest.raises(InputError, match="older than the backup"):
        restore(club, made.file, log=log)
    with pytest.raises(InputError, match="no files of a log"):
        restore(club, made.file, log=Path("/nowhere"))


def test_p5_a_withdrawal_after_the_backup_is_repeated(club: Club, ada: int) -> None:
    made = backup(club)
    club.anna.withdraw("ada")
    lose(club, log=True)
    done = restore(club, made.file)
    assert done.repeated.withdrawn == 1
    assert club.found(1) == []
    assert club.found(2) == ["bea"]
    assert [each.state for each in club.anna.bases.list(club.anna.subjects.get("ada"))] == ["withdrawn"]


def test_p5_a_withdrawal_before_a_crash_is_in_the_logs_files_after_the_next_start(club: Club, ada: int) -> None:
    made, log = backup(club), club.anna.context.book.folder
    before = shutil.copytree(log, club.root / "log before")
    club.anna.withdraw("ada")
    club.close()
    shutil.rmtree(log)
    before.rename(log)  # the process died after its commit
    club.reopen()
    lose(club, log=True)
    restore(club, made.file)
    assert club.found(1) == []


def test_p19_a_checkpoint_that_was_changed_is_not_written_over_at_the_next_start(club: Club, ada: int) -> None:
    file = club.anna.context.book.folder / "checkpoint"
    name, _, rest = file.read_text().split("\n", 2)
    file.write_text(f"{name}\n1\n{rest}")
    club.reopen()
    with pytest.raises(Tampered):
        club.anna.check_log()


@pytest.mark.parametrize("kind", ["objection", "restriction", "erasure"])
def test_p5_an_objection_after_the_backup_keeps_the_person_out_of_search(club: Club, ada: int, kind: str) -> None:
    """By the public page: a contact that two people share, and no account."""
    club.anna.subjects.update("ada", contact=ADA)
    club.person("Cy", 3, contact=ADA)
    made = backup(club)
    club.open(None).requests.receive(kind, contact=ADA)
    lose(club, log=True)
    done = restore(club, made.file)
    assert (done.repeated.restricted, done.repeated.requests) == (2, ("R1", "R2"))
    assert club.found(1) == club.found(3) == []
    assert club.found(2) == ["bea"]


def test_p5_an_objection_by_receipt_after_the_backup_is_repeated_too(club: Club, ada: int) -> None:
    receipt = handed(club, "ada")
    made = backup(club)
    club.anna.requests.receive("objection", receipt=receipt)
    lose(club, log=True)
    restore(club, made.file)
    assert club.found(1) == []
    assert club.found(2) == ["bea"]


def test_p29_requests_after_the_backup_are_on_record_again_with_their_day(club: Club, ada: int) -> None:
    club.anna.subjects.update("ada", contact=ADA)
    made = backup(club)
    ask = club.anna.requests.open
    before = [
        ask("access", contact=ADA),
        ask("access", contact="eve@example.org"),
        ask("restriction", contact="ada@old.example"),
    ]
    club.anna.requests.assign("R3", "ada")
    club.anna.requests.answer("R1")
    club.clock.forward(days=3)
    lose(club, log=True)
    assert restore(club, made.file).repeated.requests == ("R2", "R3")
    after = {each.id: each for each in club.anna.requests.list()}
    assert [(after[each.id].kind, after[each.id].deadline) for each in before] == [
        (each.kind, each.deadline) for each in before
    ]
    assert [after[name].state for name in ("R1", "R2", "R3")] == ["answered", "open", "open"]
    assert [after[name].subject for name in ("R1", "R2", "R3")] == ["ada", None, "ada"]
    assert club.found(1) == []
    assert club.anna.requests.answer("R3").outcome == "answered"


def test_p5_a_request_for_access_keeps_nobody_out_of_search(club: Club, ada: int) -> None:
    receipt = handed(club, "ada")
    made = backup(club)
    club.anna.requests.receive("access", receipt=receipt)
    lose(club, log=True)
    assert restore(club, made.file).repeated.requests == ("R1",)
    assert club.found(1) == ["ada"]


def test_p9_whoever_was_put_right_after_the_backup_is_out_of_search(club: Club, ada: int) -> None:
    """They may have turned out to be a minor, or to live where an order binds: the log does not say."""
    made = backup(club)
    club.anna.subjects.update("ada", birth_year=2015)
    lose(club, log=True)
    assert restore(club, made.file).repeated.restricted == 1
    assert club.found(1) == []
    assert club.found(2) == ["bea"]


def test_p24_what_was_switched_off_after_the_backup_stays_off(club: Club, ada: int) -> None:
    made_on = club.anna.activations.propose("territory", "FR", dpia=club.document("dpia"), signatory="D. Smith")
    made = backup(club)
    club.anna.activations.end(made_on.id)
    lose(club, log=True)
    assert restore(club, made.file).repeated.ended == 1
    assert [each.state for each in club.anna.activations.list() if each.id == made_on.id] == ["ended"]


def test_p14_a_receipt_that_was_handed_out_after_the_backup_is_accepted(club: Club, ada: int) -> None:
    made = backup(club)
    receipt = handed(club, "ada")
    lose(club)  # and the log with it: the receipt carries its own entry
    restore(club, made.file)
    holder = club.anna.receipts.accept(receipt)
    assert (holder.subject, club.anna.receipts.accept(receipt)) == (ada, holder)
    club.open(None).withdraw_by_receipt(receipt)
    assert club.found(1) == []


def test_p14_a_receipt_for_a_basis_that_is_not_in_the_backup_proves_nothing(club: Club, ada: int) -> None:
    """Not even where another person's basis has its number by now."""
    made = backup(club)
    club.person("Cy", 3)
    receipt, basis = handed(club, "cy"), club.anna.bases.list(club.anna.subjects.get("cy"))[0].number
    lose(club)
    restore(club, made.file)
    with pytest.raises(ReceiptRefused):
        club.anna.receipts.accept(receipt)
    with club.sql() as connection:
        theirs = connection.execute(sa.select(t.bases).where(t.bases.c.subject == ada)).one()
        connection.execute(sa.insert(t.bases).values(dict(theirs._mapping) | {"id": basis}))
    with pytest.raises(ReceiptRefused):
        club.anna.receipts.accept(receipt)


def test_a_revoked_account_stays_revoked(club: Club, ada: int) -> None:
    made = backup(club)
    club.anna.accounts.revoke(BEN)
    lose(club, log=True)
    club.close()
    from clubs import ANNA
    from countenance.wiring import open_gallery, restore_gallery
    from restores import ledger

    done = restore_gallery(club.folder, made.file, ledger(club), account=ANNA, passphrase=WORDS[ANNA], clock=club.clock)
    assert done.repeated.ended == 1
    with pytest.raises(NotSignedIn):
        open_gallery(club.folder, account=BEN, passphrase=WORDS[BEN], clock=club.clock)


def test_p8_an_order_that_came_after_the_backup_binds_after_the_restore(club: Club, ada: int) -> None:
    """Its territory is in the log, so it binds again just as it did."""
    made = backup(club)
    entered(club, "quarantine", territory="GB")
    assert club.found(1) == []
    lose(club, log=True)
    done = restore(club, made.file)
    assert (done.repeated.orders, done.repeated.closed) == (("O1",), ())
    assert club.found(1) == []


def test_p8_an_order_to_erase_that_came_after_the_backup_is_approved_again_and_executed(club: Club, ada: int) -> None:
    """It binds at once; but its approvals are not in the backup, and nobody is erased on the word of the log alone."""
    assert club.cleo
    made = backup(club)
    order = club.obey("erase", territory="GB")
    lose(club, log=True)
    restore(club, made.file)
    assert (club.found(1), club.ben.orders.get(order).waiting) == ([], 2)
    with pytest.raises(Tampered, match="approvals"):
        club.ben.orders.execute(order)
    assert club.ben.orders.approve(order).waiting == 1
    with pytest.raises(RoleRefused):
        club.ben.orders.approve(order)
    with pytest.raises(Tampered, match="approvals"):
        club.ben.orders.execute(order)
    assert (club.cleo.orders.approve(order).waiting, club.ben.orders.get(order).state) == (0, "in-force")
    with pytest.raises(OrderError):
        club.cleo.orders.approve(order)
    assert (club.ben.orders.execute(order).state, club.found(1)) == ("complied", [])


def test_p8_an_order_whose_scope_the_log_does_not_tell_binds_everybody(club: Club, ada: int) -> None:
    """Unknown means no: the log does not say whom the order is about, so nobody is found until two people say."""
    made = backup(club)
    entered(club, "quarantine", subject=ada)
    assert club.found(2) == ["bea"]
    lose(club, log=True)
    done = restore(club, made.file)
    assert done.repeated.closed == ("O1",)
    assert club.found(1) == club.found(2) == []


def test_p8_an_order_that_a_restore_had_bind_again_binds_after_an_older_backup_too(club: Club, ada: int) -> None:
    """It was stayed in between, and that is the last word that the log has of the order itself."""
    assert club.cleo
    older = backup(club, "older.backup")
    order = club.obey("quarantine", territory="GB")
    newer = backup(club, "newer.backup")
    stay(club, order)
    assert club.found(1) == ["ada"]
    lose(club, log=True)
    restore(club, newer.file)
    assert club.found(1) == [], "a stay after the backup is not repeated"
    club.anna.context.book.publish()
    lose(club, log=True)
    restore(club, older.file)
    assert club.found(1) == []


def test_p8_whom_a_restore_closed_an_order_over_they_are_under_it_after_a_newer_backup_too(
    club: Club, ada: int
) -> None:
    """The newer backup knows whom the order is about, and would let the others be found; no restore does that."""
    older = backup(club, "older.backup")
    entered(club, "quarantine", subject=ada)
    newer = backup(club, "newer.backup")
    assert club.found(2) == ["bea"]
    lose(club, log=True)
    restore(club, older.file)
    assert club.found(1) == club.found(2) == []
    before = closures(club)
    lose(club, log=True)
    done = restore(club, newer.file)
    assert club.found(1) == club.found(2) == []
    assert closures(club) == before, "each of them once"
    assert done.repeated.closed == done.repeated.orders
    assert len(done.repeated.orders) == len(before)
    lose(club, log=True)
    restore(club, older.file)
    assert closures(club) == before


@pytest.mark.parametrize("known", [True, False])
def test_p8_an_order_that_a_restore_had_bind_again_binds_after_a_backup_from_after_its_stay(
    club: Club, ada: int, known: bool
) -> None:
    """The backup has it as stayed, or not at all; and all that the log tells after it is the restore itself."""
    assert club.cleo
    older = backup(club, "older.backup")
    order = club.obey("quarantine", subject="ada")
    between = backup(club, "between.backup")
    stay(club, order)
    if not known:
        lose(club, log=True)
        restore(club, older.file)
    newer = backup(club, "newer.backup")
    assert club.found(1) == ["ada"]
    lose(club, log=True)
    restore(club, between.file)
    assert (club.found(1), club.found(2)) == ([], ["bea"])
    lose(club, log=True)
    restore(club, newer.file)
    assert (club.found(1), club.found(2)) == ([], ["bea"] if known else [])


def closures(club: Club) -> list[tuple[str, str]]:
    """Kind and territory of the orders in force that bear on whoever is in one."""
    c = t.orders.c
    with club.sql() as connection:
        rows = connection.execute(sa.select(c.kind, c.territory).where(c.state == "in-force", c.territory.is_not(None)))
        return sorted((row.kind, row.territory) for row in rows)


def entered(club: Club, kind: str, **scope: object) -> None:
    """An order in force, with the entries that a proposal and its approvals leave."""
    number = club.order(kind, **scope)
    with club.sql() as connection:
        facts = {"order": f"O{number}", "kind": kind, "scope": sorted(scope), "territory": scope.get("territory", "")}
        club.anna.context.desk.record(connection, "order", "officer", facts=facts)
        facts = {"order": f"O{number}", "kind": kind, "step": "in-force", "state": "in-force"}
        club.anna.context.desk.write(connection, "order", facts=facts)
    club.anna.context.book.publish()


def handed(club: Club, handle: str) -> bytes:
    """The receipt of a person's first basis, as they keep it."""
    basis = club.anna.bases.list(club.anna.subjects.get(handle))[0]
    return json.dumps(club.anna.receipts.issue(basis)).encode()
