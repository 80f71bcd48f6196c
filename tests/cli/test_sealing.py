"""The master key is made, changed and asked for at the command line."""

import re

from tests.cli.terminal import MASTER_KEY


def test_a_master_key_is_changed_and_the_former_one_is_not_needed(terminal):
    new = terminal.json("keys", "new")["master_key"]
    refused = terminal.run("status", DISBURSE_MASTER_KEY=new, exit_code=2).stderr
    assert "give the former key too" in refused
    assert new not in refused
    both = f"{new},{MASTER_KEY}"
    done = terminal.json("keys", "rotate", DISBURSE_MASTER_KEY=both)
    assert done["roots"] >= 2
    assert terminal.json("keys", "rotate", DISBURSE_MASTER_KEY=both)["roots"] == 0
    told = terminal.run("keys", "rotate", DISBURSE_MASTER_KEY=new).stdout
    assert told.startswith("0 root keys")
    assert terminal.run("status", DISBURSE_MASTER_KEY=new)
    assert "is given is" in terminal.run("status", exit_code=2).stderr  # the former alone


def test_old_keys_are_renewed_and_what_they_sealed_is_read_as_before(terminal, tables):
    terminal.set_up(tables)
    assert terminal.json("keys", "rotate")["values"] == 0  # none is a year old
    before = terminal.run("setup", "load", tables).stdout  # compares with what is there
    done = terminal.json("keys", "rotate", "--older-than", 0)
    assert done["retired"] >= 2
    assert done["values"] >= 7  # names of members, and workers
    assert done["destroyed"] == 0  # not before a day has gone
    assert "values are sealed anew" in terminal.run("keys", "rotate", "--older-than", 0).stdout
    assert terminal.run("setup", "load", tables).stdout == before
    terminal.run("prove")


def test_in_production_somebody_decides_where_the_master_key_is(terminal, tmp_path):
    del terminal.environment["DISBURSE_MASTER_KEY"]
    words = ("serve", "--environment", "production")
    told = terminal.run(*words, DISBURSE_VAR=str(tmp_path), exit_code=2).stderr
    assert "DISBURSE_MASTER_KEY_FILE" in told
    assert not (tmp_path / "master.key").exists()
    file = tmp_path / "key"
    file.write_text(MASTER_KEY)
    file.chmod(0o644)
    told = terminal.run(*words, DISBURSE_MASTER_KEY_FILE=str(file), exit_code=2).stderr
    assert "chmod 600" in told


def test_a_project_is_not_shredded_before_its_time(terminal, tables):
    terminal.run("setup", "load", tables)
    words = ("keys", "shred", "--project", 1, "--reason", "it is over", "--yes")
    told = terminal.run(*words, exit_code=2).stderr
    assert re.search(r"still-kept.*the law wants them kept until 2030-12-31", told)
