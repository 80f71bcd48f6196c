"""Writes one establishment's wages: two lines of the file, a line of titles, a line per worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import islice
from operator import attrgetter
from typing import Final

from adapters._iban import checks
from adapters._vetted import require_fits, vetted
from adapters._wages import iban_faults, net_faults
from adapters._wanted import Wanted, amount_faults
from adapters.qatar_wps.profile import ALLOWANCES, AMOUNT_MAX, Profile
from disburse.adapter import Batch, Fault, Payment, Wage

PIECE_ROWS: Final = 512
IBAN_FORM: Final = "QA[0-9]{2}[A-Z]{4}[0-9A-Z]{21}"
NAME_CHARACTERS: Final = "0-9A-Za-z .'/()-"
QID: Final = re.compile("[0-9]{11}", re.ASCII)
DAYS: Final = re.compile("[0-9]|[12][0-9]|3[01]", re.ASCII)
OTHER_REASON: Final = "99"
MONEY: Final = "%d.%02d"

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
        self._row_form = ",".join(
            ("%d", "%s,%s", "%s,%s,%s", f"{profile.frequency},%s", MONEY, f"{MONEY},0,{MONEY}",
             f"{MONEY},{profile.payment_type.replace('%', '%%')},%s",
             *[MONEY] * len(ALLOWANCES), "%s")
        )  # fmt: skip
        self._name_wanted = Wanted(
            field=profile.names, characters=NAME_CHARACTERS, longest=profile.name_max,
            missing="enrol the worker with the name in Latin letters",
        )  # fmt: skip
        outer = NAME_CHARACTERS.replace(" ", "")
        self._plain = re.compile(
            rf"{IBAN_FORM}\n{_BANK.form}\n{_WORKER.form}\n(?:{DAYS.pattern})\n"
            rf"[{outer}](?:[{NAME_CHARACTERS}]{{0,{max(0, profile.name_max - 2)}}}[{outer}])?",
            re.ASCII,
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        if currency != "QAR":
            return (Fault("amount", "amount", "Qatar's WPS files carry QAR only"),)
        most, wage = self._profile.capabilities.amount_max, payment.wage
        if wage is not None and 1 <= payment.amount <= most:
            who = f"{wage.id_number}\n{wage.days}\n{self._name(payment)}"
            told = f"{payment.account}\n{payment.bank_code}\n{who}"
            net = wage.gross - wage.deducted
            if net == payment.amount and self._plain.fullmatch(told) and checks(payment.account):
                return ()
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
        payments = vetted(batch, profile.capabilities, self.preflight)
        require_fits(batch, _batch_faults(batch))
        opening = (profile.file_titles, self._file(batch), profile.row_titles)
        yield (end.join(opening) + end).encode("ascii")
        count = 0
        while some := list(islice(payments, PIECE_ROWS)):
            lines = [self._row(count + at, one) for at, one in enumerate(some, start=1)]
            count += len(some)
            yield (end.join(lines) + end).encode("ascii")

    def _file(self, batch: Batch) -> str:
        made = batch.created.astimezone(UTC) + timedelta(hours=self._profile.hours_ahead_of_utc)
        when = f"{made:%Y%m%d},{made:%H}{batch.sequence % 60:02d}"
        payer = f"{self._profile.payer},{batch.debtor.bank_code},{batch.debtor.number}"
        sums = f"{batch.period:%Y%m},{_riyals(batch.total)},{batch.count}"
        return f"{batch.employer},{when},{payer},{sums},01"

    def _row(self, number: int, payment: Payment) -> str:
        """Return one checked payment."""
        profile, wage = self._profile, payment.wage
        assert wage is not None  # noqa: S101  (preflight refuses it)
        worker = wage.id_number
        who = (worker, "") if QID.fullmatch(worker) else ("", worker)
        basic, extra, allowances = self._earned(wage)
        reason = self._reason(wage)
        return self._row_form % (
            number, *who, self._name(payment), payment.bank_code, payment.account, wage.days,
            *divmod(payment.amount, 100), *divmod(basic, 100), *divmod(extra, 100),
            *divmod(wage.deducted, 100), profile.other_note if reason == OTHER_REASON else "",
            *[part for one in allowances for part in divmod(one, 100)],
            f"/DRC/{reason}" if reason else "",
        )  # fmt: skip

    def _earned(self, wage: Wage) -> tuple[int, int, list[int]]:
        """Return basic salary, extra income, and the allowances by column."""
        basic, allowances = 0, [0] * len(ALLOWANCES)
        for item, amount in wage.items:
            if item in self._profile.basic_items:
                basic += amount
            elif item in self._profile.allowance_items:
                allowances[self._profile.allowance_items[item]] += amount
        apart = 0 if self._profile.allowances_in_extra else sum(allowances)
        return basic, wage.gross - basic - apart, allowances

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
