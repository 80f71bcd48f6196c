"""Two people say the same of the same thing, or nothing happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from disburse.domain.access import Act
from disburse.domain.approval import require_other_person
from disburse.domain.refusal import Refusal
from disburse.storage import acts, proposals
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.proposals import Topic

WORD_HOLDS: Final = timedelta(days=3)  # over a weekend; then what was looked at is old


class OtherWord(Refusal):
    """Another person asked for this on other grounds; the two have to agree first."""

    code = "other-word"


def agreed(
    tx: Transaction,
    *,
    by: By,
    act: Act,
    project_id: int,
    subject: tuple[str, object],
    version: int,
    facts: Mapping[str, Any],
) -> bool:
    """Say whether this is the second person's word; the first one's is kept and False.

    `version` is the thing's own: when it moved meanwhile, the first word counts no more. Raises
    `OtherWord` unless both name the same `facts`, `SamePerson` for one person's two words.
    """
    require_other_person(by.persons)
    kind, name = subject
    topic = Topic(project_id=project_id, act=act, subject=f"{kind}:{name}", version=version)
    first = proposals.take(tx, topic)
    if first is not None and by.at < first.asked_at + WORD_HOLDS:
        require_other_person(by.persons, first.asked_by, first.asked_for)
        if dict(first.facts) != dict(facts):
            raise OtherWord(
                "the first person named other grounds: read them at `proposals` and agree; whoever "
                "spoke first can take that word back at once (`take_back`)"
            )
        proposals.agree(tx, topic, by=by)
        return True
    proposals.ask(tx, topic, facts=facts, by=by)
    acts.record(
        tx,
        act,
        by=by,
        subject=kind,
        subject_id=name,
        project_id=project_id,
        facts={"asked_first": True, **facts},
    )
    return False
