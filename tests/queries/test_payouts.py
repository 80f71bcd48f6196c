"""Who was paid what: found by any condition, paged without gaps, masked, and only the own."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Forbidden, OrganisationKind, Role
from disburse.domain.identity import mask_account, mask_id, mask_name
from disburse.domain.lifecycle.attempt import State
from disburse.queries import payouts as queries
from disburse.queries.paging import PAGE_MAX, BadPage
from disburse.queries.payouts import Total, Wanted, as_csv, payouts, totals
from disburse.storage import parties
from disburse.storage.engine import read_only
from disburse.storage.parties import NoSuchParty
from tests.sheets import a_credit_code, a_sheet_json, lines

JUNE = {
    "period": date(2026, 6, 1),
    "worked_from": date(2026, 6, 1),
    "worked_to": date(2026, 6, 30),
}


@pytest.fixture
def paid(world):
    """July's eight: the first rejected, the others paid; June's three are prepared."""
    _, [file], [content] = world.sent()
    order = read_order(content)
    words = {one.reference: Word() for one in order.credits}
    words[order.credits[0].reference] = Word("rejected", "AC04", "closed")
    world.ingest(write_answer(order, words, on=world.now.date()))
    world.exported(a_sheet_json(*lines(3), **JUNE))
    return file, order


def asked(world, who="finance_viewer", wanted=Wanted(), **page):  # noqa: B008
    with read_only(world.begin)() as tx:
        return payouts(tx, world.caller(who), wanted, **page)


def all_pages(world, limit, wanted=Wanted()):  # noqa: B008
    rows, cursor = [], None
    while True:
        page = asked(world, wanted=wanted, limit=limit, cursor=cursor)
        rows += page.rows
        cursor = page.following
        if cursor is None:
            return rows
        assert len(page.rows) == limit


def test_pages_of_any_size_hold_every_payment_once_and_in_order(world, paid):
    whole = list(asked(world).rows)
    assert len(whole) == 11
    assert [row.period.month for row in whole] == [6] * 3 + [7] * 8
    for limit in (1, 2, 3, 8, 10, 11, 12):
        assert all_pages(world, limit) == whole


def test_every_payment_is_masked(world, paid):
    told = lines(8)[5]
    row = asked(world).rows[-3]
    shown = mask_name(told.name), mask_id(told.id_number), mask_account(told.account)
    assert (row.name, row.id_number, row.account) == shown
    assert told.id_number not in repr(asked(world))


def test_each_condition_finds_what_it_names(world, paid):
    file, order = paid
    third = asked(world).rows[2]
    assert third.worker_id is not None

    def found(**wanted):
        return [(row.period.month, row.line) for row in asked(world, wanted=Wanted(**wanted)).rows]

    assert found(project_id=world.project_id, period_to=date(2026, 6, 1)) == [
        (6, 1), (6, 2), (6, 3)
    ]  # fmt: skip
    assert found(period_from=date(2026, 7, 1)) == [(7, line) for line in range(1, 9)]
    assert found(worker_id=third.worker_id) == [(6, 3), (7, 3)]
    assert found(id_number=lines(3)[2].id_number.lower()) == [(6, 3), (7, 3)]
    assert found(id_number="nobody's") == []
    assert found(state=State.REJECTED) == [(7, 1)]
    assert found(reference=order.credits[4].reference) == [(7, 5)]
    assert found(reference=file.reference) == [(7, line) for line in range(1, 9)]
    assert found(reference="FFFFFFFF") == []
    assert found(subcontractor_id=third.subcontractor_id, state=State.PREPARED) == [
        (6, 1), (6, 2), (6, 3)
    ]  # fmt: skip
    assert found(subcontractor_id=world.organisations[OrganisationKind.OWNER]) == []


def test_totals_are_those_of_the_rows(world, paid):
    rows = asked(world).rows
    with world.begin() as tx:
        found = totals(tx, world.caller("inspector"), Wanted())
    counts, sums = Counter(), Counter()
    for row in rows:
        counts[row.state] += 1
        sums[row.state] += row.amount
    assert set(found) == {
        Total(currency="CNY", state=state, count=counts[state], amount=sums[state])
        for state in (State.PAID, State.REJECTED, State.PREPARED)
    }


def test_the_export_holds_every_row_with_exact_amounts(world, paid):
    with read_only(world.begin)() as tx:
        text = "".join(as_csv(tx, world.caller("inspector"), Wanted()))
    assert text.startswith("\ufeffproject_id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    shown = asked(world).rows
    assert [row["reference"] for row in rows] == [row.reference for row in shown]
    assert rows[0]["amount"] == f"{shown[0].amount // 100}.{shown[0].amount % 100:02d}"
    assert (rows[0]["period"], rows[0]["answered_on"]) == ("2026-06", "")


@given(cell=st.text(max_size=20))
def test_no_cell_of_an_export_starts_a_formula(cell):
    [[read]] = csv.reader(io.StringIO(queries._line([cell]), newline="")) or [[""]]
    assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert read.removeprefix("'") == cell.removeprefix("'")


def test_a_formula_in_a_name_is_disarmed_in_the_export(world, paid):
    row = replace(asked(world).rows[0], subcontractor='=HYPERLINK("x")', reason="@SUM(1)")
    [_, line] = queries._csv([row])
    assert '"\'=HYPERLINK(""x"")"' in line
    assert "'@SUM(1)" in line


# ------------------------------------------------------------------ who may see it
def another_subcontractor(world):
    """Add a second subcontractor to the project; return its signer."""
    kind = OrganisationKind.SUBCONTRACTOR
    first = world.organisations[kind]
    with world.operating() as tx:
        values = {"kind": kind, "registration": a_credit_code(99), "name": "Second",
                  "region": "", "sector": ""}  # fmt: skip
        world.organisations[kind] = parties.add_organisation(tx, values)
        caller = world.add_member(tx, kind, Role.SIGNER, "second signer")
        parties.add_party(
            tx,
            project_id=world.project_id,
            organisation_id=world.organisations[kind],
            capacity=kind,
            delegation=parties.Delegation(
                digest="0" * 64, valid_from=date(2026, 1, 1), valid_to=None
            ),
        )
    world.organisations[kind] = first
    return caller


def test_a_subcontractor_sees_its_own_payments_and_no_others(world, paid):
    assert len(asked(world, "signer").rows) == 11
    another_subcontractor(world)
    assert asked(world, "second signer").rows == ()
    own = world.organisations[OrganisationKind.SUBCONTRACTOR]
    assert asked(world, "second signer", Wanted(subcontractor_id=own)).rows == ()
    assert asked(world, "second signer", Wanted(project_id=world.project_id)).rows == ()
    assert asked(world, "second signer", Wanted(reference=paid[0].reference)).rows == ()


@pytest.mark.parametrize("who", ["supervisor@labour_authority", "inspector@sector_authority"])
def test_an_authority_sees_the_projects_of_its_region(world, paid, who):
    assert len(asked(world, who).rows) == 11


def test_an_authority_of_another_region_sees_nothing(world, paid):
    kind = OrganisationKind.LABOUR_AUTHORITY
    with world.operating() as tx:
        values = {"kind": kind, "registration": a_credit_code(98), "name": "Elsewhere",
                  "region": "6101", "sector": ""}  # fmt: skip
        world.organisations[kind] = parties.add_organisation(tx, values)
        world.add_member(tx, kind, Role.INSPECTOR, "stranger")
    assert asked(world, "stranger").rows == ()
    with pytest.raises(NoSuchParty):
        asked(world, "stranger", Wanted(project_id=world.project_id))


@pytest.mark.parametrize("who", ["administrator", "bank_operator"])
def test_who_has_no_role_for_it_is_refused(world, paid, who):
    with pytest.raises(Forbidden):
        asked(world, who)
    with pytest.raises((Forbidden, NoSuchParty)):
        asked(world, who, Wanted(project_id=world.project_id))


# ------------------------------------------------------------------ cursors
@pytest.mark.parametrize("limit", [0, -1, PAGE_MAX + 1])
def test_a_page_has_a_limit(world, limit):
    with pytest.raises(BadPage):
        asked(world, limit=limit)


@given(cursor=st.text(max_size=300) | st.binary(max_size=40).map(bytes.hex))
def test_no_text_from_outside_is_taken_for_a_cursor(cursor):
    with pytest.raises(BadPage):
        queries.read_cursor(cursor, int, date, int, int, int)


def test_a_cursor_of_another_list_is_refused(world, paid):
    cursor = asked(world, limit=1).following
    with pytest.raises(BadPage):
        queries.read_cursor(cursor, int)
    for number in ("WzFd", "Wy0xXQ==", "W3RydWVd", "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"):
        with pytest.raises(BadPage):
            queries.read_cursor(number, date)
    for number in ("Wy0xXQ==", "W3RydWVd", "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"):  # -1, true, 2⁶³
        with pytest.raises(BadPage):
            queries.read_cursor(number, int)
