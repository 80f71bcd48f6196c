"""The history: one appended row per act. Nothing in this program changes or removes one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.domain import particulars
from disburse.domain.access import StandsFor
from disburse.domain.signed_in import SignedIn
from disburse.storage import events
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who acts, and when: a member and the person behind it, or the clock (both None)."""

    member_id: int | None
    person_id: int | None
    at: datetime
    stands_for: StandsFor | None = None  # on whose behalf, by a lent role
    signed_in: SignedIn | None = None  # in which session, and when the second factor was shown

    @property
    def persons(self) -> tuple[int, ...]:
        """Return everybody who is counted as having acted; nobody for a machine or the clock."""
        return tuple(one for one in (self.person_id, self.for_person) if one is not None)

    @property
    def for_person(self) -> int | None:
        """Return the person on whose behalf this is done; None: on the own."""
        return None if self.stands_for is None else self.stands_for.person_id


def record(
    tx: Transaction,
    act: str,
    *,
    by: By,
    subject: str,
    subject_id: object,
    project_id: int = 0,
    period: date | None = None,
    sheet_id: int | None = None,
    states: tuple[str | None, str | None] = (None, None),
    facts: dict[str, object] | None = None,
) -> int:
    """Append one act and return its number. `facts` hold digests and amounts, never people.

    What a person typed among them has nobody's number in it, or `BadParticulars` is raised.

    Of a person who signed in they also say in which session, by which second factor, and when.
    What concerns outsiders is noted for them as well, in the same transaction.
    """
    if by.member_id is not None:
        for name in _TYPED & (facts or {}).keys():
            particulars.nameless(name, str((facts or {})[name]))
    row = {
        "project": project_id,
        "period": (period or by.at.date()).replace(day=1),
        "at": by.at,
        "member": by.member_id,
        "person": by.person_id,
        "for_member": by.stands_for.member_id if by.stands_for else None,
        "for_person": by.for_person,
        "act": act,
        "subject": subject,
        "subject_id": str(subject_id),
        "sheet": sheet_id,
        "before": states[0],
        "after": states[1],
        "facts": json.dumps((facts or {}) | _proof(by.signed_in), ensure_ascii=False),
    }
    # Not by RETURNING: who notes an act need not be somebody who may read it.
    number = tx.scalar(text("SELECT nextval('act_id')"))
    assert isinstance(number, int)  # noqa: S101  (a sequence always answers)
    tx.execute(_INSERT, row | {"id": number})
    events.note(
        tx,
        events.Noted(
            project_id=project_id,
            act=act,
            subject=subject,
            subject_id=subject_id,
            sheet_id=sheet_id,
            states=states,
            facts=facts or {},
            at=by.at,
        ),
    )
    return number


def _proof(shown: SignedIn | None) -> dict[str, object]:
    if shown is None:
        return {}
    return {
        "session": shown.session_id,
        "factor": shown.factor,
        "proven_at": shown.proven_at.isoformat(),
    }


_TYPED: Final = frozenset({"reason", "resolution"})
_INSERT = text("""
    INSERT INTO act (id, project_id, period, at, member_id, person_id, act, subject, subject_id,
                     sheet_id, state_before, state_after, facts, for_member_id, for_person_id)
    VALUES (:id, :project, :period, :at, :member, :person, :act, :subject, :subject_id,
            :sheet, :before, :after, CAST(:facts AS jsonb), :for_member, :for_person)
""")
