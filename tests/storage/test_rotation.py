"""Keys are wrapped anew while everybody reads, and a rotation that was killed goes on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from disburse.clock import system_clock
from disburse.sealing import Keychain, LocalMaster, MasterKeyUnusable
from disburse.storage import embedded, records, rotation, seals
from disburse.storage.attempts import sealed_payee
from disburse.storage.engine import connect
from disburse.storage.migrate import require_ready

OLD, NEW = bytes(range(32)), bytes(reversed(range(32)))
LATER = timedelta(days=1)


@pytest.fixture
def rotating(database, world):
    """What opens with both master keys, the newer one first."""
    world.exported()
    begin = connect(embedded.as_role(database, embedded.WORK), Keychain(LocalMaster([NEW, OLD])))
    yield begin
    begin.dispose()


def names(begin, project_id):
    with begin() as tx:
        rows = tx.execute(text("SELECT reference, payee FROM attempt ORDER BY line")).all()
        return [
            one["name"] for one in records.known(tx, [sealed_payee(project_id, r) for r in rows])
        ]


def rotate(begin, *, chunks=None):
    """Rotate to the end, or for so many chunks; return how much was done."""
    before = system_clock() + LATER
    done = 0
    with begin() as tx:
        label = seals.keychain_of(tx).master.label()
    for step in (
        lambda tx: rotation.wrap_roots(tx, label=label),
        lambda tx: rotation.renew_project(tx, before=system_clock() - LATER),
        rotation.wrap_records,
    ):
        while chunks is None or done < chunks:
            with begin() as tx:
                if not step(tx):
                    break
            done += 1
    with begin() as tx:
        return done, rotation.left(tx, label=label, before=before)


def age(begin):
    with begin() as tx:
        tx.execute(text("UPDATE root_key SET made_at = made_at - interval '400 days'"))


def test_after_a_rotation_the_old_master_key_is_not_needed(rotating, world, database):
    before = names(rotating, world.project_id)
    age(rotating)
    _, left = rotate(rotating)
    assert (left["roots"],) == (0,)
    assert names(rotating, world.project_id) == before
    work = embedded.as_role(database, embedded.WORK)
    alone = connect(work, Keychain(LocalMaster([NEW])))
    require_ready(alone, embedded.WORK)
    assert names(alone, world.project_id) == before
    alone.dispose()
    gone = connect(work, Keychain(LocalMaster([OLD])))
    with pytest.raises(MasterKeyUnusable):
        require_ready(gone, embedded.WORK)
    gone.dispose()


def test_a_project_gets_a_new_key_and_its_old_one_is_destroyed(rotating, world):
    with rotating() as tx:
        query = text("SELECT id FROM root_key WHERE use = 'project'")
        before = set(tx.scalars(query))
    age(rotating)
    rotate(rotating)
    with rotating() as tx:
        after = set(tx.scalars(query))
        under = set(tx.scalars(text("SELECT DISTINCT root_id FROM record_key")))
    assert len(after) == len(before)
    assert after.isdisjoint(before)
    assert under == after


def test_everything_is_read_between_any_two_chunks_and_a_killed_rotation_goes_on(
    rotating, world, monkeypatch
):
    monkeypatch.setattr(rotation, "AT_ONCE", 2)
    before = names(rotating, world.project_id)
    age(rotating)
    chunks = 0
    while rotate(rotating, chunks=1)[0]:
        chunks += 1
        assert names(rotating, world.project_id) == before
        with rotating() as tx:  # what is new meanwhile is sealed and read like the rest
            seals.of_month(tx, world.project_id, date(2027, chunks % 12 + 1, 1))
    assert chunks > 5
    assert names(rotating, world.project_id) == before
