"""What one person said and a second one has to say just the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disburse.agreeing import WORD_HOLDS
from disburse.domain.access import Act, Caller
from disburse.queries.scope import scope_of
from disburse.storage import proposals as stored
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShown:
    """One person's word, until when it holds, and the grounds that the other has to name too."""

    act: str
    subject: str  # such as "file:9"
    facts: Mapping[str, Any]
    asked_by: int  # a person
    asked_at: datetime
    until: datetime


def proposals(
    tx: Transaction, caller: Caller, *, project_id: int, now: datetime
) -> tuple[ProposalShown, ...]:
    """Return the words that wait for a second person on a project, oldest first."""
    scope_of(tx, caller, Act.READ_ANOMALIES, project_id)
    rows = stored.waiting(tx, project_id=project_id, since=now - WORD_HOLDS)
    return tuple(ProposalShown(**row, until=row["asked_at"] + WORD_HOLDS) for row in rows)
