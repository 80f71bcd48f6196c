"""The black-box commands on bank formats: certify, render, read, batch-schema; no database."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version

import pytest

from disburse import banks
from disburse.adapter import ExampleAnswer, Result
from disburse.kit import batch_json, synthetic
from tests.adapters.batches import REFERENCES
from tests.adapters.statements import camt053
from tests.cli.terminal import Terminal
from tests.kit.conftest import others  # noqa: F401  (a fixture)

ONE = REFERENCES[0]
ADAPTERS = ("iso20022", "delimited:small_chinese_bank")
GOOD = {
    "reference": "F0000017", "sequence": 7, "created": "2026-10-09T01:02:03Z",
    "pay_on": "2026-10-10", "currency": "CNY",
    "debtor": {
        "holder": "测试专户", "number": "6210000000000001", "bank_code": "105826000022",
        "bank_name": "测试银行",
    },
    "count": 2, "total": "13000.03",
    "payments": [
        {"reference": "0A1B2C3D4E501", "name": "测试工人1", "account": "6217000000000000001",
         "amount": "6500.01", "bank_code": "105826000014", "note": "2026年9月工资"},
        {"reference": "ZYXWVUTSRQP12", "name": "测试䶮", "account": "6217000000000000002",
         "amount": "6500.02"},
    ],
}  # fmt: skip


@pytest.fixture
def here():
    """A terminal without a database: none of these commands may want one."""
    return Terminal("postgresql://nobody@/none?host=/nowhere")


@pytest.fixture
def batch(tmp_path):
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(GOOD, ensure_ascii=False), encoding="utf-8")
    return path


YES = True


def changed(where, value):
    """Return GOOD with one place changed; `...` takes the key away."""
    document = json.loads(json.dumps(GOOD))
    inside = document
    for step in where[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[where[-1]]
    else:
        inside[where[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_installed_adapter_is_certified(here, adapter):
    told = here.json("certify", adapter)
    assert (told["adapter"], told["ok"]) == (adapter, True)
    assert {one["verdict"] for one in told["checks"]} <= {"passed", "skipped"}


@pytest.mark.usefixtures("others")
def test_an_adapter_that_breaks_a_promise_is_shown_and_ends_with_1(here):
    shown = here.run("certify", "cutsnames", exit_code=1).stdout
    assert "written, read back, equal" in shown
    assert "failed" in shown
    told = here.json("certify", "takesnobody", exit_code=1)
    assert told["ok"] is False
    assert "nobody has a name" in told["checks"][0]["detail"]


@pytest.mark.parametrize("command", ["certify", "render", "read"])
def test_an_adapter_that_is_not_there_is_one_line_and_2(here, batch, tmp_path, command):
    more = {"certify": (), "render": (batch, "-o", tmp_path / "f"), "read": (batch,)}[command]
    answer = here.run(command, "nowhere", *more, exit_code=2)
    assert answer.stderr.count("\n") == 1
    assert "adapter-missing" in answer.stderr
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_batch_is_written_as_the_service_writes_it(here, batch, tmp_path, adapter):
    out = tmp_path / "file"
    told = here.json("render", adapter, batch, "-o", out)
    written = banks.write(banks.load([adapter])[adapter], batch_json.read(batch))
    assert out.read_bytes() == written.content
    assert told == {
        "file": str(out), "bank_file_name": written.name, "sha256": written.sha256,
        "bytes": len(written.content), "count": 2, "total": "13000.03", "currency": "CNY",
        "adapter": adapter, "adapter_version": written.adapter_version,
    }  # fmt: skip
    assert sorted(tmp_path.iterdir()) == [batch, out]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_examples_are_the_same_every_time_and_read_back(here, tmp_path, adapter):
    one, two = tmp_path / "one", tmp_path / "two"
    told = here.json("render", adapter, "--example", 300, "-o", one)
    here.run("render", adapter, "--example", 300, "-o", two)
    assert one.read_bytes() == two.read_bytes()
    assert told["sha256"] == sha256(one.read_bytes()).hexdigest()
    assert told["count"] == 300
    bank = banks.load([adapter])[adapter]
    banks.prove(bank, synthetic.example(bank, 300), one.read_bytes())


@pytest.mark.parametrize("words", [(), ("BATCH", "--example", 1)])
def test_either_a_batch_or_an_example_is_written(here, batch, tmp_path, words):
    words = [batch if word == "BATCH" else word for word in words]
    assert (
        "either" in here.run("render", "iso20022", *words, "-o", tmp_path / "f", exit_code=2).stderr
    )


BAD = {
    "nothing": ("", "not JSON"),
    "half": ('{"reference": ', "not JSON"),
    "other bytes": ("\udcff", "UTF-8"),
    "a list": ("[]", "object"),
    "deep": ("[" * 100_000, "not JSON"),
    "a long number": ('{"sequence": ' + "1" * 5000 + "}", "not JSON"),
    "NaN": ('{"sequence": NaN}', "NaN"),
    "twice": ('{"reference": "A", "reference": "B"}', "twice"),
    "an unknown key": (changed(["amount"], "1"), "amount"),
    "an unknown key within": (changed(["payments", 0, "iban"], "1"), "payments[0]"),
    "no debtor": (changed(["debtor"], ...), "debtor"),
    "no account": (changed(["payments", 1, "account"], ...), "payments[1]"),
    "a number for an amount": (changed(["payments", 0, "amount"], 6500.01), "payments[0]: amount"),
    "a third decimal": (changed(["payments", 0, "amount"], "6500.011"), "payments[0].amount"),
    "a minus": (changed(["payments", 0, "amount"], "-1.00"), "payments[0].amount"),
    "no payments": (changed(["payments"], []), "payments"),
    "another count": (changed(["count"], 3), "count"),
    "another total": (changed(["total"], "13000.02"), "total"),
    "true for one": (changed(["sequence"], YES), "sequence"),
    "sequence 0": (changed(["sequence"], 0), "sequence"),
    "another currency": (changed(["currency"], "XXX"), "currency"),
    "a day that is none": (changed(["pay_on"], "2026-02-30"), "pay_on"),
    "a week": (changed(["pay_on"], "2026-W41-6"), "pay_on"),
    "no zone": (changed(["created"], "2026-10-09T01:02:03"), "created"),
    "a time outside": (changed(["created"], "0001-01-01T00:00:00+14:00"), "created"),
    "a bad reference": (changed(["reference"], "F 1"), "reference"),
    "a name with a line end": (changed(["payments", 0, "name"], "a\nb"), "name"),
    "half a character": (changed(["payments", 0, "name"], "\ud800"), "name"),
    "an empty account": (changed(["payments", 0, "account"], ""), "account"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_batch_is_one_clear_line_and_leaves_nothing(here, tmp_path, case):
    text, wanted = BAD[case]
    path, out = tmp_path / "batch.json", tmp_path / "out" / "file"
    out.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    answer = here.run("render", "iso20022", path, "-o", out, exit_code=2)
    assert answer.stderr.count("\n") == 1
    assert wanted in answer.stderr
    assert answer.stdout == ""
    assert list(out.parent.iterdir()) == []


def test_a_file_that_was_there_stays_when_the_new_one_is_refused(here, tmp_path):
    out, path = tmp_path / "file", tmp_path / "batch.json"
    out.write_text("old", encoding="utf-8")
    path.write_text(changed(["payments", 1, "name"], "a\tb"), encoding="utf-8")
    here.run("render", "iso20022", path, "-o", out, exit_code=2)
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == sorted([out, path])


def test_more_payments_or_bytes_than_the_bank_takes_are_refused(here, tmp_path):
    out = tmp_path / "file"
    told = here.run("render", ADAPTERS[1], "--example", 2001, "-o", out, exit_code=2).stderr
    assert "2000" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("others")
def test_a_file_that_does_not_prove_is_not_written(here, batch, tmp_path):
    out = tmp_path / "file"
    told = here.run("render", "cutsnames", batch, "-o", out, exit_code=2).stderr
    assert "unproven-file" in told
    assert "测试" not in told
    assert not out.exists()


def test_a_folder_that_is_not_there_is_told(here, batch, tmp_path):
    told = here.run("render", "iso20022", batch, "-o", tmp_path / "no" / "f", exit_code=2).stderr
    assert "No such file" in told
    assert here.run("render", "iso20022", tmp_path / "none", "-o", "f", exit_code=2)


def an_answer(adapter, *results):
    bank = banks.load([adapter])[adapter]
    batch = synthetic.example(bank, len(results))
    rows = tuple(zip(batch.payments, results, strict=True))
    return bank.example_report(
        ExampleAnswer(batch=batch, rows=rows, count=len(rows), total=batch.total)
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_answer_is_read_with_totals_by_result(here, tmp_path, adapter):
    path = tmp_path / "answer"
    path.write_bytes(an_answer(adapter, Result.PAID, Result.REJECTED, Result.PAID))
    told = here.json("read", adapter, path)
    assert [(one["result"], one["amount"]) for one in told["records"]] == [
        ("paid", "6500.00"), ("rejected", "6500.01"), ("paid", "6500.02"),
    ]  # fmt: skip
    assert told["quarantine"] == []
    assert told["totals"] == {
        "paid": {"count": 2, "amounts": {"CNY": "13000.02"}},
        "rejected": {"count": 1, "amounts": {"CNY": "6500.01"}},
    }
    assert "6500.02" in here.run("read", adapter, path).stdout


def test_what_cannot_be_read_is_quarantined_and_the_rest_counts(here, tmp_path):
    path = tmp_path / "answer"
    content = an_answer(ADAPTERS[1], Result.PAID, Result.REJECTED)
    path.write_bytes(content.replace("失败".encode("gb18030"), b"?"))
    told = here.json("read", ADAPTERS[1], path)
    assert [one["position"] for one in told["quarantine"]] == [2]
    assert "'?'" in told["quarantine"][0]["reason"]
    assert len(told["records"]) == 1
    path.write_bytes(content.replace("失败".encode("gb18030"), b"?")
                     .replace("成功".encode("gb18030"), b"?"))  # fmt: skip
    assert here.json("read", ADAPTERS[1], path, exit_code=1)["records"] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_answer_of_which_nothing_can_be_read_ends_with_1(here, tmp_path, adapter):
    path = tmp_path / "answer"
    path.write_bytes(b"no report of any bank")
    answer = here.run("read", adapter, path, exit_code=1)
    assert "refused (unreadable-report)" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert here.json("read", adapter, path, exit_code=1)["refused"] == "unreadable-report"
    here.run("read", adapter, tmp_path / "none", exit_code=2)


def test_a_statement_is_read_with_what_its_entries_add_up_to(here, tmp_path):
    path = tmp_path / "statement"
    path.write_bytes(camt053(opening="1000.00", entries=[("-650.01", ONE), ("5.00", "")]))
    told = here.json("read", "iso20022", path)
    (statement,) = told["statements"]
    assert (statement["opening"], statement["booked"]) == ("1000.00", "-645.01")
    assert (statement["closing"], statement["closes_on"]) == ("354.99", "2026-10-10")
    assert [one["payment_reference"] for one in told["entries"]] == [ONE, ""]
    assert told["count"] == 3
    assert "354.99" in here.run("read", "iso20022", path).stdout


def test_a_statement_that_is_cut_short_is_refused_as_a_statement(here, tmp_path):
    path = tmp_path / "statement"
    whole = camt053(opening="1000.00", entries=[("-650.01", ONE)] * 200)
    path.write_bytes(whole[: len(whole) - 200])
    assert here.json("read", "iso20022", path, exit_code=1)["refused"] == "unreadable-statement"


def test_an_answer_larger_than_any_is_not_loaded(here, tmp_path, monkeypatch):
    path = tmp_path / "answer"
    path.write_bytes(bytes(100))
    monkeypatch.setattr("disburse.cli.bank_answers.REPORT_BYTES_MAX", 99)
    assert "larger" in here.run("read", "iso20022", path, exit_code=2).stderr


def test_the_schema_describes_what_is_read(here):
    schema = json.loads(here.run("batch-schema").stdout)
    assert set(schema["properties"]) == set(batch_json.BATCH) == {*GOOD, "period", "employer"}
    inside = schema["properties"]["payments"]["items"]
    assert set(inside["properties"]) == set(batch_json.PAYMENT)
    assert inside["required"] == ["reference", "name", "account", "amount"]
    assert inside["additionalProperties"] is schema["additionalProperties"] is False
    assert schema["properties"]["debtor"]["required"] == ["holder", "number"]


WAGE = {
    "id_type": "foreign_card", "id_number": "00915000000001", "worked_from": "2026-09-01",
    "worked_to": "2026-09-30", "items": {"base": "6000.00", "overtime": "600.01"},
    "deductions": {"advance": "100.00"},
}  # fmt: skip
DIRHAMS = {
    **GOOD, "currency": "AED", "count": 1, "total": "6500.01", "period": "2026-09-01",
    "employer": "0000000123456", "debtor": {**GOOD["debtor"], "bank_code": "802420101"},
    "payments": [
        {"reference": "0A1B2C3D4E501", "name": "TEST WORKER", "account": "1234567890",
         "bank_code": "802420101", "amount": "6500.01", "wage": WAGE},
    ],
}  # fmt: skip


def test_a_wage_is_read_from_a_batch_and_written_where_the_authority_wants_it(here, tmp_path):
    path, out = tmp_path / "batch.json", tmp_path / "file.SIF"
    path.write_text(json.dumps(DIRHAMS), encoding="utf-8")
    here.run("render", "uae_wps:example_uae_bank", path, "-o", out)
    assert "2026-09-01,2026-09-30,30,5900.00,600.01,0" in out.read_text()


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [("id_type", "cat", "id_type"), ("worked_to", "20260930", "worked_to"),
     ("items", {"gift": "1.00"}, "gift"), ("items", {"base": "1.005"}, "items.base"),
     ("deductions", [], "deductions"), ("id_number", ..., "id_number")],
)  # fmt: skip
def test_a_wage_that_is_none_is_named_by_its_place(here, tmp_path, key, value, named):
    document = json.loads(json.dumps(DIRHAMS))
    wage = document["payments"][0]["wage"]
    wage.pop(key) if value is ... else wage.update({key: value})
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    told = here.run("render", "uae_wps:example_uae_bank", path, "-o", tmp_path / "f", exit_code=2)
    assert named in told.stderr


def test_adapters_are_listed_with_what_they_can_carry(here):
    told = here.json("adapters")
    able = told["enabled"]["iso20022"]["capabilities"]
    assert (able["confidence"], able["payments_max"]) == ("confirmed", 100_000)
    assert "CNY" in able["currencies"]
    [iso] = [one for one in told["installed"] if one["name"] == "iso20022"]
    assert (iso["distribution"], iso["version"]) == ("disburse", version("disburse"))


def test_the_suite_runs_in_somebody_elses_folder_in_three_lines(tmp_path):
    text = "from disburse.kit.suite import certified\n\ntest_mine = certified('iso20022')\n"
    (tmp_path / "test_mine.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
