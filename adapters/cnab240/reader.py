"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import pairwise, starmap
from operator import itemgetter
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters._columns import all_have, joined, lines_of, payments, together_or_alone, wages
from adapters.cnab240.profile import COLUMNS, Profile
from disburse.adapter import Head, Payment, UnreadableFile

ENDING: Final = "\r\n"
SOME: Final = 256  # payments that are read together
# Agency, account with the zeros that fill it up, check digit.
_ACCOUNT: Final = lines_of("0[0-9]{4} (?!0{12})[0-9]{12}[0-9X] ")
_ACCOUNT_ITAU: Final = lines_of("0[0-9]{4} (?!0{12})[0-9]{12} [0-9X]")
_BANK: Final = lines_of("[0-9]{3}")
_NAME: Final = lines_of("[0-9A-Z.,&/'-][0-9A-Z .,&/'-]{29}")
_REFERENCE: Final = lines_of("[0-9A-Z][0-9A-Z ]{19}")
_AMOUNT: Final = lines_of("[0-9]{15}")
_CPF: Final = lines_of("000[0-9]{11}")
_REAIS: Final = f"BRL{0:015d}"
_REAIS_ITAU: Final = f"REA{0:08d}  {0:05d}"
_BLANK: Final = f"{'':20}{0:023d}{'':26}"
_BLANK_ITAU: Final = f"{'':20}{0:023d}{'':20}{0:06d}"
_REST_OF_B: Final = f"{0:060d}{'':15}0{'':14}"
_PLACES: Final = f"{'':30}{0:05d}{'':50}{0:08d}{'':2}"


def _cutting(*starts: int) -> Callable[[str], tuple[str, ...]]:
    """Return what cuts a record into columns, by where they start and the last one ends."""
    return itemgetter(*starmap(slice, pairwise(starts)))


_cut_a = _cutting(0, 8, 13, 20, 23, 43, 73, 93, 101, 119, 134, 203, 217, 240)
_cut_b = _cutting(0, 8, 13, 18, 32, 135, 150, 240)


class _Reading:
    """One file as it is read: what its header says, and what its records add up to."""

    def __init__(self, profile: Profile, header: str) -> None:
        self._profile = profile
        self._step = 2 if profile.segment_b else 1  # records of a payment
        self._head = _header(profile, header)
        self._day = ""  # of the first payment; all others have the same
        self.count = self.total = 0
        self._lot_total = 0

    def payments(self, lines: Iterator[str]) -> Iterator[Payment]:
        """Yield the payments of every lot, up to the file's trailer."""
        bank = self._profile.bank
        records = 2
        own: bool | None = None
        for lots, line in enumerate(lines):
            if line.startswith(f"{bank}9999"):
                if line != f"{bank}99999{'':9}{lots:06d}{records:06d}{0:06d}{'':205}" or not lots:
                    _another("its trailer is not its lots'")
                return
            lot = lots + 1
            own = self._lot_header(line, lot, before=own)
            number, behind, self._lot_total = 0, "", 0
            for some, ending in _records(lines, self._step * SOME):
                read = partial(self._segments, lot=lot, own=own, first=number + 1)
                yield from together_or_alone(read, some, self._step) if some else ()
                number, behind = number + len(some), ending
            if not behind:
                break
            self._lot_trailer(behind, lot, number)
            records += number + 2
        _another("it is cut short")

    def head(self) -> Head:
        """Return what the file says as a whole."""
        reference, sequence, number = self._head
        return Head(
            reference=reference, sequence=sequence, pay_on=_day(self._day), currency="BRL",
            debtor_number=number, debtor_bank_code=self._profile.bank, count=self.count,
            total=self.total,
        )  # fmt: skip

    def _lot_header(self, line: str, lot: int, *, before: bool | None) -> bool:
        """Return whether the lot pays at the own bank; lots take turns."""
        texts, itau = self._profile.texts, self._profile.itau
        form = line[11:13]
        own = form == texts["form_same_bank"]
        other = form == texts["form_other_bank"]
        opening = f"{self._profile.bank}{lot:04d}1C{texts['service']}{form}{texts['lot_layout']} "
        payer = _payer(self._profile, line[17:72])
        closing = f"{texts['company_name']:<30}{'':40}{'':30}{0:05d}{'':35}{0:08d}  "
        closing += f"{'' if itau else '01':<18}"
        same = line[:17] == opening and payer == self._head[2] and line[72:] == closing
        if own == other or not same or own is before:
            _another(f"lot {lot} has another header")
        return own

    def _lot_trailer(self, line: str, lot: int, number: int) -> None:
        opening = f"{self._profile.bank}{lot:04d}5{'':9}{number + 2:06d}"
        if line != f"{opening}{self._lot_total:018d}{0:024d}{'':175}" or not number:
            _another(f"lot {lot}'s trailer is not its records'")

    def _segments(
        self, records: Sequence[str], place: int, *, lot: int, own: bool, first: int
    ) -> list[Payment]:
        """Return the payments of some records of a lot, or raise `UnreadableFile`."""
        profile, number = self._profile, first + place
        where, numbers, chamber, codes, accounts, names, references, days, *more = zip(
            *map(_cut_a, records[:: self._step]), strict=True
        )
        reais, amounts, blank, cpfs, ending = more
        self._day = self._day or days[0]
        opening = f"{profile.bank}{lot:04d}3"
        constants = [where, days, chamber, reais, blank, ending, *[cpfs] * (not profile.itau)]
        same = (opening, self._day, *_constants(profile, own=own))
        if not (
            all(set(column) == {one} for column, one in zip(constants, same, strict=False))
            and joined(numbers) == self._numbers(number, len(numbers))
            and all(map(all_have, (_BANK, _NAME, _AMOUNT), (codes, names, amounts)))
            and all((code == profile.bank) is own for code in {*codes})
            and all_have(_REFERENCE, references)
            and self._day.isdecimal()
        ):
            _another(f"record {number} of lot {lot} is another")
        workers: Sequence[str] = cpfs
        if profile.segment_b:
            workers = self._segments_b(records[1::2], amounts, opening, number + 1)
        texts = {
            "reference": _bare(references), "account": _accounts(accounts, itau=profile.itau),
            "bank_code": codes, profile.names: _bare(names),
        }  # fmt: skip
        if " " in "".join(texts["reference"]):
            _another("a reference is none")
        if not all_have(_CPF, workers):
            _another("a worker's number is none")
        return self._counted(list(map(int, amounts)), texts, [one[3:] for one in workers])

    def _segments_b(
        self, records: Sequence[str], amounts: Sequence[str], opening: str, number: int
    ) -> Sequence[str]:
        """Return the workers' numbers, once everything else is the payments'."""
        columns = list(zip(*map(_cut_b, records), strict=True))
        if len(records) == len(amounts):
            where, numbers, kind, cpfs, places, sums, ending = columns
            constants = (where, kind, places, ending)
            same = (opening, "B   1", f"{_PLACES}{self._day}", _REST_OF_B)
            if (
                all(set(column) == {one} for column, one in zip(constants, same, strict=True))
                and joined(numbers) == self._numbers(number, len(numbers))
                and sums == amounts
            ):
                return cpfs
        return _another(f"record {number} of lot {int(opening[3:7])} is another")

    def _numbers(self, first: int, count: int) -> str:
        last = first + count * self._step
        return "%05d\n" * count % tuple(range(first, last, self._step))

    def _counted(
        self, amounts: list[int], texts: Mapping[str, Sequence[str]], cpfs: list[str]
    ) -> list[Payment]:
        self.count, total = self.count + len(amounts), sum(amounts)
        self.total, self._lot_total = self.total + total, self._lot_total + total
        return list(payments(amounts, texts, wages(cpfs)))


def _records(lines: Iterable[str], most: int) -> Iterator[tuple[list[str], str]]:
    """Yield a lot's payments, some records at once, and with the last ones the line behind."""
    some: list[str] = []
    for line in lines:
        if line[7:8] != "3":
            yield some, line
            return
        some.append(line)
        if len(some) == most:
            yield some, ""
            some = []
    yield some, ""


def _constants(profile: Profile, *, own: bool) -> tuple[str, ...]:
    """Return what a segment A has in columns 14-20, 102-119, 135-203, 218-240 and 204-217.

    The last one is for the dialect that has the worker's number elsewhere.
    """
    chamber = "000" if own else profile.texts["chamber_other_bank"]
    ending = f"  {'' if own else profile.texts['ted_purpose']:<5}     0          "
    reais, blank = (_REAIS_ITAU, _BLANK_ITAU) if profile.itau else (_REAIS, _BLANK)
    return f"A000{chamber}", reais, blank, ending, f"{'':14}"


def _bare(texts: Sequence[str]) -> list[str]:
    return [one.rstrip(" ") for one in texts]


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, records are
    numbered without a gap, and every trailer is its records' count and sum.
    """
    lines = ascii_lines(content, ENDING, longest=COLUMNS, widths=(COLUMNS,))
    reading = _Reading(profile, next(lines, ""))
    yield from reading.payments(lines)
    if next(lines, None) is not None:
        _another("it goes on behind its end")
    yield reading.head()


def _header(profile: Profile, line: str) -> tuple[str | None, int, str]:
    """Return the file's reference where the dialect has one, its number, and the debtor."""
    texts = profile.texts
    names = f"{texts['company_name']:<30}{texts['bank_name']:<30}{'':10}1"
    layout, density = texts["file_layout"], texts["density"]
    start = f"{profile.bank}00000{'':6}{layout}" if profile.itau else f"{profile.bank}00000{'':9}"
    end = (
        rf"([0-9]{{9}}){density} {{69}}"
        if profile.itau
        else rf"([0-9]{{6}}){layout}{density} {{20}}([0-9A-Z]{{1,16}}) *"
    )
    match = re.fullmatch(
        rf"{re.escape(start)}(.{{55}}){re.escape(names)}([0-9]{{8}})[0-9]{{6}}{end}", line, re.ASCII
    )
    if match is None:
        _another("its first line is another")
    _day(match[2])
    debtor = _payer(profile, match[1])
    return (None if profile.itau else match[4]), int(match[3]), debtor


def _payer(profile: Profile, text: str) -> str:
    """Return the debtor's account from columns 18 to 72."""
    texts = profile.texts
    if text[:35] != f"2{texts['company_tax_id']}{texts['agreement']:<20}":
        _another("the company is another")
    return _accounts([text[35:]], itau=profile.itau)[0]


def _accounts(texts: Sequence[str], *, itau: bool) -> list[str]:
    """Return accounts as they are written in a sheet: agency, number, check digit."""
    if not all_have(_ACCOUNT_ITAU if itau else _ACCOUNT, texts):
        _another("an account is none")
    check = 19 if itau else 18
    return [f"{one[1:5]}{one[6:18].lstrip('0')}{one[check]}" for one in texts]


def _day(text: str) -> date:
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
