"""What every machine here does between its rules: real steps, a real database, and the proof."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import text

from disburse.adapter import Result
from disburse.domain.ledger import Balance
from disburse.domain.lifecycle.attempt import IN_FLIGHT, State
from disburse.domain.reference import attempt_of
from disburse.queries.prove import prove
from disburse.steps.bank.resolve import resolve
from disburse.storage import ledger, tenancy
from disburse.storage.engine import Connections, Transaction, ending
from tests.builders import World
from tests.machine.bank import Lines, TruthfulBank

# What a payment must be here once the bank has told everything about it.
TRUTH = {
    Result.PENDING: IN_FLIGHT,
    Result.PAID: {State.PAID},
    Result.REJECTED: {State.REJECTED},
    Result.RETURNED: {State.RETURNED},
}


@dataclass(slots=True)
class Town:
    """A world in a database, set up once; every run starts from it and is rolled back."""

    connections: Connections
    world: World

    @classmethod
    def found(cls, connections: Connections) -> Town:
        return cls(connections, World(connections, adapter="lines", banks={"lines": Lines()}))


class Mechanics(RuleBasedStateMachine):
    """One run: one connection, one outer transaction; each step is a savepoint in it."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.tx = town.connections.engine.connect()
        self.outer = self.tx.begin()
        self.world = copy(town.world)
        self.see_everything()
        self.world.begin = self.begin
        self.bank = TruthfulBank()
        self.look()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self.tx.begin_nested(), ending(self.tx):
            yield self.tx
        self.see_everything()  # whoever took the step may have seen less

    def see_everything(self) -> None:
        """Look on as somebody who sees the whole project, for as long as no step is taken."""
        tenancy.stand(self.tx, self.world.caller("labour_officer"))

    def do(self, step, who, **facts):
        """Take one real step as a person of that role, or as the clock (None)."""
        with self.begin() as tx:
            given = self.world.here | facts
            done = step(tx, caller=self.world.caller(who) if who else None, **given)
        self.look()
        return done

    def hears(self, report: bytes) -> None:
        """Take in a report; a person looks at whatever it contradicts, and lets things go on."""
        self.world.ingest(report)
        rows = self.tx.execute(text("SELECT id FROM anomaly WHERE resolved_at IS NULL ORDER BY id"))
        for row in rows.all():
            self.do(resolve, "releaser", anomaly_id=row.id, resolution="looked at")

    # ------------------------------------------------------------ what stands in the database
    def look(self) -> None:
        """Read where everything stands, so that preconditions need not."""
        self.sheets = self._states("SELECT id, state FROM sheet ORDER BY id")
        self.files = self._states("SELECT id, state FROM bank_file ORDER BY id")
        self.attempts = self._states("SELECT reference, state FROM attempt ORDER BY reference")
        self.declared = self._states("""
            SELECT id, amount FROM declaration WHERE state = 'vouched' ORDER BY id""")
        self.asked = self._states("""
            SELECT format('%s.%s.%s', r.sheet_id, r.line, r.attempt),
                   CASE WHEN r.approver IS NULL THEN 'asked' ELSE 'signed' END
            FROM reissue r JOIN entitlement e ON e.sheet_id = r.sheet_id AND e.line = r.line
            WHERE e.funded > 0 AND NOT EXISTS (
                SELECT FROM attempt a WHERE a.sheet_id = r.sheet_id AND a.line = r.line
                AND a.attempt = r.attempt)
            ORDER BY 1""")

    def _states(self, query):
        return dict(tuple(row) for row in self.tx.execute(text(query)))

    def having(self, where, *states):
        return [key for key, state in where.items() if state in states]

    def open_again(self) -> list[str]:
        """Return the payments that can be paid again or given up: newest, back, still funded."""
        rows = self.tx.execute(
            text("""
            SELECT DISTINCT ON (a.sheet_id, a.line) a.reference, a.state, e.funded
            FROM attempt a JOIN entitlement e ON e.sheet_id = a.sheet_id AND e.line = a.line
            ORDER BY a.sheet_id, a.line, a.attempt DESC""")
        )
        back = {"rejected", "returned"}
        return sorted(row.reference for row in rows if row.state in back and row.funded)

    def anomalies(self) -> int:
        return self.tx.scalar(text("SELECT count(*) FROM anomaly"))

    def balance(self) -> Balance:
        account = {"project_id": self.world.project_id, "account_id": self.world.account_id}
        return ledger.balance_of(self.tx, **account)

    # ------------------------------------------------------------ what must hold
    @invariant()
    def the_books_are_proven(self) -> None:
        assert prove(self.tx).differences == ()

    @invariant()
    def nobody_is_paid_more_than_owed(self) -> None:
        out = defaultdict(int)
        for reference, amount in self.bank.gone_out().items():
            key = attempt_of(reference)
            out[key.sheet_id, key.line] += amount
        rows = self.tx.execute(text("SELECT sheet_id, line, owed FROM entitlement"))
        owed = {(row.sheet_id, row.line): row.owed for row in rows}
        assert {key: amount for key, amount in out.items() if amount > owed[key]} == {}

    @invariant()
    def what_was_told_is_what_stands_here(self) -> None:
        wrong = {
            one.reference: (one.result, self.attempts[one.reference])
            for one in self.bank.payments.values()
            if self.bank.told_all_of(one) and self.attempts[one.reference] not in TRUTH[one.result]
        }
        assert wrong == {}

    def tell(self, places) -> None:
        """Take in a report of these events; the bank's word is never refused."""
        self.hears(self.bank.report(places))
        self.look()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None and self.bank.events:
                # Everything that was not told yet, backwards: the last word comes first.
                self.tell(self.bank.untold()[::-1])
                self.what_was_told_is_what_stands_here()
                self.the_books_are_proven()
        finally:
            self.outer.rollback()
            self.tx.close()
