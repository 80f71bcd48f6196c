"""Persons, once for all projects, and their employment on each: the roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from struct import Struct
from typing import Any, Final

from sqlalchemy import text

from disburse.sealing import Key
from disburse.storage import records, seals
from disburse.storage.engine import Transaction, copy_rows
from disburse.storage.records import Sealed
from disburse.storage.rows import array, array_of_bytes
from disburse.storage.seals import Use


class Index:
    """Keyed digests by which equal identity numbers and accounts are found without reading them."""

    def __init__(self, key: Key) -> None:
        """Remember how the installation's key digests."""
        self._digested = key.digester()

    def of_identity(self, id_type: str, number: str) -> bytes:
        """Digest a normalised identity number."""
        return self._digest("identity", id_type, number)

    def of_account(self, account: str) -> bytes:
        """Digest an account number."""
        return self._digest("account", account)

    def _digest(self, *words: str) -> bytes:
        return self._digested("\x1f".join(words).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorker:
    """One employment as it is enrolled."""

    person_id: int
    joined_on: date
    left_on: date | None
    account_index: bytes  # keyed digest of the account, to see without opening that it is the same
    latin: bool  # there is a latin name
    particulars: Mapping[str, object]  # name, latin_name, identity, mobile, account, bank, team


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the roster says of a person who works for an employer on a project."""

    worker_id: int
    joined_on: date
    left_on: date | None
    account_index: bytes
    latin_name: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a line of a new sheet claims, and for whom."""

    person_id: int
    net: int
    account_index: bytes


@dataclass(frozen=True, slots=True)
class Owed:
    """Another entitlement of the same month that a claim may repeat."""

    place: int  # of the claim, from 0
    kind: str
    number: int


def index(tx: Transaction) -> Index:
    """Return the installation's way to digest identity numbers and accounts."""
    return Index(seals.root(tx, Use.INDEX))


def persons(tx: Transaction, fingerprints: Sequence[bytes]) -> dict[bytes, int]:
    """Return the persons with these fingerprints by number, making the ones that are new."""
    values = {"prints": array_of_bytes(fingerprints)}
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
    count = 0
    for page in records.pages(workers):
        keys = seals.of_persons(tx, project_id, (one.person_id for one in page))
        rows = (
            (
                one.person_id,
                one.joined_on,
                one.left_on,
                one.account_index,
                one.latin,
                records.seal(
                    keys[one.person_id],
                    records.of_worker(project_id, employer_id, one.person_id),
                    one.particulars,
                ),
            )
            for one in page
        )
        count += copy_rows(tx, "new_worker", NewWorker.__slots__, rows)
    tx.execute(_ENROL, {"p": project_id, "e": employer_id})
    tx.execute(text("DROP TABLE new_worker"))
    return count


def roster(
    tx: Transaction, *, project_id: int, employer_id: int, person_ids: Sequence[int]
) -> dict[int, Enrolled]:
    """Return by person what the roster says; who is not on it is missing."""
    values = {"p": project_id, "e": employer_id, "persons": array(person_ids)}
    rows = tx.execute(_ROSTER, values).all()
    latin = particulars(tx, project_id, [row.id for row in rows if row.latin])
    return {
        row.person_id: Enrolled(
            row.id,
            row.joined_on,
            row.left_on,
            row.account_index,
            latin[row.id]["latin_name"] if row.latin else "",
        )
        for row in rows
    }


def particulars(
    tx: Transaction, project_id: int, worker_ids: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    """Return by worker what is known of these; raises `Forgotten`."""
    if not worker_ids:
        return {}
    rows = tx.execute(_PARTICULARS, {"p": project_id, "workers": array(worker_ids)}).all()
    sealed = [
        Sealed(
            project_id,
            records.of_worker(project_id, row.employer_id, row.person_id),
            row.particulars,
        )
        for row in rows
    ]
    told = records.known(tx, sealed)
    return {row.id: one for row, one in zip(rows, told, strict=True)}


def owed_already(
    tx: Transaction, *, project_id: int, period: date, kind: str, claims: Sequence[Claim]
) -> list[Owed]:
    """Return what these people are entitled to already for that month on the project.

    By whichever employer: of the same kind, or the same amount to the same account. The database
    answers just that, to who sees no other employer's rows.

    Until this transaction ends no other one is told: of two sheets that pay the same people at the
    same moment, the second has to see the first.
    """
    tx.execute(_ONE_AT_A_TIME, {"p": project_id})
    values = {
        "p": project_id,
        "m": period,
        "kind": kind,
        "persons": array(one.person_id for one in claims),
        "nets": array(one.net for one in claims),
        "accounts": array_of_bytes(one.account_index for one in claims),
    }
    return [Owed(row.place - 1, row.kind, row.number) for row in tx.execute(_OWED, values)]


def _persons(tx: Transaction, values: dict[str, str]) -> dict[bytes, int]:
    packed = tx.scalar(_PERSONS, values) or b""
    return dict(_PERSON.iter_unpack(packed))


_PERSON: Final = Struct(">32sq")  # one value instead of 10,000 rows
_PERSONS: Final = text("""
    SELECT string_agg(fingerprint || int8send(id), '') FROM person
    WHERE fingerprint = ANY(CAST(:prints AS bytea[]))
""")
_ADD_PERSONS: Final = text("""
    INSERT INTO person (fingerprint)
    SELECT DISTINCT print FROM unnest(CAST(:prints AS bytea[])) AS t (print) ORDER BY print
    ON CONFLICT DO NOTHING
""")
_PARTICULARS: Final = text("""
    SELECT id, employer_id, person_id, particulars FROM worker
    WHERE project_id = :p AND id = ANY(CAST(:workers AS bigint[]))
""")
_STAGE: Final = text("""
    CREATE TEMP TABLE new_worker (person_id bigint, joined_on date, left_on date,
                                  account_index bytea, latin boolean, particulars bytea)
    ON COMMIT DROP
""")
_ENROL: Final = text("""
    INSERT INTO worker (project_id, employer_id, person_id, joined_on, left_on, account_index,
                        latin, particulars)
    SELECT :p, :e, person_id, joined_on, left_on, account_index, latin, particulars FROM new_worker
    ON CONFLICT (project_id, employer_id, person_id) DO UPDATE
    SET joined_on = excluded.joined_on, left_on = excluded.left_on,
        account_index = excluded.account_index, latin = excluded.latin,
        particulars = excluded.particulars
""")
_ROSTER: Final = text("""
    SELECT id, person_id, joined_on, left_on, account_index, latin FROM worker
    WHERE project_id = :p AND employer_id = :e
      AND person_id = ANY(CAST(:persons AS bigint[]))
""")
# A row's lock, not an advisory one: it also holds on a database that is spread over servers.
_ONE_AT_A_TIME: Final = text("SELECT id FROM project WHERE id = :p FOR NO KEY UPDATE")
_OWED: Final = text("""
    SELECT place, kind, number
    FROM owed_already(:p, :m, :kind, CAST(:persons AS bigint[]), CAST(:nets AS bigint[]),
                      CAST(:accounts AS bytea[]))
""")
