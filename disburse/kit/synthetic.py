"""Invented batches, the same ones every time: any number of payments, in nearly no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, Final

from disburse.adapter import Account, Adapter, Batch, Payment, Refusal, Wage
from disburse.domain import reference
from disburse.domain.sheet import IdType
from disburse.kit.verdict import Broken

COUNT_MAX: Final = 36**reference.LINE_CHARACTERS - 1  # lines of one sheet
SHEET: Final = 1
OTHER_SHEET: Final = 2  # of batches that are somebody else's
PAY_ON: Final = date(2026, 10, 13)  # a Tuesday; the 12th is a holiday of banks in three countries
WAGE: Final = 650_000  # minor units; each payment has one more than the one before

# The first that the adapter takes is used, field by field. "#" becomes the payment's number, the
# rest is nobody's: check digits are right, and the banks do not exist.
_NAMES: Final = ("测试工人#", "Test Worker #", "TEST WORKER #")
_ACCOUNTS: Final = (
    "62170000000########",
    "########",
    "SA0380000000608010167519",
    "AE070331234567890123456",
    "QA58DOHB00001234567890ABCDEFG",
    "DE89370400440532013000",
    "CH9300762011623852957",
    "0001########",
    "1########",
    "12341########",
)
_BANK_CODES: Final = ("105826000014", "", "TESTCNBJ", "TESTAEAD", "011000015", "105", "000000",
                      "237", "341", "TEST")  # fmt: skip
_BANK_NAMES: Final = ("测试银行", "Test Bank", "TEST BANK", "")
_NOTES: Final = ("2026年9月工资", "Wage 2026-09", "WAGE 2026 09", "WAGES", "")
_LATIN_NAMES: Final = ("", "TEST WORKER #")
_IDENTITIES: Final = ("########", "00915#########", "2#########", "284########", "52998224725")
_WAGES: Final = (
    None,
    *(
        Wage(
            id_type=IdType.FOREIGN_CARD, id_number=number, worked_from=date(2026, 9, 1),
            worked_to=date(2026, 9, 30), days="26", items=(("base", 0),), deductions=(),
        )
        for number in _IDENTITIES
    ),
)  # fmt: skip
_CANDIDATES: Final[dict[str, tuple[Any, ...]]] = {
    "name": _NAMES, "account": _ACCOUNTS, "bank_code": _BANK_CODES, "bank_name": _BANK_NAMES,
    "note": _NOTES, "latin_name": _LATIN_NAMES, "wage": _WAGES,
}  # fmt: skip
_EMPLOYERS: Final = ("91110000600037341L", "0000000123456", "1234567890", "12345678")
_DEBTORS: Final = tuple(
    Account(holder=holder, number=number, bank_code=code, bank_name=bank)
    for (holder, bank), number, code in product(
        (
            ("测试建筑公司农民工工资专用账户", "测试银行"),
            ("TEST BUILDERS WAGE ACCOUNT", "TEST BANK"),
        ),
        (
            "6210000000000001",
            *_ACCOUNTS[2:7],
            "000100000001",
            "100000001",
            "1000000",
            "10000001",
            "123456789",
        ),
        _BANK_CODES,
    )
)


@dataclass(frozen=True, slots=True)
class Crew:
    """Payments of one form to `count` invented workers; walked any number of times, never held."""

    template: Payment  # with "#" where the payment's number goes
    count: int
    sheet: int = SHEET

    def __iter__(self) -> Iterator[Payment]:
        """Yield the payments in file order."""
        return (one_of(self.template, number, self.sheet) for number in range(1, self.count + 1))


def one_of(template: Payment, number: int, sheet: int = SHEET) -> Payment:
    """Return payment `number`: its own reference, amount, and number in the texts."""
    wage = template.wage
    numbered = replace(
        template,
        reference=reference.of_attempt(reference.AttemptKey(sheet, number, 1)),
        name=_numbered(template.name, number),
        account=_numbered(template.account, number),
        latin_name=_numbered(template.latin_name, number),
        wage=wage and replace(wage, id_number=_numbered(wage.id_number, number)),
    )
    return of_amount(numbered, template.amount + number - 1)


def example(adapter: Adapter, count: int) -> Batch:
    """Return a batch of `count` payments that the adapter takes; raise `Broken` without any."""
    currency = "CNY" if "CNY" in adapter.capabilities.currencies else _first_currency(adapter)
    template = _template(adapter, currency)
    one = Batch(
        reference=reference.of_file(SHEET),
        sequence=1,
        created=datetime(2026, 10, 9, 1, 2, 3, tzinfo=UTC),
        pay_on=PAY_ON,
        currency=currency,
        debtor=_DEBTORS[0],
        count=1,
        total=template.amount,
        payments=Crew(template, 1),
        period=date(2026, 9, 1),
    )
    debtor, employer = _debtor(adapter, one)
    paying = replace(one, debtor=debtor, employer=employer)
    if not 1 <= count <= COUNT_MAX:
        raise Broken(f"a batch has 1 to {COUNT_MAX} payments")
    return of_many(paying, template, count)


def of_many(batch: Batch, template: Payment, count: int) -> Batch:
    """Return `batch` with `count` payments in the form of `template`, none of which is held."""
    total = count * template.amount + count * (count - 1) // 2
    return replace(batch, payments=Crew(template, count), count=count, total=total)


def of(batch: Batch, payments: Iterable[Payment]) -> Batch:
    """Return `batch` with other payments, and with their count and sum."""
    chosen = tuple(payments)
    total = sum(one.amount for one in chosen)
    return replace(batch, payments=chosen, count=len(chosen), total=total)


def changed(payment: Payment, texts: Mapping[str, str]) -> Payment:
    """Return `payment` with other texts, by field."""
    return replace(payment, **texts)  # type: ignore[arg-type]  # no text goes to the amount


def _template(adapter: Adapter, currency: str) -> Payment:
    """Find texts that the adapter takes; the faults of each field are looked at alone."""
    payment = Payment(
        reference="", name=_NAMES[0], account=_ACCOUNTS[0], bank_code=_BANK_CODES[0],
        bank_name=_BANK_NAMES[0], amount=min(WAGE, adapter.capabilities.amount_max // 2),
        note=_NOTES[0],
    )  # fmt: skip
    for field, candidates in _CANDIDATES.items():
        tried = (replace(payment, **{field: one}) for one in candidates)
        payment = next(
            (one for one in tried if not _faults(adapter, one, currency, field)), payment
        )
    if faults := adapter.preflight(one_of(payment, 1), currency):
        shown = "; ".join(f"{fault.field}: {fault.detail}" for fault in faults)
        raise Broken(f"it takes no invented payment ({shown}); give one of your own with --like")
    return payment


def _faults(adapter: Adapter, payment: Payment, currency: str, field: str) -> bool:
    faults = adapter.preflight(one_of(payment, 1), currency)
    return any(fault.field.partition(".")[0] == field for fault in faults)


def _debtor(adapter: Adapter, batch: Batch) -> tuple[Account, str]:
    """Find a paying account and an employer's number that the adapter takes."""
    why = ""
    for debtor, employer in product(_DEBTORS, _EMPLOYERS):
        try:
            for _ in adapter.render(replace(batch, debtor=debtor, employer=employer)):
                pass
        except Refusal as refusal:
            why = refusal.detail
        else:
            return debtor, employer
    raise Broken(f"it takes no invented paying account ({why}); give one of your own with --like")


def _first_currency(adapter: Adapter) -> str:
    if not adapter.capabilities.currencies:
        raise Broken("it declares no currency")
    return min(adapter.capabilities.currencies)


def of_amount(payment: Payment, amount: int) -> Payment:
    """Return `payment` with another amount, and with a wage that adds up to it."""
    wage = payment.wage
    items = (("base", amount),)
    return replace(payment, amount=amount, wage=wage and replace(wage, items=items, deductions=()))


def _numbered(text: str, number: int) -> str:
    """Put the number in: one "#" takes all digits, more are a width."""
    places = text.count("#")
    if not places:
        return text
    return text.replace("#" * places, f"{number:0{places}d}")
