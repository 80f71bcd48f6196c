"""From an empty database to a withdrawn sheet, through real processes."""

import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from tests.cli.terminal import DISBURSE, SUB
from tests.cli.test_commands import register
from tests.sheets import a_sheet_csv, a_sheet_json, lines


@contextmanager
def served(terminal, **more):
    """Run `disburse serve` on any port and give its address."""
    environment = os.environ | terminal.environment | more
    words = [*DISBURSE, "serve", "--port", "0"]
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        told = next(
            found for line in process.stderr if (found := re.search(r"http://\S+:\d+", line))
        )
        yield told[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.close()
        assert process.wait(30) == 0


def run(terminal, *words, exit_code=0):
    """Run a command as a process of its own; its sockets are real."""
    done = subprocess.run(
        [*DISBURSE, *map(str, words)],
        env=os.environ | terminal.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def signer(terminal, tables, tmp_path):
    """A terminal of the subcontractor, and its key."""
    terminal.set_up(tables)
    private, _ = register(terminal, tmp_path, organisation=SUB)
    terminal.confirm()
    token = terminal.run("token", "issue", "signer").stdout.strip()
    terminal.environment["DISBURSE_TOKEN"] = token
    return terminal, private


def test_a_sheet_is_submitted_again_without_harm_and_withdrawn(signer, tmp_path):
    terminal, private = signer
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json(*lines(3)))
    terminal.run("sheet", "sign", file, "--key", private)
    with served(terminal) as url:
        told = json.loads(run(terminal, "sheet", "submit", file, "--url", url, "--json").stdout)
        again = run(terminal, "sheet", "submit", file, "--url", url)
        assert told["sheet"]["state"] == "received"
        assert f"received as sheet {told['sheet']['id']}" in again.stdout
        blocked = {(one["code"], one["line"]) for one in told["findings"]}
        assert ("not-on-roster", 3) in blocked
        assert again.stderr.count("line blocked") == len(told["findings"])
        taken = ("sheet", "withdraw", file, "--key", private, "--reason", "a mistake", "--url", url)
        withdrawn = json.loads(run(terminal, *taken, "--json").stdout)
        assert withdrawn["state"] == "withdrawn"
        refused = run(terminal, *taken, "--reason", "another mistake", exit_code=2)
        assert "refused (declined): 409" in refused.stderr


def test_the_service_tells_every_fault_of_a_sheet_it_refuses(signer, tmp_path):
    terminal, private = signer
    file = tmp_path / "sheet.csv"
    file.write_bytes(a_sheet_csv(*lines(2), head_count=3))
    terminal.run("sheet", "sign", file, "--key", private, "--unchecked")
    with served(terminal) as url:
        words = ("sheet", "submit", file, "--url", url)
        assert "sheet-faulty" in run(terminal, *words, exit_code=2).stderr
        refused = run(terminal, *words, "--project", "JYG-2026-001", "--json", exit_code=2)
        told = json.loads(refused.stdout)
        assert [one["code"] for one in told["findings"]] == ["header-count"]
        unknown = run(terminal, *words, "--project", "ELSEWHERE", exit_code=2)
        assert "not-there" in unknown.stderr
        terminal.environment["DISBURSE_TOKEN"] = terminal.environment["DISBURSE_TOKEN"][::-1]
        stranger = run(terminal, *words, "--project", "JYG-2026-001", exit_code=2)
        assert "401" in stranger.stderr


def a_request_key(terminal, folder, name):
    """Make a key for requests, and the proof that the signer's account holds it."""
    private = folder / name
    terminal.run("keygen", "--out", private)
    words = ("--key", private, "--login", "signer")
    return private, terminal.json("request-key", "prove", *words)["proof"]


def test_a_machine_signs_its_requests_and_rotates_its_key(signer, tmp_path):
    terminal, private = signer
    first, proof = a_request_key(terminal, tmp_path, "first.pem")
    login = ("--login", "signer")
    public = ("--public", tmp_path / "first.pub.jwk")
    kid = terminal.json("request-key", "register", *public, "--proof", proof, *login)["kid"]
    assert kid in terminal.run("request-key", "list", *login).stdout
    terminal.confirm()
    second, _ = a_request_key(terminal, tmp_path, "second.pem")
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json(*lines(3)))
    terminal.run("sheet", "sign", file, "--key", private)
    with served(terminal, DISBURSE_ENVIRONMENT="production") as url:
        submit = ("sheet", "submit", file, "--url", url)
        assert "401" in run(terminal, *submit, exit_code=2).stderr  # a token is nothing here
        terminal.environment["DISBURSE_REQUEST_KEY"] = str(first)
        del terminal.environment["DISBURSE_TOKEN"]
        sheet = json.loads(run(terminal, *submit, "--json").stdout)["sheet"]
        again = run(terminal, *submit)
        assert f"received as sheet {sheet['id']}" in again.stdout
        rotate = ("request-key", "rotate", "--key", second, *login, "--url", url)
        made = json.loads(run(terminal, *rotate, "--json").stdout)
        terminal.run("request-key", "revoke", kid, *login, "--reason", "rotated")
        path = f"/v1/projects/{sheet['project_id']}/sheets?limit=5"
        asked = ("api", "GET", path, "--url", url)
        assert "401" in run(terminal, *asked, exit_code=2).stderr
        terminal.environment["DISBURSE_REQUEST_KEY"] = str(second)
        assert json.loads(run(terminal, *asked).stdout)["rows"][0]["id"] == sheet["id"]
        taken = ("--reason", "a mistake", "--url", url, "--json")
        gone = run(terminal, "sheet", "withdraw", file, "--key", private, *taken)
        assert json.loads(gone.stdout)["state"] == "withdrawn"
    listed = terminal.json("request-key", "list", *login)["keys"]
    assert [(one["kid"], one["revoked_at"] is None) for one in listed] == [
        (kid, False), (made["kid"], True),
    ]  # fmt: skip


@pytest.mark.parametrize("url", ["pay.example.org", "https://example.org/v1", "https://"])
def test_a_public_address_that_is_none_is_refused(terminal, url):
    refused = terminal.run("serve", DISBURSE_PUBLIC_URL=url, exit_code=2)
    assert "https://pay.example.org" in refused.stderr
    assert "'production'" in terminal.run("serve", "--environment", "x", exit_code=2).stderr


def test_whoever_has_neither_key_nor_token_is_told_what_to_set(terminal):
    told = terminal.run("api", "GET", "/v1/projects", "--url", "http://localhost", exit_code=2)
    assert "DISBURSE_REQUEST_KEY" in told.stderr


def test_a_service_that_is_not_there_is_told(signer, tmp_path):
    terminal, private = signer
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json(*lines(2)))
    terminal.run("sheet", "sign", file, "--key", private)
    away = run(terminal, "sheet", "submit", file, "--url", "http://127.0.0.1:9", exit_code=2)
    assert "no-answer" in away.stderr


def test_the_worker_loop_ends_when_it_is_told_to(terminal):
    environment = os.environ | terminal.environment
    process = subprocess.Popen([*DISBURSE, "work"], env=environment, stderr=subprocess.PIPE)
    assert b"working every" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    assert process.wait(30) == 0
