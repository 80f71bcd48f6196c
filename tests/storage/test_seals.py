"""Keys in the database: wrapped there, made once, bound to their place."""

from datetime import date

import pytest
from sqlalchemy import text

from disburse.sealing import BrokenSeal, Keychain, LocalMaster, MasterKeyUnusable, bound_to
from disburse.storage import seals
from disburse.storage.engine import connect
from disburse.storage.migrate import require_ready
from disburse.storage.seals import INSTALLATION, Use

PLACE = bound_to(0, "second_factor", "secret", 7)


def test_a_secret_of_the_installation_opens_at_its_place_only(loop):
    with loop() as tx:
        sealed = seals.seal_secret(tx, PLACE, b"JBSWY3DPEHPK3PXP")
    with loop() as tx:
        assert seals.open_secret(tx, PLACE, sealed) == b"JBSWY3DPEHPK3PXP"
        for value, place in ((sealed, bound_to(0, "second_factor", "secret", 8)), (b"", PLACE)):
            with pytest.raises(BrokenSeal):
                seals.open_secret(tx, place, value)


def test_root_keys_are_made_once_and_lie_wrapped(loop):
    with loop() as tx:
        first = {use: seals.root(tx, use, int(use is Use.PROJECT)) for use in Use}
    with loop() as tx:
        for use, key in first.items():
            assert seals.root(tx, use, int(use is Use.PROJECT)).number == key.number
        rows = tx.execute(text("SELECT * FROM root_key")).all()
    assert len(rows) == len(Use)
    secrets = {key._secret for key in first.values()}
    assert len(secrets) == len(Use)
    assert not any(secret in bytes(row.wrapped) for row in rows for secret in secrets)


def test_people_and_months_have_a_key_each_and_keep_it(loop):
    with loop() as tx:
        keys = seals.of_persons(tx, 1, [3, 1, 2, 3])
        month = seals.of_month(tx, 1, date(2026, 8, 31))
    with loop() as tx:
        again = seals.of_persons(tx, 1, [1, 2, 3, 4])
        assert {person: keys[person].number for person in keys} == {
            person: again[person].number for person in (1, 2, 3)
        }
        assert seals.of_month(tx, 1, date(2026, 8, 1)).number == month.number
        assert seals.of_month(tx, 1, date(2026, 9, 1)).number != month.number
        assert seals.of_persons(tx, 2, [1])[1].number not in {k.number for k in again.values()}
    place = bound_to(1, "line", "particulars", "1/1")
    assert again[1].open(keys[1].seal(b"x", place), place) == b"x"


def test_a_key_moved_to_another_person_is_refused(loop):
    with loop() as tx:
        seals.of_persons(tx, 1, [1, 2])
        tx.execute(text("""
            UPDATE record_key k SET wrapped = o.wrapped FROM record_key o
            WHERE k.person_id = 1 AND o.person_id = 2
        """))  # fmt: skip
        with pytest.raises(BrokenSeal, match="person 1"):
            seals.of_persons(tx, 1, [1])


def test_values_whose_key_was_destroyed_are_nothing_and_the_others_open(loop):
    places = [bound_to(1, "line", "particulars", f"1/{n}") for n in (1, 2, 3)]
    with loop() as tx:
        keys = seals.of_persons(tx, 1, [1, 2, 3])
        sealed = [
            (keys[n].seal(b"%d" % n, place), place) for n, place in enumerate(places, start=1)
        ]
        tx.execute(text("DELETE FROM record_key WHERE person_id = 2"))
        assert seals.open_all(tx, 1, sealed) == [b"1", None, b"3"]
        assert seals.open_all(tx, 1, []) == []
        tx.execute(text("DELETE FROM root_key WHERE project_id = 1"))
        assert seals.open_all(tx, 1, sealed) == [None, None, None]


def test_without_the_right_master_key_nothing_starts(loop, database):
    with loop() as tx:
        seals.root(tx, Use.INDEX)
    for keychain, told in (
        (None, "no master key"),
        (Keychain(LocalMaster([bytes(32)])), "sealed under"),
    ):
        another = connect(database, keychain)
        with pytest.raises(MasterKeyUnusable, match=told):
            require_ready(another)
        another.dispose()


def test_a_root_key_changed_in_the_database_is_refused(loop, database):
    with loop() as tx:
        seals.root(tx, Use.INDEX)
        tx.execute(text("UPDATE root_key SET use = 'secrets'"))
        seals.keychain_of(tx).forget()
        with pytest.raises(MasterKeyUnusable, match="changed or moved"):
            seals.root_numbered(tx, 1, INSTALLATION)
