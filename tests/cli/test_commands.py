"""The commands of an operator and of a signer, one by one."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.cli.program import COMMANDS, program
from disburse.domain.gauge import RULES
from disburse.storage import embedded, members
from tests.cli.terminal import BANK, OPERATOR, PROJECT, SUB, Terminal
from tests.sheets import a_card, a_credit_code, a_sheet_json, an_identity_number


def register(terminal, folder, *, organisation=SUB):
    """Make a key and register it; return its file and kid."""
    private = folder / "key.pem"
    kid = json.loads(terminal.run("keygen", "--out", private, "--json").stdout)["kid"]
    challenge = terminal.json("key", "challenge")["challenge"]
    known = ("--challenge", challenge, "--organisation", organisation)
    proof = terminal.json("key", "prove", "--key", private, *known)["proof"]
    public = folder / "key.pub.jwk"
    made = terminal.json("key", "register", "--public", public, "--proof", proof, *known)
    assert made["kid"] == kid
    return private, kid


def test_every_command_says_what_it_is_for(terminal):
    listed = terminal.run("--help").stdout
    for name in COMMANDS:
        if program.get_command(None, name):
            assert f"\n  {name} " in listed
            assert "Usage" in terminal.run(name, "--help").stdout
    assert "No such command" in terminal.run("fly", exit_code=2).stderr


@pytest.mark.parametrize("kid", ["-Fm0nD7hyphen", "--two", "-h"])
@pytest.mark.parametrize(
    "words",
    [("key", "revoke", "--organisation", OPERATOR), ("request-key", "revoke", "--login", "admin")],
)
def test_a_key_id_that_begins_like_an_option_is_a_key_id(terminal, words, kid):
    told = terminal.json(*words, "--reason", "lost", kid, exit_code=2)
    assert told["refused"] == "no-such-key"


def test_a_refusal_is_one_line_and_status_2(terminal):
    answer = terminal.run("init", "--operator", "X", "--registration", a_credit_code(9),
                          "--name", "Y", "--login", "z", exit_code=2)  # fmt: skip
    assert answer.stderr.startswith("refused (already-founded): ")
    assert answer.stderr.count("\n") == 1
    told = terminal.json("token", "issue", "nobody", exit_code=2)
    assert (told["refused"], told["findings"]) == ("no-such-party", [])


def test_a_defect_is_told_without_its_message(terminal, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError(an_identity_number(1))

    monkeypatch.setattr("disburse.cli.people.issue_token", fail)
    answer = terminal.run("token", "issue", "admin", exit_code=70)
    assert "ZeroDivisionError" in answer.stderr
    assert an_identity_number(1) not in answer.output


def test_settings_that_cannot_be_used_are_told(terminal):
    assert "DISBURSE_PORT" in terminal.run("adapters", DISBURSE_PORT="x", exit_code=2).stderr


def test_a_database_that_is_not_there_or_not_migrated_is_told(server_url, terminal):
    away = "postgresql://nobody@/none?host=/nowhere"
    told = terminal.run("status", DISBURSE_DATABASE_URL=away, exit_code=2).stderr
    assert "refused (database-unreachable)" in told
    bare = embedded.create_database(server_url, "bare")
    new = Terminal(bare)
    assert "run `disburse migrate` first" in new.run("status", exit_code=2).stderr
    new.environment["DISBURSE_DATABASE_URL"] = embedded.as_role(bare, embedded.MIGRATE)
    assert new.json("migrate") == new.json("migrate")
    new.environment["DISBURSE_DATABASE_URL"] = bare
    assert "none" in new.run("status").stdout
    embedded.drop_database(bare)


def test_a_token_is_shown_once_and_revoked_by_its_label(terminal, begin):
    token = terminal.run("token", "issue", "admin", "--label", "x").stdout.strip()
    digest = sha256(token.encode()).digest()
    now = terminal_now()
    with begin() as tx:
        assert members.caller_of_token(tx, digest=digest, at=now).may("set_up")
    assert terminal.json("token", "revoke", "admin", "--label", "x") == {"revoked": 1}
    with begin() as tx:
        assert members.caller_of_token(tx, digest=digest, at=now) is None


def terminal_now():
    from disburse.clock import system_clock  # noqa: PLC0415  (the command's own clock)

    return system_clock()


def test_a_key_is_proved_registered_listed_and_revoked(terminal, tables, tmp_path):
    terminal.set_up(tables)
    _, kid = register(terminal, tmp_path)
    [listed] = terminal.json("key", "list", "--organisation", SUB)["keys"]
    assert (listed["kid"], listed["revoked_at"]) == (kid, None)
    assert kid in terminal.run("key", "list", "--organisation", SUB).stdout
    words = ("key", "revoke", kid, "--organisation", SUB, "--reason", "gone", "--compromised")
    assert terminal.json(*words) == {"kid": kid, "approvals_void": []}
    [listed] = terminal.json("key", "list", "--organisation", SUB)["keys"]
    assert listed["revoked_at"]


def test_a_key_of_somebody_else_is_not_registered(terminal, tables, tmp_path):
    terminal.set_up(tables)
    with pytest.raises(AssertionError, match="bad-signature"):
        register(terminal, tmp_path, organisation=a_credit_code(1).lower())


def test_a_roster_is_imported_whole_or_not_at_all(terminal, tables, tmp_path):
    terminal.set_up(tables)
    words = ("--project", PROJECT, "--employer", SUB)
    file = tmp_path / "roster.csv"
    title = "姓名,证件号码,进场日期,银行账号,手机号"
    good = f"工人9,{an_identity_number(9)},2026-03-01,{a_card(9)},12"
    file.write_text(f"{title}\n{good}\n", encoding="utf-8")
    told = terminal.json("roster", "import", file, *words)
    assert told["enrolled"] == 1
    assert [one["code"] for one in told["findings"]] == ["bad-mobile"]
    bad = "工人8,620200199001011234,1.3.2026,x,"
    worse = f"工人7,620200199001011234,2026-03-01,{a_card(7)},"
    file.write_text(f"{title}\n{good}\n{bad}\n{worse}\n", encoding="utf-8")
    told = terminal.json("roster", "import", file, *words, exit_code=2)
    assert [(one["code"], one["row"]) for one in told["findings"]] == [
        ("bad-date", 3), ("bad-mobile", 2), ("bad-identity-number", 4),
    ]  # fmt: skip
    answer = terminal.run("roster", "import", file, *words, "--lang", "zh", exit_code=2)
    assert "证件号码" in answer.stderr
    assert "620200199001011234" not in answer.output
    assert terminal.run("roster", "import", file, *words, "--as", "signer", exit_code=2)
    terminal.run("roster", "template", tmp_path / "new.xlsx")


def test_an_account_is_frozen_and_reopened(terminal, tables):
    terminal.set_up(tables)
    words = ("1017700000000001", "--bank", BANK, "--reason", "a court's order")
    assert terminal.json("account", "freeze", *words)["state"] == "frozen"
    assert terminal.json("account", "reopen", *words)["state"] == "open"
    terminal.run("account", "reopen", *words, exit_code=2)


def test_status_proof_and_adapters_are_told_to_people_and_programs(terminal, tables):
    terminal.set_up(tables)
    assert terminal.json("status")["sheets"] == []
    assert terminal.json("prove")["ok"] is True
    assert "invariants hold" in terminal.run("prove").stdout
    assert "iso20022" in terminal.json("adapters")["enabled"]
    assert "pain.001" in terminal.run("adapters").stdout


def test_status_shows_what_is_open_and_what_the_accounts_hold(world, database):
    world.funded()
    there = Terminal(database)
    [sheets] = there.json("status")["sheets"]
    assert (sheets["state"], sheets["count"]) == ("funded", 1)
    shown = there.run("status").stdout
    assert "funded" in shown
    assert "held" in shown
    assert "invariants hold" in there.run("prove", "--deep").stdout


def test_wages_on_time_are_measured_by_establishment(world, database, monkeypatch):
    there = Terminal(database)
    told = there.json("gauge", "--month", "2026-07")
    assert (told["rule"]["name"], told["establishments"]) == ("ae-340-2026", [])
    assert "no rule" in there.run("gauge", "--month", "2025-07", exit_code=2).stderr
    assert "2026-07" in there.run("gauge", "--month", "July", exit_code=2).stderr
    rule = replace(RULES[0], currency="CNY")
    monkeypatch.setattr("disburse.domain.gauge.RULES", (rule,))
    world.sent()
    asked = ("gauge", "--month", "2026-07", "--currency", "CNY")
    shown = there.run(*asked, exit_code=1).stdout
    assert "85.00 %" in shown
    assert "no" in shown
    [one] = json.loads(there.run(*asked, "--json", exit_code=1).stdout)["establishments"]
    assert (one["wages"], one["share"], one["complies"]) == (8, 0, False)


def test_books_that_do_not_prove_end_with_status_1(world, database):
    sheet_id = world.funded()
    with world.begin() as tx:  # what no step does
        tx.execute(text("UPDATE sheet SET state = 'reviewed' WHERE id = :s"), {"s": sheet_id})
    there = Terminal(database)
    answer = there.run("prove", exit_code=1)
    assert "DO NOT PROVE" in answer.stdout
    assert there.json("prove", exit_code=1)["ok"] is False


def test_one_round_of_work_is_told(terminal):
    assert terminal.json("work", "--once")["funded"] == 0
    assert "0 sheets funded" in terminal.run("work", "--once").stdout


def test_others_servers_are_not_ours_to_start_or_stop(terminal):
    for word in ("start", "stop", "url"):
        terminal.run("db", word, exit_code=2)


def test_the_own_server_is_started_found_and_stopped(swift_folder):
    own = Terminal("", DISBURSE_VAR=str(swift_folder / "own"))
    del own.environment["DISBURSE_DATABASE_URL"]
    try:
        url = own.json("db", "start")["url"]
        assert own.json("db", "url")["url"] == url
        assert own.json("migrate")["version"]
        own.init()
        assert own.json("status")["sheets"] == []
    finally:
        assert own.json("db", "stop") == {"stopped": True}


def test_a_template_is_filled_in_and_checked(terminal, tmp_path):
    file = tmp_path / "sheet.xlsx"
    words = ("--project", PROJECT, "--period", "2026-07", "--currency", "CNY", "--lang", "en")
    assert terminal.json("sheet", "template", file, *words)["written"] == str(file)
    told = terminal.json("sheet", "check", file, exit_code=2)
    columns = {one["column"] for one in told["findings"]}
    assert "total_net" in columns
    assert columns.isdisjoint({"project", "period", "currency"})
    terminal.run("sheet", "template", file, exit_code=2)


def test_a_sheet_is_checked_and_signed_offline(terminal, tmp_path):
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json())
    private = tmp_path / "key.pem"
    terminal.run("keygen", "--out", private)
    assert "it would be taken" in terminal.run("sheet", "check", file).stdout
    told = terminal.json("sheet", "sign", file, "--key", private)
    assert told["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert (tmp_path / "sheet.json.jws").read_text().count(".") == 2
    assert "exists" in terminal.run("sheet", "sign", file, "--key", private, exit_code=2).stderr


def test_a_faulty_sheet_is_signed_only_when_that_is_wanted(terminal, tmp_path):
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json(head_count=3))
    private = tmp_path / "key.pem"
    terminal.run("keygen", "--out", private)
    answer = terminal.run("sheet", "sign", file, "--key", private, "--lang", "zh", exit_code=2)
    assert "表头人数" in answer.stderr
    assert not (tmp_path / "sheet.json.jws").exists()
    terminal.run("sheet", "sign", file, "--key", private, "--unchecked")


def test_nothing_is_submitted_without_signature_token_or_safe_address(terminal, tmp_path):
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json())
    words = ("sheet", "submit", file, "--url")
    assert "unsigned" in terminal.run(*words, "http://127.0.0.1:1", exit_code=2).stderr
    (tmp_path / "sheet.json.jws").write_text("x")
    assert "no-token" in terminal.run(*words, "http://127.0.0.1:1", exit_code=2).stderr
    token = {"DISBURSE_TOKEN": "any"}
    for url in ("http://example.org", "ftp://127.0.0.1", "nonsense"):
        answer = terminal.run(*words, url, exit_code=2, **token)
        assert "unsafe-address" in answer.stderr


def test_the_language_follows_the_terminal(terminal, tmp_path):
    file = tmp_path / "sheet.json"
    file.write_bytes(a_sheet_json(head_count=3))
    assert "表头人数" in terminal.run("sheet", "check", file, LANG="zh_CN", exit_code=2).stderr
