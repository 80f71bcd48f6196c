"""Writes pain.001.001.09, the customer credit transfer, as one payment block of wages.

Elements and lengths: the official schema. Practice of banks: category purpose SALA, one debit for
the whole batch, count and sum at both levels. Charges fall on the debtor, because a fee must never
reduce a wage; the euro's schemes know only the shared rule SLEV. Plain strings, since they were
twenty times faster than a tree; the reader in `pain001_reader` and the schema judge them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from typing import Final

from adapters._text import charset, too_long, unsafe
from adapters._vetted import vetted
from adapters._xml import escape
from disburse.adapter import (
    Account,
    Batch,
    Capabilities,
    Fault,
    Payment,
    Unrenderable,
    write_money,
)

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCIES: Final = frozenset(
    {
        "AED", "AUD", "BHD", "BRL", "CHF", "CNY", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "KWD",
        "MOP", "OMR", "QAR", "SAR", "SGD", "USD",
    }
)  # fmt: skip
AMOUNT_MAX: Final = 99_999_999_999  # 999,999,999.99, the largest that euro schemes take
TEXT_MAX: Final = 140  # Max140Text: names, bank names, remittance text; characters, not bytes
REFERENCE_MAX: Final = 35  # Max35Text
PIECE_PAYMENTS: Final = 256  # payments per piece of the file

_REFERENCE: Final = re.compile("[0-9A-Z]+", re.ASCII)
_BIC: Final = re.compile("[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_CNAPS: Final = re.compile("[0-9]{12}", re.ASCII)
# 15 is the shortest IBAN (Norway); a shorter number that looks alike is a domestic one.
_IBAN: Final = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_DOMESTIC: Final = re.compile("[0-9A-Za-z][0-9A-Za-z-]{0,33}", re.ASCII)  # Max34Text


def preflight(payment: Payment, currency: str) -> tuple[Fault, ...]:
    """Return every reason why the format cannot carry `payment` in `currency`."""
    faults = [*_reference_faults("reference", payment.reference)]
    faults += _text_faults("name", payment.name, needed=True)
    faults += _account_faults("account", payment.account)
    faults += _bank_code_faults("bank_code", payment.bank_code)
    faults += _text_faults("bank_name", payment.bank_name, needed=False)
    faults += _text_faults("note", payment.note, needed=False)
    if currency not in CURRENCIES:
        faults.append(Fault("amount", "amount", f"the format's list has no {currency[:10]!r}"))
    if not 1 <= payment.amount <= AMOUNT_MAX:
        faults.append(Fault("amount", "amount", f"pay between 1 and {AMOUNT_MAX} minor units"))
    return tuple(faults)


def render(batch: Batch, able: Capabilities) -> Iterator[bytes]:
    """Write the file in pieces, or raise `Unrenderable`; memory does not grow with the batch."""
    payments = vetted(batch, able, preflight)
    _check_batch(batch)
    yield _opening(batch).encode()
    currency = batch.currency
    while some := [_transfer(one, currency) for one in islice(payments, PIECE_PAYMENTS)]:
        yield "".join(some).encode()
    yield b"</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n"


def _opening(batch: Batch) -> str:
    """Return everything before the first payment."""
    debtor = batch.debtor
    created = f"{batch.created.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    totals = (
        f"<NbOfTxs>{batch.count}</NbOfTxs>"
        f"<CtrlSum>{write_money(batch.total, batch.currency)}</CtrlSum>"
    )
    holder = f"<Nm>{escape(debtor.holder)}</Nm>"
    charges = "SLEV" if batch.currency == "EUR" else "DEBT"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}">\n<CstmrCdtTrfInitn>\n'
        f"<GrpHdr><MsgId>{batch.reference}</MsgId><CreDtTm>{created}</CreDtTm>{totals}"
        f"<InitgPty>{holder}</InitgPty></GrpHdr>\n"
        f"<PmtInf>\n<PmtInfId>{batch.reference}</PmtInfId><PmtMtd>TRF</PmtMtd>"
        f"<BtchBookg>true</BtchBookg>{totals}"
        "<PmtTpInf><CtgyPurp><Cd>SALA</Cd></CtgyPurp></PmtTpInf>"
        f"<ReqdExctnDt><Dt>{batch.pay_on.isoformat()}</Dt></ReqdExctnDt>\n"
        f"<Dbtr>{holder}</Dbtr><DbtrAcct>{_account(debtor.number)}"
        f"<Ccy>{batch.currency}</Ccy></DbtrAcct>"
        f"<DbtrAgt>{_agent(debtor.bank_code, debtor.bank_name)}</DbtrAgt>"
        f"<ChrgBr>{charges}</ChrgBr>\n"
    )


def _transfer(payment: Payment, currency: str) -> str:
    """Return one checked payment."""
    agent = _agent(payment.bank_code, payment.bank_name)
    agent = f"<CdtrAgt>{agent}</CdtrAgt>" if agent else ""
    note = f"<RmtInf><Ustrd>{escape(payment.note)}</Ustrd></RmtInf>" if payment.note else ""
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{payment.reference}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="{currency}">{write_money(payment.amount, currency)}</InstdAmt></Amt>'
        f"{agent}<Cdtr><Nm>{escape(payment.name)}</Nm></Cdtr>"
        f"<CdtrAcct>{_account(payment.account)}</CdtrAcct>{note}</CdtTrfTxInf>\n"
    )


def _account(number: str) -> str:
    if _is_iban(number):
        return f"<Id><IBAN>{number}</IBAN></Id>"
    return f"<Id><Othr><Id>{number}</Id></Othr></Id>"


def _agent(bank_code: str, bank_name: str) -> str:
    """Return the bank by BIC or CNAPS number, and by its name; "" when nothing is known."""
    code = ""
    if len(bank_code) == 12:  # noqa: PLR2004  (CNAPS; a BIC has 8 or 11)
        code = (
            "<ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId>"
            f"<MmbId>{bank_code}</MmbId></ClrSysMmbId>"
        )
    elif bank_code:
        code = f"<BICFI>{bank_code}</BICFI>"
    name = f"<Nm>{escape(bank_name)}</Nm>" if bank_name else ""
    return f"<FinInstnId>{code}{name}</FinInstnId>" if code or name else ""


def _check_batch(batch: Batch) -> None:
    """Raise `Unrenderable` when the batch's own fields do not fit."""
    debtor: Account = batch.debtor
    faults = [
        *_text_faults("debtor.holder", debtor.holder, needed=True),
        *_account_faults("debtor.number", debtor.number),
        *_bank_code_faults("debtor.bank_code", debtor.bank_code),
        *_text_faults("debtor.bank_name", debtor.bank_name, needed=False),
    ]
    if not debtor.bank_code:
        faults.append(Fault("debtor.bank_code", "missing", "give the special account's bank"))
    if faults:
        shown = "; ".join(f"{fault.field}: {fault.detail}" for fault in faults)
        raise Unrenderable(
            f"the special account does not fit: {shown}",
            faults=tuple((batch.reference, fault) for fault in faults),
        )


def _reference_faults(field: str, text: str) -> Iterator[Fault]:
    if not text:
        yield Fault(field, "missing", "the bank needs a reference")
    elif _REFERENCE.fullmatch(text) is None:
        at = next(i for i, char in enumerate(text) if not _REFERENCE.fullmatch(char))
        yield charset(field, text, at)
    if len(text) > REFERENCE_MAX:
        yield too_long(field, len(text), REFERENCE_MAX, "characters")


def _text_faults(field: str, text: str, *, needed: bool) -> Iterator[Fault]:
    if needed and not text:
        yield Fault(field, "missing", "the bank needs it")
    if len(text) > TEXT_MAX:
        yield too_long(field, len(text), TEXT_MAX, "characters")
    if text and (fault := unsafe(field, text)):
        yield fault


def _account_faults(field: str, number: str) -> Iterator[Fault]:
    if not number:
        yield Fault(field, "missing", "the bank needs the account's number")
    elif _IBAN.fullmatch(number):
        if not _is_iban(number):
            yield Fault(field, "bad-account", "the IBAN's check digits are wrong; ask again")
    elif _DOMESTIC.fullmatch(number) is None:
        yield Fault(field, "bad-account", "1 to 34 digits, Latin letters or hyphens, no blanks")


def _bank_code_faults(field: str, code: str) -> Iterator[Fault]:
    if code and not (_CNAPS.fullmatch(code) or _BIC.fullmatch(code)):
        yield Fault(field, "bad-bank-code", "give a CNAPS number (12 digits), a BIC or nothing")


def _is_iban(number: str) -> bool:
    """Return whether `number` is an IBAN with right check digits (ISO 7064 MOD 97-10)."""
    if _IBAN.fullmatch(number) is None:
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1
