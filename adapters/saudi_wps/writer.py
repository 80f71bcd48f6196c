"""Writes one establishment's wages: a header, a row per worker, a hyphen.

Columns: MHRSD, WPS Wages File Specification, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from adapters._columns import hundredths, money
from adapters._vetted import require_fits, vetted_pieces
from adapters._wages import Looking, earned, iban_faults, net_faults, wages_of
from adapters._wanted import Wanted, amount_faults
from adapters.saudi_wps.profile import AMOUNT_MAX, Profile
from disburse.adapter import Batch, Fault, Payment

PIECE_ROWS: Final = 256
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
        self._behind = hundredths(profile.decimal_mark)
        self._told = attrgetter("account", profile.names, "bank_code", "reference", "amount")
        self._places = {
            **dict.fromkeys(profile.basic_items, 0), **dict.fromkeys(profile.housing_items, 1),
        }  # fmt: skip
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=NAME_MAX,
            missing="enrol the worker with the name in Latin letters",
        )  # fmt: skip
        outer = NAME_CHARACTERS.replace(" ", "")
        self._look = Looking(
            {
                "reference": "[0-9A-Z]{1,16}", "account": IBAN_FORM, "bank_code": _BANK.form,
                "wage.id_number": _WORKER.form,
                profile.names: rf"[{outer}](?:[{NAME_CHARACTERS}]{{0,138}}[{outer}])?",
            },
            profile.capabilities.amount_max,
        )  # fmt: skip

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "SAR":
            return (Fault("amount", "amount", "wages files carry SAR only"),)
        if self._look.at_one(payment):
            return ()
        most, wage, name = self._profile.capabilities.amount_max, payment.wage, self._name(payment)
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
        able, look = profile.capabilities, self._look.at_all
        pieces = vetted_pieces(batch, able, self.preflight, look, PIECE_ROWS)
        require_fits(batch, self._batch_faults(batch))
        end = profile.line_end
        (total,) = money([batch.total], self._behind)
        header = (
            profile.bank, profile.establishment, batch.debtor.number, "SAR",
            f"{batch.pay_on:%Y%m%d}", total, "", batch.reference, "", batch.employer,
        )  # fmt: skip
        yield ("\t".join(header) + end).encode("ascii")
        for some in pieces:
            yield self._rows(some).encode("ascii")
        yield f"-{end}".encode("ascii")

    def _rows(self, some: Sequence[Payment]) -> str:
        """Return checked payments; the bank's own columns are empty."""
        wages, count = wages_of(some), len(some)
        accounts, names, banks, references, amounts = zip(*map(self._told, some), strict=True)
        sums = (amounts, *earned(wages, self._places, 3), [one.deducted for one in wages])
        paid, *parts = (money(column, self._behind) for column in sums)
        empty = ("",) * count
        ends = (f"\t\t{self._profile.line_end}",) * count
        rows = zip(
            paid, accounts, names, banks, references, empty, *parts,
            [one.id_number for one in wages], ends, strict=True,
        )  # fmt: skip
        return "".join(map("\t".join, rows))

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        yield from iban_faults(_DEBTOR, batch.debtor.number)
        yield from _EMPLOYER.faults(batch.employer)
        if batch.debtor.bank_code != self._profile.bank:
            yield Fault("debtor.bank_code", "bad-bank-code", "the profile is of another bank")
        if batch.total > AMOUNT_MAX:
            yield Fault("total", "amount", f"a file carries {AMOUNT_MAX} halalas at most")
