"""Writes pain.001, the customer credit transfer, .03 or .09, as one payment block of wages.

Elements and lengths: the official schemas; a bank's or scheme's own rules are data (`Rules`).
Practice of banks: category purpose SALA, one debit for the whole batch, count and sum at both
levels. Plain strings, since they were twenty times faster than a tree; the reader in
`pain001_reader` and the schema judge them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from typing import Final

from adapters._iban import checks
from adapters._text import UNSAFE, charset, too_long, unsafe
from adapters._vetted import require_fits, vetted
from adapters._xml import escape
from adapters.iso20022.rules import CHARSETS, TEXT_MAX, Rules
from disburse.adapter import Batch, Fault, Payment, write_money

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
REFERENCE_MAX: Final = 35  # Max35Text
PIECE_PAYMENTS: Final = 256  # payments per piece of the file

_REFERENCE: Final = re.compile("[0-9A-Z]+", re.ASCII)
_BIC: Final = re.compile("[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_CNAPS: Final = re.compile("[0-9]{12}", re.ASCII)
# 15 is the shortest IBAN (Norway); a shorter number that looks alike is a domestic one.
_IBAN: Final = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_DOMESTIC: Final = re.compile("[0-9A-Za-z][0-9A-Za-z-]{0,33}", re.ASCII)  # Max34Text


class Writer:
    """Checks payments and writes files by one profile's rules."""

    def __init__(self, rules: Rules) -> None:
        """Prepare what is the same in every payment."""
        self._rules = rules
        self._able = rules.capabilities
        self._bic = "BICFI" if rules.is_newer else "BIC"
        self._iban_only = frozenset(rules.iban_countries)
        self._latin = rules.name_field == "latin_name"
        self._letters = CHARSETS[rules.charset]
        self._behind = _behind_account(rules)
        self._plain = _plain(rules)

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment` in `currency`."""
        rules = self._rules
        name = payment.latin_name if self._latin else payment.name
        if 1 <= payment.amount <= rules.amount_max and currency in self._able.currencies:
            told = f"{payment.reference}\n{name}\n{payment.bank_code}\n{payment.note}\n"
            bank_name = payment.bank_name if rules.bank_names else ""
            match = self._plain.fullmatch(f"{told}{bank_name}\n{payment.account}")
            if match is not None and (match["iban"] is None or checks(match["iban"])):
                return ()
        faults = [*_reference_faults("reference", payment.reference)]
        faults += self._text_faults(rules.name_field, name, rules.name_max, needed=True)
        faults += self._account_faults("account", payment.account)
        faults += self._bank_code_faults("bank_code", payment.bank_code)
        if rules.bank_names:
            faults += self._text_faults("bank_name", payment.bank_name, TEXT_MAX)
        faults += self._text_faults("note", payment.note, rules.note_max)
        if currency not in self._able.currencies:
            faults.append(Fault("amount", "amount", f"the bank's list has no {currency[:10]!r}"))
        if not 1 <= payment.amount <= rules.amount_max:
            most = f"pay between 1 and {rules.amount_max} minor units"
            faults.append(Fault("amount", "amount", most))
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow with it."""
        payments = vetted(batch, self._able, self.preflight)
        require_fits(batch, self._batch_faults(batch))
        yield self._opening(batch).encode()
        currency = batch.currency
        while some := [self._transfer(one, currency) for one in islice(payments, PIECE_PAYMENTS)]:
            yield "".join(some).encode()
        yield b"</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n"

    def _opening(self, batch: Batch) -> str:
        """Return everything before the first payment."""
        rules, debtor = self._rules, batch.debtor
        created = f"{batch.created.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
        totals = (
            f"<NbOfTxs>{batch.count}</NbOfTxs>"
            f"<CtrlSum>{write_money(batch.total, batch.currency)}</CtrlSum>"
        )
        holder = f"<Nm>{escape(debtor.holder)}</Nm>"
        level = f"<SvcLvl><Cd>{rules.service_level}</Cd></SvcLvl>" if rules.service_level else ""
        wages = rules.category_purpose
        purpose = f"<CtgyPurp><Cd>{wages}</Cd></CtgyPurp>" if wages else ""
        kind = f"<PmtTpInf>{level}{purpose}</PmtTpInf>" if level or purpose else ""
        day = batch.pay_on.isoformat()
        bank_name = debtor.bank_name if rules.bank_names else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="{NAMESPACE}{rules.message}">\n<CstmrCdtTrfInitn>\n'
            f"<GrpHdr><MsgId>{batch.reference}</MsgId><CreDtTm>{created}</CreDtTm>{totals}"
            f"<InitgPty>{holder}</InitgPty></GrpHdr>\n"
            f"<PmtInf>\n<PmtInfId>{batch.reference}</PmtInfId><PmtMtd>TRF</PmtMtd>"
            f"<BtchBookg>true</BtchBookg>{totals}{kind}"
            f"<ReqdExctnDt>{f'<Dt>{day}</Dt>' if rules.is_newer else day}</ReqdExctnDt>\n"
            f"<Dbtr>{holder}</Dbtr><DbtrAcct>{_account(debtor.number)}"
            f"<Ccy>{batch.currency}</Ccy></DbtrAcct>"
            f"<DbtrAgt>{self._agent(debtor.bank_code, bank_name)}</DbtrAgt>"
            f"<ChrgBr>{rules.charge_bearer(batch.currency)}</ChrgBr>\n"
        )

    def _transfer(self, payment: Payment, currency: str) -> str:
        """Return one checked payment."""
        agent = self._agent(payment.bank_code, payment.bank_name if self._rules.bank_names else "")
        agent = f"<CdtrAgt>{agent}</CdtrAgt>" if agent else ""
        note = f"<RmtInf><Ustrd>{escape(payment.note)}</Ustrd></RmtInf>" if payment.note else ""
        name = payment.latin_name if self._latin else payment.name
        amount = write_money(payment.amount, currency)
        return (
            f"<CdtTrfTxInf><PmtId><EndToEndId>{payment.reference}</EndToEndId></PmtId>"
            f'<Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt>'
            f"{agent}<Cdtr><Nm>{escape(name)}</Nm></Cdtr>"
            f"<CdtrAcct>{_account(payment.account)}</CdtrAcct>{self._behind}{note}</CdtTrfTxInf>\n"
        )

    def _agent(self, bank_code: str, bank_name: str) -> str:
        """Return the bank by BIC or CNAPS number, and by its name; "" when nothing is known."""
        code = ""
        if len(bank_code) == 12:  # noqa: PLR2004  (CNAPS; a BIC has 8 or 11)
            code = (
                "<ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId>"
                f"<MmbId>{bank_code}</MmbId></ClrSysMmbId>"
            )
        elif bank_code:
            code = f"<{self._bic}>{bank_code}</{self._bic}>"
        name = f"<Nm>{escape(bank_name)}</Nm>" if bank_name else ""
        return f"<FinInstnId>{code}{name}</FinInstnId>" if code or name else ""

    def _batch_faults(self, batch: Batch) -> Iterator[Fault]:
        debtor = batch.debtor
        yield from self._text_faults(
            "debtor.holder", debtor.holder, self._rules.name_max, needed=True
        )
        yield from self._account_faults("debtor.number", debtor.number)
        yield from self._bank_code_faults("debtor.bank_code", debtor.bank_code)
        if self._rules.bank_names:
            yield from self._text_faults("debtor.bank_name", debtor.bank_name, TEXT_MAX)
        if not debtor.bank_code and not self._rules.needs_bank_code:
            yield Fault("debtor.bank_code", "missing", "give the special account's bank")

    def _text_faults(
        self, field: str, text: str, most: int, *, needed: bool = False
    ) -> Iterator[Fault]:
        if needed and not text:
            yield Fault(field, "missing", "the bank needs it")
        if len(text) > most:
            yield too_long(field, len(text), most, "characters")
        if not text:
            return
        if fault := unsafe(field, text):
            yield fault
        elif self._letters is not None and not self._letters.fullmatch(text):
            at = next(i for i, one in enumerate(text) if not self._letters.fullmatch(one))
            yield charset(field, text, at)

    def _account_faults(self, field: str, number: str) -> Iterator[Fault]:
        if not number:
            yield Fault(field, "missing", "the bank needs the account's number")
        elif _IBAN.fullmatch(number):
            if not _is_iban(number):
                yield Fault(field, "bad-account", "the IBAN's check digits are wrong; ask again")
            elif self._iban_only and number[:2] not in self._iban_only:
                wanted = ", ".join(sorted(self._iban_only)[:5])
                yield Fault(field, "bad-account", f"the bank pays to IBANs of {wanted} and others")
        elif self._iban_only:
            yield Fault(field, "bad-account", "the bank pays to IBANs only")
        elif _DOMESTIC.fullmatch(number) is None:
            yield Fault(field, "bad-account", "1 to 34 digits, Latin letters or hyphens, no blanks")

    def _bank_code_faults(self, field: str, code: str) -> Iterator[Fault]:
        if not code:
            if self._rules.needs_bank_code:
                yield Fault(field, "missing", "the bank needs the account's BIC")
        elif not (_BIC.fullmatch(code) or (not self._iban_only and _CNAPS.fullmatch(code))):
            wanted = "a BIC" if self._iban_only else "a CNAPS number (12 digits), a BIC or nothing"
            yield Fault(field, "bad-bank-code", f"give {wanted}")


def _plain(rules: Rules) -> re.Pattern[str]:
    """Return the form of a payment in which nothing is wrong but perhaps its IBAN, the one group.

    Most payments have it, and need no look at each field; `preflight` says which field is wrong of
    the others, and finds some of them right.
    """
    letters = CHARSETS[rules.charset]
    of_text = f"[^{UNSAFE}]" if letters is None else letters.pattern.removesuffix("*")
    text = rf"(?!\s){of_text}{{1,%d}}(?<!\s)"
    code = _BIC.pattern if rules.iban_countries else f"(?:{_BIC.pattern}|{_CNAPS.pattern})"
    countries = "|".join(rules.iban_countries) or "[A-Z]{2}"
    iban = f"(?P<iban>(?:{countries})[0-9]{{2}}[A-Z0-9]{{11,30}})"
    lines = (
        f"[0-9A-Z]{{1,{REFERENCE_MAX}}}",
        text % rules.name_max,
        code if rules.needs_bank_code else f"(?:{code})?",
        f"(?:{text % rules.note_max})?",
        f"(?:{text % TEXT_MAX})?",
        iban if rules.iban_countries else f"(?:[0-9][0-9A-Za-z-]{{0,33}}|{iban})",
    )
    return re.compile("\n".join(lines))


def _behind_account(rules: Rules) -> str:
    """Return what every payment has behind its account: purpose, and what an authority asks."""
    purpose = f"<Purp><Cd>{rules.purpose}</Cd></Purp>" if rules.purpose else ""
    country, code = rules.regulatory
    if not code:
        return purpose
    return (
        f"{purpose}<RgltryRptg><DbtCdtRptgInd>CRED</DbtCdtRptgInd>"
        f"<Dtls><Ctry>{country}</Ctry><Cd>{code}</Cd></Dtls></RgltryRptg>"
    )


def _account(number: str) -> str:
    if _is_iban(number):
        return f"<Id><IBAN>{number}</IBAN></Id>"
    return f"<Id><Othr><Id>{number}</Id></Othr></Id>"


def _reference_faults(field: str, text: str) -> Iterator[Fault]:
    if not text:
        yield Fault(field, "missing", "the bank needs a reference")
    elif _REFERENCE.fullmatch(text) is None:
        at = next(i for i, char in enumerate(text) if not _REFERENCE.fullmatch(char))
        yield charset(field, text, at)
    if len(text) > REFERENCE_MAX:
        yield too_long(field, len(text), REFERENCE_MAX, "characters")


def _is_iban(number: str) -> bool:
    """Return whether `number` is an IBAN with right check digits (ISO 7064 MOD 97-10)."""
    return _IBAN.fullmatch(number) is not None and checks(number)
