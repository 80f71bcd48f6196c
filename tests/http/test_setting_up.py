"""An installation's people, projects and keys, set up by its administrator over HTTP."""

from __future__ import annotations

from disburse import signing
from disburse.domain.signing_key import Purpose
from tests.builders import ADAPTER, a_key
from tests.sheets import a_credit_code, a_line, an_identity_number

ADMIN = "administrator"
PLACE = {"region": "620200", "sector": "housing"}


def made(answer):
    assert answer.status_code == 201, answer.text
    return answer.json


def organisation(site, kind, place, **more):
    body = {"kind": kind, "registration": a_credit_code(place), "name": kind} | more
    return made(site.post("/v1/organisations", ADMIN, json=body))


def test_a_second_site_is_set_up_from_nothing_to_a_roster(site):
    for place, kind in enumerate(("owner", "general_contractor", "subcontractor", "bank"), 50):
        organisation(site, kind, place)
    token = an_officer(site)
    here = a_project(site)
    waits = site.get("/v1/confirmations", "inspector").json["people"]
    assert [(one["login"], one["roles"]) for one in waits] == [("officer-2", ["labour_officer"])]
    known = {"people": [{"login": "officer-2", "roles": ["labour_officer"]}]}
    assert site.post("/v1/confirmations", "approver", json=known).status_code == 404
    told = site.post("/v1/confirmations", "inspector", json=known)
    assert told.json == {"logins": ["officer-2"], "kids": []}

    # the subcontractor joins with the written order that the contractor pay on its behalf
    joining = {"registration": a_credit_code(52)}
    without = site.post(f"{here}/parties", ADMIN, json=joining)
    assert without.json["type"] == "/problems/bad-particulars"
    order = {"delegation_digest": "0" * 64, "delegation_from": "2026-01-01"}
    assert site.post(f"{here}/parties", ADMIN, json=joining | order).status_code == 200

    # the roster, by the contractor's labour officer with the new token
    line = a_line(7)
    worker = {
        "name": line.name, "id_type": "resident_card", "id_number": line.id_number,
        "joined_on": "2026-03-01", "account": line.account,
    }  # fmt: skip

    def enrol(key, *workers):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        roster = joining | {"workers": workers}
        return site.client.post(f"{here}/workers", headers=headers, json=roster)

    assert enrol("once", worker).json == {"enrolled": 1}
    twice = enrol("twice", worker, worker)
    assert twice.json["type"] == "/problems/roster-refused"
    assert line.id_number not in twice.text

    # a revoked token opens nothing
    gone = site.post("/v1/members/officer-2/tokens/revoke", ADMIN, json={"label": "first"})
    assert gone.json == {"revoked": 1}
    assert enrol("late", worker).status_code == 401


def an_officer(site):
    """Set a labour officer up: an account, a role that the company can give, a token."""
    identity = {"id_type": "resident_card", "number": an_identity_number(500)}
    member = {"registration": a_credit_code(51), "login": "officer-2", "name": "Officer"}
    answer = site.post("/v1/members", ADMIN, json=member | {"identity": identity})
    assert made(answer)["person_id"]
    assert identity["number"] not in answer.text
    roles = {"roles": ["labour_officer"]}
    assert site.post("/v1/members/officer-2/roles", ADMIN, json=roles).status_code == 200
    wrong = site.post("/v1/members/officer-2/roles", ADMIN, json={"roles": ["signer"]})
    assert wrong.json["type"] == "/problems/role-not-theirs"
    asked = {"label": "first", "days": 30}
    return made(site.post("/v1/members/officer-2/tokens", ADMIN, json=asked))["token"]


def a_project(site):
    """Set a project up with its special account, and return its address."""
    account = {
        "bank": a_credit_code(53), "adapter": ADAPTER, "currency": "CNY",
        "number": "1017700000000002", "holder": "GC + project + 农民工工资专用账户",
    }  # fmt: skip
    account_id = made(site.post("/v1/accounts", ADMIN, json=account))["id"]
    project = PLACE | {
        "code": "JYG-2026-002", "name": "Another site", "owner": a_credit_code(50),
        "general_contractor": a_credit_code(51), "government_funded": False, "currency": "CNY",
        "contract_amount": "5000000.00", "labour_share_basis_points": 2500,
        "starts_on": "2026-03-01", "ends_on": "2027-12-31",
    }  # fmt: skip
    told = made(site.post("/v1/projects", ADMIN, json=project))
    assert told["contract_amount"] == "5000000.00"
    here = f"/v1/projects/{told['id']}"
    use = {"account_id": account_id}
    assert site.post(f"{here}/account", ADMIN, json=use).json == {"sheets": []}
    return here


def test_a_key_is_registered_with_proof_and_revoked_by_its_own_signer(site):
    key = a_key("another")
    challenge = "made by the administrator from randomness"
    registration = a_credit_code(2)
    proof = signing.prove_possession(
        key,
        organisation=registration,
        purpose=Purpose.SHEET,
        challenge=challenge,
        now=site.world.now,
    )
    body = {
        "registration": registration, "public_jwk": key.public.jwk, "purpose": "sheet",
        "challenge": challenge, "proof": proof, "days": 365,
    }  # fmt: skip

    stolen = site.post("/v1/keys", ADMIN, json=body | {"challenge": challenge + "!"})
    assert stolen.json["type"] == "/problems/bad-signature"
    assert made(site.post("/v1/keys", ADMIN, json=body))["kid"] == key.kid
    why = {"registration": registration, "compromised": True, "reason": "the laptop is gone"}
    assert site.post(f"/v1/keys/{key.kid}/revoke", "signer", json=why).json == {"sheets": []}
    again = site.post("/v1/keys", ADMIN, json=body)
    assert (again.status_code, again.json["type"]) == (409, "/problems/key-taken")


def test_a_frozen_account_is_reopened_with_a_reason(site):
    here = f"/v1/accounts/{site.world.account_id}"
    why = {"reason": "the bank's letter"}

    assert site.post(f"{here}/freeze", ADMIN, json=why).json["state"] == "frozen"
    assert site.post(f"{here}/freeze", ADMIN, json=why).json["type"] == "/problems/wrong-state"
    assert site.post(f"{here}/reopen", ADMIN, json=why).json["state"] == "open"
