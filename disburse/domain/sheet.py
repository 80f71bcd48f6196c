"""A payroll sheet as its subcontractor signed it: one header, one line per worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

FORMAT_VERSION: Final = 1

# Order 724 art. 15 wants gross items and deductions one by one; these are the columns of a sheet.
GROSS_ITEMS: Final = ("base", "piece", "overtime", "allowance", "bonus", "back_pay", "other")
# Lawful deductions: tax, social insurance, housing fund, court-ordered maintenance, damages
# (at most 20 % of the month's wage), advances already paid, and others by law.
DEDUCTION_ITEMS: Final = (
    "tax", "social_insurance", "housing_fund", "maintenance", "damages", "advance", "other",
)  # fmt: skip


class Kind(StrEnum):
    """What the sheet pays for; a part of the key that keeps wages from being paid twice."""

    REGULAR = "regular"
    BACK_PAY = "back_pay"
    FINAL_SETTLEMENT = "final_settlement"
    ADVANCE = "advance"
    SUPPLEMENT = "supplement"


class IdType(StrEnum):
    """Which paper proves who the worker is."""

    RESIDENT_CARD = "resident_card"  # 居民身份证, GB 11643
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan_permit"  # 台湾居民来往大陆通行证
    FOREIGN_CARD = "foreign_card"  # another country's identity card or residence permit


class Confirmation(StrEnum):
    """How the worker agreed to the own line (art. 31: the worker signs)."""

    SIGNATURE = "signature"
    SMS = "sms"
    FACE = "face"
    APP = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is true of the whole sheet."""

    project: str  # the project's code
    general_contractor: str  # registration number (China: unified social credit code)
    subcontractor: str  # likewise
    teams: tuple[str, ...]
    period: date  # the pay month, as its first day
    worked_from: date
    worked_to: date
    pay_on: date
    currency: str
    kind: Kind
    number: int  # counts the sheets of one kind for one period, from 1
    predecessor: str | None  # hex SHA-256 of the sheet before, when number > 1
    head_count: int
    total_net: int  # minor units


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where a worker's wage goes: the fields a bank is told."""

    name: str
    account: str
    bank_code: str  # CNAPS number or BIC; "" when the account number alone is enough
    bank_name: str
    latin_name: str = ""  # for banks that carry no Chinese


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One worker's wage; amounts in minor units of the header's currency."""

    number: int
    name: str
    id_type: IdType
    id_number: str
    mobile: str
    team: str
    trade: str  # code of the national real-name platform, such as "020"
    days: str  # decimal text, at most two places; "" when not paid by the day
    hours: str
    quantity: str  # of piece work, with `unit_price`
    unit_price: int | None
    gross_items: tuple[tuple[str, int], ...]  # (name from GROSS_ITEMS, amount), no zeros
    deductions: tuple[tuple[str, int], ...]  # (name from DEDUCTION_ITEMS, amount), no zeros
    gross: int
    total_deductions: int
    net: int
    bank_code: str
    bank_name: str
    account: str
    back_pay: bool
    confirmed_by: Confirmation | None
    confirmed_at: datetime | None
    confirmation_digest: str  # hex SHA-256 of the evidence; "" without

    @property
    def payee(self) -> Payee:
        """Return where this line's net goes."""
        return Payee(
            name=self.name,
            account=self.account,
            bank_code=self.bank_code,
            bank_name=self.bank_name,
        )
