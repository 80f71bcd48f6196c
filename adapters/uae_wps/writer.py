"""Writes one establishment's wages: an EDR per worker, an EVP behind it, and the SCR.

Columns: Central Bank of the UAE, WPS SIF format guide 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from adapters._vetted import require_fits, vetted
from adapters._wanted import Wanted, amount_faults
from adapters.uae_wps.profile import AMOUNT_MAX, VARIABLE, Profile
from disburse.adapter import Batch, Fault, Payment, Wage

PIECE_RECORDS: Final = 512
IBAN: Final = re.compile("AE[0-9]{21}", re.ASCII)
_ACCOUNT: Final = Wanted(
    field="account", characters="0-9A-Z", longest=23, form="AE[0-9]{21}|[0-9]{1,16}",
    says="an IBAN of the UAE, or up to 16 digits of a payroll card", code="bad-account",
)  # fmt: skip
_ROUTING: Final = Wanted(
    field="bank_code", characters="0-9", longest=9, form="[0-9]{9}", code="bad-bank-code",
    says="the 9 digits of the worker's bank", missing="give the bank's routing number of 9 digits",
)  # fmt: skip
_EMPLOYER: Final = Wanted(
    field="employer", characters="0-9", longest=13, form="[0-9]{13}",
    says="the establishment's number, 13 digits with zeros in front",
)  # fmt: skip
_DEBTOR_BANK: Final = Wanted(
    field="debtor.bank_code", characters="0-9", longest=9, form="[0-9]{9}", code="bad-bank-code",
    says="the routing number of the employer's bank, 9 digits",
)  # fmt: skip


class Writer:
    """Turns batches into files of one agent bank."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._known = profile.variable_items.keys() | profile.fixed_items
        # Account, routing number and employee of most payments, in one look.
        self._plain = re.compile(
            rf"(?:AE[0-9]{{21}}|[0-9]{{1,16}})\n[0-9]{{9}}\n(?:{profile.employee_id.pattern})",
            re.ASCII,
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "AED":
            return (Fault("amount", "amount", "WPS files carry AED only"),)
        profile, wage, account = self._profile, payment.wage, payment.account
        if (
            wage is not None
            and self._plain.fullmatch(f"{account}\n{payment.bank_code}\n{wage.id_number}")
            and 1 <= payment.amount <= profile.capabilities.amount_max
            and not (account[0] == "A" and self._wrong_iban(account, payment.bank_code))
            and (self._is_plain(wage) or not any(self._wage_faults(payment, wage)))
        ):
            return ()
        faults = [*_ACCOUNT.faults(account), *_ROUTING.faults(payment.bank_code)]
        if not faults and IBAN.fullmatch(account):
            faults += self._wrong_iban(account, payment.bank_code)
        if wage is None:
            faults.append(Fault("wage", "missing", "the wage's period and items have to be told"))
        else:
            faults += self._employee_faults(wage.id_number)
            faults += self._wage_faults(payment, wage)
        most = profile.capabilities.amount_max
        faults += amount_faults(payment.amount, most, "fils")
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        payments = vetted(batch, self._profile.capabilities, self.preflight)
        require_fits(batch, _batch_faults(batch))
        control = self._control(batch).encode("ascii")
        if self._profile.control_first:
            yield control
        while some := list(islice(payments, PIECE_RECORDS)):
            yield "".join(map(self._record, some)).encode("ascii")
        if not self._profile.control_first:
            yield control

    def _record(self, payment: Payment) -> str:
        """Return one checked payment's EDR, with its EVP where there is variable income."""
        wage = payment.wage
        assert wage is not None  # noqa: S101  (preflight refuses it)
        period, days = _period(wage.worked_from, wage.worked_to)
        who = f"{wage.id_number},{payment.bank_code}"
        opening = f"EDR,{who},{payment.account},{period}"
        leave = days - int(wage.days) if self._profile.leave_counted else 0
        variable = self._variable(wage)
        if variable is None:
            return f"{opening},{_dirhams(payment.amount)},0.00,{leave}\r\n"
        more = sum(variable)
        amounts = f"{_dirhams(payment.amount - more)},{_dirhams(more)}"
        parts = ",".join(map(_dirhams, variable))
        return f"{opening},{amounts},{leave}\r\nEVP,{who},{parts}\r\n"

    def _control(self, batch: Batch) -> str:
        made = batch.created.astimezone(UTC) + timedelta(hours=self._profile.hours_ahead_of_utc)
        return (
            f"SCR,{batch.employer},{batch.debtor.bank_code},{made:%Y-%m-%d},{made:%H%M},"
            f"{batch.period:%m%Y},{batch.count},{_dirhams(batch.total)},AED,{batch.reference}\r\n"
        )

    def _variable(self, wage: Wage) -> list[int] | None:
        """Return the variable income by EVP column; None for a wage without any."""
        fixed, places = self._profile.fixed_items, self._profile.variable_items
        parts = None
        for item, amount in wage.items:
            if amount and item not in fixed:
                parts = parts or [0] * len(VARIABLE)
                parts[places[item]] += amount
        return parts

    def _wrong_iban(self, account: str, routing: str) -> tuple[Fault, ...]:
        """Return what is wrong with an IBAN of the right form, alone and beside its bank."""
        if int(f"{account[4:]}1014{account[2:4]}") % 97 != 1:  # "AE" is 10 14
            return (Fault("account", "bad-account", "no such IBAN: a digit is wrong; ask again"),)
        if self._profile.bank_by_iban and account[4:7] != routing[1:4]:
            detail = "it is of another bank than the IBAN; ask for both again"
            return (Fault("bank_code", "bad-bank-code", detail),)
        return ()

    def _employee_faults(self, number: str) -> Iterator[Fault]:
        form = self._profile.employee_id.pattern
        yield from Wanted(
            field="wage.id_number", characters="0-9A-Za-z", longest=35, form=form,
            says=f"the number by which the labour authority knows the worker, in the form {form}",
        ).faults(number)  # fmt: skip

    def _is_plain(self, wage: Wage) -> bool:
        """Return whether one look is enough: fixed income only, which every amount is more than."""
        profile = self._profile
        return (
            not profile.leave_counted
            and wage.worked_from <= wage.worked_to
            and dict(wage.items).keys() <= profile.fixed_items
        )

    def _wage_faults(self, payment: Payment, wage: Wage) -> Iterator[Fault]:
        """Yield what the authority would find wrong with a wage."""
        if strange := [item for item, _ in wage.items if item not in self._known]:
            yield Fault("wage.items", "charset", f"the profile gives {strange[0][:40]} no column")
        elif sum(self._variable(wage) or ()) > payment.amount >= 1:
            yield Fault("wage.deductions", "amount", "they are more than the fixed income")
        if not wage.worked_from <= wage.worked_to:
            yield Fault("wage.worked_to", "charset", "the period ends before it begins")
        if self._profile.leave_counted:
            most = (wage.worked_to - wage.worked_from).days + 1
            if wage.days not in map(str, range(most + 1)):
                yield Fault("wage.days", "charset", f"whole days, 0 to {most}: they say the leave")


@lru_cache(maxsize=256)
def _period(start: date, end: date) -> tuple[str, int]:
    """Return three columns: both days, and how many there are; and this number again."""
    days = (end - start).days + 1
    return f"{start},{end},{days}", days


def _dirhams(fils: int) -> str:
    return f"{fils // 100}.{fils % 100:02d}"


def _batch_faults(batch: Batch) -> Iterator[Fault]:
    yield from _EMPLOYER.faults(batch.employer)
    yield from _DEBTOR_BANK.faults(batch.debtor.bank_code)
    if batch.period is None:
        yield Fault("period", "missing", "the file names the month of the wages")
    if batch.total > AMOUNT_MAX:
        yield Fault("total", "amount", f"a file carries {AMOUNT_MAX} fils at most")
