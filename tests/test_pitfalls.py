"""What went wrong in other people's payment systems, and cannot here: one test for each story.

The numbers are those of the project's list of pitfalls; rows that are missing here belong to parts
that are not built yet (sending by machine, webhooks, the stuck-money board).
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse import signing
from disburse.adapter import parse_money
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain import reference as references
from disburse.domain.approval import SamePerson
from disburse.domain.finding import Code
from disburse.domain.ledger import Kind, Short, Transfer
from disburse.domain.lifecycle import attempt as payment
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.money import MoneyRefused
from disburse.domain.reference import AttemptKey
from disburse.door import day
from disburse.queries import sheets as sheet_queries
from disburse.queries.prove import prove
from disburse.sheetfile import XLSX, examine
from disburse.signing import BadSignature
from disburse.steps.bank import ingest as ingest_step
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import reissue
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.reject import reject
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.storage import inbox, ledger, parties
from tests.builders import a_key
from tests.http.site import Site
from tests.sheets import TODAY, a_line, a_sheet_json, a_sheet_xlsx

ROOT = Path(__file__).parents[1]


class Crash(Exception):  # noqa: N818
    """The process dies here."""


def states(world):
    with world.begin() as tx:
        assert prove(tx).ok
        return [row.state for row in tx.execute(text("SELECT state FROM attempt ORDER BY line"))]


def balance(world):
    with world.begin() as tx:
        account = {"project_id": world.project_id, "account_id": world.account_id}
        return ledger.balance_of(tx, **account)


def shown(file):
    return {"file_id": file.id, "sha256": file.sha256, "count": file.count, "total": file.total}


def a_report(content, *, on=TODAY, **words):
    """Return a report on the file's payments; `words` go by place: p0=Word(…)."""
    order = read_order(content)
    told = {order.credits[int(place[1:])].reference: word for place, word in words.items()}
    return write_answer(order, told, on=on)


def test_row_01_a_crash_after_the_bytes_are_out_sends_them_no_second_time(world):
    _, [file] = world.exported()

    def claim_and_die(tx, **facts):
        claim(tx, **facts)
        raise Crash  # before the commit nobody has the bytes: nothing happened

    with pytest.raises(Crash):
        world.do(claim_and_die, "releaser", **shown(file))
    assert set(states(world)) == {"prepared"}
    world.do(claim, "releaser", **shown(file))  # committed; whoever has the bytes dies now
    assert set(states(world)) == {"dispatching"}
    with pytest.raises(WrongState):
        world.do(claim, "releaser", **shown(file))


def test_row_02_no_edge_leads_back_to_where_a_file_could_be_sent_anew():
    sent = set(bank_file.State) - {bank_file.State.WRITTEN}
    back = [
        (state, action)
        for (state, action), after in bank_file.TRANSITIONS.items()
        if state in sent and after is bank_file.State.WRITTEN
    ]
    assert back == []
    assert [d.state for d in payment.EDGES.values() if d.state is payment.State.PREPARED] == []


def test_row_03_while_the_first_result_is_unknown_there_is_no_second_try(world):
    _, _, [content] = world.sent()
    world.ingest(a_report(content, p0=Word("duplicate")))
    assert states(world)[0] == "unknown"
    with pytest.raises(WrongState):
        world.do(
            reissue, "labour_officer", reference=read_order(content).credits[0].reference,
            reason="impatience", banks=world.banks,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="duplicate key"), world.begin() as tx:
        tx.execute(
            text("""
                INSERT INTO attempt (project_id, period, sheet_id, line, attempt, reference, amount,
                                     state, file_id, payee)
                SELECT project_id, period, sheet_id, line, 2, 'second', amount, 'prepared', file_id,
                       payee
                FROM attempt WHERE line = 1
            """)
        )


keys = st.builds(
    AttemptKey, st.integers(1, 36**6 - 1), st.integers(1, 36**4 - 1), st.integers(1, 36**2 - 1)
)


@given(keys, keys)
def test_row_04_a_reference_is_a_function_of_what_is_paid_and_of_nothing_else(one, other):
    assert references.of_attempt(one) == references.of_attempt(AttemptKey(*one))
    assert (references.of_attempt(one) == references.of_attempt(other)) == (one == other)


def test_row_05_a_rejected_sheet_frees_hold_entitlement_and_key_together(world):
    sheet_id = world.funded()

    def reject_and_die(tx, **facts):
        reject(tx, **facts)
        raise Crash

    with pytest.raises(Crash):
        world.do(reject_and_die, "approver", sheet_id=sheet_id, reason="x")
    assert balance(world).held > 0
    world.do(reject, "approver", sheet_id=sheet_id, reason="x")
    assert balance(world).held == 0
    assert world.receive(a_sheet_json(*[a_line(n) for n in range(1, 9)]) + b"\n").findings == []


@pytest.mark.parametrize("cut", [slice(0, 12), slice(1, 13), slice(0, 6)])
def test_row_05_a_part_of_a_reference_matches_nothing(cut):
    whole = references.of_attempt(AttemptKey(1, 1, 1))
    assert references.attempt_of(whole) == AttemptKey(1, 1, 1)
    assert references.attempt_of(whole[cut]) is None


def test_row_06_the_database_itself_refuses_to_overspend(world):
    sheet_id = world.funded()
    with pytest.raises(IntegrityError, match="columns_keep_their_sign"), world.begin() as tx:
        tx.execute(text("UPDATE balance SET free = free - 1, held = held + 1"))
    with pytest.raises(Short), world.begin() as tx:
        ledger.post(
            tx,
            project_id=world.project_id,
            account_id=world.account_id,
            transfers=[Transfer(Kind.FUND, "again", 1)],
            at=world.now,
        )
    assert sheet_id


def test_row_07_what_another_project_holds_is_never_counted_here(world):
    world.funded()
    with world.begin() as tx:
        ledger.open_row(tx, project_id=0, account_id=world.account_id)
        ledger.post(
            tx,
            project_id=0,
            account_id=world.account_id,
            transfers=[Transfer(Kind.DECLARE, "d", 10**9)],
            at=world.now,
        )
    assert balance(world).free == 0


def test_row_08_what_is_not_exact_is_refused_and_the_sum_is_the_sum_of_the_text(world):
    with pytest.raises(MoneyRefused):
        parse_money("0.014", "CNY")
    _, [file], [content] = world.sent()
    order = read_order(content)
    told = sum(parse_money(credit.amount, "CNY") for credit in order.credits)
    assert told == parse_money(order.total, "CNY") == file.total


def test_row_09_one_bad_line_delays_nobody_else(world):
    bad = replace(a_line(3), name="名|字")
    content = a_sheet_json(a_line(1), a_line(2), bad)
    got = world.receive(content)
    world.allocate(got.coverage.needed)
    sheet = {"sheet_id": got.sheet.id}
    world.do(set_aside, "labour_officer", line=3, reason="the bank cannot write it", **sheet)
    world.do(review, "labour_officer", **sheet)
    world.do(fund, None, **sheet)
    assert balance(world).held == a_line(1).net + a_line(2).net


def test_row_11_two_files_never_have_one_name(world):
    world.exported()
    with pytest.raises(IntegrityError, match="name"), world.begin() as tx:
        tx.execute(
            text("""
                INSERT INTO bank_file
                SELECT project_id, id + 1, 'other', sheet_id, period, connection_id, account_id,
                    sequence + 1, name, adapter, adapter_version, sha256, bytes_id, currency,
                    pay_on, count, total, state, version, created_at FROM bank_file
            """)
        )


def test_row_12_a_report_is_done_only_together_with_its_effect(world, monkeypatch):
    _, _, [content] = world.sent()
    report = a_report(content, **{f"p{n}": Word() for n in range(8)})
    for step in ("add_rows", "add_anomalies", "add_report"):
        with monkeypatch.context() as dying:
            real = getattr(inbox, step)

            def and_die(*args, real=real, **kwargs):
                real(*args, **kwargs)
                raise Crash

            dying.setattr(ingest_step.inbox, step, and_die)
            with pytest.raises(Crash):
                world.ingest(report)
        assert set(states(world)) == {"sent"}
    assert world.ingest(report).effects == {"moved": 8}


def test_row_13_one_poisoned_record_delays_none_of_the_others(world):
    _, _, [content] = world.sent()
    report = a_report(content, **{f"p{n}": Word() for n in range(8)}).decode("gb18030")
    poisoned = report.replace("成功", "？？", 1)
    done = world.ingest(poisoned.encode("gb18030"))
    assert (done.effects, done.anomalies) == ({"anomaly": 1, "moved": 7}, 1)


def test_row_14_a_sheet_is_settled_when_every_line_is_and_not_before(world):
    sheet_id, _, [content] = world.sent()

    def settled():
        with world.begin() as tx:
            return sheet_queries.sheet(
                tx,
                world.caller("labour_officer"),
                project_id=world.project_id,
                sheet_id=sheet_id,
                now=world.now,
            ).progress.settled

    assert not settled()
    most = {f"p{n}": Word() for n in range(7)}
    world.ingest(a_report(content, **most, p7=Word("rejected")))
    assert not settled()
    asked = world.do(
        reissue, "labour_officer", reference=read_order(content).credits[7].reference,
        reason="try again", banks=world.banks,
    )  # fmt: skip
    world.do(countersign, "approver", reference=asked.reference)
    [file] = world.do(bundle, "releaser", sheet_id=sheet_id, banks=world.banks)
    world.ingest(a_report(world.give(file), p0=Word()))
    assert settled()
    world.ingest(a_report(content, p0=Word("returned")))
    assert not settled()


def test_row_21_nobody_approves_the_own_work_by_another_path(world):
    sheet_id = world.funded()
    officer, approver = world.caller("labour_officer"), world.caller("approver")
    world.members["other account"] = replace(approver, person_id=officer.person_id)
    world.members["machine"] = replace(approver, person_id=None)
    for who in ("other account", "machine"):
        with pytest.raises(SamePerson):
            world.do(approve, who, sheet_id=sheet_id)


@pytest.mark.parametrize("name", ["甲䶮", "乙𬭩", "买买提·阿卜杜热合曼"])
def test_row_22_a_name_is_carried_whole_or_its_line_is_blocked_at_intake(world, name):
    got = world.receive(a_sheet_json(replace(a_line(1), name=name)))
    assert got.findings == []
    name_for_nobody = replace(a_line(2), number=1, name="名\u2028字")
    with pytest.raises(Exception, match="faults") as refused:
        world.receive(a_sheet_json(name_for_nobody, number=2, predecessor=got.sheet.digest))
    assert {found.code for found in refused.value.findings} == {Code.BAD_TEXT}


def test_row_23_a_number_cell_in_an_identity_column_is_an_error():
    book = load_workbook(BytesIO(a_sheet_xlsx(a_line(1))))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == a_line(1).account:
                    cell.value = int(a_line(1).account)
    damaged = BytesIO()
    book.save(damaged)
    found = examine(damaged.getvalue(), XLSX, today=TODAY).findings
    assert Code.NUMERIC_IDENTITY in {one.code for one in found}


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_row_24_a_day_is_the_day_where_the_bank_is(world, instant, expected):
    with world.begin() as tx:
        project = parties.project(tx, world.project_id)
    assert day(project, instant) == expected


def test_row_25_a_signature_covers_the_raw_bytes(world):
    content = a_sheet_json()
    same_meaning = content.replace(b'": ', b'":', 1)
    signature = signing.sign(content, a_key("subcontractor"), now=world.now)
    with pytest.raises(BadSignature):
        world.receive(same_meaning, signature=signature)


def calls_under_no_condition(path, name):
    """Return what the statements of a function call that stand under no `if`, `for` or `try`."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    [function] = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    plain = [n for n in function.body if isinstance(n, ast.Assign | ast.Expr)]
    calls = [n.func for one in plain for n in ast.walk(one) if isinstance(n, ast.Call)]
    return {n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in calls}


def test_row_25_nothing_in_the_program_can_switch_verification_off():
    assert "signer_of" in calls_under_no_condition("disburse/steps/payroll/receive.py", "receive")
    judged = calls_under_no_condition("disburse/signers.py", "signer_of")
    assert {"verify", "judge", "require_trusted"} <= judged
    settings = (ROOT / "disburse/settings.py").read_text(encoding="utf-8")
    assert not re.search(r"(?i)skip|verify|insecure|no_sign", settings)


def test_row_20_a_repeated_request_gets_the_first_answer_and_moves_nothing_twice(world):
    site = Site(world)
    said = {"amount": "10.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}
    first, again = (site.post("declarations", "funder", key="k", json=said) for _ in range(2))
    assert (first.status_code, again.data) == (201, first.data)
    assert (
        site.post("declarations", "funder", key="k", json=said | {"amount": "9.00"})
        .json["type"]
        .endswith("idempotency-key-reused")
    )
    bare = site.client.post(site._path("declarations"), headers=site.headers("funder"), json=said)
    assert bare.status_code == 400
    with world.begin() as tx:
        assert tx.scalar(text("SELECT count(*) FROM declaration")) == 1
