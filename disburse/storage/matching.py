"""Which file or payment of ours an entry without a reference can be: by batch, amount and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.statement import Entry
from disburse.storage.booked import BY_NAME
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk

# A bank books between the day it gets the file (some debit at once) and soon after the pay day; a
# holiday week such as Spring Festival may lie in between.
DAYS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry can be: the one file or payment, or how many of them are alike."""

    project_id: int
    names: str
    alike: int
    how: str = "amount"  # or "batch": also by how many payments it was

    @property
    def certain(self) -> bool:
        """Say whether there is exactly one, and no other entry that it could be as well."""
        return self.alike == 1


def by_amount(
    tx: Transaction, *, account_id: int, entries: Sequence[Entry], named: Sequence[str]
) -> dict[str, Match]:
    """Return by the bank's reference what `entries` can be; what cannot be ours is missing.

    `named` are references that the same statement repeats: they are spoken for.
    """
    if not entries:
        return {}
    values = {
        "a": account_id,
        "days": DAYS_MAX,
        "named": list(named),
        "entries": [one.reference for one in entries],
        "amounts": [one.amount for one in entries],
        "on": [one.booked_on for one in entries],
        "counts": [one.count for one in entries],
    }
    with in_bulk(tx):
        rows = tx.execute(_CANDIDATES, values).all()
    counted = {one.reference for one in entries if (one.count or 1) > 1}
    batches = _matches([row for row in rows if row.entry in counted], "batch", taken=set())
    taken = {one.names for one in batches.values() if one.certain}
    rest = [row for row in rows if row.entry not in counted]
    return batches | _matches(rest, "amount", taken=taken)


def _matches(rows: Sequence[Any], how: str, *, taken: Collection[str]) -> dict[str, Match]:
    """Return what rows of (entry, project, candidates) can be beside each other."""
    left = [(row, [name for name in row.names if name not in taken]) for row in rows]
    claims = Counter(name for _, names in left for name in names)
    return {
        row.entry: Match(
            row.project_ids[row.names.index(names[0])], names[0], claims[names[0]], how
        )
        if len(names) == 1
        else Match(0, "", len(names))
        for row, names in left
        if names
    }


class Unbooked:
    """What the bank may still book of files and payments of ours, as its entries pass by."""

    def __init__(self, tx: Transaction, *, account_id: int, names: Sequence[str]) -> None:
        """Look up what these references come to, and what was booked for them already."""
        rows = tx.execute(_UNBOOKED, {"a": account_id, "names": list(names)}).all()
        self._left = {row.reference: int(row.unbooked) for row in rows}
        self._file = {row.reference: row.part_of for row in rows if row.part_of}

    def takes(self, names: str, amount: int) -> bool:
        """Say whether an entry for `names` is within what was ordered, and count it if so.

        A payment is also within its file, which the bank may have booked as one.
        """
        parts = [one for one in (names, self._file.get(names, "")) if one in self._left]
        if any(self._left[one] + amount < 0 for one in parts):
            return False
        for one in parts:
            self._left[one] += amount
        return True


_UNBOOKED: Final = text(f"""
    WITH payment AS (
        SELECT a.project_id, a.reference, a.amount, f.reference AS part_of
        FROM attempt a JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
        WHERE f.account_id = :a AND a.reference = ANY(CAST(:names AS text[]))
          AND a.state <> 'void'),
    file AS (
        SELECT project_id, id, reference, total FROM bank_file
        WHERE account_id = :a AND state <> 'void'
          AND (reference = ANY(CAST(:names AS text[]))
               OR reference IN (SELECT part_of FROM payment))),
    booked AS ({BY_NAME})
    SELECT p.reference, p.amount - coalesce(b.amount, 0) AS unbooked, p.part_of
    FROM payment p LEFT JOIN booked b ON b.names = p.reference
    UNION ALL
    SELECT f.reference,
           f.total - coalesce(own.amount, 0)
                   - coalesce((SELECT sum(b.amount) FROM attempt a
                               JOIN booked b ON b.names = a.reference
                               WHERE a.project_id = f.project_id AND a.file_id = f.id), 0), NULL
    FROM file f LEFT JOIN booked own ON own.names = f.reference
""")
# A debit is a whole file or one payment that nobody booked; a credit is a payment that the bank
# reported as returned and did not book back yet.
_CANDIDATES: Final = text("""
    WITH given AS (
        SELECT entry, amount, day, count FROM unnest(
            CAST(:entries AS text[]), CAST(:amounts AS bigint[]), CAST(:on AS date[]),
            CAST(:counts AS integer[])) AS t (entry, amount, day, count)),
    booked AS (
        SELECT names, effect FROM statement_entry
        WHERE account_id = :a AND names <> '' AND effect IN ('book_payment', 'book_return')
        UNION ALL SELECT unnest(CAST(:named AS text[])), 'book_payment'
        UNION ALL SELECT unnest(CAST(:named AS text[])), 'book_return'
        UNION ALL
        SELECT names, CASE kind WHEN 'own_payment' THEN 'book_payment' ELSE 'book_return' END
        FROM explanation WHERE account_id = :a AND state = 'endorsed' AND names <> ''),
    sent AS (
        SELECT project_id, id, period, reference, total, count,
               created_at::date - 1 AS first, greatest(pay_on, created_at::date) + :days AS last,
               reference IN (SELECT names FROM booked WHERE effect = 'book_payment') AS spoken_for,
               false AS partial
        FROM bank_file
        WHERE account_id = :a AND state IN ('dispatching', 'sent', 'acknowledged', 'unknown')
          AND created_at::date <= (SELECT max(day) FROM given) + 1),
    rest AS (  -- what a bank books of a file of which it rejected some
        SELECT s.project_id, s.id, s.period, s.reference, sum(a.amount)::bigint AS total,
               count(*)::integer AS count, s.first, s.last, s.spoken_for, true AS partial
        FROM sent s JOIN attempt a
          ON a.project_id = s.project_id AND a.period = s.period AND a.file_id = s.id
        WHERE a.state <> 'rejected' AND EXISTS (SELECT FROM given WHERE count > 1)
        GROUP BY 1, 2, 3, 4, 7, 8, 9, s.count HAVING count(*) < s.count),
    paid AS (
        SELECT s.project_id, s.id, a.reference, a.amount, a.state, s.first, s.last,
               s.count, s.spoken_for, a.answered_on,
               a.reference IN (SELECT names FROM booked WHERE effect = 'book_payment') AS out,
               a.reference IN (SELECT names FROM booked WHERE effect = 'book_return') AS back
        FROM sent s JOIN attempt a
          ON a.project_id = s.project_id AND a.period = s.period AND a.file_id = s.id
        WHERE a.amount IN (SELECT abs(amount) FROM given)),
    possible AS (
        SELECT g.entry, s.project_id, s.reference FROM given g JOIN (
            SELECT * FROM sent UNION ALL SELECT * FROM rest) s
          ON s.total = -g.amount AND g.day BETWEEN s.first AND s.last
         AND s.count = coalesce(g.count, s.count) AND (g.count > 1 OR NOT s.partial)
        WHERE NOT s.spoken_for
          AND NOT EXISTS (SELECT FROM attempt a JOIN booked b ON b.names = a.reference
                          WHERE a.project_id = s.project_id AND a.period = s.period
                            AND a.file_id = s.id)
        UNION ALL
        SELECT g.entry, p.project_id, p.reference FROM given g JOIN paid p
          ON p.amount = -g.amount AND g.day BETWEEN p.first AND p.last
        WHERE p.count > 1 AND NOT p.spoken_for AND NOT p.out AND coalesce(g.count, 1) = 1
          AND p.state IN ('dispatching', 'sent', 'accepted', 'unknown', 'paid', 'returned')
        UNION ALL
        SELECT g.entry, p.project_id, p.reference FROM given g JOIN paid p
          ON p.amount = g.amount AND g.day BETWEEN p.answered_on - :days AND p.answered_on + :days
        WHERE p.state = 'returned' AND NOT p.back AND coalesce(g.count, 1) = 1)
    SELECT entry, array_agg(project_id ORDER BY reference) AS project_ids,
           array_agg(reference ORDER BY reference) AS names
    FROM possible GROUP BY entry
""")
