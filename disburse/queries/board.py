"""The board of stuck money: what stands still, since when, who has to act, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller, OrganisationKind, Role
from disburse.domain.standing import SEEN_BY, STANDINGS, WORDS, Thing
from disburse.queries.paging import PAGE_USUAL, Page, page, read_cursor, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import board as stored
from disburse.storage.board import Asked, Place, Seen
from disburse.storage.engine import Transaction

BEFORE_ALL: Final = (0, 0, 0, 0)
_KEYS: Final = tuple(STANDINGS)
_PLACES: Final = tuple(
    Place(number=number, thing=thing, state=state, late_after=STANDINGS[thing, state].late_after)
    for number, (thing, state) in enumerate(_KEYS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One thing that a person can do."""

    act: Act
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """One thing that stands still; amounts in minor units, ages in whole seconds."""

    project_id: int
    project: str
    thing: Thing
    state: str
    id: int  # the thing's number; of payments the file's, of reissues the sheet's
    sheet_id: int | None
    name: str  # the file's reference, or what an open item or anomaly is about; or ""
    count: int | None  # payments
    amount: int | None
    currency: str
    since: datetime
    age_seconds: int
    late_at: datetime
    alarm: bool  # late, or of a kind that is an alarm at once
    owner_organisation: OrganisationKind
    owner_role: Role
    en: str
    zh: str
    next_act: Act | None  # what happens by itself
    next_at: datetime | None  # and when, where a clock says so
    exits: tuple[Exit, ...]


def board(
    tx: Transaction,
    caller: Caller,
    *,
    banks: Mapping[str, Adapter],
    now: datetime,
    project_id: int | None = None,
    only_late: bool = False,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[Stuck]:
    """Return one page of what stands still, oldest first: on one project, or on all of the own.

    Of each kind of thing the caller sees what the caller may read elsewhere; a subcontractor its
    own sheets and payments.
    """
    scope = scope_of(tx, caller, Act.READ_BOARD, project_id)
    pairs = [
        (str(thing), number)
        for number in scope.project_ids
        for thing, act in SEEN_BY.items()
        if caller.may(act, number)
    ]
    key = read_cursor(cursor, int, int, int, int)
    rows = stored.standing(
        tx,
        _PLACES,
        Seen(pairs=pairs, employer_id=scope.employer_id),
        Asked(
            only_late=only_late,
            after=_numbers(key) if key else BEFORE_ALL,
            limit=rows_for(limit),
            at=now,
        ),
        usual_hours={name: one.capabilities.answer_hours for name, one in banks.items()},
    )
    cut = page(rows, limit, lambda row: tuple(row[name] for name in _ORDER))
    return Page(tuple(_shown(row, now) for row in cut.rows), cut.following)


_ORDER: Final = ("since_us", "place", "project_id", "id")


def _numbers(key: Any) -> tuple[int, int, int, int]:  # noqa: ANN401  (checked by `read_cursor`)
    since, place, project_id, number = key
    return since, place, project_id, number


def _shown(row: Mapping[str, Any], now: datetime) -> Stuck:
    thing, state = _KEYS[row["place"]]
    here = STANDINGS[thing, state]
    facts = {name: row[name] for name in _AS_STORED}
    return Stuck(
        **facts,
        thing=thing,
        state=str(state),
        age_seconds=max(0, int((now - row["since"]).total_seconds())),
        alarm=here.red or row["late_at"] <= now,
        owner_organisation=here.organisation,
        owner_role=here.role,
        en=here.en,
        zh=here.zh,
        next_act=here.by_itself,
        exits=tuple(Exit(act=act, en=WORDS[act][0], zh=WORDS[act][1]) for act in here.exits),
    )


_AS_STORED: Final = (
    "project_id", "project", "id", "sheet_id", "name", "count", "amount", "currency", "since",
    "late_at", "next_at",
)  # fmt: skip
