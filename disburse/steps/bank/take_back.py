"""Whoever spoke first of two takes that word back, before another person agreed with it."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import acts, proposals
from disburse.storage.engine import Transaction


class NoSuchWord(Refusal):
    """Nobody's word on this waits for a second person."""

    code = "no-such-word"


def take_back(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    act: Act,
    subject: str,
    reason: str,
    now: datetime,
) -> None:
    """Let the caller's own word on `act` and `subject` (such as "file:9") count no more.

    Nothing had moved by it. From now on anybody, also the same person, can speak first anew.
    """
    admit(tx, caller, Act.TAKE_BACK, project_id)
    word = proposals.standing(tx, project_id=project_id, act=act, subject=subject)
    if word is None:
        raise NoSuchWord(f"nobody's word to {act} waits for a second person there")
    topic, said = word
    if {said.asked_by, said.asked_for}.isdisjoint(caller.persons):
        raise Forbidden("only who said it can take it back; name your own grounds once it lapsed")
    proposals.take_back(tx, topic, at=now)
    kind, _, name = subject.partition(":")
    acts.record(
        tx,
        Act.TAKE_BACK,
        by=by(caller, now),
        subject=kind,
        subject_id=name,
        project_id=project_id,
        facts={"act": act, "reason": reason},
    )
