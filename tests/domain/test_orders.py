"""A signed order says exactly one thing about exactly one sheet or payment."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.orders import (
    ORDER_BYTES_MAX,
    REASON_MAX,
    Correction,
    OrderRefused,
    Withdrawal,
    read_correction,
    read_withdrawal,
    write_correction,
    write_withdrawal,
)
from disburse.domain.sheet import Payee

DIGEST = "ab" * 32
REFERENCE = "0000010001011"
WITHDRAWAL = Withdrawal(DIGEST, "two workers are missing")
CORRECTION = Correction(
    REFERENCE,
    Payee(name="工人甲", account="6212260000000000011", bank_code="102", bank_name="工商银行"),
    "the worker changed banks",
)
reasons = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=REASON_MAX
).filter(str.strip)
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)
payees = st.builds(
    Payee, name=words, account=words, bank_code=words, bank_name=words, latin_name=words
)


@given(reasons)
def test_a_withdrawal_survives_its_bytes(reason):
    order = Withdrawal(DIGEST, reason)
    assert read_withdrawal(write_withdrawal(order), sheet_digest=DIGEST) == order


@given(payees, reasons)
def test_a_correction_survives_its_bytes(payee, reason):
    order = Correction(REFERENCE, payee, reason)
    assert read_correction(write_correction(order), reference=REFERENCE) == order


def test_an_order_about_something_else_is_refused():
    with pytest.raises(OrderRefused, match="another sheet"):
        read_withdrawal(write_withdrawal(WITHDRAWAL), sheet_digest="cd" * 32)
    with pytest.raises(OrderRefused, match="another payment"):
        read_correction(write_correction(CORRECTION), reference="0000010002019")


def test_no_order_can_stand_for_one_of_the_other_kind():
    with pytest.raises(OrderRefused, match="disburse_correction"):
        read_correction(write_withdrawal(WITHDRAWAL), reference=REFERENCE)
    with pytest.raises(OrderRefused, match="disburse_withdrawal"):
        read_withdrawal(write_correction(CORRECTION), sheet_digest=DIGEST)


def changed(**members):
    return json.dumps(json.loads(write_withdrawal(WITHDRAWAL)) | members).encode()


WHOLE = write_withdrawal(WITHDRAWAL)


NOT_STRICTLY = [
    (b"", "not a JSON object"),
    (b"\xff\xfe", "not a JSON object"),
    (WHOLE[:-1], "not a JSON object"),
    (WHOLE + b" 1", "not a JSON object"),
    (b"[" * 10_000, "not a JSON object"),
    (b"[]", "exactly these members"),
    (b"{}", "exactly these members"),
    (b"1", "exactly these members"),
    (b'"reason"', "exactly these members"),
    (changed(more=1), "exactly these members"),
    (b'{"sheet": "x", "disburse_withdrawal": 1, "reason": "x"}', "exactly these members"),
    (WHOLE.replace(b'"sheet"', b'"reason": "x", "sheet"'), "exactly these members"),
    (changed(disburse_withdrawal=2), "is 1 and every other member is one line"),
    (changed(disburse_withdrawal="1"), "is 1 and every other member is one line"),
    (changed(disburse_withdrawal=True), "is 1 and every other member is one line"),
    (changed(disburse_withdrawal=1.0), "is 1 and every other member is one line"),
    (changed(reason="a\0b"), "is 1 and every other member is one line"),
    (changed(reason="\ud800"), "is 1 and every other member is one line"),
    (changed(reason=1), "is 1 and every other member is one line"),
    (changed(reason=None), "is 1 and every other member is one line"),
    (changed(sheet={"a": "b"}), "is 1 and every other member is one line"),
    (changed(reason=""), "needs a reason"),
    (changed(reason="  "), "needs a reason"),
    (changed(reason="x" * (REASON_MAX + 1)), "needs a reason"),
    (changed(sheet="0" * ORDER_BYTES_MAX), "at most 16384 bytes"),
]


@pytest.mark.parametrize(("content", "told"), NOT_STRICTLY, ids=range(len(NOT_STRICTLY)))
def test_an_order_that_is_not_strictly_itself_is_refused(content, told):
    with pytest.raises(OrderRefused, match=told):
        read_withdrawal(content, sheet_digest=DIGEST)


def test_an_array_of_pairs_is_no_object():
    pairs = [list(pair) for pair in json.loads(WHOLE).items()]
    with pytest.raises(OrderRefused, match="exactly these members"):
        read_withdrawal(json.dumps(pairs).encode(), sheet_digest=DIGEST)


@pytest.mark.parametrize(
    "content",
    [b"[1, 2]", b'["ab", "cd"]', b"[[1, 2, 3]]", b"[null]", b'[["disburse_withdrawal", 1]]'],
)
def test_an_array_is_no_order(content):
    with pytest.raises(OrderRefused):
        read_withdrawal(content, sheet_digest=DIGEST)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_defect(content):
    with pytest.raises(OrderRefused):
        read_withdrawal(content, sheet_digest=DIGEST)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(json_values)
def test_no_json_makes_a_defect(value):
    with pytest.raises(OrderRefused):
        read_correction(json.dumps(value).encode(), reference=REFERENCE)
