"""Writes one establishment's wages: two lines of the file, a line of titles, a line per worker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from operator import attrgetter
from typing import Final

from adapters._columns import hundredths, money
from adapters._vetted import require_fits, vetted_pieces
from adapters._wages import Looking, earned, iban_faults, net_faults, wages_of
from adapters._wanted import Wanted, amount_faults
from adapters.qatar_wps.profile import ALLOWANCES, AMOUNT_MAX, Profile
from disburse.adapter import Batch, Fault, Payment, Wage

PIECE_ROWS: Final = 256
IBAN_FORM: Final = "QA[0-9]{2}[A-Z]{4}[0-9A-Z]{21}"
NAME_CHARACTERS: Final = "0-9A-Za-z .'/()-"
QID: Final = re.compile("[0-9]{11}", re.ASCII)
DAYS: Final = re.compile("[0-9]|[12][0-9]|3[01]", re.ASCII)
OTHER_REASON: Final = "99"
BEHIND: Final = hundredths(".")

_BANK_WANTS: Final = {
    "characters": "0-9A-Z", "longest": 4, "form": "[0-9A-Z]{2,4}", "code": "bad-bank-code",
    "says": "the bank's short name, 2 to 4 capitals",
}  # fmt: skip
_IBAN_WANTS: Final = {
    "characters": "0-9A-Z", "longest": 29, "form": IBAN_FORM, "code": "bad-account",
    "says": "an IBAN of Qatar, 29 characters",
}  # fmt: skip
_ACCOUNT: Final = Wanted(field="account", **_IBAN_WANTS)  # type: ignore[arg-type]
_BANK: Final = Wanted(field="bank_code", **_BANK_WANTS)  # type: ignore[arg-type]
_DEBTOR: Final = Wanted(field="debtor.number", **_IBAN_WANTS)  # type: ignore[arg-type]
_DEBTOR_BANK: Final = Wanted(field="debtor.bank_code", **_BANK_WANTS)  # type: ignore[arg-type]
_WORKER: Final = Wanted(
    field="wage.id_number", characters="0-9A-Z", longest=20, form="[0-9A-Z]{5,20}",
    says="the worker's QID of 11 digits, or visa number",
)  # fmt: skip
_EMPLOYER: Final = Wanted(
    field="employer", characters="0-9", longest=8, form="[0-9]{8}",
    says="the establishment's number, 8 digits with zeros in front",
)  # fmt: skip


class Writer:
    """Turns batches into files of one payer."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile."""
        self._profile = profile
        self._name: attrgetter[str] = attrgetter(profile.names)
        self._told = attrgetter(profile.names, "bank_code", "account", "amount")
        # basic salary, the allowances, and what is earned besides
        self._places = {
            **dict.fromkeys(profile.basic_items, 0),
            **{item: at + 1 for item, at in profile.allowance_items.items()},
        }
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=profile.name_max,
            missing="enrol the worker with the name in Latin letters",
        )  # fmt: skip
        outer = NAME_CHARACTERS.replace(" ", "")
        most = max(0, profile.name_max - 2)
        self._look = Looking(
            {
                "account": IBAN_FORM, "bank_code": _BANK.form, "wage.id_number": _WORKER.form,
                "wage.days": DAYS.pattern,
                profile.names: rf"[{outer}](?:[{NAME_CHARACTERS}]{{0,{most}}}[{outer}])?",
            },
            profile.capabilities.amount_max,
        )  # fmt: skip

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "QAR":
            return (Fault("amount", "amount", "Qatar's WPS files carry QAR only"),)
        if self._look.at_one(payment):
            return ()
        most, wage = self._profile.capabilities.amount_max, payment.wage
        faults = [
            *iban_faults(_ACCOUNT, payment.account),
            *_BANK.faults(payment.bank_code),
            *self._name_wanted.faults(self._name(payment)),
        ]
        faults += amount_faults(payment.amount, most, "dirhams")
        if wage is None:
            faults.append(Fault("wage", "missing", "the wage's days and items have to be told"))
            return tuple(faults)
        faults += _WORKER.faults(wage.id_number)
        if DAYS.fullmatch(wage.days) is None:
            faults.append(Fault("wage.days", "charset", "worked days, a whole number up to 31"))
        return (*faults, *net_faults(payment, wage))

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        profile, end = self._profile, self._profile.line_end
        able, look = profile.capabilities, self._look.at_all
        pieces = vetted_pieces(batch, able, self.preflight, look, PIECE_ROWS)
        require_fits(batch, _batch_faults(batch))
        opening = (profile.file_titles, self._file(batch), profile.row_titles)
        yield (end.join(opening) + end).encode("ascii")
        count = 0
        for some in pieces:
            yield self._rows(some, count + 1).encode("ascii")
            count += len(some)

    def _file(self, batch: Batch) -> str:
        made = batch.created.astimezone(UTC) + timedelta(hours=self._profile.hours_ahead_of_utc)
        when = f"{made:%Y%m%d},{made:%H}{batch.sequence % 60:02d}"
        payer = f"{self._profile.payer},{batch.debtor.bank_code},{batch.debtor.number}"
        sums = f"{batch.period:%Y%m},{_riyals(batch.total)},{batch.count}"
        return f"{batch.employer},{when},{payer},{sums},01"

    def _rows(self, some: Sequence[Payment], first: int) -> str:
        """Return checked payments, numbered from `first` on."""
        profile, wages, count = self._profile, wages_of(some), len(some)
        names, banks, accounts, amounts = zip(*map(self._told, some), strict=True)
        basic, *allowances, extra = earned(wages, self._places, len(ALLOWANCES) + 2)
        if profile.allowances_in_extra:
            extra = tuple(map(sum, zip(extra, *allowances, strict=True)))
        sums = (amounts, basic, extra, [one.deducted for one in wages], *allowances)
        paid, salary, more, less, *allowed = (money(column, BEHIND) for column in sums)
        reasons = list(map(self._reason, wages))
        numbers = [one.id_number for one in wages]
        columns = (
            map(str, range(first, first + count)),
            [f"{one}," if QID.fullmatch(one) else f",{one}" for one in numbers],
            names, banks, accounts, (profile.frequency,) * count, [one.days for one in wages],
            paid, salary, ("0",) * count, more, less, (profile.payment_type,) * count,
            [profile.other_note if one == OTHER_REASON else "" for one in reasons], *allowed,
            [f"/DRC/{one}{profile.line_end}" if one else profile.line_end for one in reasons],
        )  # fmt: skip
        return "".join(map(",".join, zip(*columns, strict=True)))

    def _reason(self, wage: Wage) -> str:
        """Return the code of what was deducted; "" for nothing."""
        if not wage.deductions:
            return ""
        items = [item for item, less in wage.deductions if less]
        codes = {self._profile.reasons.get(item, OTHER_REASON) for item in items}
        return codes.pop() if len(codes) == 1 else OTHER_REASON if codes else ""


def _riyals(dirhams: int) -> str:
    return f"{dirhams // 100}.{dirhams % 100:02d}"


def _batch_faults(batch: Batch) -> Iterator[Fault]:
    yield from _EMPLOYER.faults(batch.employer)
    yield from iban_faults(_DEBTOR, batch.debtor.number)
    yield from _DEBTOR_BANK.faults(batch.debtor.bank_code)
    if batch.period is None:
        yield Fault("period", "missing", "the file names the month of the wages")
    if batch.total > AMOUNT_MAX:
        yield Fault("total", "amount", f"a file carries {AMOUNT_MAX} dirhams at most")
