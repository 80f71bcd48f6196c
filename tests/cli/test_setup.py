import io

import pytest
from openpyxl import Workbook

from disburse.cli.setup.forms import ALL
from disburse.domain.access import Role
from disburse.storage import members, parties, tenancy
from tests.cli.terminal import PROJECT, SUB, TABLES, write_tables
from tests.sheets import an_identity_number

# The workers wait until a labour officer counts.
FIRST = {"organisations": 5, "projects": 1, "accounts": 1, "parties": 1, "people": 5, "workers": 0}


def a_workbook(path, tables):
    workbook = Workbook()
    workbook.remove(workbook.active)
    for form in ALL:
        if form.name in tables:
            sheet = workbook.create_sheet(f"{form.titles['zh']} {form.titles['en']}")
            for row in tables[form.name]:
                sheet.append([cell or None for cell in row])
    stream = io.BytesIO()
    workbook.save(stream)
    path.write_bytes(stream.getvalue())
    return path


def changed(name, row, **cells):
    """Return one table with other cells in one row."""
    titles, *rows = TABLES[name]
    rows = [list(cells_) for cells_ in rows]
    for title, value in cells.items():
        rows[row][titles.index(title)] = value
    return {name: [titles, *rows]}


def test_a_whole_site_is_set_up_from_a_folder_and_again_is_no_harm(terminal, tables, begin):
    told = terminal.json("setup", "load", tables)
    assert (told["new"], told["kept_back"]) == (FIRST, 2)
    assert told["waiting"] == ["approver", "officer", "machine", "signer"]
    shown = terminal.run("setup", "load", tables).stdout
    assert "signer is preparer, signer of A subcontractor once a general contractor" in shown
    assert "workers: 2 wait for a confirmed labour officer" in shown
    terminal.confirm()
    with begin() as tx:
        tenancy.stand_as_operator(tx)
        project = parties.project_by_code(tx, PROJECT)
        approver = members.caller_of_login(tx, "approver")
        signer = members.caller_of_login(tx, "signer")
        machine = members.caller_of_login(tx, "machine")
    assert (project.contract_amount, project.labour_share_basis_points) == (100_000_000, 2550)
    assert project.government_funded
    assert project.policy["approvers"] == [[0, 1], [50_000_000, 2]]
    assert project.policy["approval_days"] == 5
    assert project.account_id
    assert approver.grants == {(Role.APPROVER, project.id)}
    assert signer.grants == {(Role.SIGNER, None), (Role.PREPARER, None)}
    assert machine.person_id is None
    again = terminal.json("setup", "load", tables)
    assert again["new"] == dict.fromkeys(FIRST, 0) | {"workers": 2}
    assert (again["kept_back"], again["waiting"]) == (0, [])
    assert "organisations: 5 rows, 0 new" in terminal.run("setup", "load", tables).stdout


def test_a_workbook_does_as_well_as_a_folder(terminal, tmp_path):
    path = a_workbook(tmp_path / "site.xlsx", TABLES)
    assert terminal.json("setup", "load", path)["new"] == FIRST


def test_tables_may_come_one_after_the_other(terminal, tmp_path):
    for name, rows in TABLES.items():
        folder = tmp_path / name
        folder.mkdir()
        a_workbook(folder / f"{name}.xlsx", {name: rows})
        assert terminal.json("setup", "load", folder)["new"] == {name: FIRST[name]}


def test_every_fault_of_every_table_is_told_at_once_and_nothing_is_done(terminal, tmp_path, begin):
    wrong = write_tables(
        tmp_path / "wrong",
        **changed("projects", 0, approvers="two", contract_amount="1e6"),
        **changed("people", 2, roles="approver; king"),
        **changed("parties", 0, delegation_from=""),
        **changed("organisations", 1, registration="??"),
    )
    told = terminal.json("setup", "load", wrong, exit_code=2)
    places = {(one["column"], one["row"]) for one in told["findings"]}
    assert told["refused"] == "setup-refused"
    assert {
        ("projects: approvers", 2),
        ("projects: contract_amount", 2),
        ("people: roles", 4),
        ("parties: delegation_from", 2),
        ("organisations: registration", 3),
    } <= places
    with begin() as tx:
        tenancy.stand_as_operator(tx)
        with pytest.raises(parties.NoSuchParty):
            parties.organisation(tx, SUB)
    answer = terminal.run("setup", "load", wrong, "--lang", "zh", exit_code=2)
    assert "projects: approvers" in answer.stderr
    assert "refused (setup-refused)" in answer.stderr


@pytest.mark.parametrize(
    ("name", "row", "cells", "told"),
    [
        ("organisations", 1, {"kind": "owner"}, "is here as subcontractor"),
        ("people", 2, {"organisation": TABLES["organisations"][1][1]}, "another organisation"),
        ("people", 0, {"roles": "signer"}, "has nobody who is signer"),
        ("accounts", 0, {"number": "1017700000000009", "adapter": "none"}, "not enabled"),
        ("workers", 1, {"id_number": an_identity_number(1)}, "already"),
        ("workers", 1, {"employer": TABLES["organisations"][1][1]}, "no subcontractor"),
    ],
)
def test_what_contradicts_what_is_known_is_refused_with_its_row(  # noqa: PLR0917  (of pytest)
    terminal, tables, name, row, cells, told
):
    terminal.set_up(tables)
    folder = tables / "more"
    folder.mkdir()
    a_workbook(folder / f"{name}.xlsx", changed(name, row, **cells))
    [finding] = terminal.json("setup", "load", folder, exit_code=2)["findings"]
    assert told in finding["en"]
    assert finding["row"] == row + 2


def test_a_person_whose_number_cannot_be_right_is_refused_and_masked(terminal, tmp_path):
    folder = write_tables(tmp_path / "x", **changed("people", 0, id_number="620200199001011234"))
    answer = terminal.run("setup", "load", folder, exit_code=2)
    assert "cannot stand on" in answer.stderr
    assert "620200199001011234" not in answer.output


def test_a_renewed_delegation_is_taken_over(terminal, tables, tmp_path):
    terminal.run("setup", "load", tables)
    more = write_tables(tmp_path / "more", **changed("parties", 0, delegation_from="2026-02-01"))
    assert terminal.json("setup", "load", more)["new"]["parties"] == 1


def test_a_place_without_tables_and_a_table_in_two_files_are_refused(terminal, tables, tmp_path):
    (tmp_path / "empty").mkdir()
    terminal.run("setup", "load", tmp_path / "empty", exit_code=2)
    a_workbook(tables / "people.xlsx", TABLES)
    answer = terminal.run("setup", "load", tables, exit_code=2)
    assert "keep one of them" in answer.stderr


def test_the_empty_workbook_has_every_table_and_is_never_overwritten(terminal, tmp_path):
    path = tmp_path / "empty.xlsx"
    terminal.run("setup", "template", path)
    assert terminal.json("setup", "load", path)["new"] == {}
    assert "exists" in terminal.run("setup", "template", path, exit_code=2).stderr


def test_whoever_acts_is_named_when_there_are_several(terminal, tables, tmp_path):
    people = TABLES["people"]
    extra = [people[1][0], "officer2", "Another", an_identity_number(990), "labour_officer", ""]
    folder = write_tables(tmp_path / "two", people=[*people, extra])
    terminal.set_up(folder, again=False)
    answer = terminal.run("setup", "load", folder, exit_code=2)
    assert "officer, officer2" in answer.stderr
    assert terminal.json("setup", "load", folder, "--officer", "officer2")["new"]["workers"] == 2
    terminal.run("setup", "load", folder, "--as", "officer", exit_code=2)
    terminal.run("setup", "load", folder, "--as", "nobody", exit_code=2)
