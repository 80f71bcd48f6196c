"""The attacks that SECURITY.md names, made on the real service and database."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from disburse import signing
from disburse.queries import payouts
from disburse.steps.payroll.approve import approve
from disburse.storage import embedded
from tests.builders import a_key
from tests.sheets import a_sheet_json, lines


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


@pytest.fixture
def as_owner(database):
    """Change the database as only its owner can."""
    engine = create_engine(embedded.as_role(database, embedded.MIGRATE))

    def change(statement):
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
            return connection.execute(text(statement)).rowcount

    yield change
    engine.dispose()


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


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_an_exported_cell_starts_no_formula(start):
    written = payouts._line([f"{start}HYPERLINK(1)", "wages"])

    [cells] = csv.reader(io.StringIO(written, newline=""))
    assert cells == [f"'{start}HYPERLINK(1)", "wages"]
