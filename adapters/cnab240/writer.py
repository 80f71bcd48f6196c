"""Writes one batch of salaries: a file of lots, each of one payment form.

Columns: FEBRABAN's CNAB240 version 10 and Itaú's SISPAG version 086.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from itertools import groupby, islice
from operator import attrgetter
from typing import Final

from adapters._vetted import require_fits, vetted
from adapters._wanted import Wanted, amount_faults
from adapters.cnab240.profile import Profile, is_cpf
from disburse.adapter import Batch, Fault, Payment

NAME_MAX: Final = 30
NAME_CHARACTERS: Final = "0-9A-Z .,&/'-"
PIECE_PAYMENTS: Final = 256
SEQUENCE_MAX: Final = 999_999
END: Final = "\r\n"
ACCOUNT_FORM: Final = "[0-9]{4}[1-9][0-9]{0,9}[0-9X]"  # agency, account, check digit

# What stands between the fields of segments A and B: blanks, and zeros for what nobody knows yet.
REAIS: Final = f"BRL{0:015d}"
REAIS_ITAU: Final = f"REA{0:08d}  {0:05d}"
UNTIL_PURPOSE: Final = f"{'':20}{0:023d}{'':42}"
UNTIL_CPF: Final = f"{'':20}{0:023d}{'':20}{0:06d}"
AT_LAST: Final = f"{'':5}0{'':10}{END}"
PLACES: Final = f"{'':30}{0:05d}{'':50}{0:08d}{'':2}"
REST_OF_B: Final = f"{0:060d}{'':15}0{'':14}{END}"

_ACCOUNT: Final = Wanted(
    field="account", characters="0-9X", longest=15, form=ACCOUNT_FORM, code="bad-account",
    says="agency of 4 digits, then the account with its check digit, without zeros between",
)  # fmt: skip
_BANK: Final = Wanted(
    field="bank_code", characters="0-9", longest=3, form="[0-9]{3}", code="bad-bank-code",
    says="the 3 digits of the worker's bank",
)  # fmt: skip
_REFERENCE: Final = Wanted(field="reference", characters="0-9A-Z", longest=20)


class Writer:
    """Turns batches into files of one company."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)
        self._purpose = f"{profile.texts['ted_purpose']:<5}"
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=NAME_MAX,
            missing="enrol the worker with the name in capitals without accents",
        )  # fmt: skip
        self._plain = re.compile(
            rf"[0-9A-Z]{{1,20}}\n{ACCOUNT_FORM}\n[0-9]{{3}}\n"
            r"[0-9A-Z.,&/'-](?:[0-9A-Z .,&/'-]{0,28}[0-9A-Z.,&/'-])?",
            re.ASCII,
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "BRL":
            return (Fault("amount", "amount", "CNAB240 files carry BRL only"),)
        most, wage, name = self._profile.capabilities.amount_max, payment.wage, self._name(payment)
        told = f"{payment.reference}\n{payment.account}\n{payment.bank_code}\n{name}"
        if (
            1 <= payment.amount <= most
            and self._plain.fullmatch(told)
            and wage is not None
            and is_cpf(wage.id_number)
        ):
            return ()
        faults = [
            *_REFERENCE.faults(payment.reference),
            *_ACCOUNT.faults(payment.account),
            *_BANK.faults(payment.bank_code),
            *self._name_wanted.faults(name),
        ]
        if wage is None:
            faults.append(Fault("wage", "missing", "the worker's CPF has to be told"))
        elif not is_cpf(wage.id_number):
            faults.append(Fault("wage.id_number", "charset", "the worker's CPF of 11 digits"))
        faults += amount_faults(payment.amount, most, "centavos")
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        payments = vetted(batch, self._profile.capabilities, self.preflight)
        require_fits(batch, self._batch_faults(batch))
        yield self._file_header(batch).encode("ascii")
        lots = records = 0
        bank = self._profile.bank
        for own, some in groupby(payments, lambda one: one.bank_code == bank):
            lots += 1
            records += 2
            for lines in self._lot(batch, some, lots, own=own):
                records += lines.count(END) if lines[7] == "3" else 0
                yield lines.encode("ascii")
        yield _line(f"{bank}99999{'':9}{lots:06d}{records + 2:06d}{0:06d}").encode("ascii")

    def _lot(
        self, batch: Batch, payments: Iterable[Payment], lot: int, *, own: bool
    ) -> Iterator[str]:
        """Yield a lot: its header, some records at once, its trailer."""
        yield self._lot_header(batch, lot, own=own)
        number = total = 0
        start, day = f"{self._profile.bank}{lot:04d}3", f"{batch.pay_on:%d%m%Y}"
        while some := list(islice(payments, PIECE_PAYMENTS)):
            lines = []
            for payment in some:
                number, total = number + 1, total + payment.amount
                lines.append(self._segment_a(f"{start}{number:05d}", payment, day, own=own))
                if self._profile.segment_b:
                    number += 1
                    lines.append(_segment_b(f"{start}{number:05d}", payment, day))
            yield "".join(lines)
        start = f"{self._profile.bank}{lot:04d}5{'':9}"
        yield _line(f"{start}{number + 2:06d}{total:018d}{0:018d}{0:06d}")

    def _segment_a(self, start: str, payment: Payment, day: str, *, own: bool) -> str:
        profile = self._profile
        chamber = f"A000{'000' if own else profile.texts['chamber_other_bank']}{payment.bank_code}"
        target = _account(payment.account, itau=profile.itau)
        who = f"{self._name(payment):<30}{payment.reference:<20}{day}"
        purpose = "     " if own else self._purpose
        if profile.itau:
            ending = f"{UNTIL_CPF}{_cpf(payment):>014}  {purpose}{AT_LAST}"
            return f"{start}{chamber}{target}{who}{REAIS_ITAU}{payment.amount:015d}{ending}"
        ending = f"{UNTIL_PURPOSE}{purpose}{AT_LAST}"
        return f"{start}{chamber}{target}{who}{REAIS}{payment.amount:015d}{ending}"

    def _file_header(self, batch: Batch) -> str:
        profile, texts = self._profile, self._profile.texts
        made = batch.created.astimezone(UTC) - timedelta(hours=profile.hours_behind_utc)
        names = f"{texts['company_name']:<30}{texts['bank_name']:<30}{'':10}"
        stamp = f"1{made:%d%m%Y%H%M%S}"
        layout, density = texts["file_layout"], texts["density"]
        if profile.itau:
            start = f"{profile.bank}00000{'':6}{layout}{self._payer(batch)}{names}{stamp}"
            return _line(f"{start}{batch.sequence:09d}{density}")
        start = f"{profile.bank}00000{'':9}{self._payer(batch)}{names}{stamp}"
        return _line(f"{start}{batch.sequence:06d}{layout}{density}{'':20}{batch.reference:<20}")

    def _lot_header(self, batch: Batch, lot: int, *, own: bool) -> str:
        texts = self._profile.texts
        form = texts["form_same_bank" if own else "form_other_bank"]
        start = f"{self._profile.bank}{lot:04d}1C{texts['service']}{form}{texts['lot_layout']} "
        ending = "" if self._profile.itau else "01"  # the account is debited
        place = f"{'':30}{0:05d}{'':35}{0:08d}{'':2}"
        return _line(
            f"{start}{self._payer(batch)}{texts['company_name']:<30}{'':40}{place}{ending}"
        )

    def _payer(self, batch: Batch) -> str:
        """Return columns 18 to 72: tax number, agreement and account."""
        texts, number = self._profile.texts, batch.debtor.number
        account = _account(number, itau=self._profile.itau)
        return f"2{texts['company_tax_id']}{texts['agreement']:<20}{account}"

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        if re.fullmatch(ACCOUNT_FORM, batch.debtor.number, re.ASCII) is None:
            yield Fault("debtor.number", "bad-account", _ACCOUNT.says)
        if batch.debtor.bank_code != self._profile.bank:
            yield Fault("debtor.bank_code", "bad-bank-code", "the profile is of another bank")
        if not 1 <= batch.sequence <= SEQUENCE_MAX:
            yield Fault("sequence", "too-long", f"1 to {SEQUENCE_MAX} fit")


def _segment_b(start: str, payment: Payment, day: str) -> str:
    return f"{start}B   1{_cpf(payment):>014}{PLACES}{day}{payment.amount:015d}{REST_OF_B}"


def _cpf(payment: Payment) -> str:
    assert payment.wage is not None  # noqa: S101  (preflight refuses it)
    return payment.wage.id_number


def _account(number: str, *, itau: bool) -> str:
    """Return agency, account and check digit in their 20 columns."""
    agency, body, check = number[:4], number[4:-1], number[-1]
    return f"0{agency} {body:>012} {check}" if itau else f"0{agency} {body:>012}{check} "


def _line(text: str) -> str:
    return f"{text:<240}{END}"
