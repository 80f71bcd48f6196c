"""Numbers that name people, organisations and accounts: can they be right, and who may see them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from operator import mul
from typing import Final

from disburse.domain.sheet import IdType

_RESIDENT_CARD: Final = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_OTHER_PAPERS: Final = {
    IdType.PASSPORT: re.compile(r"[0-9A-Z]{5,17}", re.ASCII),
    IdType.HK_MACAU_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?", re.ASCII),
    IdType.TAIWAN_PERMIT: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?", re.ASCII),
    IdType.FOREIGN_CARD: re.compile(r"[0-9A-Z/]{4,20}", re.ASCII),
}

# GB 11643-1999: weights are powers of 2 modulo 11, the check character is ISO 7064 MOD 11-2.
_CARD_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_ZERO: Final = sum(_CARD_WEIGHTS) * ord("0")  # lets the sum run over bytes, which is fast
_CARD_CHECK: Final = "10X98765432"

# GB 32100-2015: 31 characters without I, O, S, V, Z; weights are powers of 3 modulo 31.
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)

_CARD_ACCOUNT: Final = re.compile(r"[0-9]{16,19}", re.ASCII)
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", re.ASCII)
_ACCOUNT: Final = re.compile(r"[0-9A-Z]{5,34}", re.ASCII)
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")  # twice, digits added up
_CNAPS: Final = re.compile(r"[0-9]{12}", re.ASCII)
_CLEARING_CODE: Final = re.compile(r"[0-9]{3,9}|[A-Z]{2,4}", re.ASCII)  # 102 ICBC, 103 ABC, …
_BIC: Final = re.compile(r"[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?", re.ASCII)
_MOBILE: Final = re.compile(r"(?:\+86)?1[3-9][0-9]{9}|\+(?!86)[1-9][0-9]{6,14}", re.ASCII)
_CALENDAR_DATE: Final = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}([-/.月][0-9]{1,2}日?)?", re.ASCII)

# Numbers as people type them into a sentence: in one piece or in groups. Letters next to one make
# it a digest or a reference.
_TYPED_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){10,18}[Xx]?(?![0-9A-Za-z])", re.ASCII
)

# A value with this many digits may be somebody's number that was typed into the wrong column.
_DIGITS_SHOWN_MAX: Final = 6
_TEXT_SHOWN_MAX: Final = 40
_LONG_NUMBER_MIN: Final = 15  # shorter numbers (passports, permits) show less


def normalise(id_type: IdType, number: str) -> str:
    """Return the one spelling of an identity number: NFKC, no blanks, capital letters."""
    text = _squeeze(number)
    return text.replace("-", "") if id_type is IdType.FOREIGN_CARD else text


def normalise_account(account: str) -> str:
    """Return the one spelling of an account number: NFKC, no blanks or hyphens, capitals."""
    return _squeeze(account).replace("-", "")


def _squeeze(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text.upper()
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_identity_number(id_type: IdType, number: str, *, today: date) -> bool:
    """Tell whether a normalised `number` can stand on that paper; it need not exist."""
    if id_type is IdType.RESIDENT_CARD:
        return is_resident_card(number, today=today)
    return _OTHER_PAPERS[id_type].fullmatch(number) is not None


def is_resident_card(number: str, *, today: date) -> bool:
    """Tell whether GB 11643 allows `number`: shape, real date of birth up to `today`, check digit.

    The region part is not looked at: public lists of regions lack whole cities (Jiayuguan, 6202).
    """
    if _RESIDENT_CARD.fullmatch(number) is None:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weighed = sum(map(mul, _CARD_WEIGHTS, number.encode())) - _CARD_ZERO
    return born <= today and _CARD_CHECK[weighed % 11] == number[17]


def is_credit_code(number: str) -> bool:
    """Tell whether GB 32100 allows `number` as a unified social credit code."""
    if _CREDIT_CODE.fullmatch(number) is None:
        return False
    weighed = sum(
        _CREDIT_ALPHABET.index(character) * pow(3, place, 31)
        for place, character in enumerate(number[:17])
    )
    return _CREDIT_ALPHABET[-weighed % 31] == number[17]


def is_account(account: str) -> bool:
    """Tell whether a normalised personal account can exist.

    16 to 19 digits are a bank card and follow Luhn (ISO/IEC 7812-1); two letters and two digits in
    front are an IBAN (ISO 13616, MOD 97-10); any other 5 to 34 letters and digits may be right.
    """
    if _CARD_ACCOUNT.fullmatch(account):
        return _luhn(account)
    if _IBAN.fullmatch(account):
        moved = account[4:] + account[:4]
        return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1
    return _ACCOUNT.fullmatch(account) is not None


def _luhn(digits: str) -> bool:
    backwards = digits.encode()[::-1]
    total = sum(backwards[::2]) + sum(backwards[1::2].translate(_DOUBLED))
    return (total - len(digits) * ord("0")) % 10 == 0


def is_bank_code(code: str) -> bool:
    """Tell whether `code` looks like a CNAPS number, a BIC, or a clearing code of some country.

    The bank's adapter knows the exact form: 3 digits in Brazil and on China's platforms, 6 in the
    United Kingdom and Australia, 9 in the United States and the Emirates, up to 4 letters in Qatar.

    The last digit of a CNAPS number follows ISO 7064 MOD 11,10 in practice, which nobody has
    published: advisory only.
    """
    if _CNAPS.fullmatch(code):
        check = 5
        for digit in code:
            check = ((check or 10) * 2 % 11 + int(digit)) % 10
        return check == 1
    return (_CLEARING_CODE.fullmatch(code) or _BIC.fullmatch(code)) is not None


def is_mobile(number: str) -> bool:
    """Tell whether `number` is a Chinese mobile number, or a foreign one as E.164 (+971…)."""
    return _MOBILE.fullmatch(number) is not None


def names_somebody(text: str) -> bool:
    """Tell whether a sentence has a resident card's, a bank card's or a mobile number in it.

    One in ten other numbers of 16 to 19 digits looks like a card's, too: in doubt it does.
    """
    typed = _TYPED_NUMBER.findall(unicodedata.normalize("NFKC", text))
    pieces = [one.replace("-", " ").upper().split() for one in typed]
    numbers = {number for several in pieces for number in ("".join(several), *several)}
    numbers |= {number.removeprefix("86") for number in numbers}  # China's prefix
    return any(
        is_resident_card(number, today=date.max)
        or (_CARD_ACCOUNT.fullmatch(number) and _luhn(number))
        or is_mobile(number)
        for number in numbers
    )


def mask_id(number: str) -> str:
    """Return an identity number that tells neither birth nor person: 6202**********1234."""
    if len(number) >= _LONG_NUMBER_MIN:
        return _mask(number, front=4, back=4)
    return _mask(number, front=1, back=2)


def mask_account(account: str) -> str:
    """Return an account number of which only the last four characters can be read."""
    return _mask(account, front=0, back=4)


def mask_mobile(number: str) -> str:
    """Return a phone number without its middle: 138****5678."""
    return _mask(number, front=3, back=4)


def mask_name(name: str) -> str:
    """Return the first character and a star: 张*; whole characters, whatever they are made of."""
    end = 1
    while end < len(name) and unicodedata.category(name[end]) in {"Mn", "Mc", "Me"}:
        end += 1  # accents and variation selectors belong to the character before them
    return name[:end] + "*" if end < len(name) else "*"


def mask_text(text: str) -> str:
    """Return what may be shown of a value from any column, where anything may have been typed."""
    shown = text[:_TEXT_SHOWN_MAX]
    digits = sum(map(str.isdigit, text))
    if digits <= _DIGITS_SHOWN_MAX or _CALENDAR_DATE.fullmatch(text):
        return shown
    return _mask(shown, front=1, back=2)


def _mask(text: str, *, front: int, back: int) -> str:
    """Show `front` and `back` characters when enough stay hidden; else nothing."""
    hidden = len(text) - front - back
    if hidden < max(front, back):
        front, back, hidden = 0, 0, len(text)
    return text[:front] + "*" * hidden + text[len(text) - back :]
