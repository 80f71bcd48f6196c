"""PAYPER's tags in their order, and what a profile says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adapters._bodies.body import CHINA, DIGITS, LATIN, Body, Tag
from adapters._bodies.payees import PayeeBanks, payee_banks
from adapters._bodies.profile import Common, code, common
from adapters._bodies.xml import syntax
from adapters._keys import Keys
from disburse.adapter import Batch

BANK: Final = "102"
RENMINBI: Final = "001"
REFERENCE_TAGS: Final = ("ERPSqn", "ReimburseNo", "Ref", "Oref")
SETTLE_MODES: Final = ("0", "2")  # one by one, or one sum; said by the sources
PAY_TYPES: Final = ("1", "2", "3")  # urgent, normal, fast interbank
ROW_TAGS: Final = (
    "iSeqno", "ReimburseNo", "ReimburseNum", "StartDate", "StartTime", "PayType", "PayAccNo",
    "PayAccNameCN", "PayAccNameEN", "RecAccNo", "RecAccNameCN", "RecAccNameEN", "SysIOFlg",
    "IsSameCity", "RecICBCCode", "RecCityName", "RecBankNo", "RecBankName", "CurrType", "PayAmt",
    "UseCode", "UseCN", "EnSummary", "PostScript", "Summary", "Ref", "Oref", "ERPSqn", "BusCode",
    "ERPcheckno", "CrvouhType", "CrvouhName", "CrvouhNo", "MCardNo", "MCardName",
)  # fmt: skip
UNIQUE: Final = {
    "flag": re.compile("[12]", re.ASCII),
    "time": re.compile("[0-9]{9}", re.ASCII),
    "day": re.compile("[0-9]{8}", re.ASCII),
    "signed": re.compile("[0-9]{17}", re.ASCII),
}


def load(name: str, mapping: Mapping[str, object]) -> tuple[Body, PayeeBanks]:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    said = common(name, mapping, "icbc")
    keys = said.keys
    banks = payee_banks(keys, BANK, "flag", ("1", "2"))
    opening, row = _opening(said), _row(keys, banks)
    body = Body(
        version=said.version,
        capabilities=said.capabilities(
            opening,
            row,
            file_names="PAYPER_REFERENCE.xml",
            reports=("PAYPER", "QPAYPER"),
            more_needs=frozenset({"bank_code"}) if banks.all else frozenset(),
        ),
        encoding=said.encoding,
        syntax=syntax("rd"),
        opening=opening,
        row=row,
        closing=("</in></eb></CMS>\n",),
        major=keys.one_of("amounts", ("major", "minor")) == "major",
        characters=said.characters,
        unique=UNIQUE,
    )
    keys.none_left()
    keys.raise_noted()
    return body, banks


def _opening(said: Common) -> tuple[Tag | str, ...]:
    keys = said.keys
    return (
        f'<?xml version="1.0" encoding="{said.encoding.upper()}"?>\n<CMS><eb><pub>',
        Tag(name="TransCode", constant="PAYPER"),
        Tag(name="CIS", constant=code(keys, "customer", "[0-9A-Za-z]{1,60}")),
        Tag(name="BankCode", constant=BANK),
        Tag(name="ID", constant=code(keys, "certificate", "[0-9A-Za-z._-]{1,60}")),
        Tag(name="TranDate", field="day", most=8),
        Tag(name="TranTime", field="time", most=9),
        Tag(name="fSeqno", field="reference", most=35, pattern=LATIN),
        "</pub><in>",
        Tag(name="OnlBatF", constant="1"),
        Tag(name="SettleMode", constant=keys.one_of("settle_mode", SETTLE_MODES)),
        Tag(name="TotalNum", field="count", most=6),
        Tag(name="TotalAmt", field="total", most=20),
        Tag(name="SignTime", field="signed", most=17),
        Tag(name="THBaseAccFlag", constant="0"),
        *map(_empty, ("RegSerialNO", "PackageName", "TotalSummary", "BatchSumFlag")),
        "\n",
    )


def _row(keys: Keys, banks: PayeeBanks) -> tuple[Tag, ...]:
    reference = keys.one_of("reference_tag", REFERENCE_TAGS)
    day = Tag(name="StartDate", field="pay_on", most=8)
    filled = {
        "iSeqno": Tag(name="iSeqno", field="number", most=10),
        reference: Tag(name=reference, field="reference", most=20, pattern=LATIN),
        "StartDate": day if keys.switch("start_date") else _empty("StartDate"),
        "PayType": Tag(name="PayType", constant=keys.one_of("pay_type", PAY_TYPES)),
        "PayAccNo": Tag(name="PayAccNo", field="debtor_number", most=34, pattern=DIGITS),
        "PayAccNameCN": Tag(name="PayAccNameCN", field="debtor_holder", most=120),
        "RecAccNo": Tag(name="RecAccNo", field="account", most=34, pattern=DIGITS),
        "RecAccNameCN": Tag(name="RecAccNameCN", field="name", most=60),
        "SysIOFlg": Tag(name="SysIOFlg", field="flag", most=1),
        "RecBankNo": Tag(name="RecBankNo", field="bank_code", most=12, optional=True),
        "RecBankName": Tag(name="RecBankName", field="bank_name", most=120, optional=not banks.all),
        "CurrType": Tag(name="CurrType", constant=RENMINBI),
        "PayAmt": Tag(name="PayAmt", field="amount", most=17),
        "UseCN": Tag(name="UseCN", field="note", most=60, optional=True),
    }
    return tuple(filled.get(one, _empty(one)) for one in ROW_TAGS)


def head_words(batch: Batch) -> Mapping[str, str]:
    """Return the times, in the bank's zone, of when the batch was made: no clock is read."""
    local = batch.created.astimezone(CHINA)
    milliseconds = local.microsecond // 1000
    time = f"{local:%H%M%S}{milliseconds:03d}"
    return {"day": f"{local:%Y%m%d}", "time": time, "signed": f"{local:%Y%m%d}{time}"}


def _empty(name: str) -> Tag:
    return Tag(name=name)
