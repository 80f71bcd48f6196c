"""Which database this is: after a restore or a failover it is another one, and dispatch pauses.

A restored database has forgotten files that the bank has. Three signs tell: another system
identifier (a dump was loaded elsewhere), another timeline (recovered or promoted), and a count of
sendings, kept outside of the database, that is ahead of the database's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction

FIRST: Final = "first"  # of a new installation: there is nothing to compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Incarnation:
    """One life of the database; `dispatched` counts its sendings and those of earlier lives."""

    number: int
    system_identifier: str
    timeline_id: int
    dispatched: int


class DispatchPaused(Refusal):
    """The database was restored or failed over; people have to compare the bank's files first."""

    code = "dispatch-paused"


def note(tx: Transaction, *, outside: int, at: datetime) -> Incarnation:
    """Return the present incarnation; a new one is begun where a sign says so.

    `outside` is the count kept outside of the database: read it before the transaction begins.
    """
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('disburse incarnation'))"))
    last = _last(tx)
    here = tx.execute(_SERVER).one()
    reason = _sign(last, (here.system_identifier, here.timeline_id), outside)
    if last is not None and not reason:
        return last
    new = Incarnation(
        number=last.number + 1 if last else 1,
        system_identifier=here.system_identifier,
        timeline_id=here.timeline_id,
        dispatched=max(outside, last.dispatched if last else 0),
    )
    values = {name: getattr(new, name) for name in Incarnation.__slots__}
    tx.execute(_ADD, values | {"reason": reason or FIRST, "at": at})
    return new


def _sign(last: Incarnation | None, here: tuple[str, int], outside: int) -> str:
    """Say why the database is not the one that it was; "" when it is, or was never used."""
    if last is not None and last.system_identifier != here[0]:
        return "another-server"
    if last is not None and last.timeline_id != here[1]:
        return "another-timeline"
    if outside > (last.dispatched if last else 0):
        return "older-than-the-count-outside"
    return ""


def count_up(tx: Transaction) -> Incarnation:
    """Count one more sending; raises `DispatchPaused` when the server changed since `note`."""
    row = tx.execute(_COUNT_UP).one_or_none()
    if row is None:
        raise DispatchPaused("the database is not the one that it was; nothing leaves it now")
    return Incarnation(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


def waits_for(tx: Transaction, project_id: int) -> Incarnation | None:
    """Return the incarnation that a project's people have to resume; None when they need not."""
    row = tx.execute(_WAITS_FOR, {"p": project_id}).one_or_none()
    return None if row is None else Incarnation(**row._mapping)  # noqa: SLF001


def resume(tx: Transaction, *, project_id: int, incarnation: int, at: datetime) -> None:
    """Let the project's files leave again from this incarnation."""
    values = {"p": project_id, "i": incarnation, "at": at}
    tx.execute(_RESUME, values)


def _last(tx: Transaction) -> Incarnation | None:
    row = tx.execute(_LAST).one_or_none()
    return None if row is None else Incarnation(**row._mapping)  # noqa: SLF001


_PAIR: Final = """
    SELECT CAST(s.system_identifier AS text) AS system_identifier, c.timeline_id
    FROM pg_control_system() s, pg_control_checkpoint() c
"""
_SERVER: Final = text(_PAIR)
_NAMES: Final = ", ".join(Incarnation.__slots__)
_LAST: Final = text(f"SELECT {_NAMES} FROM incarnation ORDER BY number DESC LIMIT 1")
_ADD: Final = text(f"""
    INSERT INTO incarnation ({_NAMES}, reason, seen_at)
    VALUES ({", ".join(f":{name}" for name in Incarnation.__slots__)}, :reason, :at)
""")
_COUNT_UP: Final = text(f"""
    UPDATE incarnation SET dispatched = dispatched + 1
    WHERE number = (SELECT max(number) FROM incarnation)
      AND (system_identifier, timeline_id) IN ({_PAIR})
    RETURNING {_NAMES}
""")
_WAITS_FOR: Final = text(f"""
    SELECT {_NAMES} FROM incarnation i
    WHERE number = (SELECT max(number) FROM incarnation) AND reason <> '{FIRST}'
      AND NOT EXISTS (SELECT FROM resumption r WHERE r.project_id = :p
                                                 AND r.incarnation = i.number)
""")
_RESUME: Final = text("""
    INSERT INTO resumption (project_id, incarnation, at) VALUES (:p, :i, :at)
""")
