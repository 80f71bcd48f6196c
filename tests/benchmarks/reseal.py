"""How long renewing every key takes: `python -m tests.benchmarks.reseal --values 100000`.

Enrols half as many people and takes in their sheet, so that each has a sealed record on the roster
and one on the sheet, under a key of the own, and lets every key be old. Then runs the real command
`disburse keys rotate` on a server with PostgreSQL's own safe settings, kills it (SIGKILL) when
half is sealed anew, and runs it again to its end. Ends with 1 when anything is left under an old
key, or cannot be opened any more.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

from sqlalchemy import text

from disburse import signing
from disburse.clock import system_clock
from disburse.steps.payroll.receive import receive
from disburse.storage import embedded, records, resealing, workers
from disburse.storage.engine import Begin, connect
from disburse.storage.migrate import migrate
from tests.builders import JSON, World, a_key
from tests.conftest import KEYCHAIN
from tests.sheets import TODAY, a_sheet_json, lines

ROTATE = (sys.executable, "-m", "disburse", "keys", "rotate", "--json")
YEAR, AGED = timedelta(days=365), timedelta(days=400)  # what the command takes for old; how old
MASTER_KEY = b64encode(bytes(range(32))).decode()  # as `tests.conftest` has it
LOOK_EVERY = 10.0  # seconds; counting what is left costs the server something, too


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command, killed or not; `processor`: seconds of its own, not the server's."""

    seconds: float
    processor: float
    peak_mib: int
    killed: bool


def fill(world: World, people: int) -> None:
    """Leave one record on the roster and one on a sheet for each of these people."""
    given = lines(people)
    with world.begin() as tx:
        world.enrol(tx, given)
    content = a_sheet_json(*given)
    with world.begin() as tx:
        receive(
            tx,
            caller=world.caller("signer"),
            content=content,
            media_type=JSON,
            signature=signing.sign(content, a_key("subcontractor"), now=world.now),
            banks=world.banks,
            **world.here,
        )


def age(world: World) -> None:
    """Let every key be old."""
    with world.owning() as tx:
        tx.execute(text("UPDATE record_key SET made_at = made_at - :by"), {"by": AGED})
        tx.execute(text("UPDATE root_key SET made_at = made_at - :by"), {"by": AGED})


def left(loop: Begin, started: datetime) -> int:
    """Count the values that are under a key that was old at the start."""
    with loop() as tx:
        return resealing.left(tx, before=started - YEAR)["values"]


def rotate(url: str, loop: Begin, started: datetime, *, until: int | None = None) -> Ran:
    """Run the command, to its end or until no more than so many values are left; then kill it."""
    environment = dict(os.environ) | {
        "DISBURSE_DATABASE_URL": url,
        "DISBURSE_MASTER_KEY": MASTER_KEY,
    }
    start, killed = perf_counter(), False
    process = subprocess.Popen(ROTATE, env=environment, stdout=subprocess.DEVNULL)
    pid, status, used = os.wait4(process.pid, os.WNOHANG)
    while pid == 0:
        if until is not None and left(loop, started) <= until:
            process.send_signal(signal.SIGKILL)
            killed, until = True, None
        if until is not None:
            sleep(LOOK_EVERY)
        pid, status, used = os.wait4(process.pid, 0 if until is None else os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != (-signal.SIGKILL if killed else 0):
        raise SystemExit(f"keys rotate ended with {process.returncode}")
    return Ran(
        seconds=round(perf_counter() - start, 2),
        processor=round(used.ru_utime + used.ru_stime, 2),
        peak_mib=used.ru_maxrss // 1024,
        killed=killed,
    )


def readable(loop: Begin, world: World) -> int:
    """Open every record on the roster and on the sheet; return how many there were."""
    with loop() as tx:
        ids = tx.scalars(text("SELECT id FROM worker WHERE project_id > 0")).all()
        found = len(workers.particulars(tx, world.project_id, ids))
        query = text("SELECT project_id, sheet_id, number, particulars FROM line")
        for page in records.in_pages(tx, query, {}):
            sealed = [
                records.Sealed(row[0], records.of_line(*row[:3]), bytes(row[3])) for row in page
            ]
            found += len(records.known(tx, sealed))
    return found


def measure(url: str, values: int) -> dict[str, object]:
    """Fill a database, renew its keys in two runs, and return what that took."""
    begin = connect(url, KEYCHAIN)
    working = embedded.as_role(url, embedded.WORK)
    loop = connect(working, KEYCHAIN)
    world = World(begin, workers=1)
    fill(world, values // 2)
    age(world)
    started = system_clock()
    todo = left(loop, started)
    first = rotate(working, loop, started, until=todo // 2)
    at_kill = left(loop, started)
    second = rotate(working, loop, started)
    after, opened = left(loop, started), readable(loop, world)
    begin.dispose()
    loop.dispose()
    return {
        "values": todo,
        "left_when_killed": at_kill,
        "left": after,
        "opened": opened,
        "runs": [asdict(one) for one in (first, second)],
        "values_per_second": round(at_kill / second.seconds),  # of the run that nobody looked at
        "right": first.killed and 0 < at_kill < todo and after == 0 and opened >= values // 2 * 2,
    }


def main() -> int:
    """Print the figures; 1 when something is left or lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reseal-") as folder:
        server = Path(folder) / "postgres"
        url = embedded.create_database(embedded.ensure(server), "reseal")
        try:
            migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
            figures = measure(url, chosen.values)
        finally:
            embedded.stop(server)
    print(json.dumps(figures, indent=1))
    return 0 if figures["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
