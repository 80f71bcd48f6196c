"""What outsiders are told of: acts on a project's money, by digests, amounts and numbers only.

An event is an act under its own words, `subject.act`, such as `file.claim`. Who may read its
subject elsewhere is told of it, and nobody else. Free text never leaves: a reason may name people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from disburse.domain.access import ALLOWED, ROLES, Act, OrganisationKind
from disburse.domain.refusal import Refusal

TYPES_MAX: Final = 50  # of one subscription; there are fewer subjects than fingers
URL_CHARACTERS_MAX: Final = 500

# By whose reading right a subject's events are told.
SUBJECTS: Final = {
    "sheet": Act.READ_SHEETS,
    "payment": Act.READ_PAYOUTS,
    "file": Act.READ_FILES,
    "report": Act.READ_PAYOUTS,  # the bank's answer, as far as it is about one sheet
    "declaration": Act.READ_BALANCE,
    "statement": Act.READ_BALANCE,
    "explanation": Act.READ_BALANCE,
    "anomaly": Act.READ_ANOMALIES,
}
# Facts of an act that leave the house; each is a digest, a number, an amount, a day or a code.
AMOUNTS: Final = frozenset({"amount", "total", "total_net", "closing"})  # minor units
FACTS: Final = AMOUNTS | {
    "sha256", "count", "reference", "root", "digest", "evidence", "document", "list", "order",
    "voucher", "kind", "line", "attempt", "expected_on", "head_count", "sequence",
}  # fmt: skip
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/+-]{0,127}", re.ASCII)
_TYPE: Final = re.compile(r"([a-z_]+)(?:\.([a-z_]+))?", re.ASCII)

# As the Standard Webhooks propose: at once, then over three days; then the delivery is parked.
RETRIES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
# Two keys sign while the receiver changes over; a week holds a holiday.
OVERLAP: Final = timedelta(days=7)


class BadWebhook(Refusal):
    """The address or the types of a subscription cannot be used."""

    code = "bad-webhook"


def outward(facts: Mapping[str, object]) -> dict[str, object]:
    """Return those facts of an act that outsiders are told."""
    return {
        name: value
        for name, value in facts.items()
        if (name in FACTS and _is_plain(value)) or (name == "states" and _counts(value))
    }


def _is_plain(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and bool(_PLAIN.fullmatch(value)))


def _counts(value: object) -> bool:
    """Say whether `value` is how many payments are in which state."""
    return isinstance(value, Mapping) and all(isinstance(one, int) for one in value.values())


def require_types(types: Iterable[str]) -> tuple[str, ...]:
    """Return the types in order, each once, or raise `BadWebhook`: a subject, or subject.act."""
    wanted = sorted(set(types))
    wrong = [
        one
        for one in wanted
        if not (match := _TYPE.fullmatch(one)) or match[1] not in SUBJECTS
    ]  # fmt: skip
    if wrong or len(wanted) > TYPES_MAX:
        raise BadWebhook(
            f"types are at most {TYPES_MAX}, each one of {', '.join(SUBJECTS)}, or an act on it "
            "such as file.claim; none means all",
            types=[one[:40] for one in wrong],
        )
    return tuple(wanted)


def told_to() -> list[tuple[str, str]]:
    """Return pairs of a kind of organisation and a subject that it is told of."""
    return [
        (str(kind), subject)
        for kind in OrganisationKind
        for subject, act in SUBJECTS.items()
        if not ROLES[kind].isdisjoint(ALLOWED[act])
    ]


def retry_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many failed attempts; None: park it."""
    return RETRIES[attempts - 1] if attempts <= len(RETRIES) else None
