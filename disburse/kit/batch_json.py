"""BATCH.json: a batch as a file of its own, for people and programs outside; read, and described.

Amounts are decimal text such as "6500.00", never JSON numbers. What is wrong is named by its
place and never by its value, which may be a worker's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar

from disburse.adapter import Account, Batch, Payment, Wage, parse_money
from disburse.domain.money import DIGITS, MoneyRefused
from disburse.domain.refusal import Refusal
from disburse.domain.sheet import DEDUCTION_ITEMS, GROSS_ITEMS, IdType

Read = TypeVar("Read")


class BadBatch(Refusal):
    """The file is no batch; the message names the place and what belongs there."""

    code = "bad-batch"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of BATCH.json: what it says, its JSON type, and whether it may be left out."""

    says: str
    kind: str = "string"
    needed: bool = True
    more: Mapping[str, object] | None = None  # of JSON Schema


AMOUNT: Final = {"pattern": r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$"}
DEBTOR: Final = {
    "holder": Key("who holds the paying account"),
    "number": Key("the paying account"),
    "bank_code": Key("CNAPS number, BIC or what its bank is known by", needed=False),
    "bank_name": Key("the paying bank", needed=False),
}
PAYMENT: Final = {
    "reference": Key("yours, unique for ever: up to 13 of 0-9A-Z"),
    "name": Key("the worker's, exactly as the bank knows it"),
    "account": Key("the worker's account"),
    "amount": Key('decimal text such as "6500.00"', more=AMOUNT),
    "bank_code": Key("the worker's bank", needed=False),
    "bank_name": Key("the worker's bank", needed=False),
    "note": Key("what the worker reads on the statement", needed=False),
    "latin_name": Key("for banks that take no other letters", needed=False),
    "wage": Key("what it is made of, for banks that need it", "object", needed=False),
}
WAGE: Final = {
    "id_type": Key("the paper that proves who the worker is", more={"enum": [*IdType]}),
    "id_number": Key("the worker's number on that paper"),
    "worked_from": Key("the first day that is paid", more={"format": "date"}),
    "worked_to": Key("the last day that is paid", more={"format": "date"}),
    "days": Key('worked days, such as "21.5"', needed=False),
    "items": Key("gross amounts by name", "object", more={"propertyNames": {"enum": GROSS_ITEMS}}),
    "deductions": Key("amounts by name", "object", needed=False,
                      more={"propertyNames": {"enum": DEDUCTION_ITEMS}}),
}  # fmt: skip
BATCH: Final = {
    "reference": Key("yours, unique for ever: up to 16 of 0-9A-Z"),
    "sequence": Key("the file's number at this bank, from 1", "integer", more={"minimum": 1}),
    "created": Key("when the batch was made, with its zone", more={"format": "date-time"}),
    "pay_on": Key("the day on which the bank pays", more={"format": "date"}),
    "currency": Key("ISO 4217", more={"enum": sorted(DIGITS)}),
    "debtor": Key("the account that pays", "object"),
    "payments": Key("in the file's order", "array", more={"minItems": 1}),
    "period": Key("the pay month, as its first day", needed=False, more={"format": "date"}),
    "employer": Key("registration number of who owes the wages", needed=False),
    "count": Key("of the payments; checked where given", "integer", needed=False),
    "total": Key("of the amounts; checked where given", needed=False, more=AMOUNT),
}
_PYTHON: Final = {"string": str, "integer": int, "object": dict, "array": list}
_WANT: Final = {"string": "text", "integer": "a whole number", "object": "{…}", "array": "[…]"}


def schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of BATCH.json."""
    batch = _schema_of(BATCH)
    properties = batch["properties"]
    assert isinstance(properties, dict)  # noqa: S101  (as `_schema_of` makes it)
    properties["debtor"] |= _schema_of(DEBTOR)
    properties["payments"]["items"] = payment = _schema_of(PAYMENT)
    wage = _schema_of(WAGE)
    payment["properties"]["wage"] |= wage  # type: ignore[index]  # as `_schema_of` makes it
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "A batch for one bank file", **batch}


def read(path: Path) -> Batch:
    """Read a BATCH.json; raise `BadBatch` naming the first place that is wrong, or `OSError`."""
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise BadBatch("it is not UTF-8") from None
    except json.JSONDecodeError as why:
        raise BadBatch(f"it is not JSON: {why.msg} in line {why.lineno}") from None
    except (ValueError, RecursionError):
        raise BadBatch("it is not JSON that can be a batch") from None
    said = _table(document, BATCH, "the batch")
    currency = str(said["currency"])
    if currency not in DIGITS:
        raise BadBatch(f"currency is one of {', '.join(sorted(DIGITS))}")
    payments = tuple(
        _payment(one, currency, f"payments[{place}]")
        for place, one in enumerate(_list(said["payments"]))
    )
    batch = Batch(
        reference=str(said["reference"]),
        sequence=int(str(said["sequence"])),
        created=_created(str(said["created"])),
        pay_on=_date("pay_on", str(said["pay_on"])),
        currency=currency,
        debtor=Account(**_texts(_table(said["debtor"], DEBTOR, "debtor"), DEBTOR)),
        count=len(payments),
        total=sum(one.amount for one in payments),
        payments=payments,
        period=_date("period", str(said["period"])) if "period" in said else None,
        employer=str(said.get("employer", "")),
    )
    _agrees(batch, said)
    return batch


def _agrees(batch: Batch, said: Mapping[str, object]) -> None:
    if not batch.count:
        raise BadBatch("payments is empty")
    if batch.sequence < 1:
        raise BadBatch("sequence counts from 1")
    if said.get("count", batch.count) != batch.count:
        raise BadBatch(f"count is not the number of payments, {batch.count}")
    if "total" in said and _amount(str(said["total"]), batch.currency, "total") != batch.total:
        raise BadBatch("total is not the sum of the amounts")


def _payment(one: object, currency: str, place: str) -> Payment:
    said = _table(one, PAYMENT, place)
    texts = _texts(said, PAYMENT)
    told = said.get("wage")
    other: dict[str, object] = {
        "amount": _amount(texts["amount"], currency, f"{place}.amount"),
        "wage": None if told is None else _wage(told, currency, f"{place}.wage"),
    }
    return Payment(**texts | other)  # type: ignore[arg-type]  # texts but for these two


def _wage(one: object, currency: str, place: str) -> Wage:
    said = _table(one, WAGE, place)
    texts = _texts(said, WAGE)
    if texts["id_type"] not in [*IdType]:
        raise BadBatch(f"{place}.id_type is one of {', '.join(IdType)}")
    return Wage(
        id_type=texts["id_type"],
        id_number=texts["id_number"],
        worked_from=_date(f"{place}.worked_from", texts["worked_from"]),
        worked_to=_date(f"{place}.worked_to", texts["worked_to"]),
        days=texts["days"],
        items=_amounts(said, "items", GROSS_ITEMS, currency, place),
        deductions=_amounts(said, "deductions", DEDUCTION_ITEMS, currency, place),
    )


def _amounts(
    said: Mapping[str, object], key: str, names: tuple[str, ...], currency: str, place: str
) -> tuple[tuple[str, int], ...]:
    keys = {name: Key("an amount", needed=False) for name in names}
    told = _table(said.get(key, {}), keys, f"{place}.{key}")
    return tuple(
        (name, _amount(str(text), currency, f"{place}.{key}.{name}")) for name, text in told.items()
    )


def _table(value: object, keys: Mapping[str, Key], place: str) -> Mapping[str, object]:
    """Return an object whose keys are `keys`, each of its kind, or raise `BadBatch`."""
    if not isinstance(value, dict):
        raise BadBatch(f"{place} must be an object {{…}}")
    if unknown := sorted(set(value) - set(keys)):
        name = unknown[0][:40].encode("unicode_escape").decode()
        raise BadBatch(f"{place} has a key {name!r}; known: {', '.join(keys)}")
    for name, key in keys.items():
        if name not in value:
            if key.needed:
                raise BadBatch(f"{place} has no {name!r}: {key.says}")
        elif type(value[name]) is not _PYTHON[key.kind]:  # exactly: true is an int, too
            raise BadBatch(f"{place}: {name} must be {_WANT[key.kind]}: {key.says}")
    return value


def _texts(said: Mapping[str, object], keys: Mapping[str, Key]) -> dict[str, str]:
    return {name: str(said.get(name, "")) for name in keys}


def _list(value: object) -> Iterable[object]:
    assert isinstance(value, list)  # noqa: S101  (as `_table` checked)
    return value


def _amount(text: str, currency: str, place: str) -> int:
    try:
        return parse_money(text, currency)
    except MoneyRefused as why:
        raise BadBatch(f"{place}: {why.detail}") from why


def _created(text: str) -> datetime:
    instant = _read(datetime.fromisoformat, text, "created", "2026-10-09T01:02:03Z")
    if instant.tzinfo is None:
        raise BadBatch("created must name its zone, such as 2026-10-09T01:02:03Z")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise BadBatch("created lies outside the calendar") from None


def _date(place: str, text: str) -> date:
    return _read(date.fromisoformat, text, place, "2026-10-13")


def _read(how: Callable[[str], Read], text: str, place: str, like: str) -> Read:
    """Read a date or an instant in the extended form only: 2026-10-13, never 20261013."""
    if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        with suppress(ValueError, OverflowError):
            return how(text)
    raise BadBatch(f"{place} must be like {like}")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object, or raise: of a key that stands twice, nobody knows which one counts."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadBatch("a key stands twice in one object")
    return table


def _no_number(_: str) -> object:
    raise BadBatch("NaN and Infinity are no numbers")


def _schema_of(keys: Mapping[str, Key]) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.needed],
        "properties": {
            name: {"type": key.kind, "description": key.says, **(key.more or {})}
            for name, key in keys.items()
        },
    }
