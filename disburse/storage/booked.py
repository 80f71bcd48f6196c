"""What statements booked, and people explained, under the name of each payment and file of ours."""

from __future__ import annotations

from typing import Final

# Of the account :a; returns count against what was paid. `prove` says it in words of its own.
BY_NAME: Final = """
        SELECT names, sum(amount) AS amount FROM (
            SELECT names, -amount AS amount FROM statement_entry
            WHERE account_id = :a AND effect IN ('book_payment', 'book_return')
            UNION ALL
            SELECT names, CASE kind WHEN 'own_payment' THEN amount ELSE -amount END
            FROM explanation WHERE account_id = :a AND state = 'endorsed') b
        GROUP BY names"""
