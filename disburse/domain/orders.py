"""What a subcontractor signs besides sheets: to take one back, or to correct an account.

Each is one JSON object whose first member says what it is, so that no signature under a sheet can
stand under an order, nor the other way round.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from unicodedata import category

from disburse.domain.refusal import Refusal
from disburse.domain.sheet import Payee

ORDER_BYTES_MAX: Final = 16_384  # a few names and numbers
REASON_MAX: Final = 500


class OrderRefused(Refusal):
    """The signed order is not what it has to be, or is about something else."""

    code = "order-refused"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An order to take a sheet back."""

    sheet_digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Correction:
    """An order to pay one returned or rejected payment to another account."""

    reference: str  # of the payment that came back
    payee: Payee
    reason: str


def write_withdrawal(order: Withdrawal) -> bytes:
    """Return the bytes that a subcontractor signs to take a sheet back."""
    return _write({"disburse_withdrawal": 1, "sheet": order.sheet_digest, "reason": order.reason})


def write_correction(order: Correction) -> bytes:
    """Return the bytes that a subcontractor signs to correct an account."""
    return _write(
        {
            "disburse_correction": 1,
            "payment": order.reference,
            "name": order.payee.name,
            "account": order.payee.account,
            "bank_code": order.payee.bank_code,
            "bank_name": order.payee.bank_name,
            "latin_name": order.payee.latin_name,
            "reason": order.reason,
        }
    )


def read_withdrawal(content: bytes, *, sheet_digest: str) -> Withdrawal:
    """Read a signed withdrawal of that sheet, or raise `OrderRefused`."""
    members = _read(content, "disburse_withdrawal", ("sheet", "reason"))
    if members["sheet"] != sheet_digest:
        raise OrderRefused("the order names another sheet; it takes the SHA-256 of this one")
    return Withdrawal(members["sheet"], members["reason"])


def read_correction(content: bytes, *, reference: str) -> Correction:
    """Read a signed correction of that payment, or raise `OrderRefused`."""
    wanted = ("payment", "name", "account", "bank_code", "bank_name", "latin_name", "reason")
    members = _read(content, "disburse_correction", wanted)
    if members["payment"] != reference:
        raise OrderRefused("the order names another payment")
    payee = Payee(
        name=members["name"],
        account=members["account"],
        bank_code=members["bank_code"],
        bank_name=members["bank_name"],
        latin_name=members["latin_name"],
    )
    return Correction(reference, payee, members["reason"])


def _write(members: dict[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, indent=1).encode()


def _read(content: bytes, kind: str, wanted: tuple[str, ...]) -> dict[str, str]:
    if len(content) > ORDER_BYTES_MAX:
        raise OrderRefused(f"an order has at most {ORDER_BYTES_MAX} bytes")
    try:
        pairs = json.loads(content, object_pairs_hook=tuple)  # an array stays a list
    except (ValueError, RecursionError):
        raise OrderRefused("the order is not a JSON object in UTF-8") from None
    names = [name for name, _ in pairs] if isinstance(pairs, tuple) else []
    if names != [kind, *wanted]:
        raise OrderRefused(f"the order needs exactly these members: {kind}, {', '.join(wanted)}")
    members = dict(pairs)
    version = members.pop(kind)
    if type(version) is not int or version != 1 or not all(map(_plain, members.values())):
        raise OrderRefused(f"{kind} is 1 and every other member is one line of text")
    if not members["reason"].strip() or len(members["reason"]) > REASON_MAX:
        raise OrderRefused(f"the order needs a reason of at most {REASON_MAX} characters")
    return members


def _plain(text: object) -> bool:
    """Say whether it is text without control characters and halves of characters."""
    return isinstance(text, str) and not any(category(one) in {"Cc", "Cs"} for one in text)
