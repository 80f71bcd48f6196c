"""The invented contract: whose project it is, and what its sheets say of it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from disburse.demo.people import a_credit_code
from disburse.domain.sheet import Header, Kind, Line
from disburse.steps.parties.start_project import NewProject

OWNER, GENERAL_CONTRACTOR, BANK = a_credit_code(1), a_credit_code(11), a_credit_code(31)
OPERATOR, LABOUR = a_credit_code(41), a_credit_code(51)
PAYER: Final = "62029900000000000001"  # the owner's account
SPECIAL_ACCOUNT: Final = "6202990000000017"
CURRENCY: Final = "CNY"


def a_project(code: str, name: str, *, policy: Mapping[str, Any]) -> NewProject:
    """Return a housing project in Jiayuguan that public money pays for."""
    return NewProject(
        code=code,
        name=name,
        owner=OWNER,
        general_contractor=GENERAL_CONTRACTOR,
        region="620200",
        sector="housing",
        government_funded=True,
        currency=CURRENCY,
        contract_amount=8_600_000_000,
        labour_share_basis_points=2_500,
        starts_on=date(2026, 3, 1),
        ends_on=date(2027, 12, 31),
        payer_account=PAYER,
        policy=policy,
    )


def a_header(
    project: str, subcontractor: str, month: date, lines: Sequence[Line], *, pay_on: date
) -> Header:
    """Return the header that fits these lines of a whole month."""
    return Header(
        project=project,
        general_contractor=GENERAL_CONTRACTOR,
        subcontractor=subcontractor,
        teams=tuple(sorted({line.team for line in lines})),
        period=month,
        worked_from=month,
        worked_to=month.replace(day=monthrange(month.year, month.month)[1]),
        pay_on=pay_on,
        currency=CURRENCY,
        kind=Kind.REGULAR,
        number=1,
        predecessor=None,
        head_count=len(lines),
        total_net=sum(line.net for line in lines),
    )
