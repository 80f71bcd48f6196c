"""Plays the bank: a return file (回盘) by the profile, for the certification kit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.delimited.profile import Profile
from disburse.adapter import ExampleAnswer, Result, Unrenderable, write_money


def report(profile: Profile, answer: ExampleAnswer) -> bytes:
    """Return the return file, or raise `Unrenderable` for a result that the profile has not."""
    paid = [payment for payment, result in answer.rows if result is Result.PAID]
    layout = profile.answer
    head = {
        "reference": answer.batch.reference,
        "date": f"{answer.batch.pay_on:%Y%m%d}",
        "count": str(answer.count),
        "total": _amount(profile, answer.total),
        "paid_count": str(len(paid)),
        "paid_total": _amount(profile, sum(one.amount for one in paid)),
    }
    if "status" in {*layout.header, *layout.trailer}:
        head["status"] = _word(profile, answer.whole or Result.PENDING)
    elif answer.whole is not None:
        raise Unrenderable("the profile's return file says nothing of the whole file", faults=())
    lines = [_line(profile, layout.header, head)]
    for number, (payment, result) in enumerate(answer.rows, start=1):
        row = {
            "number": str(number),
            "reference": payment.reference,
            "account": payment.account,
            "name": payment.name,
            "amount": _amount(profile, payment.amount),
            "status": _word(profile, result),
            "evidence": f"S{number}",
            "date": head["date"],
        }
        lines.append(_line(profile, layout.row, row))
    if layout.trailer:
        lines.append(_line(profile, layout.trailer, head))
    return b"".join(lines)


def _word(profile: Profile, result: Result) -> str:
    for word, meaning in profile.answer.statuses.items():
        if meaning is result:
            return word
    raise Unrenderable(f"the profile has no status for {result}", faults=())


def _line(profile: Profile, names: Iterable[str], values: Mapping[str, str]) -> bytes:
    texts = [name[1:] if name.startswith("=") else values.get(name, "") for name in names]
    return profile.delimiter.join(texts).encode(profile.encoding) + profile.line_end


def _amount(profile: Profile, minor: int) -> str:
    return write_money(minor, profile.currency) if profile.major else str(minor)
