"""Runs the command line as somebody at a terminal does, and makes what it reads."""

import csv
import json
import sys
from base64 import b64encode

from click.testing import CliRunner

from disburse.cli.program import program
from disburse.clock import system_clock
from disburse.queries.waiting import waiting
from disburse.steps.parties.confirm import confirm
from disburse.storage import embedded, members
from disburse.storage.engine import connect
from tests.conftest import KEYCHAIN
from tests.sheets import a_card, a_credit_code, an_identity_number

OPERATOR = a_credit_code(7)
CONTRACTOR, SUB, OWNER, BANK, AUTHORITY = map(a_credit_code, (1, 2, 3, 4, 5))
PROJECT = "JYG-2026-001"
MASTER_KEY = b64encode(bytes(range(32))).decode()  # as `tests.conftest` has it
DISBURSE = (sys.executable, "-m", "disburse")

TABLES = {
    "organisations": [
        ["kind", "registration", "name", "region"],
        ["general_contractor", CONTRACTOR, "A contractor", ""],
        ["subcontractor", SUB, "A subcontractor", ""],
        ["owner", OWNER, "An owner", ""],
        ["银行", BANK, "A bank", ""],
        ["labour_authority", AUTHORITY, "An authority", "6202"],
    ],
    "projects": [
        ["code", "name", "owner", "general_contractor", "region", "sector", "政府投资",
         "currency", "contract_amount", "labour_share", "starts_on", "ends_on", "approvers",
         "approval_days"],
        [PROJECT, "A site", OWNER, CONTRACTOR, "620200", "housing", "是", "CNY", "1000000.00",
         "25.5", "2026-03-01", "2027-12-31", "0=1; 500000.00=2", "5"],
    ],
    "accounts": [
        ["bank", "adapter", "currency", "number", "holder", "projects"],
        [BANK, "iso20022", "CNY", "1017700000000001", "Contractor + site", PROJECT],
    ],
    "parties": [
        ["project", "organisation", "delegation_digest", "delegation_from"],
        [PROJECT, SUB, "a" * 64, "2026-01-01"],
    ],
    "people": [
        ["organisation", "login", "name", "id_number", "roles", "projects"],
        [CONTRACTOR, "officer", "An officer", an_identity_number(901), "labour_officer", ""],
        [CONTRACTOR, "approver", "An approver", an_identity_number(902), "approver", PROJECT],
        [SUB, "signer", "A signer", an_identity_number(903), "signer; preparer", ""],
        [SUB, "machine", "A machine", "", "preparer", ""],
        [AUTHORITY, "inspector", "An inspector", an_identity_number(904), "inspector", ""],
    ],
    "workers": [
        ["project", "employer", "name", "id_number", "joined_on", "account"],
        *(
            [PROJECT, SUB, f"工人{place}", an_identity_number(place), "2026-03-01", a_card(place)]
            for place in (1, 2)
        ),
    ],
}  # fmt: skip


def write_tables(folder, **changed):
    """Write the tables of a set-up into `folder`, one file each."""
    folder.mkdir(exist_ok=True)
    for name, rows in (TABLES | changed).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


class Terminal:
    """One installation, on one database."""

    def __init__(self, url, **environment):
        self.environment = {
            "DISBURSE_DATABASE_URL": url,
            "DISBURSE_MASTER_KEY": MASTER_KEY,
            "DISBURSE_ID_NUMBER": an_identity_number(900),
            "DISBURSE_KEY_PASSPHRASE": "four unrelated words here",
            "LANG": "C.UTF-8",
        } | environment

    def run(self, *words, exit_code=0, **environment):
        """Run one command and return what it answered."""
        answer = CliRunner().invoke(
            program,
            [str(word) for word in words],
            env=self.environment_for(*words) | environment,
        )
        assert answer.exit_code == exit_code, (answer.stderr, answer.stdout, answer.exception)
        assert "Traceback" not in answer.output
        return answer

    def environment_for(self, command, *more):
        """Return the environment of one command: what is of no project has a role of its own."""
        of_all = {"gauge", "prove", "work"}
        if command not in of_all and (command, *more[:1]) != ("keys", "rotate"):
            return self.environment
        url = embedded.as_role(self.environment["DISBURSE_DATABASE_URL"], embedded.WORK)
        return self.environment | {"DISBURSE_DATABASE_URL": url}

    def json(self, *words, **more):
        """Run one command and return its JSON."""
        return json.loads(self.run(*words, "--json", **more).stdout)

    def set_up(self, tables, *, again=True):
        """Load the tables, let everybody be confirmed, and load the workers."""
        self.run("setup", "load", tables)
        self.confirm()
        if again:
            self.run("setup", "load", tables)

    def confirm(self):
        """Let everybody and every key be confirmed: the inspector first, then the approver."""
        connections = connect(self.environment["DISBURSE_DATABASE_URL"], KEYCHAIN)
        for login in ("inspector", "approver"):
            with connections() as tx:
                caller = members.caller_of_login(tx, login)
                waits = waiting(tx, caller)
                people = {one.login: one.roles for one in waits.people if one.login != login}
                kids = [one.kid for one in waits.keys]
                confirm(tx, caller=caller, people=people, keys=kids, now=system_clock())
        connections.dispose()

    def init(self):
        return self.json(
            "init", "--operator", "An operator", "--registration", OPERATOR,
            "--name", "An administrator", "--login", "admin",
        )  # fmt: skip
