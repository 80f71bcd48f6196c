"""Check digits beside other people's implementation, and masks that tell nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_10

from disburse.domain import identity
from disburse.domain.sheet import IdType
from tests.sheets import a_card, a_credit_code, an_identity_number

TODAY = date(2026, 8, 5)
BIRTHS = st.dates(min_value=date(1930, 1, 1), max_value=TODAY)
DIGITS = "0123456789"


@given(region=st.integers(110000, 659999), born=BIRTHS, order=st.integers(0, 999))
def test_exactly_one_check_character_makes_a_resident_card(region, born, order):
    body = f"{region}{born:%Y%m%d}{order:03d}"
    right = [last for last in DIGITS + "X" if identity.is_resident_card(body + last, today=TODAY)]
    assert right == [ric.calc_check_digit(body + "0")]


def test_a_region_that_libraries_lack_is_a_region():
    number = an_identity_number(1)
    assert number.startswith("6202")
    assert identity.is_resident_card(number, today=TODAY)


@pytest.mark.parametrize(
    "birth", ["19900230", "19901301", "19900100", "20270101", "20260806", "00000101"]
)
def test_a_date_of_birth_that_is_no_day_of_the_past_is_refused(birth):
    body = f"620201{birth}001"
    number = body + ric.calc_check_digit(body + "0")
    assert not identity.is_resident_card(number, today=TODAY)


@pytest.mark.parametrize("number", ["", "62020119900101123", "6202011990010112x4", "６" * 18])
def test_another_shape_is_no_resident_card(number):
    assert not identity.is_resident_card(number, today=TODAY)


@pytest.mark.parametrize(
    ("id_type", "right", "wrong"),
    [
        (IdType.PASSPORT, "E12345678", "E1"),
        (IdType.HK_MACAU_PERMIT, "H12345678", "X12345678"),
        (IdType.TAIWAN_PERMIT, "12345678", "A2345678"),
        (IdType.FOREIGN_CARD, "784199012345671", "a b"),
        (IdType.RESIDENT_CARD, an_identity_number(7), "E12345678"),
    ],
)
def test_every_paper_has_its_own_shape(id_type, right, wrong):
    assert identity.is_identity_number(id_type, right, today=TODAY)
    assert not identity.is_identity_number(id_type, wrong, today=TODAY)


@pytest.mark.parametrize(
    ("id_type", "written", "normal"),
    [
        (IdType.RESIDENT_CARD, "６２０２０１ 19900101 123x", "62020119900101123X"),
        (IdType.PASSPORT, " e12345678", "E12345678"),
        (IdType.PASSPORT, "e12345678", "E12345678"),
        (IdType.FOREIGN_CARD, "784-1990-1234567-1", "784199012345671"),
    ],
)
def test_an_identity_number_has_one_spelling(id_type, written, normal):
    assert identity.normalise(id_type, written) == normal


def test_an_account_has_one_spelling():
    assert identity.normalise_account("6212 2600-0000 ０") == "6212260000000"


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=10, max_size=10))
def test_credit_codes_have_the_check_character_that_others_compute(tail):
    body = f"91620200{tail}"[:17]
    code = body + uscc.calc_check_digit(body)
    assert identity.is_credit_code(code)
    assert uscc.is_valid(code)
    wrong = "0" if code[17] != "0" else "1"
    assert not identity.is_credit_code(body + wrong)


@pytest.mark.parametrize("code", ["", "91620200MA000000I", a_credit_code(1).lower()])
def test_another_shape_is_no_credit_code(code):
    assert not identity.is_credit_code(code)


@given(st.text(DIGITS, min_size=16, max_size=19))
def test_cards_follow_luhn(digits):
    assert identity.is_account(digits) == luhn.is_valid(digits)


@given(st.integers(0, 10**10))
def test_ibans_follow_mod_97(number):
    body = f"AE00033{number:016d}"[:23]
    assert identity.is_account(body) == iban.is_valid(body, check_country=False)
    right = body[:2] + iban.calc_check_digits(body) + body[4:]
    assert identity.is_account(right)


@pytest.mark.parametrize(("account", "right"), [("12345", True), ("1234", False), ("12_34", False)])
def test_other_accounts_are_letters_and_digits(account, right):
    assert identity.is_account(account) is right


@given(st.text(DIGITS, min_size=12, max_size=12))
def test_bank_line_numbers_follow_mod_11_10(digits):
    assert identity.is_bank_code(digits) == mod_11_10.is_valid(digits)


@pytest.mark.parametrize(
    ("code", "right"), [("102", True), ("ICBKCNBJ", True), ("ICBKCNBJXXX", True), ("bank", False),
     ("001", True), ("123456", True), ("802420101", True), ("QNBA", True), ("12", False),
     ("1234567890", False), ("12345X", False)],
)  # fmt: skip
def test_bank_codes_are_clearing_codes_of_some_country_or_bics_too(code, right):
    assert identity.is_bank_code(code) is right


@pytest.mark.parametrize(
    ("number", "right"),
    [("13800000001", True), ("+8613800000001", True), ("+971500000001", True),
     ("12800000001", False), ("1380000000", False), ("+86128000", False)],
)  # fmt: skip
def test_mobiles_are_chinese_or_international(number, right):
    assert identity.is_mobile(number) is right


@pytest.mark.parametrize(
    ("mask", "number", "shown"),
    [
        (identity.mask_id, "620201199001011234", "6202**********1234"),
        (identity.mask_id, "E12345678", "E******78"),
        (identity.mask_id, "E12", "***"),
        (identity.mask_account, "6212260000000000017", "***************0017"),
        (identity.mask_account, "12345", "*****"),
        (identity.mask_mobile, "13800005678", "138****5678"),
        (identity.mask_mobile, "5678", "****"),
        (identity.mask_name, "工人甲", "工*"),
        (identity.mask_name, "𬭩甲", "𬭩*"),
        (identity.mask_name, "买\U000e0101甲·乙", "买\U000e0101*"),
        (identity.mask_name, "买买提·甲", "买*"),
        (identity.mask_name, "甲", "*"),
        (identity.mask_name, "", "*"),
        (identity.mask_text, "26.555", "26.555"),
        (identity.mask_text, "2026-07-32", "2026-07-32"),
        (identity.mask_text, "6202 0119 9001 0112 34", "6*******************34"),
        (identity.mask_text, "E1234567", "E*****67"),
    ],
)
def test_masks_hide_what_names_a_person(mask, number, shown):
    assert mask(number) == shown


@given(st.text(DIGITS + " -ABX", min_size=0, max_size=60))
def test_a_mask_never_shows_a_whole_number_from_a_wrong_column(text):
    shown = identity.mask_text(text)
    digits = sum(map(str.isdigit, text))
    assert digits <= 8 or sum(map(str.isdigit, shown)) <= 3


def test_built_cards_are_right_by_other_peoples_luhn():
    assert all(luhn.is_valid(a_card(place)) for place in range(50))


@pytest.mark.parametrize(
    "said",
    [
        f"worker {an_identity_number(7)} left",
        f"工人{an_identity_number(7)}已离场",
        f"card {a_card(5)}",
        f"card {a_card(5)[:4]} {a_card(5)[4:8]} {a_card(5)[8:12]} {a_card(5)[12:]}",
        f"on 2026-08-12 {a_card(5)}",
        "call 13912345678",
        "since 2026-08-12 13912345678",
        "call +86 139-1234-5678",
        "１３９１２３４５６７８",
    ],
)
def test_a_sentence_with_somebodys_number_in_it_is_known(said):
    assert identity.names_somebody(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "not on the roster since 2026-08-12; 419050.00 owed",
        "assigned to project 12",
        "payment 0000010001010 came back",
        "ab" * 32,
        "0123456789012345a" * 3,
        "the account ends in 0015",
        "call 12012345678",
        "1234567890123456789012345",
        f"{a_card(5)[:-1]}{(int(a_card(5)[-1]) + 1) % 10}",
    ],
)
def test_a_sentence_with_other_numbers_in_it_says_nothing_about_anybody(said):
    assert not identity.names_somebody(said)
