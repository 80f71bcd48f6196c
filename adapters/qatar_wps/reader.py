"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters._wages import told
from adapters.qatar_wps.profile import LINE_BYTES_MAX, Profile
from disburse.adapter import Head, Payment, UnreadableFile

_MONEY: Final = r"(0|[1-9][0-9]{0,11})\.([0-9]{2})"
_IBAN: Final = "(QA[0-9A-Z]{27})"


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, rows are
    numbered without a gap, net is what is earned less deductions, and count and total are theirs.
    """
    lines = ascii_lines(content, profile.line_end, longest=LINE_BYTES_MAX)
    titles, said, more = next(lines, ""), next(lines, ""), next(lines, "")
    match = re.fullmatch(
        rf"([0-9]{{8}}),([0-9]{{8}}),[0-2][0-9][0-5][0-9],{profile.payer},([0-9A-Z]{{2,4}}),{_IBAN},"
        rf"((?!0000)[0-9]{{4}})(0[1-9]|1[0-2]),{_MONEY},([1-9][0-9]{{0,5}}),01",
        said,
        re.ASCII,
    )
    if match is None or (titles, more) != (profile.file_titles, profile.row_titles):
        _another("its first lines are others")
    employer, made, bank, number, year, month, riyals, dirhams, stated = match.groups()
    _day(made)
    row = _row_form(profile)
    count = total = 0
    for line in lines:
        found = row.fullmatch(line)
        if found is None or found[1] != str(count + 1):
            _another(f"row {count + 1} is another")
        payment = _payment(profile, found)
        count, total = count + 1, total + payment.amount
        yield payment
    if (int(stated), int(riyals + dirhams)) != (count, total):
        _another("its payments are not its count and total")
    yield Head(
        currency="QAR", debtor_number=number, debtor_bank_code=bank, count=count, total=total,
        period=date(int(year), int(month), 1), employer=employer,
    )  # fmt: skip


def _row_form(profile: Profile) -> re.Pattern[str]:
    """Return a row's form: sequence, QID or visa number, and the other columns in their order."""
    who = "([0-9]{11}),|,(?![0-9]{11},)([0-9A-Z]{5,20})"
    paid = rf"{profile.frequency},([0-9]|[12][0-9]|3[01]),{_MONEY},{_MONEY},0,{_MONEY},{_MONEY}"
    note = re.escape(profile.other_note)
    return re.compile(
        rf"([1-9][0-9]{{0,5}}),(?:{who}),([^,]{{1,{profile.name_max}}}),([0-9A-Z]{{2,4}}),{_IBAN},{paid},"
        rf"{re.escape(profile.payment_type)},({note}|),{_MONEY},{_MONEY},{_MONEY},{_MONEY},"
        r"(/DRC/[0-9]{2}|)",
        re.ASCII,
    )


def _payment(profile: Profile, match: re.Match[str]) -> Payment:
    _, qid, visa, name, bank, account, days, *money, reason = match.groups()
    note = money.pop(8)  # behind four amounts; four allowances follow
    amount, basic, extra, deducted, *allowances = [
        int(money[at] + money[at + 1]) for at in range(0, len(money), 2)
    ]
    allowed = sum(allowances)
    gross = basic + extra + (0 if profile.allowances_in_extra else allowed)
    if gross - deducted != amount:
        _another("a net amount is not what is earned less deductions")
    if allowed > gross - basic:
        _another("allowances are more than what is earned besides")
    if bool(deducted) is not bool(reason) or bool(note) is not (reason == "/DRC/99"):
        _another("a deduction has no reason, or a reason no deduction")
    by_latin_name = profile.names == "latin_name"
    return Payment(
        reference="", name="" if by_latin_name else name, account=account, bank_code=bank,
        bank_name="", amount=amount, note="", latin_name=name if by_latin_name else "",
        wage=told(qid or visa, days, gross, deducted),
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
