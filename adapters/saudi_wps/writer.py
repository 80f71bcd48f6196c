"""Writes one establishment's wages: a header, a row per worker, a hyphen.

Columns: MHRSD, WPS Wages File Specification, chapter 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import Final

from adapters._iban import checks
from adapters._vetted import require_fits, vetted
from adapters._wages import iban_faults, net_faults
from adapters._wanted import Wanted, amount_faults
from adapters.saudi_wps.profile import AMOUNT_MAX, Profile
from disburse.adapter import Batch, Fault, Payment, Wage

PIECE_ROWS: Final = 512
NAME_MAX: Final = 140  # four lines of 35
NAME_CHARACTERS: Final = r"0-9A-Za-z/?:().,'+ =!\"%&*<>;{@#_-"
IBAN_FORM: Final = "SA[0-9]{2}[0-9A-Z]{20}"

_ACCOUNT: Final = Wanted(
    field="account", characters="0-9A-Z", longest=24, form=IBAN_FORM, code="bad-account",
    says="a Saudi IBAN of 24 characters",
)  # fmt: skip
_BANK: Final = Wanted(
    field="bank_code", characters="0-9A-Z", longest=11, code="bad-bank-code",
    form="[A-Z]{4}|[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?",
    says="SARIE's 4 letters of the worker's bank, or its BIC",
)  # fmt: skip
_REFERENCE: Final = Wanted(field="reference", characters="0-9A-Z", longest=16)
_WORKER: Final = Wanted(
    field="wage.id_number", characters="0-9", longest=10, form="[0-9]{10}",
    says="national number or iqama of 10 digits",
)  # fmt: skip
_EMPLOYER: Final = Wanted(
    field="employer", characters="0-9", longest=15, form="[0-9]{2,15}",
    says="the establishment's number at the ministry, 2 to 15 digits",
)  # fmt: skip
_DEBTOR: Final = Wanted(
    field="debtor.number", characters="0-9A-Z", longest=24, form=IBAN_FORM, code="bad-account",
    says="a Saudi IBAN of 24 characters",
)  # fmt: skip


class Writer:
    """Turns batches into files of one establishment."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)
        money = f"%d{profile.decimal_mark}%02d"
        self._money = money
        self._row_form = f"{money}\t%s\t%s\t%s\t%s\t\t{money}\t{money}\t{money}\t{money}\t%s\t\t\t"
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=NAME_MAX,
            missing="enrol the worker with the name in Latin letters",
        )  # fmt: skip
        outer = NAME_CHARACTERS.replace(" ", "")
        self._plain = re.compile(
            rf"[0-9A-Z]{{1,16}}\n{IBAN_FORM}\n(?:{_BANK.form})\n[0-9]{{10}}\n"
            rf"[{outer}](?:[{NAME_CHARACTERS}]{{0,138}}[{outer}])?",
            re.ASCII,
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "SAR":
            return (Fault("amount", "amount", "wages files carry SAR only"),)
        most, wage, name = self._profile.capabilities.amount_max, payment.wage, self._name(payment)
        if wage is not None and 1 <= payment.amount <= most:
            who = f"{payment.bank_code}\n{wage.id_number}\n{name}"
            told = f"{payment.reference}\n{payment.account}\n{who}"
            net = wage.gross - wage.deducted
            if net == payment.amount and self._plain.fullmatch(told) and checks(payment.account):
                return ()
        faults = [
            *_REFERENCE.faults(payment.reference),
            *iban_faults(_ACCOUNT, payment.account),
            *_BANK.faults(payment.bank_code),
            *self._name_wanted.faults(name),
        ]
        faults += amount_faults(payment.amount, most, "halalas")
        if wage is None:
            faults.append(Fault("wage", "missing", "the wage's items have to be told"))
        else:
            faults += [*_WORKER.faults(wage.id_number), *net_faults(payment, wage)]
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        profile = self._profile
        payments = vetted(batch, profile.capabilities, self.preflight)
        require_fits(batch, self._batch_faults(batch))
        end = profile.line_end
        total = self._money % divmod(batch.total, 100)
        header = (
            profile.bank, profile.establishment, batch.debtor.number, "SAR",
            f"{batch.pay_on:%Y%m%d}", total, "", batch.reference, "", batch.employer,
        )  # fmt: skip
        yield ("\t".join(header) + end).encode("ascii")
        while some := list(islice(payments, PIECE_ROWS)):
            yield (end.join(map(self._row, some)) + end).encode("ascii")
        yield f"-{end}".encode("ascii")

    def _row(self, payment: Payment) -> str:
        """Return one checked payment; the bank's own columns are empty."""
        wage = payment.wage
        assert wage is not None  # noqa: S101  (preflight refuses it)
        basic, housing, other = self._earned(wage)
        return self._row_form % (
            *divmod(payment.amount, 100), payment.account, self._name(payment), payment.bank_code,
            payment.reference, *divmod(basic, 100), *divmod(housing, 100), *divmod(other, 100),
            *divmod(wage.deducted, 100), wage.id_number,
        )  # fmt: skip

    def _earned(self, wage: Wage) -> tuple[int, int, int]:
        """Return basic wage, housing, and other earnings."""
        basic = housing = 0
        for item, amount in wage.items:
            if item in self._profile.basic_items:
                basic += amount
            elif item in self._profile.housing_items:
                housing += amount
        return basic, housing, wage.gross - basic - housing

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        yield from iban_faults(_DEBTOR, batch.debtor.number)
        yield from _EMPLOYER.faults(batch.employer)
        if batch.debtor.bank_code != self._profile.bank:
            yield Fault("debtor.bank_code", "bad-bank-code", "the profile is of another bank")
        if batch.total > AMOUNT_MAX:
            yield Fault("total", "amount", f"a file carries {AMOUNT_MAX} halalas at most")
