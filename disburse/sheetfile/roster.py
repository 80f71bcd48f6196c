"""Reads a roster: one row per worker, as CSV or XLSX, column names in Chinese or English."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from disburse.domain import roster
from disburse.domain.finding import Finding
from disburse.domain.identity import normalise, normalise_account
from disburse.domain.roster import ENROLMENTS_MAX, Enrolment
from disburse.domain.sheet import IdType
from disburse.sheetfile.columns import LINE, Column, Form
from disburse.sheetfile.draft import Findings, UnreadableSheet
from disburse.sheetfile.fields import Fields, Members
from disburse.sheetfile.lines import long_number, mobile
from disburse.sheetfile.table import Row
from disburse.sheetfile.tables import Titles, entries, tables

TITLES: Final[Titles] = {"zh": "实名制名册", "en": "Roster"}
_JOINED: Final = Column(name="joined_on", zh="进场日期", en="Joined on", form=Form.DATE,
                        required=True)  # fmt: skip
_LEFT: Final = Column(name="left_on", zh="退场日期", en="Left on", form=Form.DATE)
_LATIN: Final = Column(name="latin_name", zh="拼音姓名", en="Latin name", limit=140)
_ID_TYPE: Final = replace(LINE["id_type"], required=False)  # usually the resident card
COLUMNS: Final = (
    LINE["name"],
    _ID_TYPE,
    LINE["id_number"],
    _LATIN,
    LINE["mobile"],
    LINE["team"],
    LINE["trade"],
    _JOINED,
    _LEFT,
    LINE["bank_code"],
    LINE["bank_name"],
    LINE["account"],
)
_ID_TYPES: Final = {id_type.value: id_type for id_type in IdType}
_NEVER: Final = date(2000, 1, 1)


@dataclass(slots=True)
class Roster:
    """A roster as far as its bytes could be read."""

    enrolments: list[Enrolment] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)  # each worker's place in the file
    collected: Findings = field(default_factory=Findings)

    @property
    def findings(self) -> list[Finding]:
        """Return what is wrong, in the order in which it was found."""
        return self.collected.kept


def read_roster(content: bytes, media_type: str, *, today: date) -> Roster:
    """Read and check a roster; every fault of every row is in `Roster.findings`.

    Raises `UnreadableSheet` when nothing can be read.
    """
    found = tables(content, media_type, [TITLES])
    if len(found) != 1:
        raise UnreadableSheet(f"a roster's workbook has one worksheet “{TITLES['zh']}” / “Roster”")
    return read_roster_rows(next(iter(found.values())), today=today)


def read_roster_rows(rows: list[Row], *, today: date) -> Roster:
    """Read and check a roster from the rows of a table."""
    read = Roster()
    for entry, fields in entries(rows, COLUMNS, read.collected, most=ENROLMENTS_MAX):
        found = enrolment(entry.members, fields)
        if found is not None:
            read.enrolments.append(found)
            read.rows.append(entry.row)
    for finding in roster.check(read.enrolments, rows=read.rows, today=today):
        read.collected.add(finding)
    return read


def enrolment(members: Members, fields: Fields) -> Enrolment | None:
    """Read one worker; None when any of it could not be read."""
    before = fields.findings.total
    id_type = fields.choice(members, _ID_TYPE, _ID_TYPES) or IdType.RESIDENT_CARD
    found = Enrolment(
        name=fields.text(members, LINE["name"]),
        id_type=id_type,
        id_number=normalise(id_type, long_number(fields, members, LINE["id_number"])),
        latin_name=fields.text(members, _LATIN),
        mobile=mobile(fields, members),
        team=fields.shared(members, LINE["team"]),
        trade=fields.shared(members, LINE["trade"]),
        joined_on=fields.day(members, _JOINED) or _NEVER,
        left_on=fields.day(members, _LEFT),
        bank_code=fields.shared(members, LINE["bank_code"]),
        bank_name=fields.shared(members, LINE["bank_name"]),
        account=normalise_account(long_number(fields, members, LINE["account"])),
    )
    # The placeholder above stands only where a fault was found: nobody is given such an enrolment.
    return found if fields.findings.total == before and not fields.told else None
