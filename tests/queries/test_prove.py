"""The proof finds every disagreement that somebody plants in the books, and names its parts."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import create_engine, text

from disburse.demo.bank import Word, read_order, write_answer
from disburse.queries.prove import KEPT, REPLAY, UNBOOKED, WITHIN_FILE, Unbooked, prove
from disburse.storage import embedded
from disburse.storage.engine import read_only
from disburse.storage.invariants import INVARIANTS
from tests.sheets import lines

NETS = [line.net for line in lines(8)]


@pytest.fixture
def answered(world):
    """A sheet of eight: the first rejected, the second returned, six paid; the debit is booked."""
    _, [file], [content] = world.sent()
    order = read_order(content)
    first, second, *_ = (one.reference for one in order.credits)
    words = {one.reference: Word() for one in order.credits}
    words[first] = Word("rejected", "AC04")
    world.ingest(write_answer(order, words, on=world.now.date()))
    world.ingest(write_answer(order, {second: Word("returned", "AC01")}, on=world.now.date()))
    world.book((-sum(NETS[1:]), file.reference, ""))
    return file


@pytest.fixture
def plant(database):
    """Change the database as only its owner can, past every constraint."""
    engine = create_engine(embedded.as_role(database, embedded.MIGRATE))

    def change(statement, **values):
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
            for table, name in CHECKS:
                connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"))
            assert connection.execute(text(statement), values).rowcount > 0

    yield change
    engine.dispose()


CHECKS = [
    ("balance", "columns_add_up_to_zero"),
    ("balance", "columns_keep_their_sign"),
    ("entitlement", "never_more_than_owed"),
    ("entitlement", "only_funded_money_moves"),
    ("entitlement", "set_aside_is_not_funded"),
    ("entitlement", "void_is_empty"),
    ("attempt", "paid_needs_evidence"),
]


def found(world, *, deep=False):
    with read_only(world.begin)() as tx:
        proof = prove(tx, deep=deep)
    assert proof.ok is (not proof.differences)
    return {one.invariant: one for one in proof.differences}


def test_books_that_nobody_touched_are_proven_down_to_the_bytes(world, answered):
    with read_only(world.begin)() as tx:
        proof = prove(tx, deep=True)
    assert proof.ok
    assert set(proof.checked) == {one.name for one in INVARIANTS} | {
        KEPT,
        REPLAY, UNBOOKED, WITHIN_FILE,
    }  # fmt: skip
    assert proof.looked_at["attempt"] == 8
    assert proof.looked_at["statement_entry"] == 2


def test_an_empty_database_is_proven(begin):
    with begin() as tx:
        assert prove(tx, deep=True).ok


def test_what_is_paid_and_not_booked_is_named_with_its_age(world, answered):
    # The bank booked the payment that came back, and did not book its return yet.
    with world.begin() as tx:
        proof = prove(tx)
    paid = sum(NETS[2:])
    part = Unbooked(
        project_id=world.project_id,
        account_id=world.account_id,
        what=answered.reference,
        reported=paid,
        booked=paid + NETS[1],
        since=world.now.date(),
    )
    assert proof.unbooked == (part,)
    world.book((NETS[1], answered.reference, ""))
    with world.begin() as tx:
        assert prove(tx).unbooked == ()


@pytest.mark.parametrize(
    ("statement", "invariants"),
    [
        ("UPDATE balance SET free = free + 5", {"columns-add-up-to-zero", REPLAY}),
        ("UPDATE balance SET free = free + 5, awaited = awaited - 5",
         {REPLAY, "awaited-is-what-was-declared"}),
        ("UPDATE balance SET bank = bank + 5, drawn = drawn - 5",
         {REPLAY, "bank-is-the-last-closing-balance", UNBOOKED}),
        ("UPDATE statement SET closing = closing - 5 WHERE number = 2",
         {"statements-add-up", "bank-is-the-last-closing-balance"}),
        ("UPDATE statement SET opening = opening - 5, closing = closing - 5 WHERE number = 2",
         {"statements-leave-no-gap", "bank-is-the-last-closing-balance"}),
        ("UPDATE statement SET number = 3 WHERE number = 2",
         {"statements-leave-no-gap", "statements-add-up"}),
        ("DELETE FROM transfer WHERE kind = 'allocate'", {"entries-are-posted", REPLAY}),
        ("UPDATE transfer SET amount = amount + 1 WHERE kind = 'settle'", {REPLAY}),
        ("UPDATE attempt SET state = 'accepted', version = version + 1 WHERE line = 5",
         {"balances-follow-lines", "entitlements-follow-attempts", UNBOOKED}),
        ("UPDATE entitlement SET funded = 0 WHERE line = 1", {"balances-follow-lines"}),
        ("UPDATE entitlement SET live = owed WHERE line = 1", {"entitlements-follow-attempts"}),
        ("UPDATE entitlement SET owed = owed - 1, funded = 0 WHERE line = 1",
         {"balances-follow-lines", "sheets-follow-lines"}),
        ("UPDATE sheet SET state = 'funded'", {"sheets-follow-lines"}),
        ("UPDATE sheet SET round = round + 1", {"sheets-follow-lines"}),
        ("UPDATE sheet SET head_count = 9", {"sheets-follow-lines"}),
        ("UPDATE bank_file SET count = 7", {"files-follow-payments"}),
        ("UPDATE bank_file SET state = 'sent'", {"files-follow-payments"}),
        ("DELETE FROM attempt WHERE line = 1",
         {"files-follow-payments"}),
        ("UPDATE kept_bytes SET content = content || 'x'::bytea WHERE media_type LIKE '%json'",
         {"bytes-are-as-they-came"}),
        ("UPDATE bank_file SET sha256 = repeat('0', 64)", {"bytes-are-as-they-came"}),
    ],
)  # fmt: skip
def test_what_somebody_changed_is_named(statement, invariants, world, answered, plant):
    plant(statement)
    assert set(found(world, deep=True)) == invariants


def test_a_difference_tells_where_it_is_and_its_parts(world, answered, plant):
    plant("UPDATE entitlement SET funded = 0 WHERE line = 1")
    one = found(world)["balances-follow-lines"]
    assert one.where == {"project_id": world.project_id, "account_id": world.account_id}
    assert one.parts["held"] == NETS[0] + NETS[1]
    assert one.parts["funded"] - one.parts["lines_in_flight"] - one.parts["lines_paid"] == NETS[1]


def test_a_payment_that_the_bank_booked_twice_is_named(world, answered, plant):
    with world.begin() as tx:
        reference = tx.scalar(text("SELECT reference FROM attempt WHERE line = 3"))
    world.book((-NETS[2], reference, ""))
    assert found(world) == {}  # it is an unordered debit, for people to explain
    as_payment = "UPDATE statement_entry SET names = :r, effect = 'book_payment' WHERE amount = :n"
    plant(as_payment, r=reference, n=-NETS[2])
    assert {WITHIN_FILE} < set(found(world))
    plant("UPDATE statement_entry SET amount = amount * 2 WHERE names = :r", r=reference)
    assert {WITHIN_FILE, "booked-is-within-owed"} < set(found(world))


def test_every_difference_is_reported_not_only_the_first(world, answered, plant):
    plant("UPDATE bank_file SET count = 7")
    plant("UPDATE sheet SET head_count = 9")
    plant("UPDATE balance SET free = free + 5")
    assert set(found(world)) == {
        "files-follow-payments", "sheets-follow-lines", "columns-add-up-to-zero", REPLAY,
    }  # fmt: skip


def test_money_that_moved_between_projects_of_one_account_still_is_its_closing(world, plant):
    world.allocate(500)
    plant(
        "INSERT INTO balance (project_id, account_id, bank, free) VALUES (0, :a, -100, 100)",
        a=world.account_id,
    )
    assert set(found(world)) == {REPLAY, "bank-is-the-last-closing-balance"}
    plant("UPDATE balance SET bank = bank + 100, free = free - 100 WHERE project_id > 0")
    plant(
        "INSERT INTO transfer (project_id, kind, reference, account_id, amount, at) VALUES"
        " (0, 'borrow', 'act:1', :a, 100, now()), (:p, 'lend', 'act:1', :a, 100, now())",
        a=world.account_id,
        p=world.project_id,
    )
    assert found(world) == {}


def test_a_correction_is_replayed_as_the_reverse_of_what_it_names(world, answered, plant):
    # The bank takes a return back: what was paid is paid again.
    plant(
        "INSERT INTO transfer (project_id, kind, reference, account_id, amount, at)"
        " SELECT project_id, 'correct', 'return:' || reference, account_id, amount, at"
        " FROM transfer WHERE kind = 'return'"
    )
    plant("UPDATE balance SET held = held - :amount, paid = paid + :amount", amount=NETS[1])
    plant("UPDATE attempt SET state = 'paid' WHERE line = 2")
    plant("UPDATE entitlement SET paid = owed WHERE line = 2")
    assert found(world) == {}


def test_the_age_of_a_part_is_that_of_its_oldest_entry(world, answered):
    world.now = world.now.replace(day=20)
    with world.begin() as tx:
        [part] = prove(tx).unbooked
    assert part.since == date(2026, 8, 5)


def test_what_moved_drawn_without_an_entry_of_ours_is_named_by_its_kind(world, answered, plant):
    # A correction of an entry, as only a later version could post one.
    plant(
        "INSERT INTO transfer (project_id, kind, reference, account_id, amount, at)"
        " VALUES (:p, 'correct', 'book_payment:1', :a, 70, now())",
        p=world.project_id,
        a=world.account_id,
    )
    plant("UPDATE balance SET bank = bank - 70, drawn = drawn + 70")
    assert set(found(world)) == {"bank-is-the-last-closing-balance"}
    with world.begin() as tx:
        [_, part] = prove(tx).unbooked
    told = (part.what, part.reported - part.booked, part.since)
    assert told == ("correct book_payment", 70, None)
