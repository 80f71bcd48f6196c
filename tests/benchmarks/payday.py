"""How long one sheet takes, step by step: `python -m tests.benchmarks.payday --lines 10000`.

Runs the real steps on a server of its own with PostgreSQL's own safe settings. Counts what the
checks found, so that no check can be skipped unseen. A plain `json.loads` of the same sheet stands
beside, as the yardstick that anybody can judge.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from disburse import signing
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.finding import Code
from disburse.domain.standing import Thing
from disburse.queries.board import board
from disburse.queries.prove import prove
from disburse.steps.bank.claim import claim
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.receive import receive
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.storage import embedded
from disburse.storage.engine import Begin, connect
from disburse.storage.migrate import migrate
from tests.builders import JSON, World, a_key
from tests.conftest import KEYCHAIN
from tests.sheets import TODAY, a_sheet_json, lines

# Of every thousand lines, so many have a card that fails its check digit, or no roster entry.
BAD_CARDS = 2
STRANGERS = 3


class Stopwatch:
    """Takes the time and the peak memory of each phase."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        seconds = perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.rows.append({"phase": name, "seconds": round(seconds, 3), "peak_mib": peak})
        print(f"{name:<28}{seconds:>9.3f} s {peak:>7} MiB", file=sys.stderr)

    def sum(self, *names: str) -> float:
        return sum(row["seconds"] for row in self.rows if row["phase"] in names)


def a_big_sheet(count: int):
    """Return lines of which some are bad, and how many of each finding must be found."""
    given = lines(count)
    bad_cards = count * BAD_CARDS // 1000
    for place in range(bad_cards):
        line = given[place]
        wrong = line.account[:-1] + str((int(line.account[-1]) + 1) % 10)
        given[place] = replace(line, account=wrong)
    strangers = count * STRANGERS // 1000
    return given, strangers, {Code.BAD_ACCOUNT: bad_cards, Code.NOT_ON_ROSTER: strangers}


def run(count: int, world: World, loop: Begin, watch: Stopwatch) -> Counter:
    """Take one sheet of `count` lines all the way; return what the checks found."""
    given, strangers, _ = a_big_sheet(count)
    enrolled = given[: count - strangers]
    with world.begin() as tx:
        world.enrol(tx, enrolled)
    content = a_sheet_json(*given)
    del given, enrolled
    signature = signing.sign(content, a_key("subcontractor"), now=world.now)
    officer, approver, releaser = map(world.caller, ("labour_officer", "approver", "releaser"))
    with watch.phase("receive"), world.begin() as tx:
        got = receive(
            tx,
            caller=world.caller("signer"),
            content=content,
            media_type=JSON,
            signature=signature,
            banks=world.banks,
            **world.here,
        )
    sheet = {"sheet_id": got.sheet.id}
    found = Counter(finding.code for finding in got.findings)
    world.allocate(got.coverage.needed)
    with watch.phase("set aside and review"), world.begin() as tx:
        for line in sorted({finding.line for finding in got.findings}):
            set_aside(tx, caller=officer, line=line, reason="bench", **world.here | sheet)
        review(tx, caller=officer, **world.here | sheet)
    del got, content
    with watch.phase("fund"), loop() as tx:
        fund(tx, caller=None, **world.here | sheet)
    with watch.phase("approve"), world.begin() as tx:
        approve(tx, caller=approver, **world.here | sheet)
    with watch.phase("export"), world.begin() as tx:
        _, files = export(tx, caller=releaser, banks=world.banks, **world.here | sheet)
    reports, paying = [], 0
    with watch.phase("claim and hand over"):
        for file in files:
            with world.begin() as tx:
                _, kept = claim(
                    tx,
                    caller=releaser,
                    file_id=file.id,
                    sha256=file.sha256,
                    count=file.count,
                    total=file.total,
                    **world.here,
                )
                hand_over(tx, caller=releaser, file_id=file.id, **world.here)
            order = read_order(kept)
            words = {credit.reference: Word() for credit in order.credits}
            paying += len(order.credits)
            reports.append(write_answer(order, words, on=world.now.date()))
    with watch.phase("board"), world.begin() as tx:
        shown = board(tx, approver, banks=world.banks, now=world.now, limit=500)
        assert sum(row.count for row in shown.rows if row.thing is Thing.PAYMENT) == paying
    world.now += timedelta(days=1)
    with watch.phase("settle"):
        for report in reports:
            world.ingest(report)
    with watch.phase("prove"), loop() as tx:
        proof = prove(tx)
        assert proof.ok, proof
    with watch.phase("(yardstick) json.loads"):
        json.loads(a_sheet_json(*lines(count)))
    return found


def main() -> int:
    """Print the table; 1 when a check found another number of faults than there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--adapter", default="delimited:small_chinese_bank")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="payday-") as folder:
        server = Path(folder) / "postgres"
        url = embedded.create_database(embedded.ensure(server), "payday")
        try:
            migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
            begin = connect(url, KEYCHAIN)
            loop = connect(embedded.as_role(url, embedded.WORK), KEYCHAIN)
            world = World(begin, adapter=chosen.adapter, workers=1)
            found = run(chosen.lines, world, loop, watch)
            begin.dispose()
            loop.dispose()
        finally:
            embedded.stop(server)
    *_, expected = a_big_sheet(chosen.lines)
    right = all(found[code] == number for code, number in expected.items())
    figures = {
        "lines": chosen.lines,
        "findings": {str(code): number for code, number in sorted(found.items())},
        "findings_right": right,
        "fund_approve_export": round(watch.sum("fund", "approve", "export"), 3),
        "phases": watch.rows,
    }
    print(json.dumps(figures, indent=1) if chosen.json else f"findings: {figures['findings']}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
