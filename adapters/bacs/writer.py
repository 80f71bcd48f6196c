"""Writes one batch of credits: labels, a record per worker, the contra record, totals.

Columns: Bacs Standard 18 for single processing days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from itertools import islice
from operator import attrgetter
from typing import Final

from adapters._vetted import require_fits, vetted
from adapters._wanted import Wanted, amount_faults
from adapters.bacs.profile import CHARACTERS, SEQUENCE_MAX, TOTAL_MAX, Profile
from disburse.adapter import Batch, Fault, Payment

PIECE_RECORDS: Final = 512
TEXT_MAX: Final = 18
CREDIT: Final = "99"
DEBIT: Final = "17"  # the contra record

_SORT: Final = Wanted(
    field="bank_code", characters="0-9", longest=6, form="[0-9]{6}", code="bad-bank-code",
    says="the sort code of 6 digits", missing="give the sort code of the worker's bank",
)  # fmt: skip
_ACCOUNT: Final = Wanted(
    field="account", characters="0-9", longest=8, form="[0-9]{8}", code="bad-account",
    says="8 digits; put zeros in front of a shorter number",
)  # fmt: skip
_REFERENCE: Final = Wanted(field="reference", characters="0-9A-Z", longest=TEXT_MAX)
_DEBTOR_SORT: Final = Wanted(
    field="debtor.bank_code", characters="0-9", longest=6, form="[0-9]{6}", code="bad-bank-code",
    says="the sort code of 6 digits",
)  # fmt: skip
_DEBTOR: Final = Wanted(
    field="debtor.number", characters="0-9", longest=8, form="[0-9]{8}", code="bad-account",
    says="8 digits",
)  # fmt: skip


class Writer:
    """Turns batches into files of one service user."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)
        self._name_wanted = Wanted(
            field=profile.names, characters=CHARACTERS, longest=TEXT_MAX,
            missing="enrol the worker with the name in capitals without accents",
        )  # fmt: skip
        self._plain = re.compile(
            r"[0-9A-Z]{1,18}\n[0-9]{14}\n[0-9A-Z.&/-](?:[0-9A-Z.&/ -]{0,16}[0-9A-Z.&/-])?", re.ASCII
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "GBP":
            return (Fault("amount", "amount", "Bacs carries GBP only"),)
        most, name = self._profile.capabilities.amount_max, self._name(payment)
        where = f"{payment.bank_code}{payment.account}"
        if (
            1 <= payment.amount <= most
            and len(payment.account) == len("12345678")
            and self._plain.fullmatch(f"{payment.reference}\n{where}\n{name}")
        ):
            return ()
        faults = [
            *_REFERENCE.faults(payment.reference),
            *_ACCOUNT.faults(payment.account),
            *_SORT.faults(payment.bank_code),
            *self._name_wanted.faults(name),
        ]
        faults += amount_faults(payment.amount, most, "pence")
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        profile, end, debtor = self._profile, self._profile.line_end, batch.debtor
        payments = vetted(batch, profile.capabilities, self.preflight)
        require_fits(batch, self._batch_faults(batch))
        day = profile.near(batch.pay_on, -1)  # of processing: credits come on the next
        yield (end.join(self._opening(batch, day)) + end).encode("ascii")
        payer = f"{debtor.bank_code}{debtor.number}"
        while some := list(islice(payments, PIECE_RECORDS)):
            yield "".join([self._credit(one, payer, end) for one in some]).encode("ascii")
        yield (end.join(self._closing(batch, day, payer)) + end).encode("ascii")

    def _credit(self, payment: Payment, payer: str, end: str) -> str:
        return (
            f"{payment.bank_code}{payment.account}0{CREDIT}{payer}    {payment.amount:011d}"
            f"{self._profile.originator:<18}{payment.reference:<18}{self._name(payment):<18}{end}"
        )

    def _opening(self, batch: Batch, day: date) -> list[str]:
        """Return the labels in front of the data."""
        volume = f"VOL1{batch.sequence:06d}{'':31}{self._profile.service_user}{'':32}1"
        user = f"UHL1{_julian(day)}999999{'':4}00000000{'1 DAILY':<9}"
        return [
            volume,
            self._file_label("HDR1", batch, day),
            f"HDR2F0200000100{'':35}00{'':28}",
            f"{user}{batch.sequence % 1000:03d}{'':40}",
        ]

    def _closing(self, batch: Batch, day: date, payer: str) -> list[str]:
        """Return the contra record, and the labels behind the data."""
        contra = (
            f"{payer}0{DEBIT}{payer}    {batch.total:011d}"
            f"{batch.reference:<18}{'CONTRA':<18}{self._profile.originator:<18}"
        )
        sums = f"{batch.total:013d}{batch.total:013d}{1:07d}{batch.count:07d}"
        return [
            contra,
            self._file_label("EOF1", batch, day),
            f"EOF2F0200000100{'':35}00{'':28}",
            f"UTL1{sums}{'':36}",
        ]

    def _file_label(self, kind: str, batch: Batch, day: date) -> str:
        made = batch.created.astimezone(UTC) + timedelta(hours=self._profile.hours_ahead_of_utc)
        user = self._profile.service_user
        expires = day + timedelta(days=1)
        numbers = f"{batch.sequence:06d}00010001{'':6}"
        dates = f"{_julian(made.date())}{_julian(expires)} 000000{'':20}"
        return f"{kind}A{user}S   {user}{numbers}{dates}"

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        yield from _DEBTOR.faults(batch.debtor.number)
        yield from _DEBTOR_SORT.faults(batch.debtor.bank_code)
        if not self._profile.works_on(batch.pay_on):
            yield Fault("pay_on", "charset", "Bacs credits on working days; take another pay date")
        if not 1 <= batch.sequence <= SEQUENCE_MAX:
            yield Fault("sequence", "too-long", f"1 to {SEQUENCE_MAX} fit")
        if batch.total > TOTAL_MAX:
            yield Fault("total", "amount", f"a file carries {TOTAL_MAX} pence at most")


def _julian(day: date) -> str:
    """Return a blank, the year's two digits, and the day of the year."""
    return f" {day:%y%j}"
