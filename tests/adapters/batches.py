"""Batches and bank reports for the adapters' tests: plain functions, invented people."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import cache

from disburse import banks
from disburse.adapter import Account, Adapter, Batch, Payment
from disburse.kit import synthetic
from disburse.kit.installed import every

# Far apart from each other, so that no few flipped bits turn one into another.
REFERENCES = ("0A1B2C3D4E501", "ZYXWVUTSRQP12", "5M5N5P5Q5R5S3", "K9J8H7G6F5E44",
              "3C3B3A2Z2Y2X5", "QQWWEERRTTYY6")  # fmt: skip

# A routing number, an account and names as banks of the United States know them; nobody's.
ROUTING = "099900014"
RARE_LATIN = ("O'NEIL & SOHNE <LTD>", "MAIMAITI  A.", "22 COLUMNS OF A NAME..",
              "~!@#$%^*()_+`{}|[]", "a", "TEST?WORKER=1/2;3:4,5")  # fmt: skip
# What GBK has of the same: banks that take no more say so before anything is approved.
RARE_GBK = ("测试喆", "测试堃", "买买提·阿卜杜热合曼", "测试镕", "测试〇", "O'Neil & Sons <Ltd>")
RARE = ("测试䶮", "测试𬭩", "买买提·阿卜杜热合曼", "测试㼆", "测试〇", "O'Neil & Söhne <Ltd>")


def every_adapter() -> list[Adapter]:
    """Return every installed adapter, once with each profile that it ships."""
    return list(banks.load(every()).values())


def a_payment(number: int = 1, **changes: object) -> Payment:
    reference = REFERENCES[number - 1] if number <= len(REFERENCES) else f"T{number:012d}"
    return replace(
        Payment(
            reference=reference,
            name=f"测试工人{number}",
            account=f"62170000000{number:08d}",
            bank_code="105826000014",
            bank_name="测试银行嘉峪关支行",
            amount=650_000 + number,
            note="2026年9月工资",
        ),
        **changes,
    )


def a_batch(*payments: Payment, **changes: object) -> Batch:
    chosen = payments or (a_payment(1), a_payment(2))
    return replace(
        Batch(
            reference="F0000017",
            sequence=7,
            created=datetime(2026, 10, 9, 1, 2, 3, tzinfo=UTC),
            pay_on=date(2026, 10, 10),
            currency="CNY",
            debtor=Account(
                holder="测试建筑公司测试项目农民工工资专用账户",
                number="6210000000000001",
                bank_code="105826000022",
                bank_name="测试银行",
            ),
            count=len(chosen),
            total=sum(one.amount for one in chosen),
            payments=chosen,
        ),
        **changes,
    )


def currency_of(adapter: Adapter) -> str:
    """Return the currency in which this bank's batches are made here."""
    currencies = adapter.capabilities.currencies
    return "CNY" if "CNY" in currencies else min(currencies)


@cache
def likely(adapter_name: str) -> Batch:
    """Return the kit's invented batch, for banks whose payments are not Chinese or American."""
    return synthetic.example(banks.load([adapter_name])[adapter_name], 1)


def a_payment_by(adapter: Adapter, number: int = 1, **changes: object) -> Payment:
    """Return a payment that this bank takes, but for the changes."""
    currency = currency_of(adapter)
    if currency == "USD":
        american = {
            "account": f"{number:08d}-62",
            "bank_code": ROUTING,
            "latin_name": f"TEST WORKER {number}",
        }
        changes = american | changes
    elif currency != "CNY":
        template = replace(likely(adapter.name).payments.template, **_own_account(adapter, number))
        one = synthetic.one_of(template, number)
        own = {
            field.name: getattr(one, field.name) for field in fields(Payment)
            if field.name not in {"reference", "amount"}
        }  # fmt: skip
        if not one.bank_code and "bank_code" in adapter.capabilities.carries:
            own["bank_code"] = "TESTCNBJ"
        changes = own | changes
    elif any(one.field == "bank_code" for one in adapter.preflight(a_payment(), "CNY")):
        changes = {"bank_code": ""} | changes  # it pays its own cards only
    payment = a_payment(number, **changes)
    return synthetic.of_amount(payment, payment.amount)


def a_batch_by(adapter: Adapter, *payments: Payment, **changes: object) -> Batch:
    """Return a batch that this bank takes, but for the changes."""
    chosen = payments or (a_payment_by(adapter, 1), a_payment_by(adapter, 2))
    own = {"currency": currency_of(adapter)}
    if own["currency"] not in {"CNY", "USD"}:
        like = likely(adapter.name)
        own |= {name: getattr(like, name) for name in ("debtor", "employer", "period")}
        if own["currency"] == "GBP":
            own["pay_on"] = date(2026, 10, 12)  # Bacs credits on working days only
    return a_batch(*chosen, **own | changes)


def _own_account(adapter: Adapter, number: int) -> dict[str, str]:
    """Return another IBAN for each worker, where the bank's payments go to IBANs."""
    like = likely(adapter.name).payments.template.account
    if "#" in like or not like[:2].isalpha():
        return {}
    body = f"{like[4:-4]}{int(like[-4:], 36) % 9000 + number:04d}"
    check = 98 - int("".join(str(int(one, 36)) for one in f"{body}{like[:2]}00")) % 97
    return {"account": f"{like[:2]}{check:02d}{body}"}


def rare_names(adapter: Adapter | None = None) -> Batch:
    """Return a batch with the names that systems usually lose."""
    if adapter is not None and currency_of(adapter) != "CNY":
        names = enumerate(zip(RARE, RARE_LATIN, strict=True), start=1)
        return a_batch_by(
            adapter,
            *(
                _first_taken(
                    adapter,
                    a_payment_by(adapter, n, name=name, latin_name=latin),
                    a_payment_by(adapter, n, name=latin, latin_name=latin),
                    a_payment_by(adapter, n),
                )
                for n, (name, latin) in names
            ),
            a_payment_by(adapter, 7, bank_name="", note=""),
        )
    names = RARE_GBK if adapter is not None and adapter.capabilities.charset == "gbk" else RARE
    bare = a_payment(7, bank_code="", bank_name="", note="")
    if adapter is None:
        return a_batch(*(a_payment(n, name=name) for n, name in enumerate(names, start=1)), bare)
    return a_batch(
        *(a_payment_by(adapter, n, name=name) for n, name in enumerate(names, start=1)),
        _first_taken(adapter, bare, a_payment_by(adapter, 7, note="")),
    )


def _first_taken(adapter: Adapter, *payments: Payment) -> Payment:
    takes = (one for one in payments if not adapter.preflight(one, currency_of(adapter)))
    return next(takes, payments[-1])


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def pain002(
    statuses: list[tuple[str, str, str]],
    *,
    group: str = "PART",
    block: str = "",
    version: str = "10",
) -> bytes:
    """Return a status report: (reference, status, reason) per payment, one line per element."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">',
        "<CstmrPmtStsRpt>",
        "<GrpHdr><MsgId>BANK0001</MsgId><CreDtTm>2026-10-10T08:00:00+08:00</CreDtTm></GrpHdr>",
        "<OrgnlGrpInfAndSts>",
        "<OrgnlMsgId>F0000017</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>",
        f"<GrpSts>{group}</GrpSts>" if group else "",
        "</OrgnlGrpInfAndSts>",
        "<OrgnlPmtInfAndSts>",
        "<OrgnlPmtInfId>F0000017</OrgnlPmtInfId>",
        f"<PmtInfSts>{block}</PmtInfSts>" if block else "",
    ]
    for reference, status, reason in statuses:
        lines += [
            "<TxInfAndSts>",
            f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId>",
            f"<TxSts>{status}</TxSts>" if status else "",
            f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "",
            f"<AcctSvcrRef>SVC{reference}</AcctSvcrRef>",
            "</TxInfAndSts>",
        ]
    lines += ["</OrgnlPmtInfAndSts>", "</CstmrPmtStsRpt>", "</Document>", ""]
    return "\n".join(line for line in lines if line or line == lines[-1]).encode()


def return_file(rows: list[tuple[str, int, str, str]], **said: object) -> bytes:
    """Return a small Chinese bank's 回盘: (reference, minor units, status, reason) per payment."""
    paid = [amount for _, amount, status, _ in rows if status == "成功"]
    head = {
        "count": len(rows),
        "total": yuan(sum(amount for _, amount, _, _ in rows)),
        "paid_count": len(paid),
        "paid_total": yuan(sum(paid)),
        **said,
    }
    totals = f"{head['count']}|{head['total']}|{head['paid_count']}|{head['paid_total']}"
    lines = [f"H|F0000017|20261010|{totals}"]
    lines += [
        f"{number}|{reference}|62170000000{number:08d}|测试工人{number}|{yuan(amount)}|{status}"
        f"|{reason}|{'交易成功' if status == '成功' else '户名不符'}|SVC{number:06d}"
        for number, (reference, amount, status, reason) in enumerate(rows, start=1)
    ]
    lines += [f"T|{head['count']}", ""]
    return "\r\n".join(lines).encode("gb18030")


def return_ach(rows: list[tuple[str, int, str]], **said: object) -> bytes:
    """Return a bank's NACHA file: (reference, cents, code) per payment that came back or changes.

    A code R01 to R99 is a return, C01 to C13 asks for a change. `said` are the controls' figures.
    """
    who, whose = f"{'EXAMPLE BUILDERS':<23}{'EXAMPLE BANK':<31}", f"{'F0000017':<20}1999999999"
    lines = [
        f"1011999999999 {ROUTING}2610120800A094101{who}",
        f"5220EXAMPLE BUILDERS{whose}PPD{'PAYROLL':<16}2610102841099900010000001",
    ]
    for number, (reference, amount, code) in enumerate(rows, start=1):
        trace, original = f"09990001{number:07d}", f"09990001{number + 40:07d}"
        kind, cents = ("99", amount) if code.startswith("R") else ("98", 0)
        corrected = "00000099-62" if kind == "98" else ""
        lines.append(
            f"621{ROUTING}{f'{number:08d}-62':<17}{cents:010d}{reference:<15}"
            f"{f'TEST WORKER {number}':<22}  1{trace}"
        )
        lines.append(f"7{kind}{code}{original}      09990001{corrected:<44}{trace}")
    head = {
        "count": 2 * len(rows),
        "entry_hash": 9_990_001 * len(rows) % 10**10,
        "credit": sum(amount for _, amount, code in rows if code.startswith("R")),
        "batches": 1,
        "blocks": -(-(len(lines) + 2) // 10),
        **said,
    }
    sums = f"{head['entry_hash']:010d}{0:012d}{head['credit']:012d}"
    lines.append(f"8220{head['count']:06d}{sums}1999999999{'':25}099900010000001")
    lines.append(f"9{head['batches']:06d}{head['blocks']:06d}{head['count']:08d}{sums}{'':39}")
    lines += ["9" * 94] * (-len(lines) % 10)
    return "".join(f"{line}\n" for line in lines).encode()
