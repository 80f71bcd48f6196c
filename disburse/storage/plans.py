"""Keeps bulk statements linear on tables that PostgreSQL has no statistics of yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction

# Below this a wrong plan costs less than counting anew.
LINES_WORTH_COUNTING: Final = 1_000


@contextmanager
def in_bulk(tx: Transaction) -> Iterator[None]:
    """Plan joins without nested loops inside.

    A sheet's month may have been filled a second ago. Without statistics the planner expects one
    row per sheet and joins it by a nested loop: 10,000 lines took 12 seconds instead of 0.1. Hash
    and merge joins are linear whatever it expects. `SET LOCAL` ends with the transaction.
    """
    tx.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    tx.execute(text("SET LOCAL enable_nestloop = on"))


def count_anew(tx: Transaction, period: date, *tables: str, lines: int) -> None:
    """Let PostgreSQL count the rows that these tables have of a month, after `lines` were added."""
    if lines >= LINES_WORTH_COUNTING:
        tx.execute(_REFRESH, {"month": period, "tables": list(tables)})


_REFRESH: Final = text("SELECT refresh_statistics(:month, CAST(:tables AS text[]))")
