"""What is read of many rows is never in memory as a whole."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ResourceClosedError

from disburse.queries.payouts import Wanted, every
from disburse.storage import lines, records, sheets
from disburse.storage.attempts import FileKey, Payments

PAGE = 3
LINES = 8  # of the sheet that a world sends


@pytest.fixture
def pages(monkeypatch):
    """Make pages small; tell how many records were opened in each."""
    sizes = []
    opened = records.opened

    def count(tx, sealed):
        sizes.append(len(sealed))
        return opened(tx, sealed)

    monkeypatch.setattr(records, "PAGE", PAGE)
    monkeypatch.setattr(records, "opened", count)
    return sizes


def test_a_query_is_walked_in_pages(world, monkeypatch):
    monkeypatch.setattr(records, "PAGE", PAGE)
    with world.begin() as tx:
        walked = records.in_pages(tx, text("SELECT generate_series(1, :n)"), {"n": LINES})
        assert [len(page) for page in walked] == [3, 3, 2]


def test_a_walk_ends_with_its_transaction(world, monkeypatch):
    """A cursor of the server that is left open when a step refuses is a warning, and a leak."""
    monkeypatch.setattr(records, "PAGE", PAGE)
    with world.begin() as tx:
        walked = records.in_pages(tx, text("SELECT generate_series(1, :n)"), {"n": LINES})
        assert len(next(walked)) == PAGE
    with pytest.raises(ResourceClosedError):
        next(walked)


def test_lines_are_opened_in_pages_for_their_root(world, pages):
    sheet_id = world.funded()
    with world.begin() as tx:
        sheet = sheets.take(tx, project_id=world.project_id, sheet_id=sheet_id)
        pages.clear()
        assert len(list(lines.funded(tx, sheet))) == LINES
    assert pages == [3, 3, 2]


def test_payments_are_opened_in_pages_for_their_file(world, pages):
    _, [file], _ = world.sent()
    with world.begin() as tx:
        pages.clear()
        key = FileKey(world.project_id, file.period, file.id)
        assert len(list(Payments(tx, key))) == LINES
    assert pages == [3, 3, 2]


def test_the_history_is_opened_in_pages(world, pages):
    world.sent()
    with world.begin() as tx:
        pages.clear()
        wanted = Wanted(project_id=world.project_id)
        assert len(list(every(tx, world.caller("inspector"), wanted))) == LINES
    assert max(pages) <= PAGE
    assert sum(pages) >= LINES
