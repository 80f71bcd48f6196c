"""What one person asked for, until another person asks for just the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What two people have to say: the act, on what, and what it was when they looked at it."""

    project_id: int
    act: str
    subject: str
    version: int

    def values(self) -> dict[str, Any]:
        """Return the topic as statements name it."""
        return {"p": self.project_id, "act": self.act, "subject": self.subject, "v": self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One person's word."""

    facts: Mapping[str, Any]
    asked_by: int
    asked_at: datetime


def take(tx: Transaction, topic: Topic) -> Proposal | None:
    """Return the word that stands, locked; None when nobody asked, or both did."""
    row = tx.execute(_TAKE, topic.values()).one_or_none()
    return None if row is None else Proposal(**row._mapping)  # noqa: SLF001


def ask(
    tx: Transaction, topic: Topic, *, facts: Mapping[str, Any], person_id: int, at: datetime
) -> None:
    """Store one person's word in place of an older one."""
    told = json.dumps(facts, ensure_ascii=False)
    tx.execute(_ASK, topic.values() | {"facts": told, "by": person_id, "at": at})


def agree(tx: Transaction, topic: Topic, *, person_id: int, at: datetime) -> None:
    """Store the second person's; the CHECK refuses the first one's own."""
    tx.execute(_AGREE, topic.values() | {"by": person_id, "at": at})


_IS: Final = "project_id = :p AND act = :act AND subject = :subject AND version = :v"
_TAKE: Final = text(f"""
    SELECT facts, asked_by, asked_at FROM proposal WHERE {_IS} AND agreed_by IS NULL FOR UPDATE
""")
_ASK: Final = text("""
    INSERT INTO proposal (project_id, act, subject, version, facts, asked_by, asked_at)
    VALUES (:p, :act, :subject, :v, CAST(:facts AS jsonb), :by, :at)
    ON CONFLICT (project_id, act, subject, version) DO UPDATE
    SET facts = excluded.facts, asked_by = excluded.asked_by, asked_at = excluded.asked_at
""")
_AGREE: Final = text(f"UPDATE proposal SET agreed_by = :by, agreed_at = :at WHERE {_IS}")
