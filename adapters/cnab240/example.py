"""Plays the bank: a return file by the profile, for the certification kit."""

from __future__ import annotations

from adapters.cnab240.profile import Profile
from disburse.adapter import ExampleAnswer, Payment, Result, Unrenderable


def report(profile: Profile, answer: ExampleAnswer) -> bytes:
    """Return the return file, or raise `Unrenderable` for a result that the profile has not."""
    if answer.whole is not None:
        raise Unrenderable("a return says nothing of the whole file", faults=())
    bank, batch = profile.bank, answer.batch
    own = "" if profile.itau else batch.reference
    header = f"{bank}00000{'':134}2{batch.pay_on:%d%m%Y}000000{'':34}{own:<20}"
    lines = [header, f"{bank}00011C"]
    for number, (payment, result) in enumerate(answer.rows, start=1):
        lines.append(_segment_a(profile, number, payment, f"{batch.pay_on:%d%m%Y}", result))
    lines.append(f"{bank}00015{'':9}{answer.count + 2:06d}{answer.total:018d}")
    lines.append(f"{bank}99999{'':9}{1:06d}{len(lines) + 1:06d}")
    return "".join(f"{line:<240}\r\n" for line in lines).encode("ascii")


def _segment_a(profile: Profile, number: int, payment: Payment, day: str, result: Result) -> str:
    codes = [code for code, meaning in profile.occurrences.items() if meaning is result]
    if not codes:
        raise Unrenderable(f"the profile has no occurrence for {result}", faults=())
    done = payment.amount if result is Result.PAID else 0
    start = f"{profile.bank}00013{number:05d}A000000{payment.bank_code}{'':20}{'':30}"
    money = f"{'BRL':<3}{0:015d}{payment.amount:015d}{f'N{number}':<20}"
    return f"{start}{payment.reference:<20}{day}{money}{day}{done:015d}{'':53}{codes[0]}"
