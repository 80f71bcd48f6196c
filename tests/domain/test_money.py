"""Amounts survive text and back, and whatever is not exact is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain import money
from disburse.domain.money import DIGITS, MINOR_MAX, MoneyRefused, parse, write

currencies = st.sampled_from(sorted(DIGITS))
amounts = st.integers(min_value=0, max_value=MINOR_MAX)


@given(amounts, currencies)
def test_an_amount_survives_text_and_back(minor, currency):
    assert parse(write(minor, currency), currency) == minor


@given(st.integers(min_value=-MINOR_MAX, max_value=-1), currencies)
def test_a_debt_can_be_written_and_never_be_typed_in(minor, currency):
    text = write(minor, currency)
    assert text == "-" + write(-minor, currency)
    with pytest.raises(MoneyRefused):
        parse(text, currency)


@given(amounts, currencies)
def test_text_has_the_places_that_the_currency_has(minor, currency):
    assert len(write(minor, currency).partition(".")[2]) == DIGITS[currency]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0", "CNY", 0),
        ("6500", "CNY", 650_000),
        ("6500.0", "CNY", 650_000),
        ("6500.05", "CNY", 650_005),
        ("0.01", "CNY", 1),
        ("1200", "JPY", 1200),
        ("1.005", "OMR", 1005),
        ("1.5", "OMR", 1500),
        ("10000000000000.00", "CNY", MINOR_MAX),
        ("1000000000000000", "JPY", MINOR_MAX),
    ],
)
def test_plain_decimals_are_read(text, currency, minor):
    assert parse(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1.005", "NaN", "Infinity", "1,200", "1e-3", "1E3", "٣", "６", "+1", "-1", " 1",
        "1 ", "1\n", "01", ".5", "5.", "0x1", "1_000", "1.2.3", "¥1", "1.00\0",
    ],
)  # fmt: skip
def test_inexact_or_unusual_text_is_refused(text):
    with pytest.raises(MoneyRefused):
        parse(text, "CNY")


@pytest.mark.parametrize(
    ("text", "currency"), [("1.0", "JPY"), ("1.001", "CNY"), ("1.0001", "OMR"), ("1.00001", "OMR")]
)
def test_digits_below_the_minor_unit_are_refused(text, currency):
    with pytest.raises(MoneyRefused):
        parse(text, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("10000000000000.01", "CNY"),
        ("1000000000000001", "JPY"),
        ("9999999999999999", "CNY"),
        ("99999999999999999", "JPY"),
    ],
)
def test_more_than_the_limit_is_refused(text, currency):
    with pytest.raises(MoneyRefused):
        parse(text, currency)


@given(st.text())
def test_any_text_is_an_exact_amount_or_refused(text):
    try:
        minor = parse(text, "CNY")
    except MoneyRefused:
        return
    assert 0 <= minor <= MINOR_MAX


@pytest.mark.parametrize("currency", ["", "cny", "XXX", "RMB", "C" * 100])
def test_a_currency_that_is_not_known_is_refused_and_never_guessed(currency):
    for act in (lambda: parse("1", currency), lambda: write(1, currency)):
        with pytest.raises(MoneyRefused, match="not known here"):
            act()


@given(st.lists(st.integers(0, 10**8), max_size=50), currencies)
def test_the_written_lines_add_up_to_the_written_total(lines, currency):
    read_back = sum(parse(write(minor, currency), currency) for minor in lines)
    assert money.write(read_back, currency) == write(sum(lines), currency)
