"""Keys end: what they seal is sealed anew while everybody reads; killed, nothing is lost."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from disburse.clock import system_clock
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.sealing import number_in
from disburse.steps.bank.reissue import reissue
from disburse.storage import at_rest, embedded, funding, once, records, resealing, seals, webhooks
from disburse.storage.engine import connect
from disburse.storage.funding import NewEntry
from disburse.storage.resealing import TABLES
from tests.conftest import KEYCHAIN
from tests.http.site import Site
from tests.people import Person

AGED = timedelta(days=400)
YEAR = timedelta(days=365)


def again(row):
    return of_attempt(AttemptKey(row.sheet_id, row.line, row.attempt))


# How each value is found and where it was sealed for, written again beside `resealing` and its SQL.
PLACES = {
    "line": ("particulars", lambda r: records.of_line(r.project_id, r.sheet_id, r.number)),
    "worker": (
        "particulars",
        lambda r: records.of_worker(r.project_id, r.employer_id, r.person_id),
    ),
    "attempt": ("payee", lambda r: records.of_attempt(r.project_id, r.reference)),
    "reissue": ("payee", lambda r: records.of_reissue(r.project_id, again(r))),
    "inbox": (
        "text",
        lambda r: records.of_answer(r.project_id, r.connection_id, r.digest, r.record),
    ),
    "statement_entry": (
        "text",
        lambda r: records.of_entry(r.project_id, r.account_id, r.reference),
    ),
    "kept_bytes": ("content", lambda r: records.of_kept(r.project_id, r.sha256)),
    "credential": ("totp", lambda r: at_rest._place(r.member_id)),
    "invitation": ("totp", lambda r: at_rest._place(r.member_id)),
    "webhook_key": ("sealed", lambda r: webhooks._place(r.webhook_id, r.number)),
    "member": ("name", lambda r: records.of_member(r.login)),
    "idempotency_key": ("answer", lambda r: once._place(r.member_id, r.key)),
}


@pytest.fixture
def owner(database):
    """What starts transactions that see and change everything, as no program of ours does."""
    connections = connect(embedded.as_role(database, embedded.MIGRATE), KEYCHAIN)

    @contextmanager
    def begin():
        with connections() as tx:
            tx.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
            yield tx

    yield begin
    connections.dispose()


@pytest.fixture
def full(world, owner):
    """A world where every kind of sealed value is kept."""
    site = Site(world)
    made = site.post("/v1/webhooks", "approver", json={"url": "https://example.org/"})
    assert made.status_code == 201
    head = Person(site, "people_administrator@general_contractor").sign_in()
    code = head.post("/v1/members/releaser@general_contractor/invite").json["code"]
    site.app.test_client().post("/v1/invitation/open", json={"invitation": code})
    _, _, [content] = world.sent()
    order = read_order(content)
    told = {one.reference: Word() for one in order.credits}
    first = order.credits[0].reference
    told[first] = Word("rejected", "AC04", "户名不符 欧阳守拙")
    world.ingest(write_answer(order, told, on=world.now.date()))
    world.do(reissue, "labour_officer", reference=first, reason="again", banks=world.banks)
    entry = NewEntry(
        reference="B9", project_id=world.project_id, amount=1, booked_on=world.now.date(),
        names="", text="皇甫望海 退票", effect="none", matched_by="amount",
    )  # fmt: skip
    with owner() as tx:
        funding.add_entries(
            tx, account_id=world.account_id, number=1, entries=[entry], at=world.now
        )
    return world


def everything(begin):
    """Open every sealed value; return them by table and place."""
    found = {}
    with begin() as tx:
        for table, (column, place_of) in PLACES.items():
            for row in tx.execute(text(f"SELECT * FROM {table}")):
                sealed, place = bytes(getattr(row, column) or b""), place_of(row)
                if not sealed:
                    continue
                if TABLES[table] is None:
                    [opened] = seals.open_all(tx, row.project_id, [(sealed, place)])
                else:
                    opened = seals.root_numbered(tx, number_in(sealed)).open(sealed, place)
                assert opened is not None
                found[table, place] = opened
    return found


def numbers(begin):
    """Return which keys every sealed value is under, by table."""
    query = "SELECT key_number({0}) FROM {1} WHERE key_number({0}) <> 0"
    with begin() as tx:
        return {
            table: set(tx.scalars(text(query.format(column, table))))
            for table, (column, _) in PLACES.items()
        }


def age(begin, by=AGED):
    query = "UPDATE {} SET made_at = made_at - :by, retired_at = retired_at - :by"
    with begin() as tx:
        for table in ("record_key", "root_key"):
            tx.execute(text(query.format(table)), {"by": by})


def chunks(*, now):
    """Return what a rotation does, step after step."""
    return [
        partial(resealing.retire, before=now - YEAR),
        *(partial(resealing.reseal, table=table) for table in TABLES),
        partial(resealing.destroy, now=now),
    ]


def rotate(begin, *, most=None):
    """Do so many chunks, or all; return how many there were."""
    done = 0
    for step in chunks(now=system_clock()):
        while most is None or done < most:
            with begin() as tx:
                if not step(tx):
                    break
            done += 1
    return done


def left(begin):
    with begin() as tx:
        return resealing.left(tx, before=system_clock() - YEAR)


def keys_of(begin):
    with begin() as tx:
        return set(tx.scalars(text("SELECT id FROM record_key"))), set(
            tx.scalars(text("SELECT id FROM root_key WHERE use IN ('secrets', 'names', 'answers')"))
        )


def test_no_column_with_sealed_values_is_forgotten(full, owner, loop):
    columns = text("""
        SELECT c.table_name, c.column_name FROM information_schema.columns c
        JOIN pg_class r ON r.oid = format('%I', c.table_name)::regclass AND NOT r.relispartition
        WHERE c.table_schema = 'public' AND c.data_type = 'bytea' AND c.column_name <> 'wrapped'
    """)
    under_a_key = """
        SELECT EXISTS (SELECT FROM {} WHERE key_number({}) IN (
            SELECT id FROM record_key UNION ALL SELECT id FROM root_key))
    """
    with owner() as tx:
        sealed = {
            (table, column)
            for table, column in tx.execute(columns).all()
            if tx.scalar(text(under_a_key.format(table, column)))
        }
    assert sealed == {(table, column) for table, (column, _) in PLACES.items()}
    assert PLACES.keys() == TABLES.keys()


def test_every_value_is_under_a_new_key_and_says_the_same(full, owner, loop):
    before, under = everything(owner), numbers(owner)
    assert left(loop) == {"retired": 0, "values": 0}
    age(owner)
    assert left(loop)["values"] == len(before)
    rotate(loop)
    assert everything(owner) == before
    for table, those in numbers(owner).items():
        assert those, table
        assert those.isdisjoint(under[table]), table
    assert left(loop) == {"retired": 0, "values": 0}
    assert rotate(loop) == 0


def test_retired_keys_are_destroyed_a_day_later_and_only_when_nothing_is_under_them(
    full, owner, loop
):
    old_records, old_roots = keys_of(owner)
    age(owner)
    with owner() as tx:  # whoever was about to write under a key that is retired meanwhile
        late = seals.of_month(tx, full.project_id, date(2026, 8, 1))
    rotate(loop)
    assert old_records < keys_of(owner)[0]  # who reads just now still finds them
    content = late.seal(b"late", records.of_kept(full.project_id, "ab" * 32))
    with owner() as tx:
        tx.execute(text("INSERT INTO kept_bytes (project_id, media_type, sha256, content)"
                        " VALUES (:p, 'x', :d, :c)"),
                   {"p": full.project_id, "d": "ab" * 32, "c": content})  # fmt: skip
    age(owner, resealing.GRACE + timedelta(hours=1))
    with loop() as tx:
        assert resealing.destroy(tx, now=system_clock()) == len(old_records) + len(old_roots) - 1
    records_now, roots_now = keys_of(owner)
    assert records_now & old_records == {late.number}
    assert roots_now.isdisjoint(old_roots)
    rotate(loop)
    assert keys_of(owner)[0].isdisjoint(old_records)
    assert b"late" in everything(owner).values()


def test_everything_is_read_between_any_two_chunks_and_a_killed_rotation_goes_on(
    full, owner, loop, monkeypatch
):
    monkeypatch.setattr(resealing, "AT_ONCE", 3)
    before = everything(owner)
    age(owner)
    todo, done = left(loop)["values"], 0
    while rotate(loop, most=1):
        done += 1
        assert everything(owner) == before
        now = left(loop)
        assert now["values"] <= todo
        todo = now["values"]
    assert done > 20
    assert todo == 0


def test_who_writes_while_keys_are_retired_waits_for_nobody_and_loses_nothing(full, owner, loop):
    age(owner)
    with owner() as writing:
        key = seals.of_month(writing, full.project_id, date(2026, 8, 1))
        rotate(loop)
        content = key.seal(b"slow", records.of_kept(full.project_id, "cd" * 32))
        writing.execute(text("INSERT INTO kept_bytes (project_id, media_type, sha256, content)"
                             " VALUES (:p, 'x', :d, :c)"),
                        {"p": full.project_id, "d": "cd" * 32, "c": content})  # fmt: skip
    assert left(loop)["values"] == 1
    rotate(loop)
    assert b"slow" in everything(owner).values()
    assert left(loop)["values"] == 0


@pytest.mark.parametrize("table", ["line", "webhook_key"])
def test_nothing_is_put_under_the_key_of_somebody_else(full, owner, loop, table):
    age(owner)
    with loop() as tx:
        while resealing.retire(tx, before=system_clock() - YEAR):
            pass
        row = tx.execute(text("SELECT * FROM sealed_old(:of, 1)"), {"of": table}).one()
        others = seals.of_persons(tx, full.project_id, [row.person_id or 0, 999_999])
        wrong = others[999_999].seal(b"{}", b"")
        with pytest.raises(DBAPIError, match="does not follow"):
            resealing._put(tx, table, [row], [wrong])


def test_a_value_that_somebody_changed_is_looked_at_and_left_as_it_is(full, owner, loop):
    age(owner)
    with owner() as tx:
        while resealing.retire(tx, before=system_clock() - YEAR):
            pass
        tx.execute(text("UPDATE member SET name = name || 'x'::bytea WHERE id = 1"))
    with pytest.raises(seals.BrokenSeal), loop() as tx:
        resealing.reseal(tx, "member")
