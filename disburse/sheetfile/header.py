"""Reads the header of a sheet from its members, whatever file they came in."""

from __future__ import annotations

from datetime import date
from typing import Final

from disburse.domain.finding import Code
from disburse.domain.money import DIGITS
from disburse.domain.sheet import Header, Kind
from disburse.sheetfile.columns import HEADER
from disburse.sheetfile.draft import Findings
from disburse.sheetfile.fields import Fields, Members

HEADER_MEMBERS: Final = frozenset(HEADER)
TEAMS_MAX: Final = 200

# Only for going on with the lines after the header's own currency could not be read.
FALLBACK_CURRENCY: Final = "CNY"
_NEVER: Final = date(2000, 1, 1)

_CURRENCIES: Final = {code: code for code in DIGITS}
_KINDS: Final = {kind.value: kind for kind in Kind}


def read_header(
    members: Members, findings: Findings, *, told: frozenset[str] = frozenset()
) -> Header | None:
    """Read the header, or add every fault to `findings` and return None.

    `told` are the fields whose cells have a finding already.
    """
    before = findings.total
    currency = currency_of(members)
    fields = Fields(findings, currency)
    fields.told = told
    fields.unknown(members, HEADER_MEMBERS)
    teams = fields.texts(members, HEADER["teams"])
    if len(teams) > TEAMS_MAX:
        fields.refuse(Code.OVER_LIMIT, "teams", limit=TEAMS_MAX)
    header = Header(
        project=fields.text(members, HEADER["project"]),
        general_contractor=fields.text(members, HEADER["general_contractor"]),
        subcontractor=fields.text(members, HEADER["subcontractor"]),
        teams=teams,
        period=fields.month(members, HEADER["period"]) or _NEVER,
        worked_from=fields.day(members, HEADER["worked_from"]) or _NEVER,
        worked_to=fields.day(members, HEADER["worked_to"]) or _NEVER,
        pay_on=fields.day(members, HEADER["pay_on"]) or _NEVER,
        currency=fields.choice(members, HEADER["currency"], _CURRENCIES) or currency,
        kind=fields.choice(members, HEADER["kind"], _KINDS) or Kind.REGULAR,
        number=fields.count(members, HEADER["number"]),
        predecessor=fields.digest(members, HEADER["predecessor"]) or None,
        head_count=fields.count(members, HEADER["head_count"], least=0),
        total_net=fields.amount(members, HEADER["total_net"]) or 0,
    )
    # Placeholders above stand only where a fault was found: such a header is given to nobody.
    return header if findings.total == before and not told else None


def currency_of(members: Members) -> str:
    """Return the header's currency, or one that lets the lines be read all the same."""
    currency = members.get("currency")
    return currency if isinstance(currency, str) and currency in DIGITS else FALLBACK_CURRENCY
