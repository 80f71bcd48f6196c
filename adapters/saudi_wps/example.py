"""Plays the bank: the wages file with the bank's columns filled in, for the certification kit."""

from __future__ import annotations

from adapters.saudi_wps.profile import Profile
from disburse.adapter import ExampleAnswer, Payment, Result, Unrenderable

FILE_REJECTED = "99"  # any code: a code at all rejects the file


def report(profile: Profile, answer: ExampleAnswer) -> bytes:
    """Return the answer, or raise `Unrenderable` for a result that the profile has not."""
    if answer.whole not in {None, Result.REJECTED}:
        raise Unrenderable("the answer says of a whole file that it is rejected only", faults=())
    batch = answer.batch
    rejected = FILE_REJECTED if answer.whole else ""
    header = (
        profile.bank, profile.establishment, batch.debtor.number, "SAR", f"{batch.pay_on:%Y%m%d}",
        _riyals(profile, answer.total), "", batch.reference, rejected, batch.employer,
    )  # fmt: skip
    day = f"{batch.pay_on:%Y%m%d}"
    rows = [
        _row(profile, number, payment, result, day)
        for number, (payment, result) in enumerate(answer.rows, start=1)
    ]
    return "".join(f"{line}{profile.line_end}" for line in ("\t".join(header), *rows, "-")).encode()


def _row(profile: Profile, number: int, payment: Payment, result: Result, day: str) -> str:
    words = [word for word, meaning in profile.statuses.items() if meaning is result]
    if not words:
        raise Unrenderable(f"the profile has no status for {result}", faults=())
    reason = "" if result in {Result.PAID, Result.PENDING} else "R01"
    amount = _riyals(profile, payment.amount)
    return "\t".join((
        amount, payment.account, "", "", payment.reference, reason, amount, "", "", "",
        "", f"T{number}", words[0], day,
    ))  # fmt: skip


def _riyals(profile: Profile, halalas: int) -> str:
    return f"{halalas // 100}{profile.decimal_mark}{halalas % 100:02d}"
