"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters.cnab240.profile import COLUMNS, Profile
from disburse.adapter import Head, Payment, UnreadableFile, Wage

ENDING: Final = "\r\n"
NO_DAY: Final = date.min
# Agency, account without the zeros that fill it up, check digit.
_ACCOUNT: Final = re.compile(r"0([0-9]{4}) (?=[0-9]{12})0*([1-9][0-9]*)([0-9X]) ", re.ASCII)
_ACCOUNT_ITAU: Final = re.compile(r"0([0-9]{4}) (?=[0-9]{12})0*([1-9][0-9]*) ([0-9X])", re.ASCII)
_REAIS: Final = f"BRL{0:015d}"
_REAIS_ITAU: Final = f"REA{0:08d}  {0:05d}"
_BLANK: Final = f"{'':20}{0:023d}{'':42}"
_REST_OF_B: Final = f"{0:060d}{'':15}0{'':14}"
_PLACES: Final = f"{'':30}{0:05d}{'':50}{0:08d}{'':2}"


class _Reading:
    """One file as it is read: what its header says, and what its records add up to."""

    def __init__(self, profile: Profile, header: str) -> None:
        self._profile = profile
        self._forms = {own: _segment_form(profile, own=own) for own in (True, False)}
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
            number = self._lot_total = 0
            for record in lines:
                if record[7:8] != "3":
                    self._lot_trailer(record, lot, number)
                    records += number + 2
                    break
                number += 1
                found = self._forms[own].fullmatch(record)
                if found is None or record[:13] != f"{bank}{lot:04d}3{number:05d}":
                    _another(f"record {number} of lot {lot} is another")
                where, account, name, reference, day, amount, cpf = found.groups("")
                self._day = self._day or day
                if day != self._day or (where == bank) is not own:
                    _another(f"record {number} of lot {lot} is another")
                if self._profile.segment_b:
                    number += 1
                    cpf = self._segment_b(next(lines, ""), lot, number, int(amount))
                yield self._payment((where, account), name, reference, int(amount), cpf)
            else:
                break
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

    def _segment_b(self, line: str, lot: int, number: int, amount: int) -> str:
        """Return the worker's number."""
        opening = f"{self._profile.bank}{lot:04d}3{number:05d}B   1"
        closing = f"{_PLACES}{self._day}{amount:015d}{_REST_OF_B}"
        if line[:18] != opening or line[32:] != closing:
            _another(f"record {number} of lot {lot} is another")
        return line[18:32]

    def _payment(
        self, where: tuple[str, str], name: str, reference: str, amount: int, cpf: str
    ) -> Payment:
        """Return a segment A's payment, with the worker's number from there or from segment B."""
        reference = reference.rstrip(" ")
        if " " in reference:
            _another("a reference is none")
        if not (cpf.startswith("000") and cpf.isdecimal()):
            _another("a worker's number is none")
        self.count, self.total = self.count + 1, self.total + amount
        self._lot_total += amount
        name, by_latin_name = name.rstrip(" "), self._profile.names == "latin_name"
        return Payment(
            reference=reference, name="" if by_latin_name else name,
            account=_account(where[1], itau=self._profile.itau), bank_code=where[0],
            bank_name="", amount=amount, note="", latin_name=name if by_latin_name else "",
            wage=Wage(
                id_type="", id_number=cpf[3:], worked_from=NO_DAY, worked_to=NO_DAY, days="",
                items=(), deductions=(),
            ),
        )  # fmt: skip


def _segment_form(profile: Profile, *, own: bool) -> re.Pattern[str]:
    """Return the form of a segment A: bank, account, name, reference, day, amount, and a number.

    The number is the worker's where the dialect has it here.
    """
    chamber = "000" if own else profile.texts["chamber_other_bank"]
    purpose = "" if own else profile.texts["ted_purpose"]
    middle = _REAIS_ITAU if profile.itau else _REAIS
    blank = f"{_BLANK[:63]}{0:06d}(.{{14}})  " if profile.itau else f"{_BLANK}()"
    return re.compile(
        rf".{{13}}A000{chamber}([0-9]{{3}})(.{{20}})([0-9A-Z.,&/'-][0-9A-Z .,&/'-]{{29}})"
        rf"([0-9A-Z][0-9A-Z ]{{19}})([0-9]{{8}}){middle}([0-9]{{15}}){blank}"
        f"{purpose:<5}     0          ",
        re.ASCII,
    )


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
    return _account(text[35:], itau=profile.itau)


def _account(text: str, *, itau: bool) -> str:
    """Return an account as it is written in a sheet: agency, number, check digit."""
    match = (_ACCOUNT_ITAU if itau else _ACCOUNT).fullmatch(text)
    if match is None:
        _another("an account is none")
    agency, body, check = match.groups()
    return f"{agency}{body}{check}"


def _day(text: str) -> date:
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
