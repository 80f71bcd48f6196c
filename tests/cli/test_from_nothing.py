"""From an empty database to a withdrawn sheet, through real processes."""

import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from datetime import timedelta

import pytest

from disburse import signing
from disburse.clock import system_clock
from tests.cli.terminal import DISBURSE, SUB
from tests.cli.test_commands import register
from tests.pki import Authorities, a_list, a_private_key
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
        lent = run(terminal, *asked, "--for", "officer", exit_code=2).stderr
        assert "lent you a role" in lent
        stuck = ("board", "--project", str(sheet["project_id"]), "--url", url)
        [row] = json.loads(run(terminal, *stuck, "--json").stdout)["rows"]
        assert (row["thing"], row["id"], row["owner_role"]) == (
            "sheet", sheet["id"], "labour_officer")  # fmt: skip
        assert "审核工资表 (review)" in run(terminal, *stuck, "--lang", "zh").stdout
        assert "none" in run(terminal, *stuck, "--lang", "en", "--late").stdout
        taken = ("--reason", "a mistake", "--url", url, "--json")
        gone = run(terminal, "sheet", "withdraw", file, "--key", private, *taken)
        assert json.loads(gone.stdout)["state"] == "withdrawn"
    listed = terminal.json("request-key", "list", *login)["keys"]
    assert [(one["kid"], one["revoked_at"] is None) for one in listed] == [
        (kid, False), (made["kid"], True),
    ]  # fmt: skip


def test_another_organisation_confirms_from_its_own_terminal(terminal, tables, tmp_path):
    terminal.run("setup", "load", tables)
    _, kid = register(terminal, tmp_path, organisation=SUB)
    tokens = {
        login: terminal.run("token", "issue", login).stdout.strip()
        for login in ("inspector", "approver")
    }
    with served(terminal) as url:
        terminal.environment["DISBURSE_TOKEN"] = tokens["inspector"]
        listed = run(terminal, "confirm", "--url", url).stdout
        assert "approver" in listed
        assert kid not in listed  # the subcontractor's is the contractor's to confirm
        assert "approver is approver" in run(terminal, "confirm", "approver", "--url", url).stdout
        unknown = run(terminal, "confirm", kid, "--url", url, exit_code=2)
        assert "not-waiting" in unknown.stderr
        terminal.environment["DISBURSE_TOKEN"] = tokens["approver"]
        waits = json.loads(run(terminal, "confirm", "--url", url, "--json").stdout)
        assert [one["kid"] for one in waits["keys"]] == [kid]
        told = run(terminal, "confirm", "signer", kid, "--url", url).stdout
        assert "signer is preparer, signer" in told
        assert f"key {kid} is good" in told


def test_a_key_names_its_successor_and_what_it_signed_stays_verifiable(signer, tmp_path):
    terminal, old = signer
    new = tmp_path / "new.pem"
    terminal.run("keygen", "--out", new)
    file, evidence = tmp_path / "sheet.json", tmp_path / "evidence.json"
    file.write_bytes(a_sheet_json(*lines(3)))
    own = ("--organisation", SUB)
    with served(terminal) as url:
        told = run(terminal, "key", "succeed", "--key", old, "--successor", new, *own,
                   "--url", url)  # fmt: skip
        assert "is good beside" in told.stdout
        terminal.run("sheet", "sign", file, "--key", new)
        sheet = json.loads(run(terminal, "sheet", "submit", file, "--url", url, "--json").stdout)
        path = f"/v1/projects/{sheet['sheet']['project_id']}/sheets/{sheet['sheet']['id']}/evidence"
        run(terminal, "api", "GET", path, "--url", url, "--out", evidence)
        before = terminal.run("sheet", "verify", file, "--evidence", evidence).stdout
        assert f"signed by A subcontractor ({SUB})" in before
        kid = json.loads(evidence.read_text())["key"]["kid"]
        terminal.run("key", "revoke", kid, *own, "--reason", "the signer left")
        evidence.unlink()
        run(terminal, "api", "GET", path, "--url", url, "--out", evidence)
    told = terminal.run("sheet", "verify", file, "--evidence", evidence).stdout
    assert "the key was good then" in told
    assert "revoked afterwards" in told
    facts = json.loads(evidence.read_text())
    late = facts | {"received_at": facts["key"]["revoked_at"]}
    waiting = facts | {"key": facts["key"] | {"confirmed_at": None}}
    forged = facts | {"signature": facts["signature"][:-4] + "AAAA"}
    for wrong, why in (
        (late, "key-revoked"), (waiting, "key-not-confirmed"), (forged, "bad-signature"),
        (facts | {"sha256": "0" * 64}, "bad-evidence"), ({}, "bad-evidence"), ([], "bad-evidence"),
    ):  # fmt: skip
        evidence.write_text(json.dumps(wrong))
        words = ("sheet", "verify", file, "--evidence", evidence)
        assert why in terminal.run(*words, exit_code=2).stderr
    evidence.write_text("{")
    assert "bad-evidence" in terminal.run(*words, exit_code=2).stderr


def trusted(terminal, folder):
    """Make authorities whose lists are fresh today, and let the terminal trust them."""
    authorities = Authorities(folder, days=100 * 365)
    made = system_clock() - timedelta(hours=1)
    authorities.publish(a_list(authorities.root, made=made), a_list(authorities.middle, made=made))
    terminal.environment |= {
        "DISBURSE_CERTIFICATE_AUTHORITIES": str(folder / "authorities.pem"),
        "DISBURSE_REVOCATION_LISTS": str(folder / "lists.pem"),
    }
    return authorities


def test_a_certificate_goes_along_with_a_sheet_and_is_judged_years_later(signer, tmp_path):
    terminal, plain = signer
    authorities = trusted(terminal, tmp_path)
    private = tmp_path / "certified.pem"
    terminal.run("keygen", "--algorithm", "ES256", "--out", private)
    key = signing.from_pem(
        private.read_bytes(), passphrase=terminal.environment["DISBURSE_KEY_PASSPHRASE"]
    )
    issued = authorities.certify(key=key.jose.private_key)
    chain, file, evidence = (tmp_path / name for name in ("chain.pem", "sheet.json", "evidence"))
    chain.write_text(f"公司 certificate\n{issued.pem}", encoding="utf-8")
    challenge = terminal.json("key", "challenge")["challenge"]
    asked = ("--challenge", challenge, "--organisation", SUB)
    proof = terminal.json("key", "prove", "--key", private, *asked)["proof"]
    terminal.run("key", "register", "--certificate", chain, "--proof", proof, *asked)
    terminal.confirm()
    file.write_bytes(a_sheet_json(*lines(3)))
    for other, why in ((plain, "another key's"), (file, "key-unreadable")):
        words = ("sheet", "sign", file, "--key", other, "--certificate", chain)
        assert why in terminal.run(*words, exit_code=2).stderr
    words = ("sheet", "sign", file, "--key", private, "--certificate")
    assert "not a certificate" in terminal.run(*words, file, exit_code=2).stderr
    terminal.run(*words, chain)
    with served(terminal) as url:
        got = json.loads(run(terminal, "sheet", "submit", file, "--url", url, "--json").stdout)
        path = f"/v1/projects/{got['sheet']['project_id']}/sheets/{got['sheet']['id']}/evidence"
        run(terminal, "api", "GET", path, "--url", url, "--out", evidence)
    verify = ("sheet", "verify", file, "--evidence", evidence)
    judges = ("--authorities", tmp_path / "authorities.pem",
              "--revocation-lists", tmp_path / "lists.pem")  # fmt: skip
    assert "CN=Signer,C=CN; nobody judged it here" in terminal.run(*verify).stdout
    assert terminal.json(*verify, *judges)["certificate_judged"]
    later = {"made": system_clock() + timedelta(days=300)}
    revoked = {**later, "at": system_clock() + timedelta(days=1)}
    authorities.publish(a_list(authorities.root, **later),
                        a_list(authorities.middle, issued, **revoked))  # fmt: skip
    assert "an authority of yours vouches for it" in terminal.run(*verify, *judges).stdout
    authorities.publish(a_list(authorities.root, **later),
                        a_list(authorities.middle, issued, stolen=True, **revoked))  # fmt: skip
    assert "certificate-untrusted" in terminal.run(*verify, *judges, exit_code=2).stderr


def test_a_usb_keys_signatures_are_enough_from_registering_to_submitting(signer, tmp_path):
    terminal, _ = signer
    authorities = trusted(terminal, tmp_path)
    usb = authorities.certify(key=a_private_key("rsa"))
    chain, statement, proof = (tmp_path / name for name in ("usb.pem", "statement", "proof.p7s"))
    chain.write_text(usb.pem)
    challenge = terminal.json("key", "challenge")["challenge"]
    known = ("--certificate", chain, "--challenge", challenge, "--organisation", SUB)
    terminal.run("key", "statement", *known, "--out", statement)
    proof.write_bytes(usb.cms(statement.read_bytes()))
    told = terminal.run("key", "register", *known, "--proof-cms", proof).stdout
    assert "disburse confirm" in told
    terminal.confirm()
    file, cms = tmp_path / "sheet.json", tmp_path / "sheet.p7s"
    file.write_bytes(a_sheet_json(*lines(3)))
    cms.write_bytes(usb.cms(file.read_bytes()))
    with served(terminal) as url:
        told = run(terminal, "sheet", "submit", file, "--cms", cms, "--url", url)
    assert "received as sheet" in told.stdout
    for words in (("--proof", "x", "--proof-cms", proof), ()):
        refused = terminal.run("key", "register", *known, *words, exit_code=2)
        assert "give one of --proof and --proof-cms" in refused.stderr
    refused = terminal.run("key", "register", *known[2:], "--proof", "x", exit_code=2)
    assert "give one of --public and --certificate" in refused.stderr


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
    environment = os.environ | terminal.environment_for("work")
    process = subprocess.Popen([*DISBURSE, "work"], env=environment, stderr=subprocess.PIPE)
    assert b"working every" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    assert process.wait(30) == 0
