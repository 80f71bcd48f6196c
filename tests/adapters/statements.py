"""Account statements for tests, as a bank would send them: plain functions, invented people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

ACCOUNT = "6210000000000001"
FAMILIES = {"053": ("BkToCstmrStmt", "Stmt"), "052": ("BkToCstmrAcctRpt", "Rpt"),
            "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}  # fmt: skip


def sign(amount: str) -> str:
    return "DBIT" if amount.startswith("-") else "CRDT"


def a_balance(code: str, amount: str, currency: str = "CNY", on: str = "2026-10-10") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign(amount)}</CdtDbtInd>'
        f"<Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def a_movement(reference: str, amount: str = "", *, back: str = "", more: str = "") -> str:
    """Return one TxDtls in the newer form; `back` is the reason of a return."""
    money = f'<Amt Ccy="CNY">{amount.lstrip("-")}</Amt>' if amount else ""
    direction = f"<CdtDbtInd>{sign(amount)}</CdtDbtInd>" if amount else ""
    named = f"<EndToEndId>{reference}</EndToEndId>" if reference else ""
    reason = f"<RtrInf><Rsn><Cd>{back}</Cd></Rsn></RtrInf>" if back else ""
    return f"<TxDtls><Refs>{named}</Refs>{money}{direction}{more}{reason}</TxDtls>"


def an_entry(
    amount: str, *movements: str, reference: str = "", status: str = "BOOK", more: str = ""
) -> str:
    details = f"<NtryDtls>{more}{''.join(movements)}</NtryDtls>" if movements or more else ""
    own = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f'<Ntry><Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign(amount)}</CdtDbtInd>'
        f"<Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2026-10-10</Dt></BookgDt>"
        f"<ValDt><Dt>2026-10-11</Dt></ValDt>{own}<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd>"
        f"<SubFmlyCd>SALA</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry>"
    )


def a_statement(
    *parts: str, reference: str = "S1", account: str = ACCOUNT, currency: str = "CNY"
) -> str:
    """Return what stands inside a Stmt: balances and entries as told."""
    return (
        f"<Id>{reference}</Id><ElctrncSeqNb>7</ElctrncSeqNb>"
        f"<CreDtTm>2026-10-10T20:00:00+08:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
        + "".join(parts)
    )


def camt(*statements: str, family: str = "053", version: str = "08", group: str = "") -> bytes:
    message, element = FAMILIES[family]
    inside = "".join(f"<{element}>{one}</{element}>" for one in statements)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{family}.001.{version}">'
        f"<{message}><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-10-10T20:00:00+08:00</CreDtTm>{group}"
        f"</GrpHdr>{inside}</{message}></Document>\n"
    ).encode()


def camt053(
    *, opening: str, entries: Sequence[tuple[str, str]], reference: str = "S1", **told: str
) -> bytes:
    """Return a statement of (amount, reference of ours), with the closing that they make."""
    closing = Decimal(opening) + sum(Decimal(amount) for amount, _ in entries)
    body = [
        an_entry(amount, a_movement(named), reference=f"{reference}-{place}")
        for place, (amount, named) in enumerate(entries, start=1)
    ]
    balances = a_balance("OPBD", opening) + a_balance("CLBD", str(closing))
    return camt(a_statement(balances, *body, reference=reference, **told))


def mt940(
    *entries: str, opening: str = "C261009CNY1000,00", closing: str, page: str = "7/1"
) -> bytes:
    """Return one message; `entries` are whole lines, field 61 and field 86."""
    lines = [
        "{1:F01TESTCNBJAXXX0000000000}{2:I940TESTCNBJXXXXN}{4:",
        ":20:STATEMENT", f":25:{ACCOUNT}", f":28C:{page}", f":60F:{opening}", *entries,
        f":62F:{closing}", "-}", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def bai2(*entries: str, opening: int = 100_000, account: str = ACCOUNT, group: str = "1") -> bytes:
    """Return a file with one account; `entries` are records 16 without their slash."""
    moved = [int(one.split(",")[2]) for one in entries]
    signs = [1 if one.split(",")[1] < "400" else -1 for one in entries]
    closing = opening + sum(a * b for a, b in zip(moved, signs, strict=True))
    total = opening + closing + sum(moved)
    lines = [
        "01,TESTBANK,DISBURSE,261010,0800,1,,,2/",
        f"02,DISBURSE,TESTBANK,{group},261010,,CNY,2/",
        f"03,{account},CNY,010,{opening},,,015,{closing},,/",
        *(f"{one}/" for one in entries),
    ]
    lines.append(f"49,{total},{len(lines) - 1}/")
    lines.append(f"98,{total},1,{len(lines)}/")
    lines.append(f"99,{total},1,{len(lines) + 1}/")
    return "\n".join([*lines, ""]).encode()
