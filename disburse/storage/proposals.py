"""What one person asked for, until another person asks for just the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.rows import AnyRow, as_dicts


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
    asked_for: int | None
    asked_at: datetime


def take(tx: Transaction, topic: Topic) -> Proposal | None:
    """Return the word that stands, locked; None when nobody asked, or both did."""
    row = tx.execute(_TAKE, topic.values()).one_or_none()
    return None if row is None else Proposal(**row._mapping)  # noqa: SLF001


def ask(tx: Transaction, topic: Topic, *, facts: Mapping[str, Any], by: By) -> None:
    """Store one person's word in place of an older one."""
    told = json.dumps(facts, ensure_ascii=False)
    tx.execute(_ASK, topic.values() | {"facts": told} | _word(by))


def waiting(tx: Transaction, *, project_id: int, since: datetime) -> list[AnyRow]:
    """Return the words on a project that wait for a second person, given after `since`."""
    return as_dicts(tx.execute(_WAITING, {"p": project_id, "since": since}))


def standing(
    tx: Transaction, *, project_id: int, act: str, subject: str
) -> tuple[Topic, Proposal] | None:
    """Return the newest word on a subject that waits for a second person, locked; or None."""
    values = {"p": project_id, "act": act, "subject": subject}
    row = tx.execute(_STANDING, values).one_or_none()
    if row is None:
        return None
    topic = Topic(project_id=project_id, act=act, subject=subject, version=row.version)
    word = {name: getattr(row, name) for name in Proposal.__slots__}
    return topic, Proposal(**word)


def take_back(tx: Transaction, topic: Topic, *, at: datetime) -> None:
    """Let a word count no more; it is locked."""
    tx.execute(_TAKE_BACK, topic.values() | {"at": at})


def agree(tx: Transaction, topic: Topic, *, by: By) -> None:
    """Store the second person's; the CHECK refuses the first one's own."""
    tx.execute(_AGREE, topic.values() | _word(by))


def _word(by: By) -> dict[str, Any]:
    return {"by": by.person_id, "for": by.for_person, "at": by.at}


_IS: Final = "project_id = :p AND act = :act AND subject = :subject AND version = :v"
_WAITS: Final = "agreed_by IS NULL AND taken_back_at IS NULL"
_TAKE: Final = text(f"""
    SELECT facts, asked_by, asked_for, asked_at FROM proposal
    WHERE {_IS} AND {_WAITS} FOR UPDATE
""")
_ASK: Final = text("""
    INSERT INTO proposal (project_id, act, subject, version, facts, asked_by, asked_for, asked_at)
    VALUES (:p, :act, :subject, :v, CAST(:facts AS jsonb), :by, :for, :at)
    ON CONFLICT (project_id, act, subject, version) DO UPDATE
    SET facts = excluded.facts, asked_by = excluded.asked_by, asked_for = excluded.asked_for,
        asked_at = excluded.asked_at, agreed_by = NULL, agreed_for = NULL, agreed_at = NULL,
        taken_back_at = NULL
""")
_WAITING: Final = text(f"""
    SELECT act, subject, facts, asked_by, asked_at FROM proposal
    WHERE project_id = :p AND {_WAITS} AND asked_at > :since
    ORDER BY asked_at, act, subject, version
""")
_STANDING: Final = text(f"""
    SELECT version, facts, asked_by, asked_for, asked_at FROM proposal
    WHERE project_id = :p AND act = :act AND subject = :subject AND {_WAITS}
    ORDER BY version DESC LIMIT 1 FOR UPDATE
""")
_TAKE_BACK: Final = text(f"UPDATE proposal SET taken_back_at = :at WHERE {_IS}")
_AGREE: Final = text(
    f"UPDATE proposal SET agreed_by = :by, agreed_for = :for, agreed_at = :at WHERE {_IS}"
)
