"""Kills the real processes at random moments: `python -m tests.faults.kill --kills 200`.

`disburse serve`, two `disburse work` and their PostgreSQL run on a folder of their own with the
server's own safe settings; a bank in another process pays whatever it is given, as often as it is
given it. Files are released over HTTP all the time, and one process after the other gets SIGKILL,
many of them just as a file appears at the bank. At the end everything is left alone until it rests,
and what the bank paid is held against what the books say.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path

from sqlalchemy import text

from disburse.clock import system_clock
from disburse.domain import money
from disburse.domain.reference import attempt_of
from disburse.queries.prove import prove
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.never import never
from disburse.steps.parties.connect import connect as connect_bank
from disburse.storage import embedded
from disburse.storage.engine import DatabaseUnreachable, connect
from disburse.storage.migrate import migrate
from tests.builders import ADAPTER, World
from tests.cli.terminal import DISBURSE, MASTER_KEY
from tests.conftest import KEYCHAIN
from tests.http.site import add_token, token_of
from tests.sheets import a_credit_code, a_sheet_json, lines

PAYMENTS_IN_A_FILE = 2
LEASE_SECONDS = 5
START_SECONDS_MAX = 120  # of a process, on a machine that has more to do
REST_SECONDS_MAX = 180  # after the last kill
WEIGHTS = {"work 1": 4, "work 2": 4, "serve": 2, "postgres": 1}


UP = {
    "work 1": "working every",
    "work 2": "working every",
    "serve": "serving http",
    "bank": "",
}  # what each says when it has begun


class Small:
    """The real adapter of a bank that takes few payments in one file."""

    def __init__(self, adapter):
        self._adapter = adapter
        self.capabilities = replace(adapter.capabilities, payments_max=PAYMENTS_IN_A_FILE)

    def __getattr__(self, name):
        return getattr(self._adapter, name)


class Processes:
    """The processes of one installation, each killed and started by its name."""

    def __init__(self, folder):
        self.folder, self.port = folder, a_free_port()
        self.running = {}
        self.numbers = count(1)
        self.logs = {}
        work = ("work", "--pause", "1", "--lease", str(LEASE_SECONDS))
        self.commands = {
            "serve": (*DISBURSE, "serve", "--port", str(self.port)),
            "work 1": (*DISBURSE, *work),
            "work 2": (*DISBURSE, *work),
            "bank": (sys.executable, "-m", "tests.faults.bank", str(folder), str(self.port),
                     token_of("bank_operator")),
        }  # fmt: skip

    def start(self, name):
        if name == "postgres":
            embedded.ensure(self.folder / "var" / "postgres")
            return
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DISBURSE_")}
        environment |= {
            "DISBURSE_VAR": str(self.folder / "var"),
            "DISBURSE_MASTER_KEY": MASTER_KEY,
        }
        log = self.folder / f"{name}.{next(self.numbers)}.log"
        with log.open("wb") as stream:
            self.running[name] = subprocess.Popen(
                self.commands[name], env=environment, stdout=stream, stderr=stream
            )
        self.logs[name] = log

    def wait_for(self, name):
        """Return when a started process does its work: killing it before proves nothing."""
        until = time.monotonic() + START_SECONDS_MAX
        while name in self.logs and UP[name] not in self.logs[name].read_text():
            if time.monotonic() > until:
                raise AssertionError(self.logs[name].read_text()[-2_000:])
            if self.running[name].poll() is not None:  # as its keeper does: the server was away
                self.start(name)
            time.sleep(0.02)

    def kill(self, name):
        if name == "postgres":
            pid = (self.folder / "var" / "postgres" / "data" / "postmaster.pid").read_text()
            os.kill(int(pid.split()[0]), signal.SIGKILL)
            return
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def end(self):
        for name in list(self.running):
            self.kill(name)


class Town:
    """One sheet in many small files, all exported and none released."""

    def __init__(self, folder, files):
        for name in ("out", "in", "executed"):
            (folder / name).mkdir()
        self.folder = folder
        url = embedded.ensure(folder / "var" / "postgres")
        migrate(embedded.as_role(url, embedded.MIGRATE), today=system_clock().date())
        self.begin = connect(embedded.as_role(url, embedded.APP), KEYCHAIN)
        self.world = World(self.begin, workers=files * PAYMENTS_IN_A_FILE, now=system_clock())
        self.world.banks = {name: Small(one) for name, one in self.world.banks.items()}
        self.connect()
        _, self.files = self.world.exported(a_sheet_json(*lines(self.world.workers)))
        with self.begin() as tx:
            for name, caller in self.world.members.items():
                add_token(tx, self.world, name, caller)

    def connect(self):
        folders = {"outbox": str(self.folder / "out"), "inbox": str(self.folder / "in")}
        with self.begin() as tx:
            connect_bank(
                tx,
                caller=self.world.caller("administrator"),
                bank=a_credit_code(4),
                adapter=ADAPTER,
                transport="directory",
                settings=folders,
                now=self.world.now,
            )

    def rows(self, query):
        """Ask the database; a server that was just killed is asked again."""
        for _ in range(600):
            with suppress(DatabaseUnreachable), self.world.loop() as tx:
                return [tuple(row) for row in tx.execute(text(query))]
            time.sleep(0.1)
        raise TimeoutError

    def release(self, port, file):
        """Claim a file over HTTP, repeating the same request until it is answered."""
        shown = {
            "sha256": file.sha256,
            "count": file.count,
            "total": money.write(file.total, file.currency),
        }
        headers = {
            "Authorization": f"Bearer {token_of('releaser')}",
            "Idempotency-Key": f"release {file.id}".replace(" ", "-"),
            "Content-Type": "application/json",
        }
        path = f"/v1/projects/{self.world.project_id}/files/{file.id}/claim"
        line = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            line.request("POST", path, json.dumps(shown), headers)
            answer = line.getresponse()
            told = answer.read()
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
        if answer.status not in {200, 409, 503}:
            raise AssertionError(told)
        return answer.status == 200

    def executed(self):
        """Return the names of the files that the bank took."""
        return {path.name.partition("-")[2] for path in (self.folder / "executed").iterdir()}

    def bury(self):
        """Two people hold the bank's document: what is unknown and not there will never be."""
        there = self.executed()
        for file in self.files:
            state = f"SELECT state FROM bank_file WHERE id = {file.id}"  # noqa: S608
            if self.rows(state) == [("unknown",)] and file.name not in there:
                self.world.now = system_clock()
                book = self.world.do(keep_document, "releaser", content=b"the bank's book")
                for who in ("releaser", "approver"):
                    facts = {"document_sha256": book, "reason": "the bank's book"}
                    self.world.do(never, who, file_id=file.id, **facts)


def a_free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def lying(folder):
    """Return what lies at the bank now."""
    return {path for name in ("out", "executed") for path in (folder / name).iterdir()}


def wait_for_a_file(folder, rng):
    """Return just after something changed at the bank's folder, or after a while."""
    before = lying(folder)
    until = time.monotonic() + rng.uniform(0.2, 2.0)
    while time.monotonic() < until:
        if lying(folder) != before:
            break
    time.sleep(rng.choice((0, 0, rng.uniform(0, 0.02), rng.uniform(0, 0.3))))


def trouble(town, processes, kills, rng):
    """Release files and kill processes; return how often each was killed, and what is left."""
    killed, waiting = Counter(), list(town.files)
    names, weights = zip(*WEIGHTS.items(), strict=True)
    for number in range(kills):
        share = max(1, round(len(waiting) / (kills - number)))
        for _ in range(share):
            if waiting and town.release(processes.port, waiting[0]):
                waiting.pop(0)
        victim = rng.choices(names, weights)[0]
        processes.wait_for(victim)
        wait_for_a_file(town.folder, rng)
        processes.kill(victim)
        processes.start(victim)
        killed[victim] += 1
        if number % 20 == 19:
            print(f"{number + 1} kills, {len(waiting)} files to release", file=sys.stderr)  # noqa: T201
    return killed, waiting


def rest(town, processes, waiting):
    """Let everything come to rest; a file that nobody has is buried."""
    until = time.monotonic() + REST_SECONDS_MAX
    while time.monotonic() < until:
        if waiting and town.release(processes.port, waiting[0]):
            waiting.pop(0)
            continue
        open_ = town.rows("SELECT count(*) FROM attempt WHERE state NOT IN ('paid', 'rejected')")
        if not waiting and open_ == [(0,)]:
            return
        town.bury()
        time.sleep(0.2)


def judge(town):
    """Hold the bank's ledger against the books."""
    ledger = [line.split() for line in (town.folder / "ledger").read_text().splitlines()]
    paid = Counter(attempt_of(reference)[:2] for reference, word in ledger if word == "paid")
    states = dict(town.rows("SELECT reference, state FROM attempt"))
    with town.world.loop() as tx:
        proof = prove(tx)
    buried = town.rows("SELECT count(*) FROM bank_file WHERE state = 'refused'")[0][0]
    sendings = town.rows("SELECT outcome, count(*) FROM transmission GROUP BY outcome")
    return {
        "payments": len(states),
        "paid by the bank": sum(paid.values()),
        "double payments": sum(1 for times in paid.values() if times > 1),
        "lost answers": sum(1 for reference, word in ledger if states[reference] != word),
        "payments not at rest": sum(1 for s in states.values() if s not in {"paid", "rejected"}),
        "sendings": {str(outcome): number for outcome, number in sendings},
        "files that never arrived": buried,
        "books": "sound" if proof.ok else "broken",
    }


def run(folder, *, kills, files, seed):
    """Return what was killed and what became of it."""
    rng = random.Random(seed)  # noqa: S311  (moments, not secrets)
    town = Town(folder, files)
    processes = Processes(folder)
    try:
        for name in ("serve", "work 1", "work 2", "bank"):
            processes.start(name)
        for name in UP:
            processes.wait_for(name)
        killed, waiting = trouble(town, processes, kills, rng)
        rest(town, processes, waiting)
        return {"killed": dict(killed)} | judge(town)
    finally:
        processes.end()
        town.begin.dispose()
        embedded.stop(folder / "var" / "postgres")


def is_sound(found):
    return (
        found["double payments"] == found["lost answers"] == found["payments not at rest"] == 0
        and found["books"] == "sound"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the folder when it ends")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    found = run(folder, kills=chosen.kills, files=chosen.files, seed=chosen.seed)
    for name, value in found.items():
        print(f"{name:<28}{value}")  # noqa: T201
    if chosen.keep:
        print(folder)  # noqa: T201
    else:
        shutil.rmtree(folder)
    return 0 if is_sound(found) else 1


if __name__ == "__main__":
    sys.exit(main())
