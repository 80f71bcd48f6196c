"""The keys that seal personal data: kept wrapped, unwrapped in the process, found by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from struct import Struct
from typing import Any, Final

from sqlalchemy import TextClause, text

from disburse.domain.refusal import Refusal
from disburse.sealing import (
    WRAPPED_BYTES,
    BrokenSeal,
    Key,
    Keychain,
    MasterKeyUnusable,
    bound_to,
    new_secret,
    number_in,
)
from disburse.storage.engine import KEYCHAIN, Transaction
from disburse.storage.rows import array, array_of_bytes

INSTALLATION: Final = 0  # instead of a project


class Forgotten(Refusal):
    """The personal data were deleted for good when their retention ended; digests remain."""

    code = "forgotten"


class Use(StrEnum):
    """What a root key is for."""

    PROJECT = "project"  # wraps the keys of a project's people and months
    INDEX = "index"  # digests identity numbers and accounts, so that equal ones are found
    NAMES = "names"  # seals the names of members
    ANSWERS = "answers"  # seals what callers were told, to be told again
    SECRETS = "secrets"  # seals what the installation must not forget: see `seal_secret`


def keychain_of(tx: Transaction) -> Keychain:
    """Return what this process opens seals with."""
    keychain = tx.get_execution_options().get(KEYCHAIN)
    if not isinstance(keychain, Keychain):
        raise MasterKeyUnusable("no master key was given to this process")
    return keychain


def root(tx: Transaction, use: Use, project_id: int = INSTALLATION) -> Key:
    """Return the root key that new things are sealed under, making the first one."""
    values = {"p": project_id, "use": use}
    row = tx.execute(_CURRENT, values).one_or_none()
    if row is None:
        wrapped = keychain_of(tx).new_root(root_place(project_id, use))
        _add_root(tx, project_id, use, wrapped)
        row = tx.execute(_CURRENT, values).one_or_none()
    if row is None:
        raise Forgotten("the project's personal data were deleted for good; it takes no new ones")
    return _unwrapped(tx, project_id, row)


def adopt(tx: Transaction, use: Use, secret: bytes) -> None:
    """Take over a secret that was kept open until now."""
    wrapped = keychain_of(tx).master.wrap(secret, root_place(INSTALLATION, use))
    _add_root(tx, INSTALLATION, use, wrapped)


def root_numbered(tx: Transaction, number: int, project_id: int = INSTALLATION) -> Key | None:
    """Return the root key that something was sealed under; None when it was destroyed."""
    row = tx.execute(_ROOT, {"p": project_id, "id": number}).one_or_none()
    return None if row is None else _unwrapped(tx, project_id, row)


def require_master(tx: Transaction) -> None:
    """Raise `MasterKeyUnusable` unless this process can unwrap what the database holds."""
    row = tx.execute(_ANY_ROOT).one_or_none()
    if row is not None:
        _unwrapped(tx, row.project_id, row)


def seal_secret(tx: Transaction, place: bytes, content: bytes) -> bytes:
    """Seal a secret of the installation's own, such as a second factor's.

    `place` is `sealing.bound_to(0, table, column, row)`: it opens there and nowhere else.
    """
    return root(tx, Use.SECRETS).seal(content, place)


def open_secret(tx: Transaction, place: bytes, sealed: bytes) -> bytes:
    """Return what `seal_secret` sealed for this place, or raise `BrokenSeal`."""
    key = root_numbered(tx, number_in(sealed))
    if key is None:
        raise BrokenSeal("the key of this secret is not here any more")
    return key.open(sealed, place)


def of_persons(tx: Transaction, project_id: int, person_ids: Iterable[int]) -> dict[int, Key]:
    """Return the keys of these people on a project, making the ones that are missing."""
    wanted = sorted(set(person_ids))
    values = {"p": project_id, "persons": array(wanted)}
    found = _record_keys(tx, project_id, _OF_PERSONS, values)
    keys = {person: key for person, _, key in found}
    if missing := [person for person in wanted if person not in keys]:
        _make(tx, project_id, {"persons": missing, "months": [None] * len(missing)})
        values["persons"] = array(missing)
        found = _record_keys(tx, project_id, _OF_PERSONS, values)
        keys |= {person: key for person, _, key in found}
    return keys


def of_month(tx: Transaction, project_id: int, day: date) -> Key:
    """Return the key of a project's month, for bytes that are kept whole; made when missing."""
    month = date(day.year, day.month, 1)
    values = {"p": project_id, "month": month}
    found = _record_keys(tx, project_id, _OF_MONTH, values)
    if not found:
        _make(tx, project_id, {"persons": [None], "months": [month]})
        found = _record_keys(tx, project_id, _OF_MONTH, values)
    [(_, _, key)] = found
    return key


def numbered(tx: Transaction, project_id: int, numbers: Iterable[int]) -> dict[int, Key]:
    """Return record keys by their numbers; those that were destroyed are missing."""
    values = {"p": project_id, "ids": array(set(numbers))}
    found = _record_keys(tx, project_id, _NUMBERED, values)
    return {number: key for _, number, key in found}


def open_all(
    tx: Transaction, project_id: int, sealed: Sequence[tuple[bytes, bytes]]
) -> list[bytes | None]:
    """Open values of one project, each with its place; None where the key was destroyed.

    Raises `BrokenSeal` for a value that was changed or moved.
    """
    keys = numbered(tx, project_id, (number_in(value) for value, _ in sealed))
    opened: list[bytes | None] = []
    for value, place in sealed:
        key = keys.get(number_in(value))
        opened.append(None if key is None else key.open(value, place))
    return opened


def record_place(project_id: int, person_id: int, since: int) -> bytes:
    """Name the place of a wrapped record key: a person's, or (0) of a month, in days since 2000."""
    whose = f"person {person_id}" if person_id else f"month {since}"
    return bound_to(project_id, "record_key", "wrapped", whose)


def _add_root(tx: Transaction, project_id: int, use: Use, wrapped: bytes) -> None:
    master = keychain_of(tx).master.label_of(wrapped)
    tx.execute(_ADD_ROOT, {"p": project_id, "use": use, "wrapped": wrapped, "master": master})


def _record_keys(
    tx: Transaction, project_id: int, query: TextClause, values: Mapping[str, object]
) -> list[tuple[int, int, Key]]:
    """Unwrap record keys; return for each its person (0: a month's), its number and itself.

    A rotation may have destroyed a root key between the query and its own look-up: what it wrapped
    is under another one by then, so it is asked for once more.
    """
    found, missing = _unwrap(tx, project_id, tx.scalar(query, values))
    if missing:
        found, _ = _unwrap(tx, project_id, tx.scalar(query, values))
    return found


def _unwrap(
    tx: Transaction, project_id: int, packed: bytes | None
) -> tuple[list[tuple[int, int, Key]], bool]:
    """Unwrap record keys, and say whether some could not be, because their root key is not there.

    They come packed into one value: as rows, 10,000 of them would cost more than all the sealing.
    """
    roots: dict[int, Key | None] = {}
    found: list[tuple[int, int, Key]] = []
    for person_id, number, root_id, since, wrapped in _PACKED.iter_unpack(packed or b""):
        if root_id not in roots:
            roots[root_id] = root_numbered(tx, root_id, project_id)
        wrapping = roots[root_id]
        if wrapping is not None:
            secret = wrapping.open(wrapped, record_place(project_id, person_id, since))
            found.append((person_id, number, Key(number, secret)))
    return found, None in roots.values()


def _make(tx: Transaction, project_id: int, whose: Mapping[str, list[Any]]) -> None:
    root(tx, Use.PROJECT, project_id)
    # A rotation that retires this root key waits until what we wrap with it can be seen.
    tx.execute(_HOLD_ROOT, {"p": project_id})
    wrapping = root(tx, Use.PROJECT, project_id)
    wrapped = [
        wrapping.seal(new_secret(), record_place(project_id, person or 0, days(month)))
        for person, month in zip(whose["persons"], whose["months"], strict=True)
    ]
    tx.execute(
        _ADD,
        {"p": project_id, "root": wrapping.number, "wrapped": array_of_bytes(wrapped), **whose},
    )


def days(month: date | None) -> int:
    """Count the days from 2000 on to a key's month; 0 for a person's key."""
    return (month - _BEGINNING).days if month else 0


def root_place(project_id: int, use: str) -> bytes:
    """Name the place of a wrapped root key."""
    return bound_to(project_id, "root_key", "wrapped", use)


def _unwrapped(tx: Transaction, project_id: int, row: Any) -> Key:  # noqa: ANN401  (SQLAlchemy's)
    return keychain_of(tx).root(row.id, bytes(row.wrapped), root_place(project_id, row.use))


_CURRENT: Final = text("""
    SELECT id, use, wrapped FROM root_key WHERE project_id = :p AND use = :use AND current
""")
_HOLD_ROOT: Final = text("""
    SELECT id FROM root_key WHERE project_id = :p AND use = 'project' AND current FOR SHARE
""")
_ROOT: Final = text("SELECT id, use, wrapped FROM root_key WHERE project_id = :p AND id = :id")
_ANY_ROOT: Final = text("SELECT project_id, id, use, wrapped FROM root_key ORDER BY id LIMIT 1")
# Whoever comes second waits for the first, and takes its key.
_ADD_ROOT: Final = text("""
    INSERT INTO root_key (project_id, use, master, wrapped)
    SELECT :p, :use, :master, :wrapped
    WHERE NOT EXISTS (SELECT FROM project WHERE id = :p AND shredded_at IS NOT NULL)
    ON CONFLICT DO NOTHING
""")
_BEGINNING: Final = date(2000, 1, 1)
_PACKED: Final = Struct(f">qqqi{WRAPPED_BYTES}s")  # as below; a month before 2000 is a minus
_AS_PACKED: Final = """
    SELECT string_agg(int8send(coalesce(person_id, 0)) || int8send(id) || int8send(root_id)
                      || int4send(coalesce(month - DATE '2000-01-01', 0)) || wrapped, '')
    FROM record_key WHERE project_id = :p
"""
_OF_PERSONS: Final = text(
    f"{_AS_PACKED} AND current AND person_id = ANY(CAST(:persons AS bigint[]))"
)
_OF_MONTH: Final = text(f"{_AS_PACKED} AND current AND month = :month")
_NUMBERED: Final = text(f"{_AS_PACKED} AND id = ANY(CAST(:ids AS bigint[]))")
_ADD: Final = text("""
    INSERT INTO record_key (project_id, person_id, month, root_id, wrapped)
    SELECT :p, t.person, t.month, :root, t.wrapped
    FROM unnest(CAST(:persons AS bigint[]), CAST(:months AS date[]), CAST(:wrapped AS bytea[]))
         AS t (person, month, wrapped)
    ON CONFLICT DO NOTHING
""")
