"""Writes one batch of PPD credits: 94 columns, blocks of ten lines, hash and totals.

Columns: NACHA Operating Rules, Appendix Three. The description PAYROLL is what the rules ask of
wages since March 2026. Our file reference goes as the company's discretionary data and the file's
number as reference code, because NACHA has no other place for them and both come back unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import Final

from adapters._text import charset, too_long, unsafe
from adapters._vetted import require_fits, vetted
from adapters._wanted import amount_faults
from adapters.nacha.profile import TOTAL_MAX, Profile, is_routing_number
from disburse.adapter import Batch, Fault, Payment

NAME_MAX: Final = 22  # columns, and bytes: everything is ASCII
ACCOUNT_MAX: Final = 17
REFERENCE_MAX: Final = 15
SEQUENCE_MAX: Final = 99_999_999
BLOCK: Final = 10  # lines
PIECE_ENTRIES: Final = 512
MODIFIERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"  # the file's letter, in NACHA's order

_REFERENCE: Final = re.compile("[0-9A-Z]+", re.ASCII)
_ACCOUNT: Final = re.compile("[0-9A-Za-z-]+", re.ASCII)
_PRINTABLE: Final = re.compile("[ -~]*")
# Reference, account and name of most payments, in one look.
_PLAIN: Final = re.compile(
    "[0-9A-Z]{1,15}\n[0-9A-Za-z-]{1,17}\n[!-~](?:[ -~]{0,20}[!-~])?", re.ASCII
)
_is_bank = lru_cache(maxsize=1 << 15)(is_routing_number)  # all of the country's banks fit


class Writer:
    """Turns batches into files of one company."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        most = self._profile.capabilities.amount_max
        if (
            currency == "USD"
            and 1 <= payment.amount <= most
            and _PLAIN.fullmatch(f"{payment.reference}\n{payment.account}\n{self._name(payment)}")
            and _is_bank(payment.bank_code)
        ):
            return ()
        if currency != "USD":
            return (Fault("amount", "amount", "NACHA files carry USD only"),)
        faults = [
            *_reference_faults(payment.reference),
            *_account_faults(payment.account),
            *_bank_code_faults(payment.bank_code),
            *self._name_faults(payment),
        ]
        faults += amount_faults(payment.amount, most, "cents")
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        profile = self._profile
        payments = vetted(batch, profile.capabilities, self.preflight)
        self._check_batch(batch)
        end = profile.line_end.decode()
        yield f"{self._file_header(batch)}{end}{self._batch_header(batch)}{end}".encode("ascii")
        entry_hash = count = 0
        while some := list(islice(payments, PIECE_ENTRIES)):
            lines = [self._entry(count + at, one) for at, one in enumerate(some, start=1)]
            entry_hash += sum(int(one.bank_code[:8]) for one in some)
            count += len(some)
            yield (end.join(lines) + end).encode("ascii")
        lines = list(self._controls(batch, entry_hash % 10**10))
        yield (end.join(lines) + end).encode("ascii")

    def _entry(self, number: int, payment: Payment) -> str:
        """Return one checked payment; its trace number is its place in the file."""
        profile = self._profile
        return (
            f"6{profile.code}{payment.bank_code}{payment.account:<17}{payment.amount:010d}"
            f"{payment.reference:<15}{self._name(payment):<22}  0{profile.odfi}{number:07d}"
        )

    def _file_header(self, batch: Batch) -> str:
        profile = self._profile
        created = batch.created.astimezone(UTC) - timedelta(hours=profile.hours_behind_utc)
        modifier = MODIFIERS[(batch.sequence - 1) % len(MODIFIERS)]
        return (
            f"101{profile.destination}{profile.origin}{created:%y%m%d%H%M}{modifier}094101"
            f"{profile.destination_name:<23}{profile.origin_name:<23}{batch.sequence:08d}"
        )

    def _batch_header(self, batch: Batch) -> str:
        profile = self._profile
        return (
            f"5220{profile.company_name:<16}{batch.reference:<20}{profile.company_id:<10}PPD"
            f"{'PAYROLL':<10}{'':6}{batch.pay_on:%y%m%d}{'':3}1{profile.odfi}{1:07d}"
        )

    def _controls(self, batch: Batch, entry_hash: int) -> Iterator[str]:
        """Yield both controls, and nines up to a whole block."""
        profile = self._profile
        sums = f"{entry_hash:010d}{0:012d}{batch.total:012d}"
        yield f"8220{batch.count:06d}{sums}{profile.company_id:<10}{'':25}{profile.odfi}{1:07d}"
        lines = batch.count + 4
        blocks = -(-lines // BLOCK)
        yield f"9{1:06d}{blocks:06d}{batch.count:08d}{sums}{'':39}"
        for _ in range(blocks * BLOCK - lines):
            yield "9" * 94

    def _check_batch(self, batch: Batch) -> None:
        """Raise `Unrenderable` when the batch's own fields do not fit."""
        faults: list[Fault] = []
        if batch.debtor.number != self._profile.account:
            detail = "this profile's company_id pays from another account; use the right profile"
            faults.append(Fault("debtor.number", "bad-account", detail))
        if not 1 <= batch.sequence <= SEQUENCE_MAX:
            faults.append(Fault("sequence", "too-long", f"1 to {SEQUENCE_MAX} fit"))
        if batch.total > TOTAL_MAX:
            faults.append(Fault("total", "amount", f"a file carries {TOTAL_MAX} cents at most"))
        require_fits(batch, faults)

    def _name_faults(self, payment: Payment) -> Iterator[Fault]:
        field, name = self._profile.names, self._name(payment)
        if not name:
            yield Fault(field, "missing", "enrol the worker with the name in Latin letters")
        elif fault := unsafe(field, name):
            yield fault
        elif foreign := _foreign(name):
            yield charset(field, name, foreign - 1)
        elif len(name) > NAME_MAX:
            yield too_long(field, len(name), NAME_MAX, "characters")


def _foreign(text: str) -> int:
    """Return the place, from 1, of the first character that is not printable ASCII; 0 for none."""
    plain = _PRINTABLE.match(text)
    end = plain.end() if plain else 0
    return end + 1 if end < len(text) else 0


def _reference_faults(text: str) -> Iterator[Fault]:
    if not text:
        yield Fault("reference", "missing", "the bank needs a reference")
    elif _REFERENCE.fullmatch(text) is None:
        at = next(i for i, char in enumerate(text) if not _REFERENCE.fullmatch(char))
        yield charset("reference", text, at)
    elif len(text) > REFERENCE_MAX:
        yield too_long("reference", len(text), REFERENCE_MAX, "characters")


def _account_faults(number: str) -> Iterator[Fault]:
    if not number:
        yield Fault("account", "missing", "the bank needs the account's number")
    elif _ACCOUNT.fullmatch(number) is None:
        yield Fault("account", "bad-account", "digits, Latin letters or hyphens, no blanks")
    elif len(number) > ACCOUNT_MAX:
        yield too_long("account", len(number), ACCOUNT_MAX, "characters")


def _bank_code_faults(code: str) -> Iterator[Fault]:
    if not code:
        yield Fault("bank_code", "missing", "give the routing number of the worker's bank")
    elif not _is_bank(code):
        yield Fault("bank_code", "bad-bank-code", "9 digits of a bank's routing number; ask again")
