"""What bank files of the Gulf's wage protection systems share: IBANs, what is net, what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from adapters._iban import checks
from adapters._wanted import Wanted
from disburse.adapter import Fault, Payment, Wage

NO_DAY: Final = date.min  # where a file does not say which days were worked


def iban_faults(wanted: Wanted, number: str) -> Iterator[Fault]:
    """Yield what is wrong with an IBAN: its form, or else its check digits."""
    faults = tuple(wanted.faults(number))
    yield from faults
    if not faults and not checks(number):
        yield Fault(wanted.field, "bad-account", "no such IBAN: a digit is wrong; ask again")


def net_faults(payment: Payment, wage: Wage) -> Iterator[Fault]:
    """Yield a fault where the wage's items less its deductions are not what is paid."""
    if wage.gross - wage.deducted != payment.amount:
        detail = "the items less the deductions are not what is paid"
        yield Fault("wage.items", "amount", detail)


def told(worker: str, days: str, gross: int, deducted: int) -> Wage:
    """Return what a row tells of a wage, of which only the sums come back."""
    return Wage(
        id_type="", id_number=worker, worked_from=NO_DAY, worked_to=NO_DAY, days=days,
        items=(("other", gross),) if gross else (),
        deductions=(("other", deducted),) if deducted else (),
    )  # fmt: skip
