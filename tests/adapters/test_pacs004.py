"""A payment return as ISO 20022 writes it: each payment came back, or the message is refused."""

from __future__ import annotations

from datetime import date

import pytest

from disburse import banks
from disburse.adapter import PaymentAnswer, Quarantined, Result, UnreadableReport
from tests.adapters.batches import REFERENCES

HEAD = (
    "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-08-13T09:00:00Z</CreDtTm><NbOfTxs>{}</NbOfTxs></GrpHdr>"
)


@pytest.fixture
def read():
    adapter = banks.load(["iso20022"])["iso20022"]
    return lambda content: list(adapter.read_report(content))


def a_return(reference=REFERENCES[0], amount="6500.01", reason="<Cd>AC04</Cd>", more=""):
    money = f'<RtrdIntrBkSttlmAmt Ccy="EUR">{amount}</RtrdIntrBkSttlmAmt>' if amount else ""
    return (
        f"<TxInf><RtrId>R1</RtrId><OrgnlEndToEndId>{reference}</OrgnlEndToEndId>{money}{more}"
        f"<RtrRsnInf><Rsn>{reason}</Rsn><AddtlInf>closed</AddtlInf></RtrRsnInf></TxInf>"
    )


def message(*returns, count=None, head=HEAD):
    told = head.format(len(returns) if count is None else count)
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>'
        f"{told}{''.join(returns)}</PmtRtr></Document>"
    ).encode()


def test_every_payment_of_it_came_back(read):
    own_day = "<IntrBkSttlmDt>2026-08-12</IntrBkSttlmDt>"
    records = read(
        message(a_return(more=own_day), a_return(REFERENCES[1], "", "<Prtry>X9</Prtry>"))
    )
    assert records == [
        PaymentAnswer(
            position=1, reference=REFERENCES[0], result=Result.RETURNED, amount=650_001,
            currency="EUR", reason="AC04", text="closed", evidence="R1", on=date(2026, 8, 12),
        ),
        PaymentAnswer(
            position=2, reference=REFERENCES[1], result=Result.RETURNED, amount=None,
            reason="X9", text="closed", evidence="R1", on=date(2026, 8, 13),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("reference", ["", "NOTPROVIDED"])
def test_what_names_no_payment_is_quarantined_and_the_others_count(read, reference):
    first, second = read(message(a_return(reference), a_return()))
    assert isinstance(first, Quarantined)
    assert second.reference == REFERENCES[0]


def test_an_amount_that_is_none_is_quarantined(read):
    [record] = read(message(a_return(amount="6500.001")))
    assert isinstance(record, Quarantined)
    assert "amount" in record.reason


@pytest.mark.parametrize(
    "content",
    [
        message(a_return(), count=2),
        message(a_return(), head=""),
        message(),
        message(a_return())[:-40],
        message(a_return()) + message(a_return()),
    ],
    ids=["more were counted", "nothing was counted", "none", "cut short", "two"],
)
def test_half_a_return_is_none(read, content):
    with pytest.raises(UnreadableReport):
        read(content)
