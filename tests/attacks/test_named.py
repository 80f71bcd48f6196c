"""The attacks that SECURITY.md names, made on the real service and database."""

from __future__ import annotations

import csv
import io
from hashlib import sha256

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from disburse import signing
from disburse.sheetfile.template import write_xlsx
from disburse.steps.payroll.approve import approve
from disburse.transports.contract import NothingSent, Parcel
from disburse.transports.directory import Directory
from tests.builders import a_key
from tests.sheets import a_header, a_line, a_sheet_json, lines


def refusal(answer):
    return answer.status_code, answer.json["type"].removeprefix("/problems/")


def attempts(site):
    with site.world.begin() as tx:
        return tx.execute(text("SELECT count(*) FROM attempt")).scalar_one()


def test_a_replayed_sheet_pays_nobody_twice(site):
    content = a_sheet_json(*lines(site.world.workers))
    signed = signing.sign(content, a_key("subcontractor"), now=site.world.now)
    assert site.submit(content, signature=signed).status_code < 300
    before = attempts(site)

    again = site.submit(content, signature=signed)  # under another idempotency key

    assert refusal(again) == (409, "duplicate-sheet")
    assert attempts(site) == before


def test_a_tampered_body_is_refused_and_leaves_nothing(site):
    content = a_sheet_json(*lines(site.world.workers))
    signed = signing.sign(content, a_key("subcontractor"), now=site.world.now)
    before = attempts(site)

    answer = site.submit(content.replace(b"1", b"2", 1), signature=signed)

    assert refusal(answer) == (403, "bad-signature")
    assert attempts(site) == before
    assert site.submit(content, signature=signed).status_code < 300  # the true one still comes in


SWAP = """
    UPDATE line SET particulars = (
        SELECT other.particulars FROM line other
        WHERE other.sheet_id = line.sheet_id AND other.number = 2
    ) WHERE number = 1
"""


def test_a_row_swapped_to_another_worker_is_never_shown(site, as_owner):
    sheet_id = site.world.funded()
    path = f"sheets/{sheet_id}/lines"
    assert site.get(path, "signer").status_code == 200
    with site.world.begin() as tx, pytest.raises(ProgrammingError, match="permission denied"):
        tx.execute(text(SWAP))  # the service itself may not

    assert as_owner(SWAP) == 1

    assert refusal(site.get(path, "signer")) == (500, "broken-seal")


def test_a_row_swapped_to_another_worker_is_never_paid(site, as_owner):
    sheet_id = site.world.funded()
    with site.world.begin() as tx:
        approve(tx, caller=site.world.caller("approver"), sheet_id=sheet_id, **site.world.here)
    assert as_owner(SWAP) == 1

    answer = site.post(f"sheets/{sheet_id}/export", "releaser", json={})

    assert refusal(answer) == (500, "broken-seal")
    with site.world.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM bank_file")).scalar_one() == 0


@pytest.mark.parametrize("thief", ["bank_operator", "inspector", "funder", "finance_viewer", None])
def test_a_stolen_token_of_another_role_approves_nothing(site, thief):
    sheet_id = site.world.funded()

    answer = site.post(f"sheets/{sheet_id}/approve", thief, json={"root_seen": "0" * 64})

    assert answer.status_code == (403 if thief else 401), answer.json


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/app.py", "....//app.py", "a%00b"]
)
def test_a_path_that_leads_out_of_the_folder_finds_nothing(site, name):
    for where in ("/static/", f"{site.project}/files/"):
        assert site.client.get(where + name).status_code in {303, 401, 404, 405}, where
        assert site.get(where + name, "bank_operator").status_code in {303, 404, 405}, where


STARTS = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize("start", STARTS)
def test_an_exported_cell_starts_no_formula(site, as_owner, start):
    """A company's name is what somebody typed, and it stands in every row of the export."""
    site.world.exported()
    name = f"{start}HYPERLINK(1)"
    as_owner(f"UPDATE organisation SET name = '{name}' WHERE kind = 'subcontractor'")  # noqa: S608

    answer = site.get("payments.csv", "inspector")

    titles, *rows = csv.reader(io.StringIO(answer.get_data(as_text=True), newline=""))
    assert {row[titles.index("subcontractor")] for row in rows} == {f"'{name}"}
    assert len(rows) == site.world.workers
    assert not [cell for row in rows for cell in row if cell.startswith(STARTS)]


def test_no_cell_of_a_written_workbook_is_a_formula():
    line = a_line(1, name="=HYPERLINK(1)", team="=1+1", bank_name="=cmd|' /C calc'!A0")
    stream = io.BytesIO()
    write_xlsx(stream, a_header([line], project="=1+1"), [line])

    cells = [
        cell
        for sheet in load_workbook(stream).worksheets
        for row in sheet.iter_rows()
        for cell in row
    ]

    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    written = [cell for cell in cells if str(cell.value).startswith("=")]
    assert [cell.value for cell in written] == [
        "=1+1", "=1+1", "=HYPERLINK(1)", "=1+1", "=cmd|' /C calc'!A0",
    ]  # fmt: skip
    assert {cell.number_format for cell in written} == {"@"}  # also once somebody edits it


@pytest.mark.parametrize("name", ["../paid.txt", "/etc/cron.d/pay", ".hidden", "..", "a/b.txt"])
def test_a_bank_file_named_to_lead_elsewhere_is_not_written(tmp_path, name):
    outbox, inbox = tmp_path / "out", tmp_path / "in"
    outbox.mkdir()
    inbox.mkdir()
    content = b"wages"
    parcel = Parcel(
        name=name, reference="1", sha256=sha256(content).hexdigest(), content=content, fence=1
    )

    with pytest.raises(NothingSent):
        Directory(outbox=outbox, inbox=inbox).submit(parcel)

    assert sorted(tmp_path.rglob("*")) == [inbox, outbox]
