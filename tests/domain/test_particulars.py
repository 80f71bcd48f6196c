"""What may stand in the particulars of organisations, people, accounts and projects."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain import particulars
from disburse.domain.particulars import BadParticulars, Identity
from disburse.domain.sheet import IdType
from tests.sheets import TODAY, an_identity_number


def refused(field):
    """Expect a refusal that names the field."""
    return pytest.raises(BadParticulars, check=lambda refusal: refusal.facts == {"field": field})


def test_an_identity_gets_its_one_spelling():
    card = an_identity_number(1)
    spaced = Identity(IdType.RESIDENT_CARD, f" {card[:6]} {card[6:].lower()} ")
    assert spaced.sound(today=TODAY) == Identity(IdType.RESIDENT_CARD, card)


def test_a_number_that_no_paper_has_is_refused_and_never_repeated():
    with refused("id_number") as told:
        Identity(IdType.RESIDENT_CARD, "620201199002301234").sound(today=TODAY)
    assert "1990" not in told.value.detail


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60))
def test_visible_text_stays_as_it_is(text):
    assert particulars.text("name", f"  {text} ", limit=60) == text


@pytest.mark.parametrize(
    "wrong", ["", "   ", "a\nb", "a\0b", "a\u200bb", "a\u202eb", "\ud800", "a\u2028b", "x" * 141]
)
def test_text_that_people_cannot_see_is_refused(wrong):
    with refused("name"):
        particulars.text("name", wrong)


def test_text_may_be_empty_only_where_that_is_said():
    assert particulars.text("bank_name", " ", empty=True) == ""
    with refused("bank_name"):
        particulars.text("bank_name", "x" * 141, empty=True)


def test_a_reason_is_short_text():
    assert particulars.reason(" it came back ") == "it came back"
    with refused("reason"):
        particulars.reason("x" * 501)


@pytest.mark.parametrize(
    ("read", "given_text", "kept"),
    [
        (particulars.registration, " 91620200ma0000001x ", "91620200MA0000001X"),
        (particulars.login, " Worker.One@site ", "worker.one@site"),
        (particulars.code, " JYG-2026/001 ", "JYG-2026/001"),
        (particulars.account_number, " 1017 7000-0000 0001 ", "1017700000000001"),
        (particulars.currency, "CNY", "CNY"),
        (particulars.time_zone, "Asia/Shanghai", "Asia/Shanghai"),
    ],
    ids=["registration", "login", "code", "number", "currency", "time_zone"],
)
def test_the_one_spelling_is_kept(read, given_text, kept):
    assert read(given_text) == kept


@pytest.mark.parametrize(
    ("read", "field", "wrong"),
    [
        (particulars.registration, "registration", "91620200甲"),
        (particulars.login, "login", "Worker One"),
        (particulars.login, "login", "x"),
        (particulars.code, "code", "JYG 2026"),
        (particulars.account_number, "number", "1234"),
        (particulars.account_number, "number", "12345甲"),
        (particulars.currency, "currency", "RMB"),
        (particulars.currency, "currency", "cny"),
        (particulars.time_zone, "time_zone", "Asia/Jiayuguan"),
        (particulars.time_zone, "time_zone", "../../etc/passwd"),
        (particulars.time_zone, "time_zone", ""),
    ],
    ids=range(11),
)
def test_what_cannot_be_right_is_refused_by_the_name_of_its_field(read, field, wrong):
    with refused(field):
        read(wrong)


def test_a_digest_is_64_hexadecimal_digits():
    assert particulars.digest("voucher_digest", f" {'AB' * 32} ") == "ab" * 32
    with refused("voucher_digest"):
        particulars.digest("voucher_digest", "ab" * 31)


def test_nothing_ends_before_it_begins():
    particulars.in_order("ends_on", date(2026, 3, 1), date(2026, 3, 1))
    particulars.in_order("ends_on", date(2026, 3, 1), None)
    with refused("ends_on"):
        particulars.in_order("ends_on", date(2026, 3, 2), date(2026, 3, 1))
    with refused("valid_to"):
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        particulars.in_order("valid_to", noon, noon.replace(hour=11))


def test_what_a_person_types_has_nobodys_number_in_it():
    assert particulars.nameless("reason", "line 7, ends in 0015") == "line 7, ends in 0015"
    with refused("resolution"):
        particulars.nameless("resolution", "it was 13912345678")
