"""One life of an installation: random acts, faults and crashes, and what must hold after each."""

from __future__ import annotations

import logging
import random
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from sqlalchemy import text

from disburse.domain.reference import AttemptKey, attempt_of, of_attempt
from disburse.domain.refusal import Refusal
from disburse.queries.board import board
from disburse.queries.prove import prove
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.never import never
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resolve import resolve
from disburse.transports import CannotReach, NothingSent
from disburse.transports.directory import Directory
from disburse.work import turn
from tests.builders import World
from tests.courier.carrying import Carrying
from tests.faults.kill import Small
from tests.sheets import a_sheet_json, lines
from tests.simulator.bank import FAULTS, SimulatedBank

SHEETS_MAX = 5
FULL_EVERY = 100
HEALING_ROUNDS_MAX = 60
ACTS = {
    "work": 24, "bank takes": 10, "bank decides": 12, "bank tells": 12, "bank repeats": 3,
    "a payment comes back": 4, "release": 8, "new sheet": 3, "ask again": 5, "countersign": 5,
    "bundle": 5, "time": 8, "time jumps": 1, "resolve": 3, "bury": 3,
}  # fmt: skip


class Killed(BaseException):
    """As SIGKILL: no handler of the program runs."""


class Life:
    """One database, one pair of folders, one bank, one seed."""

    def __init__(self, begin, folder, seed):
        self.rng = random.Random(seed)  # noqa: S311  (faults, not secrets)
        self.real, self.fuse, self.dead = begin, None, False
        world = World(begin, workers=6)
        world.banks = {name: Small(one) for name, one in world.banks.items()}
        self.carrying, self.world = Carrying(world, folder), world
        self.carrying.connect()
        world.begin, self.carrying.loop = self.begin, self.loop
        self.bank = SimulatedBank(self.carrying.outbox, self.carrying.inbox, self.rng)
        self.sheets = 0
        self.did, self.full = Counter(), 0

    # ------------------------------------------------------------ crashes
    @contextmanager
    def begin(self, real=None):
        """Begin a transaction; when the fuse has burnt down, die before or after its commit."""
        self._die_if(self.dead)
        with (real or self.real)() as tx:
            yield tx
            self._burn()
        self._burn()

    def loop(self):
        """Begin a transaction of a worker's, likewise."""
        return self.begin(self.world.loop)

    def _burn(self):
        if self.fuse is not None:
            self.fuse -= 1
            self._die_if(self.fuse < 0)

    def _die_if(self, dying):
        if dying:
            self.dead = True
            raise Killed

    def submit(self, directory, parcel):
        """The line to the bank: it breaks before, in the middle of, or after the file."""
        how = self.rng.random() if self.trouble else 1
        if how < 0.05:
            raise NothingSent("the bank is closed")
        if how < 0.1:
            raise TimeoutError
        self._die_if(how < 0.13)
        SUBMIT(directory, parcel)
        if how < 0.2:
            raise CannotReach("no acknowledgement")
        self._die_if(how < 0.25)

    def set_aside(self, directory, answer, *, read):
        self._die_if(self.trouble and self.rng.random() < 0.1)
        SET_ASIDE(directory, answer, read=read)

    def trying(self, act):
        """Do one thing, as somebody who may be killed at any commit."""
        self.fuse = self.rng.randrange(12) if self.trouble and self.rng.random() < 0.25 else None
        try:
            act()
        except Killed:
            self.did["killed"] += 1
        except Refusal as refusal:
            self.did[f"refused: {refusal.code}"] += 1
        finally:
            self.fuse, self.dead = None, False

    # ------------------------------------------------------------ acts
    trouble = True

    def step(self):
        act = self.rng.choices(list(ACTS), ACTS.values())[0]
        self.did[act] += 1
        self.trying(getattr(self, f"_{act.replace(' ', '_')}"))
        self.check()

    def _work(self):
        name = self.rng.choice(["one", "two"])
        done = turn(self.loop, now=self.world.now, post=self.carrying.post(name))
        assert not done.failed, "the worker met a defect"

    def _bank_takes(self):
        self.bank.take()

    def _bank_decides(self):
        for name in self._some(self.bank.having("pending"), 4):
            self.bank.happen(name, self.rng.choice(["paid", "paid", "rejected"]))

    def _a_payment_comes_back(self):
        for name in self._some(self.bank.having("paid"), 1):
            self.bank.happen(name, "returned")

    def _bank_tells(self):
        count = self.rng.choice([0, 1, None])
        self.bank.tell(self.world.now.date(), self.rng.choice(FAULTS), count)

    def _bank_repeats(self):
        for content in self._some(self.bank.kept, 1):
            self.bank.put(content)

    def _new_sheet(self):
        if self.sheets < SHEETS_MAX:
            self.sheets += 1
            month = date(2026, 8 - self.sheets, 1)
            last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            told = lines(self.rng.randint(1, 6))
            self.world.begin = self.real  # what comes before the bank is the machine's part
            try:
                self.world.exported(
                    a_sheet_json(*told, period=month, worked_from=month, worked_to=last)
                )
            finally:
                self.world.begin = self.begin

    def _release(self):
        query = "SELECT id, sha256, count, total FROM bank_file WHERE state = 'written' ORDER BY id"
        for row in self._some(self.rows(query), 2):
            told = dict(zip(("file_id", "sha256", "count", "total"), row, strict=True))
            self.world.do(claim, "releaser", **told)

    def _ask_again(self):
        again = self._some(self.open_again(), 2)
        for name in again:
            self.world.do(reissue, "labour_officer", reference=name, reason="again",
                          banks=self.world.banks)  # fmt: skip

    def _countersign(self):
        for name, _ in self._some(self.asked(signed=False), 2):
            self.world.do(countersign, "approver", reference=name)

    def _bundle(self):
        for _, sheet_id in self._some(self.asked(signed=True), 1):
            self.world.do(bundle, "releaser", sheet_id=sheet_id, banks=self.world.banks)

    def _time(self):
        self.carrying.wait(seconds=self.rng.choice([1, 60, 700, 7200]))

    def _time_jumps(self):
        self.carrying.wait(hours=self.rng.choice([-1, 30, 80]))

    def _resolve(self):
        open_ = "SELECT id FROM anomaly WHERE resolved_at IS NULL ORDER BY id"
        for (number,) in self.rows(open_):
            self.world.do(resolve, "releaser", anomaly_id=number, resolution="looked at")

    def _bury(self):
        """Two people hold the bank's document of a file that it has not and will not execute."""
        there = {order.reference for order in self.bank.orders}
        lying = {path.name for path in self.carrying.outbox.iterdir()}
        query = "SELECT id, reference, name FROM bank_file WHERE state = 'unknown' ORDER BY id"
        for number, reference, name in self.rows(query):
            if reference not in there and name not in lying:
                self.bank.refused.add(name)
                for who in ("releaser", "approver"):
                    facts = {"document_sha256": "d" * 64, "reason": "the bank's book"}
                    self.world.do(never, who, file_id=number, **facts)

    # ------------------------------------------------------------ what stands in the database
    def rows(self, query):
        with self.world.loop() as tx:
            return [tuple(row) for row in tx.execute(text(query))]

    def _some(self, among, count):
        return self.rng.sample(among, min(count, len(among)))

    def open_again(self):
        return [name for (name,) in self.rows("""
            SELECT reference FROM (
                SELECT DISTINCT ON (a.sheet_id, a.line) a.*, e.funded
                FROM attempt a JOIN entitlement e ON e.sheet_id = a.sheet_id AND e.line = a.line
                ORDER BY a.sheet_id, a.line, a.attempt DESC) newest
            WHERE state IN ('rejected', 'returned') AND funded > 0 AND NOT EXISTS (
                SELECT FROM reissue r WHERE r.sheet_id = newest.sheet_id
                AND r.line = newest.line AND r.attempt > newest.attempt)
            ORDER BY sheet_id, line""")]  # fmt: skip

    def asked(self, *, signed):
        has = "IS NOT NULL" if signed else "IS NULL"
        return [(of_attempt(AttemptKey(*row)), row[0]) for row in self.rows(f"""
            SELECT r.sheet_id, r.line, r.attempt FROM reissue r
            WHERE r.approver {has} AND NOT EXISTS (SELECT FROM attempt a
                WHERE a.sheet_id = r.sheet_id AND a.line = r.line AND a.attempt = r.attempt)
            ORDER BY 1, 2, 3""")]  # noqa: S608  # fmt: skip

    # ------------------------------------------------------------ what must hold
    def check(self):
        """Hold what the books call final against the bank's truth."""
        rows = self.rows("SELECT reference, state, file_id FROM attempt ORDER BY reference")
        for name, state, _ in rows:
            truth = self.bank.result.get(name)
            if state == "paid":
                assert truth in {"paid", "returned"}, (name, state, truth)
            if state == "rejected":
                assert truth in {None, "rejected"}, (name, state, truth)
            if state == "returned":
                assert truth == "returned", (name, state, truth)
            if state in {"prepared", "void"}:
                assert truth is None, (name, state, truth)

    def check_all(self):
        """Prove the books, and look for everything that stands still on the board."""
        self.full += 1
        self.check()
        with self.real() as tx:
            proof = prove(tx)
            assert proof.ok, proof.differences
        open_ = set(
            self.rows("""
            SELECT id, state FROM bank_file
            WHERE state IN ('written', 'dispatching', 'sent', 'unknown')""")
        )
        assert open_ <= self.on_the_board(), "something stands still and no board shows it"

    def on_the_board(self):
        shown, cursor = set(), None
        while True:
            with self.real() as tx:
                page = board(tx, self.world.caller("approver"), banks=self.world.banks,
                             now=self.world.now, cursor=cursor, limit=500)  # fmt: skip
            shown |= {(one.id, one.state) for one in page.rows if one.thing == "file"}
            cursor = page.following
            if cursor is None:
                return shown

    def heal(self):
        """Let the bank be healthy again, and everything come to rest: everybody has the money."""
        self.trouble = False
        for _ in range(HEALING_ROUNDS_MAX):
            for act in (self._resolve, self._release, self._ask_again, self._countersign,
                        self._bundle, self._work, self._bank_takes, self._bury):  # fmt: skip
                self.trying(act)
            for name in self.bank.having("pending"):
                self.bank.happen(name, "paid")
            for _ in range(len(self.bank.untold)):
                self.bank.tell(self.world.now.date())
            self.carrying.wait(minutes=61)
            self.check()
            if self.all_paid():
                self.check_all()
                return
        left = self.rows("SELECT reference, state FROM attempt WHERE state <> 'paid' ORDER BY 1")
        raise AssertionError(f"lost: {left}; the bank knows {self.bank.having('paid')}")

    def all_paid(self):
        owed = set(self.rows("SELECT sheet_id, line FROM entitlement"))
        rows = self.rows("SELECT sheet_id, line FROM attempt WHERE state = 'paid'")
        paid = Counter(attempt_of(name)[:2] for name in self.bank.having("paid"))
        return not self.bank.untold and set(rows) == owed == set(paid) and set(paid.values()) <= {1}


SUBMIT, SET_ASIDE = Directory.submit, Directory.set_aside


@contextmanager
def hushed():
    """Let the program's logs rest meanwhile: deaths on purpose are no news."""
    logger = logging.getLogger("disburse")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def live(begin, folder, *, seed, steps, tell=lambda _: None):
    """Live `steps` steps, then heal; an AssertionError is a find."""
    life = Life(begin, folder, seed)

    def submit(own, parcel):
        life.submit(own, parcel)

    def set_aside(own, answer, *, read):
        life.set_aside(own, answer, read=read)

    with hushed(), patch.multiple(Directory, submit=submit, set_aside=set_aside):
        for number in range(1, steps + 1):
            life.step()
            tell(number)
            if number % FULL_EVERY == 0:
                life.check_all()
        life.heal()
    return life
