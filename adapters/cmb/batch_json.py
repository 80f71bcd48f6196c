"""BB6BTHHL's keys in their order, and what a profile says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adapters._bodies.body import CHINA, DIGITS, LATIN, Body, Tag
from adapters._bodies.json import SYNTAX, listed
from adapters._bodies.payees import PayeeBanks, payee_banks
from adapters._bodies.profile import Common, city, code, common, words
from adapters.cmb.agent_request import OWN, PAYROLL, RENMINBI, WAGE
from disburse.adapter import Batch

ROWS: Final = "bb6cdcdlx1"
PAYMENTS_MAX: Final = 1000  # of one upload; a second one would need the bank's answer to the first
CHANNELS: Final = ("Y", "N", "M")  # 超网, 大小额, 智能路由
UNSIGNED: Final = "__signature_sigdat__"  # what is signed has this in the signature's place
CLOSING: Final = (
    '\n]}},"signature":{',
    *listed(Tag(name="sigtim", field="signed", most=14), Tag(name="sigdat", constant=UNSIGNED)),
    "}}\n",
)
UNIQUE: Final = {
    "flag": re.compile("[YN]", re.ASCII),
    "request": re.compile("[0-9]{24}", re.ASCII),
    "signed": re.compile("[0-9]{14}", re.ASCII),
}


def load(name: str, mapping: Mapping[str, object]) -> tuple[Body, PayeeBanks]:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    said = common(name, mapping, "cmb_json", payments_max=PAYMENTS_MAX, encodings=("utf-8",))
    banks = payee_banks(said.keys, OWN, "flag", ("Y", "N"))
    opening, row = _opening(said), _row(said, banks)
    body = Body(
        version=said.version,
        capabilities=said.capabilities(
            opening,
            row,
            file_names="BB6BTHHL_REFERENCE.json",
            reports=("BB6BTHHL", "BB6BPDQY", "BB6BTHQY", "BB6DTLQY"),
        ),
        encoding=said.encoding,
        syntax=SYNTAX,
        opening=opening,
        row=row,
        closing=CLOSING,
        number_width=8,
        characters=said.characters,
        unique=UNIQUE,
    )
    said.keys.none_left()
    said.keys.raise_noted()
    return body, banks


def head_words(batch: Batch) -> Mapping[str, str]:
    """Return the request's own number: when the batch was made, and its number at this bank."""
    local = batch.created.astimezone(CHINA)
    milliseconds = local.microsecond // 1000
    number = f"{local:%Y%m%d%H%M%S}{milliseconds:03d}{batch.sequence % 10_000_000:07d}"
    return {"request": number, "signed": f"{local:%Y%m%d%H%M%S}"}


def _opening(said: Common) -> tuple[Tag | str, ...]:
    keys = said.keys
    return (
        '{"request":{"head":{',
        *listed(
            Tag(name="funcode", constant="BB6BTHHL"),
            Tag(name="reqid", field="request", most=24),
            Tag(name="userid", constant=code(keys, "user", "[0-9A-Za-z]{1,30}")),
        ),
        '},"body":{"bb6busmod":[{',
        *listed(
            Tag(name="buscod", constant=PAYROLL),
            Tag(name="busmod", constant=code(keys, "mode", "[0-9A-Za-z]{5}")),
        ),
        '}],"bb6cdcbhx1":[{',
        *listed(*_summary(said)),
        f'}}],"{ROWS}":[\n',
    )


def _summary(said: Common) -> tuple[Tag, ...]:
    return (
        Tag(name="begtag", constant="Y"),
        Tag(name="endtag", constant="Y"),
        Tag(name="accnbr", field="debtor_number", most=35, pattern=DIGITS),
        Tag(name="accnam", field="debtor_holder", most=62),
        Tag(name="ttlamt", field="total", most=16),
        Tag(name="ttlcnt", field="count", most=8),
        Tag(name="ttlnum", constant="1"),
        Tag(name="curamt", field="total", most=16),
        Tag(name="curcnt", field="count", most=8),
        Tag(name="ccynbr", constant=RENMINBI),
        Tag(name="trstyp", constant=WAGE),
        Tag(name="nusage", constant=words(said, "memo", 42)),
        Tag(name="eptdat", field="pay_on", most=8),
        Tag(name="yurref", field="reference", most=30, pattern=LATIN),
        Tag(name="chlflg", constant=said.keys.one_of("channel", CHANNELS)),
    )


def _row(said: Common, banks: PayeeBanks) -> tuple[Tag, ...]:
    other = Tag(name="eacbnk", field="bank_name", most=62)
    town = city(said, banks, 62)
    return (
        Tag(name="trxseq", field="number", most=8),
        Tag(name="accnbr", field="account", most=35, pattern=LATIN),
        Tag(name="accnam", field="name", most=62),
        Tag(name="trsamt", field="amount", most=16),
        Tag(name="trsdsp", field="reference", most=42, pattern=LATIN),
        Tag(name="bnkflg", field="flag", most=1),
        *((other, Tag(name="eaccty", constant=town)) if banks.all else ()),
    )
