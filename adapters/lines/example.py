"""Plays the bank: a return file (回盘) by the profile, for the certification kit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.lines.profile import Profile, written_amount
from adapters.lines.spelling import Column
from disburse.adapter import ExampleAnswer, Result, Unrenderable


def report(profile: Profile, answer: ExampleAnswer) -> bytes:
    """Return the return file, or raise `Unrenderable` for a result that the profile has not."""
    paid = [payment for payment, result in answer.rows if result is Result.PAID]
    layout = profile.answer
    head = {
        "reference": answer.batch.reference,
        "date": f"{answer.batch.pay_on:%Y%m%d}",
        "count": str(answer.count),
        "total": written_amount(profile, answer.total),
        "paid_count": str(len(paid)),
        "paid_total": written_amount(profile, sum(one.amount for one in paid)),
    }
    if "status" in {column.field for column in (*layout.header, *layout.trailer)}:
        head["status"] = _word(profile, answer.whole or Result.PENDING)
    elif answer.whole is not None:
        raise Unrenderable("the profile's return file says nothing of the whole file", faults=())
    lines = [_line(profile, layout.header, head)] if layout.header else []
    for number, (payment, result) in enumerate(answer.rows, start=1):
        row = {
            "number": str(number),
            "reference": payment.reference,
            "account": payment.account,
            "name": payment.name,
            "amount": written_amount(profile, payment.amount),
            "status": _word(profile, result),
            "evidence": f"S{number}",
            "date": head["date"],
        }
        found = {"skip": payment.reference} if layout.find_reference else {}
        lines.append(_line(profile, layout.row, row | found))
    if layout.trailer:
        lines.append(_line(profile, layout.trailer, head))
    return b"".join(lines)


def _word(profile: Profile, result: Result) -> str:
    for word, meaning in profile.answer.statuses.items():
        if meaning is result:
            return word
    raise Unrenderable(f"the profile has no status for {result}", faults=())


def _line(profile: Profile, columns: Sequence[Column], values: Mapping[str, str]) -> bytes:
    texts = [values.get(one.field, "") if one.field else one.constant for one in columns]
    return profile.answer.spelling.join(columns, texts) + profile.line_end
