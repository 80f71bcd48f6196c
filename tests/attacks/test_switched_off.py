"""Each protection switched off: then the attack that SECURITY.md names succeeds.

So that no test in `test_named` passes because its attack could never have worked.
"""

from __future__ import annotations

import io
import os.path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from werkzeug import utils

from disburse import signing
from disburse.domain.access import Caller
from disburse.entrance import forged
from disburse.http import guard
from disburse.queries import payouts
from disburse.sealing.box import Key
from disburse.sheetfile import template
from disburse.steps.payroll import receive
from disburse.storage import request_keys, tenancy
from disburse.transports.contract import Parcel
from disburse.transports.directory import Directory
from tests.attacks.test_named import STARTS, SWAP
from tests.builders import World, a_key, a_request_key
from tests.http.site import Site
from tests.http.test_signed import Asked
from tests.people import ORIGIN, Person
from tests.sheets import a_header, a_line, a_sheet_json, lines

HEAD = "people_administrator@general_contractor"
FORGED = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
)
ONCE = """
    ALTER TABLE sheet DROP CONSTRAINT sheet_project_id_digest_key;
    DROP INDEX sheet_once;
    DROP INDEX entitlement_once CASCADE;
"""


def test_without_the_rules_of_the_database_a_replayed_sheet_is_owed_twice(site, as_owner):
    content = a_sheet_json(*lines(site.world.workers))
    signed = signing.sign(content, a_key("subcontractor"), now=site.world.now)
    assert site.submit(content, signature=signed).status_code == 201
    before = owed(site)
    as_owner(ONCE)

    assert site.submit(content, signature=signed).status_code == 201

    assert owed(site) == 2 * before


def owed(site):
    with site.world.everything() as tx:
        return tx.execute(text("SELECT count(*) FROM entitlement")).scalar_one()


def test_without_the_signature_a_tampered_sheet_is_taken(site, monkeypatch):
    content = a_sheet_json(*lines(site.world.workers))
    signed = signing.sign(content, a_key("subcontractor"), now=site.world.now)
    tampered = a_sheet_json(a_line(1, gross_items=(("base", 900_000),), deductions=(),
                                   gross=900_000, total_deductions=0, net=900_000))  # fmt: skip
    assert site.submit(tampered, signature=signed).status_code == 403

    class Known:
        kid = a_key("subcontractor").kid

    monkeypatch.setattr(receive, "signer_of", lambda *_, **__: Known)

    assert site.submit(tampered, signature=signed).status_code == 201


def bound_to_nothing(patch):
    """Let sealed values be good wherever they lie."""
    seal, open_ = Key.seal, Key.open
    patch.setattr(Key, "seal", lambda key, content, _: seal(key, content, b""))
    patch.setattr(Key, "open", lambda key, sealed, _: open_(key, sealed, b""))


def test_without_their_place_sealed_values_can_be_swapped(begin, as_owner, monkeypatch):
    bound_to_nothing(monkeypatch)
    site = Site(World(begin))
    sheet_id = site.world.funded()
    path = f"sheets/{sheet_id}/lines"
    own, other, *_ = site.get(path, "signer").json["rows"]

    assert as_owner(SWAP) == 1

    shown = site.get(path, "signer").json["rows"][0]
    assert (shown["account"], shown["name"]) == (other["account"], other["name"])
    assert shown["account"] != own["account"]


@pytest.mark.parametrize("thief", ["bank_operator", "inspector", "funder", "finance_viewer"])
def test_without_roles_a_stolen_token_approves(site, monkeypatch, thief):
    sheet_id = site.world.funded()
    monkeypatch.setattr(Caller, "may", lambda *_: True)
    root = site.get(f"sheets/{sheet_id}/root", thief).json["root"]

    answer = site.post(f"sheets/{sheet_id}/approve", thief, json={"root_seen": root})

    assert answer.status_code == 200, answer.json


def test_without_the_guard_a_stranger_approves(site, monkeypatch):
    sheet_id = site.world.funded()
    approver = site.world.caller("approver")
    monkeypatch.setattr(guard.Guard, "_find", lambda *_: approver)
    root = site.get(f"sheets/{sheet_id}/root", None).json["root"]

    answer = site.post(f"sheets/{sheet_id}/approve", None, json={"root_seen": root})

    assert answer.status_code == 200, answer.json


def test_without_remembering_nonces_a_request_heard_on_the_line_is_answered_again(
    site, monkeypatch
):
    asked = Asked("GET", f"{site.project}/balance")
    asked.sign(a_request_key(site.world, "viewer's machine", "viewer"), site.world.now)
    owners, eavesdroppers = (asked.send(site.app.test_client()) for _ in range(2))
    assert (owners.status_code, eavesdroppers.status_code) == (200, 401)
    monkeypatch.setattr(request_keys, "use_up", stands_and_forgets)

    answer = asked.send(site.app.test_client())

    assert (answer.status_code, answer.data) == (200, owners.data)


def stands_and_forgets(tx, caller, **_):
    tenancy.stand(tx, caller)
    return True


@pytest.mark.parametrize("sent", FORGED, ids=["another site's", "our own, without the token"])
def test_without_the_token_of_pages_a_form_of_another_site_disables_an_account(
    site, monkeypatch, sent
):
    head, victim = Person(site, HEAD).sign_in(), Person(site, "approver").sign_in()
    form = {"what": "disable_member", "login": victim.login, "reason": "forged"}
    answer = head.client.post("/people", data=form, headers=sent)
    assert answer.status_code == 403
    assert victim.get("/v1/session").status_code == 200
    monkeypatch.setattr(forged, "require_token", lambda *_, **__: None)

    answer = head.client.post("/people", data=form, headers=sent)

    assert answer.status_code == 200
    assert victim.get("/v1/session").status_code == 401


@pytest.mark.parametrize("name", ["../look.py", "..%2flook.py", "%2e%2e/look.py"])
def test_without_joining_safely_a_path_leads_out_of_the_folder(site, monkeypatch, name):
    assert site.client.get(f"/static/{name}").status_code == 404
    monkeypatch.setattr(utils, "safe_join", os.path.join)

    answer = site.client.get(f"/static/{name}")

    assert answer.status_code == 200
    assert b"class Look" in answer.data
    answer.close()


def test_without_looking_at_names_a_bank_file_lands_elsewhere(tmp_path, monkeypatch):
    outbox = tmp_path / "out"
    outbox.mkdir()
    monkeypatch.setattr(Directory, "submit", naive)
    content = b"wages"
    parcel = Parcel(name="../paid.txt", reference="1", sha256="", content=content, fence=1)

    Directory(outbox=outbox, inbox=outbox).submit(parcel)

    assert (tmp_path / "paid.txt").read_bytes() == content


def naive(folder, parcel):
    (folder.outbox / parcel.name).write_bytes(parcel.content)


@pytest.mark.parametrize("start", STARTS)
def test_without_the_apostrophe_an_exported_cell_starts_a_formula(
    site, as_owner, monkeypatch, start
):
    site.world.exported()
    as_owner(f"UPDATE organisation SET name = '{start}1' WHERE kind = 'subcontractor'")  # noqa: S608
    monkeypatch.setattr(payouts, "_FORMULA_STARTS", ())

    told = site.get("payments.csv", "inspector").get_data(as_text=True)

    assert f",{start}1," in told or f',"{start}1",' in told


def test_without_their_type_cells_of_a_workbook_are_formulas(monkeypatch):
    line = a_line(1, name="=HYPERLINK(1)")
    monkeypatch.setattr(
        template, "_text", lambda sheet, *place_and_text: sheet.cell(*place_and_text)
    )
    stream = io.BytesIO()
    template.write_xlsx(stream, a_header([line]), [line])

    kinds = [
        cell.data_type for row in load_workbook(stream).worksheets[2].iter_rows() for cell in row
    ]

    assert "f" in kinds
