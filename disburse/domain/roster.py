"""Who works on a site for whom: one enrolment per worker, checked all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from disburse.domain import identity
from disburse.domain.finding import Code, Finding
from disburse.domain.sheet import IdType

ENROLMENTS_MAX: Final = 20_000  # at once; the largest sites have half of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One worker's entry in the roster of one employer on one project."""

    name: str
    id_type: IdType
    id_number: str  # normalised
    joined_on: date
    left_on: date | None = None
    account: str  # normalised
    bank_code: str = ""
    bank_name: str = ""
    latin_name: str = ""  # for banks that carry no Chinese
    mobile: str = ""
    team: str = ""
    trade: str = ""  # code of the national real-name platform


def check(workers: Sequence[Enrolment], *, rows: Sequence[int], today: date) -> Iterator[Finding]:
    """Find everything that is wrong; `rows` says where each worker stands in the file."""
    first_seen: dict[tuple[IdType, str], int] = {}
    for row, worker in zip(rows, workers, strict=True):
        person = (worker.id_type, worker.id_number)
        if person in first_seen:
            yield Finding(
                Code.SAME_WORKER_TWICE,
                row,
                row,
                "id_number",
                identity.mask_id(worker.id_number),
                {"first": first_seen[person]},
            )
        first_seen.setdefault(person, row)
        yield from _numbers(worker, row, today)
        if worker.left_on is not None and worker.left_on < worker.joined_on:
            facts = {"wanted": f"a day not before {worker.joined_on}"}
            left = worker.left_on.isoformat()
            yield Finding(Code.BAD_DATE, row, row, "left_on", left, facts)


def _numbers(worker: Enrolment, row: int, today: date) -> Iterator[Finding]:
    if not identity.is_identity_number(worker.id_type, worker.id_number, today=today):
        shown = identity.mask_id(worker.id_number)
        facts = {"paper": worker.id_type.value}
        yield Finding(Code.BAD_IDENTITY_NUMBER, row, row, "id_number", shown, facts)
    if not identity.is_account(worker.account):
        shown = identity.mask_account(worker.account)
        yield Finding(Code.BAD_ACCOUNT, row, row, "account", shown)
    if worker.mobile and not identity.is_mobile(worker.mobile):
        shown = identity.mask_mobile(worker.mobile)
        yield Finding(Code.BAD_MOBILE, row, row, "mobile", shown)
    if worker.bank_code and not identity.is_bank_code(worker.bank_code):
        shown = identity.mask_text(worker.bank_code)
        yield Finding(Code.BAD_BANK_CODE, row, row, "bank_code", shown)
