"""Reads back the pain.001 files that `pain001` writes, and nothing else; it shares no code with it.

Two judges of every byte. An XML parser says that the document is whole and well-formed, and where
the official schema is installed, that it holds. The form below says that it is ours: strict where
the report's reader is lenient, because an element or an order that the writer never writes means
that the bytes are not ours any more. What stands in a field is taken by the form, in one match per
payment: looking for the same by the parser's tree took four times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice
from typing import Final

from lxml import etree

from adapters._xml import Damaged, Judge
from adapters.iso20022.rules import Rules
from disburse.adapter import Head, Payment, UnreadableFile

_HEAD_LINES: Final = 7  # before the first payment
_END: Final = ["</PmtInf>", "</CstmrCdtTrfInitn>", "</Document>"]
_LINE_BYTES_MAX: Final = 1 << 14  # six times the longest payment

# A text: no markup, no control character, and of entities the three that the writer uses.
_PLAIN: Final = r"[^<>&\x00-\x1f\x7f]*"
_TEXT: Final = rf"(?!<){_PLAIN}(?:&(?:amp|lt|gt);{_PLAIN})*"
_COUNT: Final = "[1-9][0-9]{0,14}"
_IBAN: Final = "[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}"
_OTHER: Final = "[0-9A-Za-z-]{1,34}"
_BIC: Final = "[A-Z0-9]{8,11}"
_CLEARING: Final = (
    "<ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId><MmbId>([0-9]{12})</MmbId></ClrSysMmbId>"
)


class Reader:
    """Reads the files of one profile's rules."""

    def __init__(self, rules: Rules, schema: etree.XMLSchema | None) -> None:
        """Work out the form of the head; a payment's depends on the currency, too."""
        self._rules = rules
        self._schema = schema
        self._head_form = _head_form(rules)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Yield the file's head, then its payments; memory does not grow with the file.

        Raises `UnreadableFile` when the bytes are not such a file, when its two headers disagree on
        reference, count, sum or debtor, or when the payments are not that count, sum and currency.
        """
        judge = Judge(self._schema)
        try:
            yield from self._read(chain.from_iterable(_lines(content, judge)))
        except (Damaged, UnicodeDecodeError) as why:
            raise UnreadableFile(f"the bytes are not a file of ours: {why}") from why

    def _read(self, lines: Iterator[str]) -> Iterator[Head | Payment]:
        head = self._head("\n".join(islice(lines, _HEAD_LINES)))
        yield head
        form = _payment_form(self._rules, str(head.currency))
        latin = self._rules.name_field == "latin_name"
        count = total = 0
        line = ""
        for line in lines:
            match = form.fullmatch(line)
            if match is None:
                break
            reference, major, minor, clearing, bic, bank, name, iban, number, note = match.groups(
                ""
            )
            if "&" in line:
                bank, name, note = _meant(bank), _meant(name), _meant(note)
            amount = int(major + minor)
            count, total = count + 1, total + amount
            yield Payment(
                reference=reference, name="" if latin else name, account=iban or number,
                bank_code=clearing or bic, bank_name=bank, amount=amount, note=note,
                latin_name=name if latin else "",
            )  # fmt: skip
        _expect([line, *islice(lines, len(_END))] == _END, "a payment or its end is another")
        _expect(
            (head.count, head.total) == (count, total), "its payments are not its count and sum"
        )

    def _head(self, text: str) -> Head:
        """Return what the file says of itself."""
        match = self._head_form.fullmatch(text)
        if match is None:
            raise UnreadableFile("the bytes are not a file of ours: its headers are others")
        said = {field: word or "" for field, word in match.groupdict().items()}
        currency = said["currency"]
        _expect(currency in self._rules.capabilities.currencies, "its currency is another")
        bearer = self._rules.charge_bearer(currency)
        _expect(said["bearer"] == bearer, "it is not a batch of wages as this bank wants them")
        total = re.fullmatch(_amount(self._rules, currency), said["total"], re.ASCII)
        _expect(total is not None, "its sum is none")
        return Head(
            reference=said["reference"],
            pay_on=_date(said["day"]),
            currency=currency,
            debtor_number=said["iban"] or said["number"],
            debtor_holder=_meant(said["holder"]),
            debtor_bank_code=said["clearing"] or said["bic"],
            count=int(said["count"]),
            total=int(said["total"].replace(".", "")),
        )


def _head_form(rules: Rules) -> re.Pattern[str]:
    """Return the form of everything before the first payment, line by line."""
    level = f"<SvcLvl><Cd>{rules.service_level}</Cd></SvcLvl>" if rules.service_level else ""
    wages = rules.category_purpose
    purpose = f"<CtgyPurp><Cd>{wages}</Cd></CtgyPurp>" if wages else ""
    kind = f"<PmtTpInf>{level}{purpose}</PmtTpInf>" if level or purpose else ""
    day = "(?P<day>[0-9-]{10})"
    day = f"<Dt>{day}</Dt>" if rules.is_newer else day
    bic = _bic(rules)
    name = f"(?:<Nm>{_TEXT}</Nm>)?" if rules.bank_names else ""
    clearing = _CLEARING.replace("([", "(?P<clearing>[")
    return re.compile(
        '<\\?xml version="1.0" encoding="UTF-8"\\?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{re.escape(rules.message)}">\n'
        "<CstmrCdtTrfInitn>\n"
        "<GrpHdr><MsgId>(?P<reference>[0-9A-Z]{1,35})</MsgId>"
        "<CreDtTm>[0-9-]{10}T[0-9:]{8}Z</CreDtTm>"
        f"<NbOfTxs>(?P<count>{_COUNT})</NbOfTxs><CtrlSum>(?P<total>[0-9.]{{1,18}})</CtrlSum>"
        f"<InitgPty><Nm>(?P<holder>{_TEXT})</Nm></InitgPty></GrpHdr>\n"
        "<PmtInf>\n"
        "<PmtInfId>(?P=reference)</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>"
        f"<NbOfTxs>(?P=count)</NbOfTxs><CtrlSum>(?P=total)</CtrlSum>{kind}"
        f"<ReqdExctnDt>{day}</ReqdExctnDt>\n"
        "<Dbtr><Nm>(?P=holder)</Nm></Dbtr><DbtrAcct>"
        f"<Id>(?:<IBAN>(?P<iban>{_IBAN})</IBAN>|<Othr><Id>(?P<number>{_OTHER})</Id></Othr>)</Id>"
        "<Ccy>(?P<currency>[A-Z]{3})</Ccy></DbtrAcct><DbtrAgt><FinInstnId>"
        f"(?:{clearing}|<{bic}>(?P<bic>{_BIC})</{bic}>){name}</FinInstnId></DbtrAgt>"
        "<ChrgBr>(?P<bearer>[A-Z]{4})</ChrgBr>"
    )


def _payment_form(rules: Rules, currency: str) -> re.Pattern[str]:
    """Return the form of a payment's line; its groups are the fields, in the order of `_read`."""
    bic = _bic(rules)
    code = f"(?:{_CLEARING}|<{bic}>({_BIC})</{bic}>)"
    agent = f"{code}()"
    if rules.bank_names:  # at least one of the two
        agent = f"(?!</){code}?(?:<Nm>({_TEXT})</Nm>)?"
    fixed = f"<Purp><Cd>{rules.purpose}</Cd></Purp>" if rules.purpose else ""
    country, regulatory = rules.regulatory
    if regulatory:
        fixed += (
            f"<RgltryRptg><DbtCdtRptgInd>CRED</DbtCdtRptgInd>"
            f"<Dtls><Ctry>{country}</Ctry><Cd>{regulatory}</Cd></Dtls></RgltryRptg>"
        )
    return re.compile(
        "<CdtTrfTxInf><PmtId><EndToEndId>([0-9A-Z]{1,35})</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="{currency}">{_amount(rules, currency)}</InstdAmt></Amt>'
        f"(?:<CdtrAgt><FinInstnId>{agent}</FinInstnId></CdtrAgt>)?"
        f"<Cdtr><Nm>({_TEXT})</Nm></Cdtr><CdtrAcct>"
        f"<Id>(?:<IBAN>({_IBAN})</IBAN>|<Othr><Id>({_OTHER})</Id></Othr>)</Id></CdtrAcct>"
        f"{fixed}(?:<RmtInf><Ustrd>({_TEXT})</Ustrd></RmtInf>)?</CdtTrfTxInf>"
    )


def _amount(rules: Rules, currency: str) -> str:
    """Return an amount's form in two groups: before the decimal point and behind it."""
    digits = rules.capabilities.digits[currency]
    return rf"(0|[1-9][0-9]{{0,14}})\.([0-9]{{{digits}}})" if digits else "([1-9][0-9]{0,14})()"


def _bic(rules: Rules) -> str:
    return "BICFI" if rules.is_newer else "BIC"


def _lines(pieces: Iterable[bytes], judge: Judge) -> Iterator[list[str]]:
    """Yield the lines of each piece, judged; bytes behind the last line end mean that it was cut.

    Whole lines only are judged, so that nothing that could open a declaration is cut in two.
    """
    rest = b""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            _expect(b"<!" not in whole, "it declares something, or has comments")
            judge.feed(whole + end)
            yield whole.decode().split("\n")
        _expect(len(rest) <= _LINE_BYTES_MAX, "a line is too long")
    _expect(not rest, "it is cut short")
    judge.close()


def _meant(text: str) -> str:
    """Return a text without its entities; the form took no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _date(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as why:
        raise UnreadableFile("the bytes are not a file of ours: its date is none") from why


def _expect(holds: bool, wrong: str) -> None:  # noqa: FBT001  (it reads as a sentence)
    if not holds:
        raise UnreadableFile(f"the bytes are not a file of ours: {wrong}")
