"""Writes one batch of credits: a descriptive record, a record per worker, the totals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import Final

from adapters._vetted import require_fits, vetted
from adapters._wanted import Wanted, amount_faults
from adapters.aba.profile import AMOUNT_MAX, CHARACTERS, Profile
from disburse.adapter import Batch, Fault, Payment

PIECE_RECORDS: Final = 512
NAME_MAX: Final = 32
DESCRIPTION_MAX: Final = 12
PAY: Final = "53"

_BSB: Final = Wanted(
    field="bank_code", characters="0-9", longest=6, form="[0-9]{6}", code="bad-bank-code",
    says="the BSB of 6 digits", missing="give the BSB of the worker's bank",
)  # fmt: skip
_ACCOUNT: Final = Wanted(
    field="account", characters="0-9", longest=9, form="[0-9]{5,9}", code="bad-account",
    says="5 to 9 digits",
)  # fmt: skip
_REFERENCE: Final = Wanted(field="reference", characters="0-9A-Z", longest=18)
_DEBTOR_BSB: Final = Wanted(
    field="debtor.bank_code", characters="0-9", longest=6, form="[0-9]{6}", code="bad-bank-code",
    says="the BSB of 6 digits",
)  # fmt: skip
_DEBTOR: Final = Wanted(
    field="debtor.number", characters="0-9", longest=9, form="[0-9]{5,9}", code="bad-account",
    says="5 to 9 digits",
)  # fmt: skip
_DESCRIPTION: Final = Wanted(field="reference", characters="0-9A-Z", longest=DESCRIPTION_MAX)


class Writer:
    """Turns batches into files of one direct entry user."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)
        self._name_wanted = Wanted(
            field=profile.names, characters=CHARACTERS, longest=NAME_MAX,
            missing="enrol the worker with the name in Latin letters",
        )  # fmt: skip
        outer = CHARACTERS.replace(" ", "")
        self._plain = re.compile(
            rf"[0-9A-Z]{{1,18}}\n[0-9]{{6}}\n[0-9]{{5,9}}\n[{outer}](?:[{CHARACTERS}]{{0,30}}[{outer}])?",
            re.ASCII,
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "AUD":
            return (Fault("amount", "amount", "ABA files carry AUD only"),)
        most, name = self._profile.capabilities.amount_max, self._name(payment)
        told = f"{payment.reference}\n{payment.bank_code}\n{payment.account}\n{name}"
        if 1 <= payment.amount <= most and self._plain.fullmatch(told):
            return ()
        faults = [
            *_REFERENCE.faults(payment.reference),
            *_ACCOUNT.faults(payment.account),
            *_BSB.faults(payment.bank_code),
            *self._name_wanted.faults(name),
        ]
        faults += amount_faults(payment.amount, most, "cents")
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        profile, end, debtor = self._profile, self._profile.line_end, batch.debtor
        payments = vetted(batch, profile.capabilities, self.preflight)
        require_fits(batch, _batch_faults(batch))
        who = f"{profile.user_name:<26}{profile.user_id}{batch.reference:<12}{batch.pay_on:%d%m%y}"
        yield f"0{'':17}01{profile.bank}{'':7}{who}{'':40}{end}".encode("ascii")
        trace = f"{_bsb(debtor.bank_code)}{debtor.number:>9}{profile.remitter:<16}{0:08d}{end}"
        while some := list(islice(payments, PIECE_RECORDS)):
            yield "".join([self._credit(one, trace) for one in some]).encode("ascii")
        sums = f"{batch.total:010d}{batch.total:010d}{0:010d}"
        yield f"7999-999{'':12}{sums}{'':24}{batch.count:06d}{'':40}{end}".encode("ascii")

    def _credit(self, payment: Payment, trace: str) -> str:
        return (
            f"1{_bsb(payment.bank_code)}{payment.account:>9} {PAY}{payment.amount:010d}"
            f"{self._name(payment):<32}{payment.reference:<18}{trace}"
        )


def _bsb(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:]}"


def _batch_faults(batch: Batch) -> Iterator[Fault]:
    yield from _DEBTOR.faults(batch.debtor.number)
    yield from _DEBTOR_BSB.faults(batch.debtor.bank_code)
    yield from _DESCRIPTION.faults(batch.reference)
    if batch.total > AMOUNT_MAX:
        yield Fault("total", "amount", f"a file carries {AMOUNT_MAX} cents at most")
