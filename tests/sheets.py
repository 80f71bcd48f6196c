"""Synthetic sheets: nobody's names, numbers with right check digits, the same on every run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from disburse.domain.sheet import Confirmation, Header, IdType, Kind, Line
from disburse.sheetfile import write_csv, write_json
from disburse.sheetfile.template import write_xlsx

TODAY = date(2026, 8, 5)

# "Worker One" and the like; the rare characters and the middle dot are what banks stumble over.
NAMES = (
    "工人甲", "工人乙", "工人丙", "甲𬭩", "乙䶮", "工人丁·甲乙丙", "工人戊·己庚", "Worker Seven",
)  # fmt: skip
BANKS = (
    ("102", "工商银行", "621226"),
    ("103", "农业银行", "622848"),
    ("105", "建设银行", "621700"),
    ("403", "邮储银行", "621799"),
)
TRADES = ("010", "020", "030", "040")


def an_identity_number(place: int) -> str:
    """Return a resident card number that GB 11643 allows; its own for every place < 10⁷."""
    born = date(1965, 1, 1) + timedelta(days=place % 10_000)
    body = f"620201{born:%Y%m%d}{place // 10_000:03d}"
    weighed = sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(body))
    return body + "10X98765432"[weighed % 11]


def a_card(place: int, prefix: str = "621226") -> str:
    """Return a 19-digit card number with the last digit that Luhn wants."""
    body = f"{prefix}{place:012d}"
    doubled = (int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(body))
    return body + str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10)


def a_credit_code(place: int) -> str:
    """Return a unified social credit code that GB 32100 allows."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91620200MA{place:07d}"
    weighed = sum(alphabet.index(one) * 3**at for at, one in enumerate(body))
    return body + alphabet[-weighed % 31]


def a_line(place: int = 1, **changed: object) -> Line:
    """Return the line of worker `place`, as it stands in a clean sheet."""
    bank_code, bank_name, prefix = BANKS[place % len(BANKS)]
    base, overtime = 450_000 + place % 500 * 100, place % 7 * 5_000
    insurance = 36_050
    line = Line(
        number=place,
        name=NAMES[place % len(NAMES)],
        id_type=IdType.RESIDENT_CARD,
        id_number=an_identity_number(place),
        mobile=f"139{place:08d}",
        team=f"班组{place % 5 + 1}",
        trade=TRADES[place % len(TRADES)],
        days="26",
        hours="",
        quantity="",
        unit_price=None,
        gross_items=(("base", base), ("overtime", overtime)) if overtime else (("base", base),),
        deductions=(("social_insurance", insurance),),
        gross=base + overtime,
        total_deductions=insurance,
        net=base + overtime - insurance,
        bank_code=bank_code,
        bank_name=bank_name,
        account=a_card(place, prefix),
        back_pay=False,
        confirmed_by=Confirmation.SIGNATURE,
        confirmed_at=datetime(2026, 8, 1, 10, tzinfo=UTC) + timedelta(seconds=place),
        confirmation_digest=sha256(f"evidence {place}".encode()).hexdigest(),
    )
    return replace(line, **changed)


def lines(count: int) -> list[Line]:
    """Return `count` lines of different workers."""
    return [a_line(place) for place in range(1, count + 1)]


def a_header(sheet_lines: Sequence[Line] = (), **changed: object) -> Header:
    """Return the header that fits these lines."""
    header = Header(
        project="JYG-2026-001",
        general_contractor=a_credit_code(1),
        subcontractor=a_credit_code(2),
        teams=tuple(sorted({line.team for line in sheet_lines})),
        period=date(2026, 7, 1),
        worked_from=date(2026, 7, 1),
        worked_to=date(2026, 7, 31),
        pay_on=date(2026, 8, 10),
        currency="CNY",
        kind=Kind.REGULAR,
        number=1,
        predecessor=None,
        head_count=len(sheet_lines),
        total_net=sum(line.net for line in sheet_lines),
    )
    return replace(header, **changed)


def a_sheet_json(*sheet_lines: Line, **header: object) -> bytes:
    """Return a whole sheet in JSON; two clean lines when none are given."""
    given = sheet_lines or tuple(lines(2))
    return b"".join(write_json(a_header(given, **header), given))


def a_sheet_csv(*sheet_lines: Line, **header: object) -> bytes:
    """Return a whole sheet in CSV; two clean lines when none are given."""
    given = sheet_lines or tuple(lines(2))
    return b"".join(write_csv(a_header(given, **header), given))


def a_sheet_xlsx(*sheet_lines: Line, **header: object) -> bytes:
    """Return a whole sheet as a filled template; two clean lines when none are given."""
    given = sheet_lines or tuple(lines(2))
    stream = io.BytesIO()
    write_xlsx(stream, a_header(given, **header), given)
    return stream.getvalue()
