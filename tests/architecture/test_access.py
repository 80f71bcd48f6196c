"""Who may open which route: the table below, tried as a stranger and as everybody else.

The table says which act each route asks for; `domain.access.ALLOWED` says who may. Read them side
by side with `pytest -rP tests/architecture/test_access.py`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from disburse.domain.access import ALLOWED, ROLES, Act, OrganisationKind, Role
from disburse.http.guard import DOORS, METRICS, OPEN, OPEN_PAGES, PAGES
from disburse.http.openapi import DOORS as OPEN_DOORS
from disburse.storage import members, parties
from disburse.storage.acts import By
from tests.http.site import Site, add_token, token_of
from tests.sheets import a_credit_code

P = "/v1/projects/<number:project_id>"
S = f"{P}/sheets/<number:sheet_id>"
F = f"{P}/files/<number:file_id>"
D = f"{P}/declarations/<number:declaration_id>"
T = f"{P}/payments/<word:reference>"
W = "/v1/webhooks/<number:webhook_id>"
M = "/v1/members/<login:login>"

ROUTES = {
    # setting up
    ("POST", "/v1/organisations"): Act.ADD_ORGANISATION,
    ("POST", "/v1/members"): Act.ADD_MEMBER,
    ("POST", f"{M}/roles"): Act.GRANT_ROLES,
    ("POST", f"{M}/tokens"): Act.ISSUE_TOKEN,
    ("POST", f"{M}/tokens/revoke"): Act.REVOKE_TOKEN,
    ("POST", f"{M}/request_keys"): Act.REGISTER_REQUEST_KEY,
    ("POST", f"{M}/request_keys/<word:kid>/revoke"): Act.REVOKE_REQUEST_KEY,
    ("POST", "/v1/keys"): Act.REGISTER_KEY,
    ("POST", "/v1/keys/<word:kid>/revoke"): Act.REVOKE_KEY,
    ("POST", "/v1/confirmations"): Act.CONFIRM,
    ("POST", "/v1/accounts"): Act.OPEN_ACCOUNT,
    ("POST", "/v1/accounts/<number:account_id>/freeze"): Act.FREEZE_ACCOUNT,
    ("POST", "/v1/accounts/<number:account_id>/reopen"): Act.REOPEN_ACCOUNT,
    ("POST", "/v1/connections"): Act.CONNECT,
    ("POST", "/v1/calendars"): Act.KEEP_CALENDAR,
    ("POST", "/v1/projects"): Act.START_PROJECT,
    ("POST", f"{P}/parties"): Act.JOIN_PROJECT,
    ("POST", f"{P}/account"): Act.USE_ACCOUNT,
    ("POST", f"{P}/workers"): Act.ENROL,
    ("POST", f"{M}/invite"): Act.INVITE,
    ("POST", f"{M}/recover"): Act.RECOVER,
    ("POST", f"{M}/confirm_recovery"): Act.CONFIRM_RECOVERY,
    ("POST", f"{M}/end_sessions"): Act.END_SESSIONS,
    ("POST", f"{M}/disable"): Act.DISABLE_MEMBER,
    ("POST", f"{M}/enable"): Act.ENABLE_MEMBER,
    ("POST", f"{P}/lendings"): Act.LEND,
    ("POST", f"{P}/lendings/<number:lending_id>/end"): Act.END_LENDING,
    ("GET", f"{P}/lendings"): Act.READ_LENDINGS,
    ("POST", "/v1/webhooks"): Act.SUBSCRIBE,
    ("POST", f"{W}/unsubscribe"): Act.UNSUBSCRIBE,
    ("POST", f"{W}/renew"): Act.RENEW,
    ("POST", f"{W}/replay"): Act.REPLAY,
    ("GET", "/v1/passkeys"): Act.READ_SESSIONS,
    ("POST", "/v1/passkeys"): Act.ADD_PASSKEY,
    ("POST", "/v1/passkeys/offer"): Act.ADD_PASSKEY,
    ("POST", "/v1/passkeys/<number:passkey_id>/remove"): Act.REMOVE_PASSKEY,
    # the own account
    ("GET", "/v1/session"): Act.READ_SESSIONS,
    ("GET", "/v1/sessions"): Act.READ_SESSIONS,
    ("POST", "/v1/sessions/<number:session_id>/end"): Act.END_SESSION,
    ("POST", "/v1/session/sign_out"): Act.SIGN_OUT,
    ("POST", "/v1/session/change_password"): Act.CHANGE_PASSWORD,
    ("POST", "/v1/session/stop_recovery"): Act.STOP_RECOVERY,
    # a sheet's way
    ("POST", f"{P}/sheets"): Act.RECEIVE,
    ("POST", f"{S}/set_aside"): Act.SET_ASIDE,
    ("POST", f"{S}/reinstate"): Act.REINSTATE,
    ("POST", f"{S}/clear"): Act.CLEAR,
    ("POST", f"{S}/review"): Act.REVIEW,
    ("POST", f"{S}/fund"): Act.FUND,
    ("POST", f"{S}/unfund"): Act.UNFUND,
    ("POST", f"{S}/approve"): Act.APPROVE,
    ("POST", f"{S}/revoke"): Act.REVOKE,
    ("POST", f"{S}/export"): Act.EXPORT,
    ("POST", f"{S}/bundle"): Act.BUNDLE,
    ("POST", f"{S}/cancel"): Act.CANCEL,
    ("POST", f"{S}/reject"): Act.REJECT,
    ("POST", f"{S}/withdraw"): Act.WITHDRAW,
    ("POST", f"{S}/lines/<number:line>/reveal"): Act.REVEAL,
    ("POST", f"{P}/holds"): Act.HOLD,
    ("POST", f"{P}/holds/<number:hold_id>/lift"): Act.LIFT_HOLD,
    ("POST", f"{P}/shred"): Act.SHRED,
    # money
    ("POST", f"{P}/declarations"): Act.DECLARE,
    ("POST", f"{D}/vouch"): Act.VOUCH,
    ("POST", f"{D}/recall"): Act.RECALL,
    ("POST", f"{P}/statements"): Act.BOOK,
    ("POST", f"{P}/explanations"): Act.EXPLAIN,
    ("POST", f"{P}/explanations/<number:explanation_id>/endorse"): Act.ENDORSE,
    ("POST", f"{P}/explanations/<number:explanation_id>/dismiss"): Act.DISMISS,
    ("POST", f"{P}/explanations/<number:explanation_id>/retract"): Act.RETRACT,
    ("POST", f"{P}/unassigned/<number:item_id>/assign"): Act.ASSIGN,
    # bank files and payments
    ("POST", f"{F}/claim"): Act.CLAIM,
    ("POST", f"{F}/hand_over"): Act.HAND_OVER,
    ("POST", f"{F}/fetch"): Act.FETCH,
    ("POST", f"{F}/acknowledge"): Act.ACKNOWLEDGE,
    ("POST", f"{F}/retransmit"): Act.RETRANSMIT,
    ("POST", f"{F}/never"): Act.NEVER,
    ("POST", f"{P}/documents"): Act.KEEP_DOCUMENT,
    ("POST", f"{F}/transcribe"): Act.TRANSCRIBE,
    ("POST", f"{P}/take_back"): Act.TAKE_BACK,
    ("POST", f"{F}/cancel_file"): Act.CANCEL_FILE,
    ("POST", f"{P}/resume"): Act.RESUME,
    ("POST", f"{T}/decline"): Act.DECLINE,
    ("POST", f"{T}/correct"): Act.CORRECT,
    ("POST", f"{P}/reports"): Act.INGEST,
    ("POST", f"{T}/reissue"): Act.REISSUE,
    ("POST", f"{T}/countersign"): Act.COUNTERSIGN,
    ("POST", f"{T}/give_up"): Act.GIVE_UP,
    ("POST", f"{P}/anomalies/<number:anomaly_id>/resolve"): Act.RESOLVE,
    # reading
    ("GET", "/v1/connections"): Act.READ_CONNECTIONS,
    ("GET", "/v1/calendars"): Act.READ_CALENDARS,
    ("GET", "/v1/projects"): Act.READ_PROJECT,
    ("GET", P): Act.READ_PROJECT,
    ("GET", "/v1/sheets"): Act.READ_SHEETS,
    ("GET", f"{P}/sheets"): Act.READ_SHEETS,
    ("GET", S): Act.READ_SHEETS,
    ("GET", f"{S}/lines"): Act.READ_SHEETS,
    ("GET", f"{S}/blockers"): Act.READ_SHEETS,
    ("GET", f"{S}/root"): Act.READ_SHEETS,
    ("GET", f"{S}/evidence"): Act.READ_SHEETS,
    ("GET", f"{P}/files"): Act.READ_FILES,
    ("GET", F): Act.READ_FILES,
    ("GET", f"{F}/content"): Act.READ_CONTENT,
    ("GET", "/v1/payments"): Act.READ_PAYOUTS,
    ("POST", "/v1/payments/search"): Act.READ_PAYOUTS,
    ("GET", f"{P}/payments"): Act.READ_PAYOUTS,
    ("GET", f"{P}/payments.csv"): Act.READ_PAYOUTS,
    ("GET", T): Act.READ_PAYOUTS,
    ("GET", f"{P}/balance"): Act.READ_BALANCE,
    ("GET", f"{P}/open_items"): Act.READ_BALANCE,
    ("GET", f"{P}/unassigned"): Act.READ_BALANCE,
    ("GET", f"{P}/reconciliation"): Act.READ_BALANCE,
    ("GET", f"{P}/anomalies"): Act.READ_ANOMALIES,
    ("GET", f"{P}/proposals"): Act.READ_ANOMALIES,
    ("GET", f"{P}/documents/<word:digest>"): Act.READ_DOCUMENTS,
    ("GET", f"{P}/acts"): Act.READ_PAYOUTS,
    ("GET", "/v1/events"): Act.READ_EVENTS,
    ("GET", "/v1/webhooks"): Act.READ_WEBHOOKS,
    ("GET", "/v1/board"): Act.READ_BOARD,
    ("GET", f"{P}/board"): Act.READ_BOARD,
    ("GET", "/v1/confirmations"): Act.READ_WAITING,
}

WHY = {"reason": "tried by a test"}
LINE = WHY | {"line": 1}
DIGEST = "0" * 64
DAY = "2026-08-05"
# Bodies of the right form, so that only the caller can be what is wrong.
BODIES = {
    Act.ADD_ORGANISATION: {"kind": "owner", "registration": a_credit_code(90), "name": "Owner"},
    Act.ADD_MEMBER: {"registration": a_credit_code(1), "login": "new", "name": "New"},
    Act.GRANT_ROLES: {"roles": ["viewer"]},
    Act.ISSUE_TOKEN: {"label": "a label", "days": 1},
    Act.REVOKE_TOKEN: {"label": "a label"},
    Act.REGISTER_KEY: {
        "registration": a_credit_code(1), "public_jwk": "{}", "purpose": "sheet",
        "challenge": "a challenge that is long", "proof": "none", "days": 1,
    },
    Act.REGISTER_REQUEST_KEY: {"public_jwk": "{}", "proof": "none", "days": 1},
    Act.REVOKE_REQUEST_KEY: WHY,
    Act.REVOKE_KEY: WHY | {"registration": a_credit_code(2), "compromised": False},
    Act.CONFIRM: {"people": [{"login": "nobody", "roles": ["viewer"]}]},
    Act.OPEN_ACCOUNT: {
        "bank": a_credit_code(4), "adapter": "none", "currency": "CNY", "number": "1",
        "holder": "Holder",
    },
    Act.KEEP_CALENDAR: {
        "zone": "Asia/Shanghai", "year": 2026, "source": "tried", "closed": [], "opened": [],
    },
    Act.CONNECT: {"bank": a_credit_code(4), "adapter": "none", "transport": "by_hand"},
    Act.FREEZE_ACCOUNT: WHY,
    Act.REOPEN_ACCOUNT: WHY,
    Act.START_PROJECT: {
        "code": "P", "name": "P", "owner": "O", "general_contractor": "G", "region": "6202",
        "sector": "housing", "government_funded": True, "currency": "CNY",
        "contract_amount": "1.00", "labour_share_basis_points": 1, "starts_on": DAY,
        "ends_on": DAY,
    },
    Act.JOIN_PROJECT: {"registration": a_credit_code(4)},
    Act.USE_ACCOUNT: {"account_id": 1},
    Act.ENROL: {
        "registration": a_credit_code(2),
        "workers": [
            {"name": "Worker", "id_type": "passport", "id_number": "1", "joined_on": DAY,
             "account": "1"}
        ],
    },
    Act.REPLAY: {"only_parked": True},
    Act.SUBSCRIBE: {"url": "https://example.org/"},
    Act.CHANGE_PASSWORD: {"password": "a long new password"},
    Act.ADD_PASSKEY: {"label": "a telephone", "answer": {}},
    Act.RECOVER: WHY,
    Act.END_SESSIONS: WHY,
    Act.DISABLE_MEMBER: WHY,
    Act.ENABLE_MEMBER: WHY,
    Act.LEND: {"login": "nobody", "role": "approver", "ends_on": DAY},
    Act.SET_ASIDE: LINE,
    Act.REINSTATE: LINE,
    Act.CLEAR: LINE | {"finding": "repeats"},
    Act.UNFUND: WHY,
    Act.APPROVE: {"root_seen": DIGEST},
    Act.REVOKE: WHY,
    Act.CANCEL: WHY,
    Act.REJECT: WHY,
    Act.DECLARE: {"amount": "1.00", "voucher_digest": DIGEST, "expected_on": DAY},
    Act.RECALL: WHY,
    Act.REVEAL: WHY,
    Act.HOLD: WHY,
    Act.LIFT_HOLD: WHY,
    Act.SHRED: WHY,
    Act.BOOK: {
        "reference": "S", "closes_on": DAY, "opening": "0.00", "closing": "1.00", "entries": [],
    },
    Act.EXPLAIN: WHY | {"kind": "allocation", "amount": "1.00", "item_id": 1},
    Act.DISMISS: WHY,
    Act.RETRACT: WHY,
    Act.ASSIGN: WHY,
    Act.CLAIM: {"sha256": DIGEST, "count": 1, "total": "1.00"},
    Act.ACKNOWLEDGE: {"sha256": DIGEST},
    Act.RETRANSMIT: WHY,
    Act.NEVER: WHY | {"document_sha256": DIGEST},
    Act.TRANSCRIBE: {"document_sha256": DIGEST, "happened_on": DAY, "others": "paid"},
    Act.TAKE_BACK: WHY | {"act": "never", "subject": "file:1"},
    Act.CANCEL_FILE: WHY,
    Act.RESUME: {"list_sha256": DIGEST},
    Act.DECLINE: WHY,
    Act.CORRECT: WHY,
    Act.REISSUE: WHY,
    Act.GIVE_UP: WHY,
    Act.RESOLVE: {"resolution": "nothing"},
    Act.READ_PAYOUTS: {"id_type": "passport", "id_number": "1"},
}  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture
def site(world):
    return Site(world)


def routes_of(app):
    """Return (method, rule) of everything that takes a caller."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in OPEN | DOORS | {METRICS} and not rule.endpoint.startswith(PAGES)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def address(rule, project_id):
    """Fill the places of a rule in."""
    filled = rule.replace("<number:project_id>", str(project_id))
    for place, value in {"login": "somebody", "word": "0000010001010"}.items():
        filled = filled.replace(f"<{place}:", f"{value}<")
    parts = [part.partition("<")[0] or "1" for part in filled.split("/")[1:]]
    return "/" + "/".join(parts)


def ask(site, method, rule, act, who):
    body = None if method == "GET" else BODIES.get(act)
    path = address(rule, site.world.project_id)
    return site.client.open(
        path,
        method=method,
        json=body,
        headers=site.headers(who) | {"Idempotency-Key": f"{who}{method}{path}"},
    )


def problem(answer):
    document = answer.get_json(silent=True) or {}
    return document.get("type", "").removeprefix("/problems/") if document else ""


def test_the_table_names_every_route_and_no_other(site):
    assert routes_of(site.app) == set(ROUTES)


def test_every_act_that_a_person_can_ask_for_has_a_route():
    nobodys = {act for act in Act if not ALLOWED[act]}

    assert set(Act) - set(ROUTES.values()) - {Act.SET_UP} == nobodys


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": ""}])
def test_a_stranger_opens_nothing_by_any_method(site, headers):
    for rule in site.app.url_map.iter_rules():
        for method in METHODS:
            if rule.endpoint in OPEN | {METRICS} and method in {"GET", "HEAD", "OPTIONS"}:
                continue
            if rule.endpoint in DOORS and method in {"POST", "OPTIONS"}:
                continue  # they judge what they are shown; see tests/http/test_sign_in.py
            if rule.endpoint in OPEN_PAGES and method in {"GET", "HEAD", "POST", "OPTIONS"}:
                continue  # see tests/console
            answer = site.client.open(address(rule.rule, 1), method=method, headers=headers)
            sent_away = rule.endpoint.startswith(PAGES) and answer.location == "/sign_in"
            assert answer.status_code == (303 if sent_away else 401), (method, rule.rule)


def test_the_doors_are_these_and_each_wants_to_be_shown_something(site):
    rules = {rule.rule: rule.endpoint for rule in site.app.url_map.iter_rules()}
    assert {rules[path] for path in OPEN_DOORS} == DOORS
    for path in OPEN_DOORS - {"/v1/passkeys/question"}:  # which asks, and tells nothing
        assert site.client.post(path, json={}).status_code in {401, 403, 422}, path


def test_everybody_opens_exactly_what_the_table_allows(site):
    wrong = []
    for (method, rule), act in ROUTES.items():
        print(f"{method:5}{rule:72}{act:17}{', '.join(sorted(ALLOWED[act]))}")  # noqa: T201
        for role in Role:
            answer = ask(site, method, rule, act, role)
            denied = problem(answer) in {"forbidden", "unauthenticated"} or (
                answer.status_code == 404 and problem(answer) == "no-such-party"
            )
            if role in ALLOWED[act]:
                fine = problem(answer) not in {"forbidden", "unauthenticated", "internal-error"}
            else:
                fine = denied and answer.status_code in {403, 404}
            if not fine:
                wrong.append((role, method, rule, answer.status_code, problem(answer)))

    assert wrong == []


@pytest.mark.parametrize(
    "kind", [k for k in OrganisationKind if k is not OrganisationKind.OPERATOR]
)
def test_a_project_of_others_is_not_there_whatever_the_role(site, kind):
    world = site.world
    with world.operating() as tx:
        values = {"kind": kind, "registration": a_credit_code(91), "name": "Another",
                  "region": "11", "sector": "housing"}  # fmt: skip
        world.organisations[kind] = parties.add_organisation(tx, values)
        caller = world.add_member(tx, kind, *sorted(ROLES[kind]), "outsider")
        add_token(tx, world, "outsider", caller)

    for (method, rule), act in ROUTES.items():
        if rule.startswith(P) and act not in {Act.JOIN_PROJECT, Act.USE_ACCOUNT, Act.SHRED}:
            answer = ask(site, method, rule, act, "outsider")
            assert (answer.status_code, problem(answer)) == (404, "no-such-party"), (method, rule)


def test_a_role_on_one_project_is_none_on_another(site):
    world = site.world
    kind = OrganisationKind.GENERAL_CONTRACTOR
    with world.begin() as tx:
        caller = world.add_member(tx, kind, "elsewhere")
        members.grant(
            tx,
            member_id=caller.member_id,
            roles=sorted(ROLES[kind]),
            project_id=world.project_id + 1,
            by=By(member_id=None, person_id=None, at=world.now),
        )
        world.confirm(tx, caller.member_id, sorted(ROLES[kind]))
        add_token(tx, world, "elsewhere", caller)

    for (method, rule), act in ROUTES.items():
        if rule.startswith(P):
            answer = ask(site, method, rule, act, "elsewhere")
            assert problem(answer) == "forbidden", (method, rule)


def test_a_token_is_good_until_it_expires_or_its_account_is_revoked(site):
    assert site.get("balance", "viewer").status_code == 200
    site.world.now += timedelta(days=31)

    answer = site.get("balance", "viewer")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert token_of("viewer") not in answer.text
