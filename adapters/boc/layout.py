"""b2e0078's tags in their order, and what a profile says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters._bodies.body import CURRENCY, DIGITS, LATIN, Body, Tag
from adapters._bodies.profile import Common, code, common, words
from adapters._bodies.xml import syntax
from disburse.adapter import Fault, Payment

ROOT: Final = "bocb2e"
ROW: Final = "detail"
OWN: Final = "104"
OWN_CARDS, OTHER_CARDS = "7", "6"
REFERENCE_TAGS: Final = ("reserve1", "reserve2", "reserve3", "reserve4", "purpose")
ROW_TAGS: Final = (
    "toibkn", "tobank", "toactn", "pydcur", "pydamt", "toname", "toidtp", "toidet", "furinfo",
    "purpose", "reserve1", "reserve2", "reserve3", "reserve4",
)  # fmt: skip
_CNAPS: Final = re.compile("[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Whose cards one request pays."""

    own: bool

    def faults(self, payment: Payment) -> Iterator[Fault]:
        """Yield why this payee's card is none of these."""
        mine = payment.bank_code.startswith(OWN)
        if self.own and payment.bank_code and not mine:
            want = f"this profile pays cards of bank {OWN} only; use another for other banks'"
            yield Fault("bank_code", "bad-bank-code", want)
        if not self.own and mine:
            want = "this profile pays other banks' cards only; use another for the bank's own"
            yield Fault("bank_code", "bad-bank-code", want)


def load(name: str, mapping: Mapping[str, object]) -> tuple[Body, Cards]:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    said = common(name, mapping, "boc")
    kind = said.keys.one_of("crdtyp", (OWN_CARDS, OTHER_CARDS))
    opening, row = _opening(said, kind), _row(said, kind)
    body = Body(
        version=said.version,
        capabilities=said.capabilities(
            opening, row, file_names="b2e0078_REFERENCE.xml", reports=("b2e0078",)
        ),
        encoding=said.encoding,
        syntax=syntax(ROW),
        opening=opening,
        row=row,
        closing=(f"</b2e0078-rq></trn-b2e0078-rq></trans></{ROOT}>\n",),
        characters=said.characters,
    )
    said.keys.none_left()
    said.keys.raise_noted()
    return body, Cards(own=kind == OWN_CARDS)


def _opening(said: Common, kind: str) -> tuple[Tag | str, ...]:
    keys = said.keys
    return (
        f'<?xml version="1.0" encoding="{said.encoding.upper()}"?>\n',
        f'<{ROOT} version="100" security="true" locale="zh_CN"><head>',
        Tag(name="termid", constant=code(keys, "terminal", "[0-9A-Za-z]{1,30}")),
        Tag(name="trnid", field="reference", most=20, pattern=LATIN),
        Tag(name="custid", constant=code(keys, "customer", "[0-9A-Za-z]{1,30}")),
        Tag(name="cusopr", constant=code(keys, "operator", "[0-9A-Za-z]{1,30}")),
        Tag(name="trncod", constant="b2e0078"),
        Tag(name="token"),
        "</head><trans><trn-b2e0078-rq><b2e0078-rq>",
        Tag(name="insid", field="reference", most=20, pattern=LATIN),
        "<fractn>",
        Tag(name="fribkn", constant=code(keys, "branch", "[0-9]{5}")),
        Tag(name="actacn", field="debtor_number", most=18, pattern=DIGITS),
        Tag(name="actnam", field="debtor_holder", most=70),
        "</fractn>",
        Tag(name="pybcur", constant=CURRENCY),
        Tag(name="pybamt", field="total", most=18),
        Tag(name="pybnum", field="count", most=6),
        Tag(name="crdtyp", constant=kind),
        Tag(name="furinfo", constant=code(keys, "purpose_code", "[0-9A-Za-z]{1,10}")),
        Tag(name="useinf", constant=words(said, "memo", 60)),
        Tag(name="trfdate", field="pay_on", most=8),
        "\n",
    )


def _row(said: Common, kind: str) -> tuple[Tag, ...]:
    keys, own = said.keys, kind == OWN_CARDS
    reference = keys.one_of("reference_tag", REFERENCE_TAGS)
    province = code(keys, "province", "[0-9]{2}") if own else ""
    filled = {
        "toibkn": Tag(name="toibkn", constant=province)
        if own
        else Tag(name="toibkn", field="bank_code", most=12, pattern=_CNAPS),
        "tobank": Tag(name="tobank", field="bank_name", most=70, optional=own),
        "toactn": Tag(name="toactn", field="account", most=32, pattern=DIGITS),
        "pydcur": Tag(name="pydcur", constant=CURRENCY),
        "pydamt": Tag(name="pydamt", field="amount", most=18),
        "toname": Tag(name="toname", field="name", most=76),
        reference: Tag(name=reference, field="reference", most=20, pattern=LATIN),
    }
    return tuple(filled.get(one, Tag(name=one)) for one in ROW_TAGS)
