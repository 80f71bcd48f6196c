"""AgentRequest's tags in their order, and what a profile says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adapters._bodies.body import DIGITS, LATIN, Body, Tag
from adapters._bodies.payees import PayeeBanks, payee_banks
from adapters._bodies.profile import Common, city, code, common, words
from adapters._bodies.xml import syntax

ROOT: Final = "CMBSDKPGK"
ROW: Final = "SDKATDRQX"
OWN: Final = "308"
PAYROLL: Final = "N03010"  # 代发工资
WAGE: Final = "BYSA"
RENMINBI: Final = "10"
PAYMENTS_MAX: Final = 6000
UNIQUE: Final = {"flag": re.compile("[YN]", re.ASCII)}


def load(name: str, mapping: Mapping[str, object]) -> tuple[Body, PayeeBanks]:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    said = common(name, mapping, "cmb_xml", payments_max=PAYMENTS_MAX)
    banks = payee_banks(said.keys, OWN, "flag", ("Y", "N"))
    opening, row = _opening(said), _row(said, banks)
    body = Body(
        version=said.version,
        capabilities=said.capabilities(
            opening,
            row,
            file_names="AgentRequest_REFERENCE.xml",
            reports=("AgentRequest", "GetAgentInfo", "GetAgentDetail", "NTAGDRFD"),
        ),
        encoding=said.encoding,
        syntax=syntax(ROW),
        opening=opening,
        row=row,
        closing=(f"</{ROOT}>\n",),
        characters=said.characters,
        unique=UNIQUE,
    )
    said.keys.none_left()
    said.keys.raise_noted()
    return body, banks


def _opening(said: Common) -> tuple[Tag | str, ...]:
    keys = said.keys
    return (
        f'<?xml version="1.0" encoding="{said.encoding.upper()}"?>\n<{ROOT}><INFO>',
        Tag(name="FUNNAM", constant="AgentRequest"),
        Tag(name="DATTYP", constant="2"),
        Tag(name="LGNNAM", constant=words(said, "login", 30)),
        "</INFO><SDKATSRQX>",
        Tag(name="BUSCOD", constant=PAYROLL),
        Tag(name="BUSMOD", constant=code(keys, "mode", "[0-9A-Za-z]{5}")),
        Tag(name="TRSTYP", constant=WAGE),
        Tag(name="EPTDAT", field="pay_on", most=8),
        Tag(name="DBTACC", field="debtor_number", most=35, pattern=DIGITS),
        Tag(name="BBKNBR", constant=code(keys, "branch", "[0-9]{2}")),
        Tag(name="SUM", field="total", most=16),
        Tag(name="TOTAL", field="count", most=4),
        Tag(name="CCYNBR", constant=RENMINBI),
        Tag(name="YURREF", field="reference", most=30, pattern=LATIN),
        Tag(name="MEMO", constant=words(said, "memo", 42)),
        "</SDKATSRQX>\n",
    )


def _row(said: Common, banks: PayeeBanks) -> tuple[Tag, ...]:
    return (
        Tag(name="ACCNBR", field="account", most=35, pattern=LATIN),
        Tag(name="CLTNAM", field="name", most=62),
        Tag(name="TRSAMT", field="amount", most=16),
        Tag(name="BNKFLG", field="flag", most=1),
        Tag(name="EACBNK", field="bank_name", most=62) if banks.all else Tag(name="EACBNK"),
        Tag(name="EACCTY", constant=city(said, banks, 62)),
        Tag(name="TRSDSP", field="reference", most=20, pattern=LATIN),
    )
