"""The gate asks for known faults of what is installed, and never says more than it knows."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit.py"))
judge, SKIPPED = AUDIT["judge"], AUDIT["SKIPPED"]

FINE = {"name": "fine", "version": "1.0", "vulns": []}
FAULTY = {
    "name": "faulty", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}],
}  # fmt: skip
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        ([FINE, FINE], 0, "no fault is known of 2; 0 could not be asked for"),
        ([FINE, UNKNOWN], 0, "no fault is known of 1; 1 could not be asked for"),
        ([FINE, FAULTY], 1, "faulty 2.0: PYSEC-1, mended in 2.1"),
        ([UNKNOWN, UNKNOWN, FAULTY], 1, "faulty 2.0: PYSEC-1, mended in 2.1"),
        ([UNKNOWN, UNKNOWN, FINE], SKIPPED, "skipped: the service knows nothing of 2 in 3"),
    ],
)
def test_a_report_is_judged_by_what_was_asked_for(found, status, said):
    assert judge(json.dumps({"dependencies": found})) == (status, [said])


@pytest.mark.parametrize("report", ["", "Connection refused", "[]", "{}", "null"])
def test_without_a_report_the_gate_is_not_red(report):
    assert judge(report) == (SKIPPED, ["skipped: pip-audit made no report"])
