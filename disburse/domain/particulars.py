"""What may stand in the particulars of organisations, people, accounts and projects."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from disburse.domain.identity import is_identity_number, mask_text, names_somebody, normalise
from disburse.domain.money import DIGITS
from disburse.domain.refusal import Refusal
from disburse.domain.sheet import IdType

NAME_MAX: Final = 140  # characters; as long as ISO 20022 lets a name be
LABEL_MAX: Final = 60
REASON_MAX: Final = 500
_REGISTRATION: Final = re.compile(r"[0-9A-Z][0-9A-Z-]{1,29}", re.ASCII)
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{1,59}", re.ASCII)
_ACCOUNT: Final = re.compile(r"[0-9A-Z]{5,34}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class BadParticulars(Refusal):
    """A field is missing or cannot be right; `facts["field"]` names it."""

    code = "bad-particulars"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which paper, and the number on it, proves who a person is."""

    id_type: IdType
    number: str

    def sound(self, *, today: date) -> Identity:
        """Return the identity in its one spelling, or raise `BadParticulars`."""
        number = normalise(self.id_type, self.number)
        if not is_identity_number(self.id_type, number, today=today):
            raise BadParticulars(
                f"the number cannot stand on a {self.id_type}; compare it with the person's paper",
                field="id_number",
            )
        return Identity(self.id_type, number)


def text(field: str, value: str, *, limit: int = NAME_MAX, empty: bool = False) -> str:
    """Return plain visible text without blanks around it, or raise `BadParticulars`."""
    found = value.strip()
    hidden = any(unicodedata.category(character) in _INVISIBLE for character in found)
    if hidden or len(found) > limit or not (found or empty):
        raise BadParticulars(
            f"{field} takes {'at most' if empty else '1 to'} {limit} visible characters",
            field=field,
        )
    return found


def reason(value: str) -> str:
    """Return why somebody does something, or raise `BadParticulars`."""
    return text("reason", value, limit=REASON_MAX)


def nameless(field: str, value: str) -> str:
    """Return what a person typed and others will read for years, or raise `BadParticulars`.

    It is kept readable, also when the workers' data are deleted: so it has nobody's number in it.
    Names cannot be told from other words.
    """
    if names_somebody(value):
        raise BadParticulars(
            f"{field} has a number in it that may be somebody's card, account or telephone; name "
            "the payment or line instead, or its last four digits",
            field=field,
        )
    return value


def registration(value: str) -> str:
    """Return an organisation's registration number, or raise `BadParticulars`."""
    return _matching("registration", value.strip().upper(), _REGISTRATION, "letters and digits")


def login(value: str) -> str:
    """Return the name that an account signs in by, or raise `BadParticulars`."""
    return _matching("login", value.strip().lower(), _LOGIN, "small letters, digits and . _ @ + -")


def code(value: str) -> str:
    """Return a project's code, or raise `BadParticulars`."""
    return _matching("code", value.strip(), _CODE, "letters, digits and . _ / -")


def account_number(value: str) -> str:
    """Return a company's account number, which need not follow Luhn; or raise."""
    number = "".join(value.split()).replace("-", "").upper()
    return _matching("number", number, _ACCOUNT, "5 to 34 letters and digits")


def digest(field: str, value: str) -> str:
    """Return a SHA-256 in hexadecimal, or raise `BadParticulars`."""
    return _matching(field, value.strip().lower(), _DIGEST, "a SHA-256 as 64 hexadecimal digits")


def currency(value: str) -> str:
    """Return a currency that is known here, or raise `BadParticulars`."""
    if value not in DIGITS:
        raise BadParticulars(f"currency must be one of {', '.join(DIGITS)}", field="currency")
    return value


def time_zone(value: str) -> str:
    """Return a name of the IANA time zones, or raise `BadParticulars`."""
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):
        raise BadParticulars(
            "time_zone must be an IANA name such as Asia/Shanghai", field="time_zone"
        ) from None


def in_order(field: str, first: date | datetime, last: date | datetime | None) -> None:
    """Raise `BadParticulars` when something ends before it begins."""
    if last is not None and last < first:
        raise BadParticulars(f"{field} lies before the beginning, {first}", field=field)


def _matching(field: str, value: str, form: re.Pattern[str], wanted: str) -> str:
    if form.fullmatch(value) is None:
        raise BadParticulars(f"{field} takes {wanted}, not {mask_text(value)!r}", field=field)
    return value
