"""Bank connections, and what their transports can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from disburse import transports
from disburse.domain.access import Act, Caller
from disburse.door import enter
from disburse.storage import connections as stored
from disburse.storage.connections import BY_HAND, Connection
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionShown:
    """A bank by one format, and how its files travel."""

    id: int
    bank: str  # registration number
    bank_name: str
    adapter: str
    transport: str
    settings: Mapping[str, Any]  # secrets by their names only
    answer_hours: int | None
    can: tuple[str, ...]  # of `Abilities`


def connections(tx: Transaction, caller: Caller) -> list[ConnectionShown]:
    """Return every connection of the installation."""
    enter(tx, caller, Act.READ_CONNECTIONS)
    return [shown(one) for one in stored.every(tx)]


def shown(one: Connection) -> ConnectionShown:
    """Return a connection as people see it."""
    return ConnectionShown(
        id=one.id,
        bank=one.bank,
        bank_name=one.bank_name,
        adapter=one.adapter,
        transport=one.kind or BY_HAND,
        settings=one.settings,
        answer_hours=one.answer_hours,
        can=_can(one),
    )


def _can(one: Connection) -> tuple[str, ...]:
    if one.kind is None:
        return ()
    abilities = transports.abilities(one.kind, one.settings)
    return tuple(field.name for field in fields(abilities) if getattr(abilities, field.name))
