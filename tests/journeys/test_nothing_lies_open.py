"""A payday through real processes that say everything they can; then everything is searched.

No name, identity number, card or telephone number may stand in a log, a problem, the metrics, an
address, any column of any table, or any file of the database's server.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from time import sleep

import pytest
import requests
from psycopg import sql
from sqlalchemy import text

from disburse import signing
from disburse.clock import system_clock
from disburse.demo.bank import Word, read_order, write_answer
from disburse.storage import embedded, tenancy
from disburse.storage.engine import connect
from tests.builders import JSON, PAYER, World, a_key
from tests.cli.terminal import MASTER_KEY
from tests.conftest import KEYCHAIN
from tests.http.site import add_token, token_of
from tests.sheets import a_card, a_credit_code, a_line, a_sheet_json, an_identity_number

# Nobody's, and in no other test: what is found is of this story.
NAMES = ("欧阳守拙", "尉迟百川", "Ignatius Quillfeather", "司徒望舒", "阿卜杜拉·图尔荪")
PLACES = tuple(range(8_801, 8_801 + len(NAMES)))
NEW_CARD = a_card(8_899)
OFFICER, OFFICERS_NUMBER = "诸葛慎行", an_identity_number(8_890)
REMARK = "退票 皇甫望海 收款户名不符"  # what a bank may say of a payment

SERVING = re.compile(r"(?<=serving )http:\S+?:[0-9]+")
LOUD = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
for name in ("sqlalchemy", "psycopg", "waitress", "alembic", "werkzeug"):
    logging.getLogger(name).setLevel(logging.DEBUG)
from disburse.__main__ import main
main()
"""


def crew():
    return [
        a_line(place, number=number, name=name)
        for number, (place, name) in enumerate(zip(PLACES, NAMES, strict=True), start=1)
    ]


def needles():
    """Return everything that must not be found, as people and banks write it."""
    words = {OFFICER, OFFICERS_NUMBER, NEW_CARD, "皇甫望海"}
    for line in crew():
        words |= {line.name, line.id_number, line.mobile, line.account}
    return sorted(words)


class Caller:
    """Somebody who speaks to the service over a real connection."""

    def __init__(self, url, project_id):
        self.here = f"{url}/v1/projects/{project_id}"
        self.url = url
        self.heard = []
        self._keys = count(1)

    def ask(self, who, method, path, **more):
        headers = {"Authorization": f"Bearer {token_of(who)}"} | more.pop("headers", {})
        headers |= {"Idempotency-Key": f"loud-{next(self._keys)}"} if method == "POST" else {}
        address = path if path.startswith("http") else f"{self.here}/{path}"
        answer = requests.request(method, address, headers=headers, timeout=60, **more)
        self.heard.append((path, answer.status_code, answer.content))
        return answer

    def get(self, who, path):
        return self.ask(who, "GET", path)

    def post(self, who, path, **more):
        answer = self.ask(who, "POST", path, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()


@contextmanager
def loud(environment, log, *words):
    """Run one of our processes with every logger at DEBUG; it says everything into `log`."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", LOUD, *words], env=environment, stderr=file, stdout=file
        )
        try:
            while not (told := SERVING.search(log.read_text(encoding="utf-8"))):
                assert process.poll() is None
                sleep(0.05)
            yield told[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture
def played(database, socket_enabled, tmp_path):
    """Everything that was logged and answered while a payday went on."""
    begin = connect(database, KEYCHAIN)
    world = World(begin, workers=1, now=system_clock())
    with world.begin() as tx:
        world.enrol(tx, crew())
        for name, caller in world.members.items():
            add_token(tx, world, name, caller)
    environment = os.environ | {
        "DISBURSE_DATABASE_URL": database,
        "DISBURSE_MASTER_KEY": MASTER_KEY,
        "DISBURSE_VAR": str(tmp_path),
    }
    log = tmp_path / "log"
    with loud(environment, log, "serve", "--port", "0") as url:
        caller = Caller(url, world.project_id)
        worked = a_payday(caller, environment)
        what_goes_wrong(caller)
    begin.dispose()
    return log.read_bytes() + worked, caller.heard


def a_payday(caller, environment):
    content = a_sheet_json(*crew())
    signed = signing.sign(content, a_key("subcontractor"), now=system_clock())
    headers = {"Disburse-Signature": signed, "Content-Type": JSON}
    taken = caller.post("signer", "sheets", data=content, headers=headers)
    sheet = f"sheets/{taken['sheet']['id']}"
    caller.post("labour_officer", f"{sheet}/review")
    total = taken["coverage"]["needed"]
    entry = {"reference": "B1", "amount": total, "booked_on": "2026-08-05",
             "counterparty": PAYER, "text": REMARK}  # fmt: skip
    caller.post(
        "bank_operator",
        "statements",
        json={"reference": "S1", "closes_on": "2026-08-05", "opening": "0.00", "closing": total,
              "entries": [entry]},
    )  # fmt: skip
    words = [sys.executable, "-c", LOUD, "work", "--once"]
    database = environment["DISBURSE_DATABASE_URL"]
    worker = environment | {"DISBURSE_DATABASE_URL": embedded.as_role(database, embedded.WORK)}
    worked = subprocess.run(words, env=worker, capture_output=True, check=True)
    assert b"1 sheets funded" in worked.stdout
    root = caller.get("approver", f"{sheet}/root").json()["root"]
    caller.post("approver", f"{sheet}/approve", json={"root_seen": root})
    [file] = caller.post("releaser", f"{sheet}/export")["files"]
    confirmed = {name: file[name] for name in ("sha256", "count", "total")}
    caller.post("releaser", f"files/{file['id']}/claim", json=confirmed)
    order = read_order(caller.get("releaser", f"files/{file['id']}/content").content)
    caller.heard.pop()  # the bank file itself: who may have it has it whole
    caller.post("releaser", f"files/{file['id']}/hand_over")
    answers = {credit.reference: Word() for credit in order.credits}
    answers[order.credits[0].reference] = Word("returned", "AC01", REMARK)
    report = write_answer(order, answers, on=system_clock().date())
    binary = {"Content-Type": "application/octet-stream"}
    caller.post("bank_operator", "reports", data=report, headers=binary)
    everything_is_read(caller, sheet, order.credits[0].reference)
    return worked.stdout + worked.stderr


def everything_is_read(caller, sheet, returned):
    for path in (
        sheet, f"{sheet}/lines", f"{sheet}/blockers", "payments", "payments.csv", "acts",
        f"payments/{returned}", "anomalies", "files",
    ):  # fmt: skip
        who = "approver" if path in {"anomalies", "files"} else "inspector"
        assert caller.get(who, path).status_code == 200, path
    caller.heard.pop(-3)  # the chain repeats the bank's own words to who may read the payment
    person = {"id_type": "resident_card", "id_number": crew()[0].id_number}
    found = caller.ask("inspector", "POST", f"{caller.url}/v1/payments/search", json=person).json()
    assert len(found["rows"]) == 1
    member = {"registration": a_credit_code(1), "login": "new.officer", "name": OFFICER,
              "identity": {"id_type": "resident_card", "number": OFFICERS_NUMBER}}  # fmt: skip
    caller.post("administrator", f"{caller.url}/v1/members", json=member)
    caller.heard.pop()  # the name goes back to who gave it
    assert requests.get(f"{caller.url}/metrics", timeout=60).status_code == 200


def what_goes_wrong(caller):
    """Refusals and nonsense, which programs like to repeat to whoever asked."""
    line = crew()[0]
    wrong = line.account[:-1] + str((int(line.account[-1]) + 1) % 10)
    worker = {"name": line.name, "id_type": "resident_card", "id_number": line.id_number,
              "joined_on": "2026-03-01", "account": wrong}  # fmt: skip
    roster = {"registration": a_credit_code(2), "workers": [worker, worker]}
    assert caller.ask("labour_officer", "POST", "workers", json=roster).status_code == 422
    content = a_sheet_json(*[a_line(place, number=1, name=NAMES[0]) for place in PLACES[:2]])
    signed = signing.sign(content, a_key("subcontractor"), now=system_clock())
    headers = {"Disburse-Signature": signed, "Content-Type": JSON}
    assert caller.ask("signer", "POST", "sheets", data=content, headers=headers).status_code == 422
    odd = json.dumps({"name": line.name, "id_number": line.id_number})
    caller.ask("labour_officer", "POST", "workers", data=odd)
    caller.ask("bank_operator", "POST", "reports", data=f"{line.name},{line.account}".encode())


def every_cell(database):
    """Yield (table and column, bytes) of everything that every table holds."""
    owner = connect(embedded.as_role(database, embedded.MIGRATE))
    with owner() as tx:
        tx.execute(text("SET LOCAL ROLE disburse_owner"))
        driver = tx.connection.driver_connection
        tables = [row.tablename for row in tx.execute(text(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"))]  # fmt: skip
        for table in tables:
            cursor = driver.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            for row in cursor:
                for column, value in zip(cursor.description, row, strict=True):
                    content = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{table}.{column.name}", content
    owner.dispose()


def found_in(content):
    return [word for word in needles() if word.encode() in content]


def test_nothing_personal_is_logged_answered_or_kept_readable(played, database, swift_folder):
    logged, heard = played
    assert b"DEBUG" in logged
    assert b"INSERT INTO line" in logged  # the most talkative logger was on
    assert found_in(logged) == []
    assert [(path, found_in(content)) for path, _, content in heard if found_in(content)] == []
    cells = list(every_cell(database))
    assert len(cells) > 1_000
    assert [(where, found_in(content)) for where, content in cells if found_in(content)] == []
    begin = connect(database, KEYCHAIN)
    with begin() as tx:
        tenancy.stand_as_operator(tx)
        tx.execute(text("SET LOCAL synchronous_commit = on"))  # so that what was logged is in files
        tx.execute(text("UPDATE organisation SET name = '找得到的名字' WHERE id = 1"))
    begin.dispose()
    files = [path for path in (swift_folder / "postgres").rglob("*") if path.is_file()]
    seen = [path.read_bytes() for path in files]
    assert any("找得到的名字".encode() in content for content in seen)  # it looks where rows are
    assert [(str(path), found_in(one)) for path, one in zip(files, seen, strict=True)
            if found_in(one)] == []  # fmt: skip
