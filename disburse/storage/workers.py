"""Persons, once for all projects, and their employment on each: the roster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text

from disburse.sealing import Key
from disburse.storage import seals
from disburse.storage.engine import Transaction, copy_rows
from disburse.storage.seals import Use


class Index:
    """Keyed digests by which equal identity numbers and accounts are found without reading them."""

    def __init__(self, key: Key) -> None:
        """Remember the installation's key."""
        self._key = key

    def of_identity(self, id_type: str, number: str) -> bytes:
        """Digest a normalised identity number."""
        return self._digest("identity", id_type, number)

    def of_account(self, account: str) -> bytes:
        """Digest an account number."""
        return self._digest("account", account)

    def _digest(self, *words: str) -> bytes:
        return self._key.digest("\x1f".join(words).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorker:
    """One employment as it is enrolled."""

    person_id: int
    team: str
    trade: str
    joined_on: date
    left_on: date | None
    particulars: str  # JSON text: name, latin_name, id_type, id_number, mobile, account, bank


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the roster says of a person who works for an employer on a project."""

    worker_id: int
    joined_on: date
    left_on: date | None
    account: str
    latin_name: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A person's other entitlement of the same month."""

    person_id: int
    kind: str
    number: int
    owed: int
    account_index: bytes


def index(tx: Transaction) -> Index:
    """Return the installation's way to digest identity numbers and accounts."""
    return Index(seals.root(tx, Use.INDEX))


def persons(tx: Transaction, fingerprints: Sequence[bytes]) -> dict[bytes, int]:
    """Return the persons with these fingerprints by number, making the ones that are new."""
    values = {"prints": list(fingerprints)}
    found = _persons(tx, values)
    if len(found) < len(set(fingerprints)):
        tx.execute(_ADD_PERSONS, values)
        found = _persons(tx, values)
    return found


def enrol(
    tx: Transaction, *, project_id: int, employer_id: int, workers: Iterable[NewWorker]
) -> int:
    """Put workers on the roster; one who is there gets the new particulars. Return how many."""
    tx.execute(_STAGE)
    columns = NewWorker.__slots__
    rows = (tuple(getattr(worker, name) for name in columns) for worker in workers)
    count = copy_rows(tx, "new_worker", columns, rows)
    tx.execute(_ENROL, {"p": project_id, "e": employer_id})
    tx.execute(text("DROP TABLE new_worker"))
    return count


def roster(
    tx: Transaction, *, project_id: int, employer_id: int, person_ids: Sequence[int]
) -> dict[int, Enrolled]:
    """Return by person what the roster says; who is not on it is missing."""
    rows = tx.execute(_ROSTER, {"p": project_id, "e": employer_id, "persons": list(person_ids)})
    return {
        row.person_id: Enrolled(
            row.id, row.joined_on, row.left_on, row.account, row.latin_name or ""
        )
        for row in rows
    }


def owed_in(
    tx: Transaction, *, project_id: int, period: date, person_ids: Sequence[int]
) -> list[Owed]:
    """Return what these persons are entitled to already for that month on the project.

    Until this transaction ends no other one is told: of two sheets that pay the same people at the
    same moment, the second has to see the first.
    """
    tx.execute(_ONE_AT_A_TIME, {"p": project_id})
    rows = tx.execute(_OWED, {"p": project_id, "m": period, "persons": list(person_ids)})
    return [
        Owed(row.person_id, row.kind, row.number, row.owed, bytes(row.account_index))
        for row in rows
    ]


def particulars_text(particulars: Mapping[str, object]) -> str:
    """Write the one joined record of a person's data."""
    return json.dumps(particulars, ensure_ascii=False, separators=(",", ":"))


def _persons(tx: Transaction, values: dict[str, list[bytes]]) -> dict[bytes, int]:
    return {bytes(row.fingerprint): row.id for row in tx.execute(_PERSONS, values)}


_PERSONS: Final = text("""
    SELECT id, fingerprint FROM person WHERE fingerprint = ANY(CAST(:prints AS bytea[]))
""")
_ADD_PERSONS: Final = text("""
    INSERT INTO person (fingerprint)
    SELECT DISTINCT print FROM unnest(CAST(:prints AS bytea[])) AS t (print) ORDER BY print
    ON CONFLICT DO NOTHING
""")
_STAGE: Final = text("""
    CREATE TEMP TABLE new_worker (person_id bigint, team text, trade text, joined_on date,
                                  left_on date, particulars jsonb) ON COMMIT DROP
""")
_ENROL: Final = text("""
    INSERT INTO worker (project_id, employer_id, person_id, team, trade, joined_on, left_on,
                        particulars)
    SELECT :p, :e, person_id, team, trade, joined_on, left_on, particulars FROM new_worker
    ON CONFLICT (project_id, employer_id, person_id) DO UPDATE
    SET team = excluded.team, trade = excluded.trade, joined_on = excluded.joined_on,
        left_on = excluded.left_on, particulars = excluded.particulars
""")
_ROSTER: Final = text("""
    SELECT id, person_id, joined_on, left_on, particulars ->> 'account' AS account,
           particulars ->> 'latin_name' AS latin_name
    FROM worker
    WHERE project_id = :p AND employer_id = :e
      AND person_id = ANY(CAST(:persons AS bigint[]))
""")
# A row's lock, not an advisory one: it also holds on a database that is spread over servers.
_ONE_AT_A_TIME: Final = text("SELECT id FROM project WHERE id = :p FOR NO KEY UPDATE")
_OWED: Final = text("""
    SELECT person_id, kind, number, owed, account_index FROM entitlement
    WHERE project_id = :p AND period = :m AND NOT void
      AND person_id = ANY(CAST(:persons AS bigint[]))
""")
