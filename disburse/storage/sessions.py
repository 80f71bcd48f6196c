"""Sessions of people: begun, proven, seen, ended. Only digests of what the browser holds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import text

from disburse.domain.access import Caller
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import FRESH_FOR, Factor, SignedIn
from disburse.storage import members
from disburse.storage.engine import Transaction

TOKEN_BYTES: Final = 32  # of randomness: nobody guesses it, so a plain digest protects it
HALF_FOR: Final = timedelta(minutes=10)  # between the password and the second factor
IDLE_MAX: Final = timedelta(minutes=30)  # nobody is at the desk any more
LASTS_MAX: Final = timedelta(hours=12)  # a day's work; tomorrow one signs in again
SEEN_EVERY: Final = timedelta(minutes=1)  # not every request needs to write that it came
KNOWN_FOR: Final = timedelta(days=90)  # how long a browser is remembered
BROWSER_CHARACTERS_MAX: Final = 200


class NoSuchSession(Refusal):
    """There is no such session that goes on."""

    code = "no-such-session"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session's secret, told this once, and until when it can last."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as its owner sees it."""

    id: int
    browser: str
    factor: str
    began_at: datetime
    seen_at: datetime
    proven_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session that goes on, perhaps only half: without the second factor it is nobody's."""

    id: int
    member_id: int
    browser: str
    began_at: datetime
    expires_at: datetime
    factor: str | None
    proven_at: datetime | None


def digest_of(token: str) -> bytes:
    """Return what is kept of a secret that a browser holds."""
    return sha256(token.encode()).digest()


def begin_half(tx: Transaction, *, member_id: int, browser: str, at: datetime) -> Opened:
    """Begin a session that can do nothing but take the second factor."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"digest": digest_of(token), "member": member_id, "at": at, "until": at + HALF_FOR,
              "browser": browser[:BROWSER_CHARACTERS_MAX]}  # fmt: skip
    tx.execute(_BEGIN_HALF, values)
    return Opened(token, at + HALF_FOR)


def begin(
    tx: Transaction, *, member_id: int, browser: str, factor: Factor, at: datetime
) -> tuple[Opened, SignedIn]:
    """Begin a session of somebody who has shown everything."""
    half = begin_half(tx, member_id=member_id, browser=browser, at=at)
    held = hold(tx, half.token, at=at)
    assert held is not None  # noqa: S101  (it has just begun)
    return prove(tx, held, factor=factor, at=at)


def hold(tx: Transaction, token: str, *, at: datetime) -> Held | None:
    """Return the session that goes on under this secret, locked; half ones too."""
    values = {"digest": digest_of(token), "at": at, "idle": at - IDLE_MAX}
    row = tx.execute(_HOLD, values).one_or_none()
    return None if row is None else Held(**row._mapping)  # noqa: SLF001


def prove(tx: Transaction, held: Held, *, factor: Factor, at: datetime) -> tuple[Opened, SignedIn]:
    """Note that the second factor was shown; what the browser held before is worth nothing now."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    until = held.began_at + LASTS_MAX
    values = {"id": held.id, "digest": digest_of(token), "factor": factor, "at": at, "until": until}
    tx.execute(_PROVE, values)
    shown = SignedIn(session_id=held.id, factor=factor, proven_at=at, fresh=True)
    return Opened(token, until), shown


def prove_or_begin(
    tx: Transaction, token: str, *, member_id: int, browser: str, factor: Factor, at: datetime
) -> tuple[Opened, SignedIn]:
    """Prove the session that the browser holds, if it is this account's; else begin one."""
    held = hold(tx, token, at=at)
    if held is not None and held.member_id == member_id:
        return prove(tx, held, factor=factor, at=at)
    return begin(tx, member_id=member_id, browser=browser, factor=factor, at=at)


def caller(tx: Transaction, token: str, *, at: datetime) -> Caller | None:
    """Return who asks under this secret; None when the session is unknown, half or over."""
    values = {"digest": digest_of(token), "at": at, "idle": at - IDLE_MAX}
    row = tx.execute(_CALLER, values).one_or_none()
    if row is None:
        return None
    if row.seen_at <= at - SEEN_EVERY:
        tx.execute(_SEEN, {"id": row.id, "at": at})
    found = members.caller_of_member(tx, row.member_id)
    fresh = at - row.proven_at <= FRESH_FOR
    shown = SignedIn(
        session_id=row.id, factor=Factor(row.factor), proven_at=row.proven_at, fresh=fresh
    )
    return None if found is None else replace(found, signed_in=shown)


def of_member(tx: Transaction, member_id: int, *, at: datetime) -> list[Session]:
    """Return the account's sessions that go on, newest first."""
    rows = tx.execute(_OF_MEMBER, {"member": member_id, "at": at, "idle": at - IDLE_MAX})
    return [Session(**row._mapping) for row in rows]  # noqa: SLF001


def end(tx: Transaction, session_id: int, *, member_id: int, at: datetime) -> None:
    """End a session of the account, or raise `NoSuchSession`."""
    values = {"id": session_id, "member": member_id, "at": at}
    if tx.execute(_END, values).rowcount != 1:
        raise NoSuchSession(f"you have no session {session_id} that goes on")


def end_all(tx: Transaction, *, member_id: int, but: int | None = None, at: datetime) -> int:
    """End every session of an account, except one; return how many. Browsers are strangers again.

    Half sessions end too: whoever knew the old password has to know the new one.
    """
    tx.execute(text("DELETE FROM known_browser WHERE member_id = :member"), {"member": member_id})
    return tx.execute(_END_ALL, {"member": member_id, "but": but or 0, "at": at}).rowcount


def know_browser(tx: Transaction, *, member_id: int, at: datetime) -> Opened:
    """Return the secret by which a browser is known again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"digest": digest_of(token), "member": member_id, "until": at + KNOWN_FOR}
    tx.execute(_KNOW_BROWSER, values)
    return Opened(token, at + KNOWN_FOR)


def knows_browser(tx: Transaction, token: str, *, login: str, at: datetime) -> bool:
    """Say whether this login signed in with that browser before."""
    values = {"digest": digest_of(token), "login": login, "at": at}
    return bool(tx.scalar(_KNOWS_BROWSER, values))


def forget_browsers(tx: Transaction, *, at: datetime) -> int:
    """Forget the browsers that were not used for long; return how many."""
    done = tx.execute(text("DELETE FROM known_browser WHERE expires_at <= :at"), {"at": at})
    return done.rowcount


_GOES_ON: Final = "ended_at IS NULL AND expires_at > :at AND seen_at > :idle"
_BEGIN_HALF: Final = text("""
    INSERT INTO session (digest, member_id, browser, began_at, seen_at, expires_at)
    VALUES (:digest, :member, :browser, :at, :at, :until)
""")
_HOLD: Final = text(f"""
    SELECT id, member_id, browser, began_at, expires_at, factor, proven_at
    FROM session WHERE digest = :digest AND {_GOES_ON} FOR UPDATE
""")
_PROVE: Final = text("""
    UPDATE session
    SET digest = :digest, factor = :factor, proven_at = :at, seen_at = :at, expires_at = :until
    WHERE id = :id
""")
_CALLER: Final = text(f"""
    SELECT id, member_id, factor, proven_at, seen_at
    FROM session WHERE digest = :digest AND proven_at IS NOT NULL AND {_GOES_ON}
""")
_SEEN: Final = text("UPDATE session SET seen_at = :at WHERE id = :id AND seen_at < :at")
_OF_MEMBER: Final = text(f"""
    SELECT id, browser, factor, began_at, seen_at, proven_at, expires_at
    FROM session WHERE member_id = :member AND proven_at IS NOT NULL AND {_GOES_ON}
    ORDER BY began_at DESC, id DESC
""")
_END: Final = text("""
    UPDATE session SET ended_at = :at
    WHERE id = :id AND member_id = :member AND ended_at IS NULL
""")
_END_ALL: Final = text("""
    UPDATE session SET ended_at = :at
    WHERE member_id = :member AND ended_at IS NULL AND id <> :but
""")
_KNOW_BROWSER: Final = text("""
    INSERT INTO known_browser (digest, member_id, expires_at) VALUES (:digest, :member, :until)
""")
_KNOWS_BROWSER: Final = text("""
    SELECT EXISTS (SELECT FROM known_browser k JOIN member_by_login(:login) m ON m.id = k.member_id
                   WHERE k.digest = :digest AND k.expires_at > :at)
""")
