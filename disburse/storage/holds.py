"""Legal holds: who placed them, who asks for their end, who agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.storage.acts import By
from disburse.storage.engine import Transaction


class NoSuchHold(Refusal):
    """No hold by that number stands on this project."""

    code = "no-such-hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands."""

    project_id: int
    id: int
    asked_by: int | None  # who asked for its end
    asked_for: int | None  # and on whose behalf


def freeze(tx: Transaction, project_id: int) -> None:
    """Let nobody place or lift a hold on the project until this transaction ends."""
    tx.execute(text("SELECT id FROM project WHERE id = :p FOR NO KEY UPDATE"), {"p": project_id})


def place(tx: Transaction, *, project_id: int, reason: str, by: By) -> int:
    """Store a hold and return its number."""
    freeze(tx, project_id)
    values = {"p": project_id, "reason": reason, "by": by.person_id, "at": by.at}
    return int(tx.execute(_PLACE, values).scalar_one())


def take(tx: Transaction, *, project_id: int, hold_id: int) -> Hold:
    """Return a hold that stands, locked; or raise `NoSuchHold`."""
    freeze(tx, project_id)
    row = tx.execute(_TAKE, {"p": project_id, "h": hold_id}).one_or_none()
    if row is None:
        raise NoSuchHold(f"no legal hold {hold_id} stands on this project")
    return Hold(*row)


def lift(tx: Transaction, hold: Hold, *, by: By) -> None:
    """Note who asks for the end of a hold; or, when somebody did, who agrees."""
    values = {"p": hold.project_id, "h": hold.id, "by": by.person_id, "for": by.for_person,
              "at": by.at}  # fmt: skip
    tx.execute(_ASK if hold.asked_by is None else _LIFT, values)


_PLACE: Final = text("""
    INSERT INTO legal_hold (project_id, reason, placed_by, placed_at)
    VALUES (:p, :reason, :by, :at) RETURNING id
""")
_TAKE: Final = text("""
    SELECT project_id, id, asked_by, asked_for FROM legal_hold
    WHERE project_id = :p AND id = :h AND lifted_at IS NULL
""")
_ASK: Final = text("""
    UPDATE legal_hold SET asked_by = :by, asked_for = :for WHERE project_id = :p AND id = :h
""")
_LIFT: Final = text("""
    UPDATE legal_hold SET lifted_by = :by, lifted_for = :for, lifted_at = :at
    WHERE project_id = :p AND id = :h
""")
