"""Reports that the wire, a disk or a bank has damaged: refused, quarantined, never believed."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from disburse import banks
from disburse.adapter import PaymentAnswer, Result, UnreadableReport
from tests.adapters.batches import REFERENCES, pain002, return_file

PAID, REJECTED = REFERENCES[::2], REFERENCES[1::2]
REPORTS = {
    "iso20022": pain002(
        [(one, "ACSC", "") if one in PAID else (one, "RJCT", "AC04") for one in REFERENCES]
    ),
    "delimited:small_chinese_bank": return_file(
        [
            (one, 650_000 + at, *(("成功", "0000") if one in PAID else ("失败", "E102")))
            for at, one in enumerate(REFERENCES)
        ]
    ),
}
BANKS = banks.load(REPORTS)

CUT = st.tuples(st.just("cut"), st.integers(0, 10_000), st.just(0))
FLIP = st.tuples(st.just("flip"), st.integers(0, 10_000), st.integers(0, 7))
DOUBLE = st.tuples(st.just("double"), st.integers(0, 10_000), st.just(0))
DAMAGE = st.lists(CUT | FLIP | FLIP | FLIP | DOUBLE, min_size=1, max_size=4)


def damaged(content, damage):
    for kind, at, bit in damage:
        if not content:
            break
        if kind == "cut":
            content = content[: at % len(content)]
        elif kind == "flip":
            place = at % len(content)
            content = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
        else:
            lines = content.split(b"\n")
            lines.insert(at % len(lines), lines[at % len(lines)])
            content = b"\n".join(lines)
    return content


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_report_is_believed(name):
    answers = [
        one for one in BANKS[name].read_report(REPORTS[name]) if isinstance(one, PaymentAnswer)
    ]
    assert {one.reference for one in answers if one.result is Result.PAID} == set(PAID)
    assert {one.reference for one in answers if one.result is Result.REJECTED} == set(REJECTED)


@pytest.mark.parametrize("name", REPORTS)
@settings(deadline=None, max_examples=400)
@given(damage=DAMAGE)
@example(damage=[("cut", 9_999, 0)])
def test_damage_is_refused_and_never_turns_a_rejection_into_a_payment(name, damage):
    try:
        records = list(BANKS[name].read_report(damaged(REPORTS[name], damage)))
    except UnreadableReport:
        return
    answers = [one for one in records if isinstance(one, PaymentAnswer)]
    believed = {one.reference for one in answers if one.result is not Result.REJECTED}
    assert not believed & set(REJECTED)


@pytest.mark.parametrize("name", REPORTS)
@settings(deadline=None)
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8"))
)
def test_any_bytes_are_read_or_refused_in_the_same_way(name, content):
    try:
        records = list(BANKS[name].read_report(content))
    except UnreadableReport:
        return
    assert not any(getattr(one, "result", None) is Result.PAID for one in records)
