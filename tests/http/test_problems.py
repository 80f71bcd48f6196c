"""Everything that goes wrong is a problem document with a stable code, and tells no secret."""

from __future__ import annotations

import pkgutil
from collections import Counter
from importlib import import_module

import pytest

import disburse
from disburse.app import create_app
from disburse.domain.coverage import Coverage
from disburse.domain.refusal import Refusal
from disburse.http import problems
from disburse.http.problems import MEDIA_TYPE
from disburse.storage.engine import connect
from tests.sheets import TODAY, a_line, a_sheet_json, lines

# Whoever raises these speaks to the person at the keyboard, never to a caller of the service.
NOT_HTTP = ("disburse.cli.", "disburse.client", "disburse.demo.", "disburse.kit.")


def every_refusal():
    """Return every kind of refusal of the program; nobody has to list them."""
    for found in pkgutil.walk_packages(disburse.__path__, "disburse."):
        if ".migrations" not in found.name and not found.name.endswith("__main__"):
            import_module(found.name)
    pending, seen = [Refusal], set()
    while pending:
        for kind in pending.pop().__subclasses__():
            if kind.__module__.startswith("disburse.") and kind not in seen:
                seen.add(kind)
                pending.append(kind)
    return seen


def test_every_refusal_has_a_code_of_its_own_and_a_status():
    kinds = every_refusal()
    codes = Counter(kind.code for kind in kinds)

    assert [code for code, times in codes.items() if times > 1] == []
    listed = {code for codes in problems.STATUS.values() for code in codes}
    told_on_a_terminal = {k.code for k in kinds if k.__module__.startswith(NOT_HTTP)}
    assert sorted(codes.keys() - listed - told_on_a_terminal) == []


def test_every_listed_code_is_some_refusal_or_a_problem_of_http():
    ours = {
        "bad-request", "content-too-large", "internal-error", "invalid-request",
        "method-not-allowed", "not-found", "unauthenticated", "unsupported-media-type",
    }  # fmt: skip
    listed = [code for codes in problems.STATUS.values() for code in codes]

    assert sorted(set(listed) - {kind.code for kind in every_refusal()} - ours) == []
    assert len(listed) == len(set(listed))


def test_an_adapters_own_refusal_has_its_parents_status():
    from disburse.adapter import UnreadableReport  # noqa: PLC0415

    class Torn(UnreadableReport):
        code = "torn"

    assert problems.of_refusal(Torn("half a line")).status == 422
    assert b"/problems/torn" in problems.of_refusal(Torn("half a line")).content


def test_coverage_is_told_in_decimal_text(site):
    coverage = Coverage(free=1, held=2, missing=0, declared=0, needed=101, shortage=100,
                        due_on=TODAY, payer="Owner", days_late=0)  # fmt: skip

    answer = problems.of_refusal(Refused("short", coverage=coverage, currency="CNY"))

    told = problems.response(answer).json
    assert told["coverage"] == {
        "free": "0.01", "held": "0.02", "missing": "0.00", "declared": "0.00", "needed": "1.01",
        "shortage": "1.00", "due_on": TODAY.isoformat(), "payer": "Owner", "days_late": 0,
        "currency": "CNY",
    }  # fmt: skip


class Refused(Refusal):
    code = "wrong-state"


def test_every_fault_of_a_sheet_is_told_masked_in_both_languages(site):
    number = "6202001965010100"
    wrong = [a_line(1), a_line(2, number=7, id_number=number), a_line(3, net=1)]

    answer = site.submit(a_sheet_json(*wrong))

    told = answer.json
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert told["type"] == "/problems/sheet-refused"
    assert told["findings_total"] == len(told["findings"])
    codes = {finding["code"] for finding in told["findings"]}
    assert {"bad-sequence", "arithmetic"} <= codes
    assert all(one["zh"] and one["en"] and one["zh"] != one["en"] for one in told["findings"])
    assert {one["row"] for one in told["findings"]} >= {2, 3}
    assert number not in answer.text


def test_a_tampered_sheet_says_nothing_of_why(site):
    content = a_sheet_json(*lines(2))
    signed = site.submit(content).request.headers["Disburse-Signature"]

    answer = site.submit(content.replace(b"6", b"7", 1), signature=signed)

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/bad-signature")
    assert set(answer.json) == {"type", "title", "status", "detail"}


def test_a_body_of_the_wrong_form_names_the_fields_and_never_the_values(site):
    body = {"amount": 1000, "voucher_digest": "secret", "more": "x"}

    answer = site.post("declarations", "funder", json=body)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, MEDIA_TYPE)
    assert answer.json["type"] == "/problems/invalid-request"
    assert set(answer.json["errors"]["json"]) == {
        "amount", "voucher_digest", "expected_on", "more",
    }  # fmt: skip
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("10.001", "money-refused"),
        ("1e3", "invalid-request"),
        ("-5.00", "money-refused"),
        ("0.00", "money-refused"),
    ],
)
def test_an_inexact_amount_is_refused(site, amount, code):
    body = {"amount": amount, "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}

    answer = site.post("declarations", "funder", json=body)

    assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{code}")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("DELETE", "/v1/projects", 405, "method-not-allowed"),
        ("GET", "/v1/projects/99999999999999999999999", 404, "not-found"),
        ("GET", "/v1/projects/-1", 404, "not-found"),
        ("GET", "/v1/projects/1/payments/%00", 404, "not-found"),
        ("GET", "/v1/payments?limit=501", 422, "invalid-request"),
        ("GET", "/v1/payments?unheard=of", 422, "invalid-request"),
        ("GET", "/v1/payments?reference=%00", 422, "invalid-request"),
        ("GET", "/v1/payments?worker_id=99999999999999999999", 422, "invalid-request"),
        ("GET", "/v1/payments?cursor=nonsense", 400, "bad-page"),
    ],
)
def test_every_other_fault_is_a_problem_too(site, method, path, status, code):
    answer = site.client.open(path, method=method, headers=site.headers("viewer"))

    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{code}")
    assert answer.headers["Content-Type"] == MEDIA_TYPE


def test_a_method_that_is_not_there_names_those_that_are(site):
    answer = site.client.delete("/v1/projects", headers=site.headers("viewer"))

    assert "GET" in answer.headers["Allow"]


def test_a_body_of_another_type_is_refused_as_that(site):
    answer = site.post("declarations", "funder", data=b"{}", content_type="text/plain")

    assert (answer.status_code, answer.json["type"]) == (415, "/problems/unsupported-media-type")


def test_a_body_that_is_no_json_is_a_problem(site):
    answer = site.post("declarations", "funder", data=b"{", content_type="application/json")

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/bad-request")


def test_a_defect_tells_nobody_what_broke_and_logs_no_values(site, monkeypatch, caplog):
    def crash(*_, **__):
        raise RuntimeError("工人甲 6212261")

    monkeypatch.setattr("disburse.http.funds.account", crash)

    answer = site.get("balance", "viewer")

    assert (answer.status_code, answer.json["type"]) == (500, "/problems/internal-error")
    assert "Traceback" not in answer.text
    assert "工人甲" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert "crash" in caplog.text


def test_a_database_that_is_away_is_a_503_that_may_be_repeated(world, tmp_path):
    away = connect(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    client = create_app(away, world.banks, lambda: world.now).test_client()
    answer = client.get("/v1/projects", headers={"Authorization": "Bearer somebody"})
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/database-unreachable")
    assert str(tmp_path) not in answer.text
