"""Writes one batch of salaries: a file of lots, each of one payment form.

Columns: FEBRABAN's CNAB240 version 10 and Itaú's SISPAG version 086.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, timedelta
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import Final

from adapters._columns import Looking
from adapters._vetted import require_fits, vetted_pieces
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
CPF: Final = "000%s"
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
        self._told = attrgetter("bank_code", "account", profile.names, "reference", "amount")
        self._target = "0%s %012d %s" if profile.itau else "0%s %012d%s "
        self._records_each = 2 if profile.segment_b else 1
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=NAME_MAX,
            missing="enrol the worker with the name in capitals without accents",
        )  # fmt: skip
        self._look = Looking(
            {
                "reference": "[0-9A-Z]{1,20}", "account": ACCOUNT_FORM, "bank_code": "[0-9]{3}",
                profile.names: r"[0-9A-Z.,&/'-](?:[0-9A-Z .,&/'-]{0,28}[0-9A-Z.,&/'-])?",
                "wage.id_number": "[0-9]{11}",
            },
            profile.capabilities.amount_max,
        )  # fmt: skip

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "BRL":
            return (Fault("amount", "amount", "CNAB240 files carry BRL only"),)
        if self._look.at_one(payment) and is_cpf(_cpf(payment)):
            return ()
        most, wage, name = self._profile.capabilities.amount_max, payment.wage, self._name(payment)
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
        able, bank = self._profile.capabilities, self._profile.bank
        pieces = vetted_pieces(batch, able, self.preflight, self._fit, PIECE_PAYMENTS)
        require_fits(batch, self._batch_faults(batch))
        yield self._file_header(batch).encode("ascii")
        lots, records = 0, 2
        payments = chain.from_iterable(pieces)
        for own, some in groupby(payments, lambda one: one.bank_code == bank):
            lots += 1
            for lines in self._lot(batch, some, lots, own=own):
                records += lines.count(END)
                yield lines.encode("ascii")
        yield _line(f"{bank}99999{'':9}{lots:06d}{records:06d}{0:06d}").encode("ascii")

    def _fit(self, some: Sequence[Payment]) -> bool:
        return self._look.at_all(some) and all(map(is_cpf, map(_cpf, some)))

    def _lot(
        self, batch: Batch, payments: Iterable[Payment], lot: int, *, own: bool
    ) -> Iterator[str]:
        """Yield a lot: its header, some records at once, its trailer."""
        yield self._lot_header(batch, lot, own=own)
        start, number, total = f"{self._profile.bank}{lot:04d}", 0, 0
        form = self._form(f"{start}3", f"{batch.pay_on:%d%m%Y}", own=own)
        while some := list(islice(payments, PIECE_PAYMENTS)):
            yield self._records(form, some, number + 1)
            number += len(some) * self._records_each
            total += sum([one.amount for one in some])
        yield _line(f"{start}5{'':9}{number + 2:06d}{total:018d}{0:018d}{0:06d}")

    def _form(self, start: str, day: str, *, own: bool) -> str:
        """Return a payment's records in one lot, for "%"."""
        profile = self._profile
        chamber = f"A000{'000' if own else profile.texts['chamber_other_bank']}%s"
        purpose = f"{'' if own else profile.texts['ted_purpose']:<5}"
        reais, until = (
            (REAIS_ITAU, f"{UNTIL_CPF}{CPF}  ") if profile.itau else (REAIS, UNTIL_PURPOSE)
        )
        who, ending = f"{self._target}%-30s%-20s{day}", f"{until}{purpose}{AT_LAST}"
        a = f"{start}%05d{chamber}{who}{reais}%015d{ending}"
        b = f"{start}%05dB   1{CPF}{PLACES}{day}%015d{REST_OF_B}"
        return f"{a}{b}" if profile.segment_b else a

    def _records(self, form: str, some: Sequence[Payment], first: int) -> str:
        """Return the records of checked payments, numbered from `first` on."""
        codes, accounts, names, references, amounts = zip(*map(self._told, some), strict=True)
        step, count = self._records_each, len(some)
        cpfs = [*map(_cpf, some)]
        columns = [
            range(first, first + step * count, step), codes, *_accounts(accounts), names,
            references, amounts,
        ]  # fmt: skip
        if self._profile.itau:
            columns.append(cpfs)
        if self._profile.segment_b:
            columns += [range(first + 1, first + 1 + step * count, step), cpfs, amounts]
        return "".join(map(form.__mod__, zip(*columns, strict=True)))

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
        account = self._target % (number[:4], int(number[4:-1]), number[-1])
        return f"2{texts['company_tax_id']}{texts['agreement']:<20}{account}"

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        if re.fullmatch(ACCOUNT_FORM, batch.debtor.number, re.ASCII) is None:
            yield Fault("debtor.number", "bad-account", _ACCOUNT.says)
        if batch.debtor.bank_code != self._profile.bank:
            yield Fault("debtor.bank_code", "bad-bank-code", "the profile is of another bank")
        if not 1 <= batch.sequence <= SEQUENCE_MAX:
            yield Fault("sequence", "too-long", f"1 to {SEQUENCE_MAX} fit")


def _cpf(payment: Payment) -> str:
    assert payment.wage is not None  # noqa: S101  (preflight refuses it)
    return payment.wage.id_number


def _accounts(numbers: Sequence[str]) -> tuple[list[str], list[int], list[str]]:
    """Return agency, number and check digit of each."""
    parts = (slice(4), slice(4, -1), slice(-1, None))
    agencies, bodies, checks = ([one[part] for one in numbers] for part in parts)
    return agencies, [*map(int, bodies)], checks


def _line(text: str) -> str:
    return f"{text:<240}{END}"
