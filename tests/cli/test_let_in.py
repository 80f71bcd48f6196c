"""The operator at the terminal lets people in, and sees where they are signed in."""

import pyotp

from disburse.clock import system_clock
from disburse.factors.password import Passwords
from disburse.steps.people.accept_invitation import accept_invitation
from disburse.steps.people.open_invitation import open_invitation
from disburse.storage.engine import connect
from tests.cli.terminal import CONTRACTOR, TABLES, write_tables
from tests.conftest import KEYCHAIN
from tests.people import PASSWORD
from tests.sheets import an_identity_number

HASTE = Passwords(time_cost=1, memory_kib=8, lanes=1)


def use(terminal, code):
    """Come in by a code, as the page does."""
    connections = connect(terminal.environment["DISBURSE_DATABASE_URL"], KEYCHAIN)
    with connections() as tx:
        now = system_clock()
        opening = open_invitation(tx, code=code, now=now)
        shown = pyotp.TOTP(opening.secret).at(int(now.timestamp()))
        accept_invitation(
            tx, code=code, password=PASSWORD, totp_code=shown, browser="a browser",
            passwords=HASTE, now=now,
        )  # fmt: skip
    connections.dispose()


def test_the_first_administrator_is_let_in_and_signed_out(terminal):
    told = terminal.run("invite", "admin").stdout.splitlines()
    assert len(told[0].replace("-", "")) == 20
    use(terminal, told[0])
    [session] = terminal.json("sessions", "list", "admin")["sessions"]
    assert (session["browser"], session["factor"]) == ("a browser", "totp")
    assert "a browser" in terminal.run("sessions", "list", "admin").stdout
    assert terminal.json("sessions", "end", "admin", "--reason", "it is late") == {"ended": 1}
    assert terminal.json("sessions", "list", "admin") == {"sessions": []}
    assert "can sign in already" in terminal.run("invite", "admin", exit_code=2).stderr


def test_a_recovery_takes_two_people_at_the_terminal_too(terminal, tables):
    terminal.set_up(tables, again=False)
    half = terminal.json("recovery", "ask", "officer", "--reason", "lost")["half"]
    alone = terminal.run("recovery", "confirm", "officer", exit_code=2).stderr
    assert "another person has to do this one" in alone
    other = terminal.run("recovery", "confirm", "officer", "--as", "approver").stdout.strip()
    assert terminal.run("recovery", "ask", "officer", "--reason", "lost").stdout
    assert half != other


def test_an_account_is_disabled_by_its_own_organisation_at_the_terminal(terminal, tmp_path):
    head = [CONTRACTOR, "head", "A head", an_identity_number(905), "people_administrator", ""]
    terminal.set_up(write_tables(tmp_path / "more", people=[*TABLES["people"], head]), again=False)
    shut = ("member", "disable", "approver", "--reason", "left")
    assert (
        "own organisation" in terminal.run(*shut, exit_code=2).stderr
    )  # the operator's administrator
    terminal.run("member", "disable", "admin", "--reason", "left", exit_code=2)
    own = ("--as", "head")
    assert terminal.json(*shut, *own) == {"login": "approver", "ended": 0}
    assert "disabled already" in terminal.run(*shut, *own, exit_code=2).stderr
    told = terminal.run("member", "enable", "approver", "--reason", "back", *own).stdout
    assert told.split("; ") == [
        "approver counts again", "tokens and request keys have to be issued anew\n",
    ]  # fmt: skip
