"""Idempotency keys: one request, one effect, one answer, for ever. Pitfall 20."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from disburse.app import create_app
from disburse.http.rates import Rate, Rates
from disburse.steps.privacy import reveal
from disburse.storage import once, tenancy
from tests.http.site import token_of
from tests.sheets import a_sheet_json, lines

DECLARED = {"amount": "1000.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}


def declare(site, key, **changed):
    return site.post("declarations", "funder", key=key, json=DECLARED | changed)


def rows(site, table):
    with site.world.everything() as tx:
        return tx.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608  (a word of ours)


def test_the_same_key_and_body_give_the_first_answer_again(site):
    first, again = declare(site, "one"), declare(site, "one")

    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert rows(site, "declaration") == 1


def test_an_answer_never_expires(site):
    first = declare(site, "one")
    site.world.now += timedelta(days=29)

    assert declare(site, "one").data == first.data


def test_another_request_under_the_same_key_is_refused(site):
    declare(site, "one")

    others = [
        declare(site, "one", amount="1000.01"),
        site.post("declarations", "funder", key="one", json=DECLARED, query_string={"a": "b"}),
        site.post("declarations/1/vouch", "funder", key="one"),
    ]

    assert [other.status_code for other in others] == [422, 422, 422]
    assert {other.json["type"] for other in others} == {"/problems/idempotency-key-reused"}
    assert rows(site, "declaration") == 1


def test_a_sheet_under_another_signature_is_another_request(site):
    site.submit(key="one")

    other = site.submit(key="one", signature="e30..e30")

    assert (other.status_code, other.json["type"]) == (422, "/problems/idempotency-key-reused")


def test_a_key_belongs_to_one_account(site):
    declare(site, "one")

    answer = site.post("declarations", "labour_officer", key="one", json=DECLARED)

    assert answer.status_code == 201
    assert rows(site, "declaration") == 2


@pytest.mark.parametrize("key", ["", "x" * 129, "white space", "schlüssel"])
def test_a_change_without_a_good_key_is_refused(site, key):
    headers = site.headers("funder") | ({"Idempotency-Key": key} if key else {})

    answer = site.client.post(f"{site.project}/declarations", headers=headers, json=DECLARED)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/idempotency-key-missing")
    assert rows(site, "declaration") == 0


def test_a_refusal_changes_nothing_and_is_the_answer_from_then_on(site):
    sheet = site.submit().json["sheet"]["id"]
    site.post(f"sheets/{sheet}/review", "labour_officer")
    acts = rows(site, "act")

    first = site.post(f"sheets/{sheet}/fund", "approver", key="one")
    site.statement(("B1", "99999999.00", "62000000000000000001"), closing="99999999.00")
    again = site.post(f"sheets/{sheet}/fund", "approver", key="one")

    assert first.json["type"] == "/problems/short-of-funds"
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert rows(site, "act") == acts + 1  # the statement
    assert site.post(f"sheets/{sheet}/fund", "approver", key="two").json["state"] == "funded"


def test_a_refusal_by_rate_is_no_answer_and_after_the_wait_the_same_key_does_it(site, monkeypatch):
    monkeypatch.setattr(reveal, "REVEALS_MAX", 1)
    sheet = site.submit().json["sheet"]["id"]

    def see(line, key):
        path = f"sheets/{sheet}/lines/{line}/reveal"
        return site.post(path, "inspector", key=key, json={"reason": "another card"})

    assert see(1, "one").status_code == 200
    for _ in range(2):
        refused = see(2, "two")
        assert (refused.status_code, refused.json["type"]) == (429, "/problems/too-many-reveals")
        assert refused.headers["Retry-After"] == str(refused.json["seconds"])
        assert "Idempotency-Replayed" not in refused.headers
    assert rows(site, "idempotency_key") == 2  # the sheet's and the first line's
    site.world.now += timedelta(seconds=int(refused.headers["Retry-After"]))

    seen, again = see(2, "two"), see(2, "two")

    assert (seen.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert seen.json["id_number"] == lines(2)[1].id_number


def test_a_change_that_came_too_fast_is_done_under_the_same_key_when_it_comes_again(site):
    ticks = iter((0, 0, 0, 0, 10**10, 10**10))
    app = create_app(
        site.world.unbound, site.world.banks, lambda: site.world.now,
        rates=Rates(lambda: next(ticks), caller=Rate(burst=1, each_second=1)),
    )  # fmt: skip
    headers = site.headers("funder")

    def ask(key):
        named = headers | {"Idempotency-Key": key}
        path = f"{site.project}/declarations"
        return app.test_client().post(path, headers=named, json=DECLARED)

    assert ask("one").status_code == 201
    refused = ask("two")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    done = ask("two")
    assert (done.status_code, "Idempotency-Replayed" in done.headers) == (201, False)
    assert rows(site, "declaration") == 2


def test_a_refused_sheet_is_noted_once_however_often_it_is_sent(site):
    content = a_sheet_json(*lines(2), total_net=1)

    first, again = site.submit(content, key="one"), site.submit(content, key="one")

    assert first.data == again.data
    with site.world.begin() as tx:
        noted = tx.execute(text("SELECT act, facts FROM act WHERE act = 'receive'")).all()
    assert [row.facts["refused"] for row in noted] == ["sheet-refused"]
    assert rows(site, "sheet") == 0


def test_a_report_that_cannot_be_read_is_kept_with_the_reason(site):
    answer = site.post("reports", "bank_operator", data=b"nonsense", content_type="text/plain")

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/unreadable-report")
    with site.world.begin() as tx:
        [noted] = tx.execute(text("SELECT facts FROM act WHERE act = 'ingest'")).all()
    assert noted.facts["refused"] == "unreadable-report"


def test_a_stranger_to_the_project_leaves_no_trace_on_it(site):
    answer = site.submit(who="administrator")

    assert answer.status_code == 404
    assert rows(site, "act") == 0


def test_requests_at_the_same_time_have_one_effect_and_one_answer(site):
    headers = site.headers("funder") | {"Idempotency-Key": "one"}

    def declare_now(_):
        client = site.app.test_client()
        return client.post(f"{site.project}/declarations", headers=headers, json=DECLARED)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(declare_now, range(16)))

    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert rows(site, "declaration") == 1


def test_a_request_that_is_worked_on_elsewhere_is_not_done_twice(site, monkeypatch):
    monkeypatch.setattr(once, "WAIT", "20ms")
    member = site.world.caller("funder").member_id
    with tenancy.bound(site.world.unbound, site.world.caller("funder"))() as elsewhere:
        once.claim(elsewhere, member_id=member, key="one", request_digest=b"", at=site.world.now)
        answer = declare(site, "one")

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/request-in-progress")
    assert rows(site, "declaration") == 0


def test_a_crash_leaves_the_key_free(site, monkeypatch):
    def crash(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr("disburse.http.funds.declare", crash)
        assert declare(site, "one").status_code == 500

    assert declare(site, "one").status_code == 201


def test_a_token_is_told_once_and_kept_nowhere(site):
    body = {"label": "for a machine", "days": 30}
    asked = ("/v1/members/viewer@owner/tokens", "administrator")

    first, again = (site.post(*asked, key="one", json=body) for _ in range(2))

    token = first.json["token"]
    assert again.json == {"token": None, "login": "viewer@owner"}
    with site.world.everything() as tx:
        kept = tx.scalar(text("SELECT string_agg(answer::text, '') FROM idempotency_key"))
    assert token.encode().hex() not in kept
    headers = {"Authorization": f"Bearer {token}"}
    assert site.client.get(f"{site.project}/balance", headers=headers).status_code == 200
    assert token != token_of("viewer")
