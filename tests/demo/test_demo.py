"""The demo's figures by hand: from the sheets it leaves, and from what the story says."""

from __future__ import annotations

import csv
import json
from hashlib import sha256

import pytest

from tests.demo.playing import DISBURSE, bank_rows, fen, play, sheet_rows

# What the story says; nothing here is read from its code or its output.
SHEETS = {
    "2026-08_A.json": 45, "2026-08_B.xlsx": 40, "2026-08_C.csv": 35,
    "2026-09_A.csv": 45, "2026-09_B.json": 40, "2026-09_C.xlsx": 35,
}  # fmt: skip
ALLOCATED = (75_000_000, 21_000_000)  # fen: in time for A and B, and late for C
DECLARED = 94_000_000
SET_ASIDE, SENT_BACK, REFUSED = 17, 5, 12  # lines of B, B and A in August


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("a demo") / "out of the way"


@pytest.fixture(scope="module")
def played(folder):
    done = play(folder, "--lang", "en")
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def summary(played, folder):
    return json.loads((folder / "summary.json").read_bytes())


@pytest.fixture(scope="module")
def sheets(played, folder):
    return {name: sheet_rows(folder / "sheets" / name) for name in SHEETS}


def total(rows):
    return sum(row.net for row in rows)


@pytest.fixture(scope="module")
def needed(sheets):
    """What each sheet pays: all of its lines, but for the one that is set aside."""
    needs = {name: total(rows) for name, rows in sheets.items()}
    return needs | {"2026-08_B.xlsx": needs["2026-08_B.xlsx"] - set_aside(sheets)}


def set_aside(sheets):
    return sheets["2026-08_B.xlsx"][SET_ASIDE - 1].net


def test_every_worker_stands_on_a_sheet_of_both_months(summary, sheets):
    assert {name: len(rows) for name, rows in sheets.items()} == SHEETS
    for month in ("2026-08", "2026-09"):
        people = {
            row.id_number for name, rows in sheets.items() if name.startswith(month) for row in rows
        }
        assert len(people) == summary["workers"] == 120
    assert summary["sheets"] == {"by_state": {"exported": 6}, "settled": 6}


def test_all_lines_are_paid_but_one_that_stays_owed(summary, sheets, needed):
    assert summary["lines"] == {
        "paid": {"count": 239, "amount": sum(needed.values())},
        "set_aside": {"count": 1, "amount": set_aside(sheets)},
    }
    assert summary["arrears"] == set_aside(sheets)


def test_one_payment_was_refused_and_one_came_back_and_both_were_paid_again(
    summary, sheets, needed
):
    refused = sheets["2026-08_A.json"][REFUSED - 1].net
    returned = sheets["2026-08_B.xlsx"][SENT_BACK - 1].net
    assert summary["payments"] == {
        "paid": {"count": 239, "amount": sum(needed.values())},
        "rejected": {"count": 1, "amount": refused},
        "returned": {"count": 1, "amount": returned},
    }
    told = [(one["period"], one["count"], one["total"]) for one in summary["bank_files"]]
    assert told == [
        ("2026-08", 45, needed["2026-08_A.json"]),
        ("2026-08", 39, needed["2026-08_B.xlsx"]),
        ("2026-08", 35, needed["2026-08_C.csv"]),
        ("2026-08", 1, refused),
        ("2026-08", 1, returned),
        ("2026-09", 45, needed["2026-09_A.csv"]),
        ("2026-09", 40, needed["2026-09_B.json"]),
        ("2026-09", 35, needed["2026-09_C.xlsx"]),
    ]


def test_the_account_ends_with_what_came_in_less_what_was_paid(summary, needed):
    paid = sum(needed.values())
    left = sum(ALLOCATED) + DECLARED - paid
    assert summary["ledger"] == {
        "bank": -left, "drawn": -paid, "awaited": 0, "missing": 0, "suspense": 0,
        "free": left, "held": 0, "in_flight": 0, "paid": paid,
    }  # fmt: skip
    assert summary["invariants"]["ok"]
    assert summary["invariants"]["differences"] == []


def test_one_sheet_waited_for_the_owner_and_declared_money_showed_apart(summary, needed):
    held = needed["2026-08_A.json"] + needed["2026-08_B.xlsx"]
    free = ALLOCATED[0] - held
    short = summary["on_the_way"]["short"]
    assert (short["free"], short["held"], short["missing"], short["declared"]) == (free, held, 0, 0)
    assert short["needed"] == needed["2026-08_C.csv"]
    assert short["shortage"] == needed["2026-08_C.csv"] - free > 0
    assert (short["due_on"], short["payer"]) == ("2026-09-10", "示例市政建设管理处")
    september = sum(need for name, need in needed.items() if name.startswith("2026-09"))
    assert summary["on_the_way"]["declared"] == {"awaited": -DECLARED, "held": september}


def test_what_was_refused_is_told_and_a_repeated_report_changed_nothing(summary):
    assert [(one["code"], one.get("findings")) for one in summary["refused"]] == [
        ("bad-signature", 0),
        ("sheet-refused", 5),
        ("not-backed", None),
    ]
    assert summary["on_the_way"]["report_repeated"] is True
    assert summary["anomalies"] == [{"code": "unknown-reference", "red": False, "resolved": True}]


def test_every_bank_file_says_what_its_sheet_says(summary, sheets, folder):
    files = {one["name"]: one for one in summary["bank_files"]}
    assert {path.name for path in (folder / "bank_files").iterdir()} == set(files)
    told = []
    for name, one in files.items():
        content = (folder / "bank_files" / name).read_bytes()
        assert sha256(content).hexdigest() == one["sha256"]
        _, *rows, _ = bank_rows(content)
        assert (len(rows), sum(fen(row[6]) for row in rows)) == (one["count"], one["total"])
        told.append([(row[3], row[2], fen(row[6])) for row in rows])
    august_b = [row for row in sheets["2026-08_B.xlsx"] if row.number != SET_ASIDE]
    expected = sheets | {"2026-08_B.xlsx": august_b}
    whole = [rows for rows in told if len(rows) > 1]
    assert whole == [
        [(row.name, row.account, row.net) for row in rows] for rows in expected.values()
    ]
    [[refused], [returned]] = [rows for rows in told if len(rows) == 1]
    for again, row in (
        (refused, sheets["2026-08_A.json"][REFUSED - 1]),
        (returned, sheets["2026-08_B.xlsx"][SENT_BACK - 1]),
    ):
        assert (again[0], again[2]) == (row.name, row.net)
        assert again[1] != row.account
    names = "".join(name for rows in told for name, _, _ in rows)
    assert {"䶮", "𬭩", "·"} <= set(names)


def test_the_statements_lead_from_nothing_to_the_last_balance(summary, folder):
    closing = moved = 0
    for one in summary["statements"]:
        statement = json.loads((folder / "statements" / one["name"]).read_bytes())
        assert fen(statement["opening"]) == closing
        amounts = [fen(entry["amount"]) for entry in statement["entries"]]
        closing = fen(statement["closing"])
        moved += sum(amounts)
        assert closing == moved
    assert len(summary["statements"]) == 8
    assert closing == -summary["ledger"]["bank"]


def test_nobodys_full_number_is_shown(played, sheets, folder):
    payouts = (folder / "payouts.csv").read_text(encoding="utf-8-sig")
    history = (folder / "history.json").read_text(encoding="utf-8")
    secret = {
        text for rows in sheets.values() for row in rows for text in (row.id_number, row.account)
    }
    for path in (folder / "bank_files").iterdir():
        secret |= {row[2] for row in bank_rows(path.read_bytes())[1:-1]}
    assert len(secret) == 120 + 120 + 3  # three workers have a new card
    for shown in (played.stdout, played.stderr, payouts, history):
        assert [one for one in secret if one in shown] == []
    rows = list(csv.DictReader(payouts.splitlines()))
    assert [row["state"] for row in rows].count("paid") == 239
    assert len(rows) == 241


def test_the_story_is_told_from_the_setup_to_the_proof(played):
    for words in (
        "Before the first pay day", "one digit was raised", "with 5 faults",
        "Is there money for the sheet?", "comes back five days after", "still cools down",
        "declared by two people", "All 16 invariants hold",
    ):  # fmt: skip
        assert words in played.stdout, words


def test_a_second_run_leaves_the_same_files_and_no_server(summary, folder):
    before = {path.name: path.read_bytes() for path in (folder / "bank_files").iterdir()}
    told = (folder / "summary.json").read_bytes()
    (folder / "sheets" / "left over.txt").write_text("of an older version")
    done = play(folder, "--json", "--lang", "zh")
    assert (done.returncode, json.loads(done.stdout)) == (0, summary)
    assert (folder / "summary.json").read_bytes() == told
    assert {path.name: path.read_bytes() for path in (folder / "bank_files").iterdir()} == before
    assert not (folder / "sheets" / "left over.txt").exists()
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    own = tmp_path / "reports" / "mine.txt"
    own.parent.mkdir()
    own.write_text("precious")
    done = play(tmp_path)
    assert (done.returncode, "folder-taken" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.rglob("*")] == ["reports", "mine.txt"]


SPOILED = """
import sys
from sqlalchemy import text
from disburse.demo import story

def embezzle(site):
    with site.loop() as tx:
        tx.execute(text("UPDATE balance SET free = free + 1, bank = bank - 1 WHERE project_id > 0"))

story.ACTS = (*story.ACTS[:5], embezzle)
from disburse.__main__ import main
sys.argv[1:1] = ["demo"]
main()
"""


def test_a_broken_invariant_ends_it_with_status_one(tmp_path):
    done = play(tmp_path / "spoiled", "--lang", "en", program=(DISBURSE[0], "-c", SPOILED))
    assert done.returncode == 1, done.stderr
    assert "Broken: bank-is-the-last-closing-balance" in done.stdout
    told = json.loads((tmp_path / "spoiled" / "summary.json").read_bytes())
    assert told["invariants"]["ok"] is False
    assert {one["invariant"] for one in told["invariants"]["differences"]} >= {
        "bank-is-the-last-closing-balance", "transfers-replay-to-the-balance",
    }  # fmt: skip
