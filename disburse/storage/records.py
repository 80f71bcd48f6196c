"""Personal data in rows: each record sealed by itself, opened in pages, never by SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Row as AlchemyRow
from sqlalchemy import TextClause, text

from disburse.sealing import Key, bound_to, number_in
from disburse.storage import seals
from disburse.storage.engine import Transaction, at_end
from disburse.storage.rows import array
from disburse.storage.seals import INSTALLATION, Forgotten, Use

PAGE: Final = 2_000  # records opened at once: keeps memory flat for 100,000 lines

_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Row = TypeVar("Row")


class Sealed(NamedTuple):
    """A sealed value as it is kept: whose project, where, and what."""

    project_id: int
    place: bytes
    value: bytes


def of_line(project_id: int, sheet_id: int, number: int) -> bytes:
    """Name the place of a line's particulars."""
    return bound_to(project_id, "line", "particulars", f"{sheet_id}/{number}")


def of_worker(project_id: int, employer_id: int, person_id: int) -> bytes:
    """Name the place of a worker's particulars."""
    return bound_to(project_id, "worker", "particulars", f"{employer_id}/{person_id}")


def of_attempt(project_id: int, reference: str) -> bytes:
    """Name the place of what the bank is told of a payee."""
    return bound_to(project_id, "attempt", "payee", reference)


def of_reissue(project_id: int, reference: str) -> bytes:
    """Name the place of the payee of a payment that somebody asked for."""
    return bound_to(project_id, "reissue", "payee", reference)


def of_answer(project_id: int, connection_id: int, digest: str, record: int) -> bytes:
    """Name the place of a bank's words in a record of its report."""
    return bound_to(project_id, "inbox", "text", f"{connection_id}/{digest}/{record}")


def of_entry(project_id: int, account_id: int, reference: str) -> bytes:
    """Name the place of a bank's words in an entry of its statement."""
    return bound_to(project_id, "statement_entry", "text", f"{account_id}/{reference}")


def of_kept(project_id: int, sha256: str) -> bytes:
    """Name the place of bytes that are kept whole: where their digest stands."""
    return bound_to(project_id, "kept_bytes", "content", sha256)


def of_member(login: str) -> bytes:
    """Name the place of a member's name."""
    return bound_to(INSTALLATION, "member", "name", login)


def in_pages(
    tx: Transaction, query: TextClause, values: Mapping[str, object]
) -> Iterator[Sequence[AlchemyRow[Any]]]:
    """Ask now, and walk what is found without having more than one page of it in memory."""
    # To `partitions` the size is said again: SQLAlchemy does not apply a text's `yield_per` to it.
    rows = tx.execute(query, values, execution_options={"yield_per": PAGE})
    at_end(tx, rows.close)
    return rows.partitions(PAGE)


def pages(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into pages, without having more than one of them in memory."""
    left = iter(rows)
    while page := list(islice(left, PAGE)):
        yield page


def seal(key: Key, place: bytes, record: Mapping[str, Any]) -> bytes:
    """Seal one joined record."""
    return key.seal(_WRITTEN.encode(record).encode(), place)


def opened(tx: Transaction, sealed: Sequence[Sealed]) -> list[Mapping[str, Any]]:
    """Open joined records, in order; those that were forgotten are `UNKNOWN`.

    Raises `BrokenSeal` for one that was changed or moved.
    """
    numbers: dict[int, set[int]] = defaultdict(set)
    for one in sealed:
        numbers[one.project_id].add(number_in(one.value))
    keys = {project: seals.numbered(tx, project, wanted) for project, wanted in numbers.items()}
    found: list[Mapping[str, Any]] = []
    for project_id, place, value in sealed:
        key = keys[project_id].get(number_in(value))
        found.append(UNKNOWN if key is None else json.loads(key.open(value, place)))
    return found


def known(tx: Transaction, sealed: Sequence[Sealed]) -> list[Mapping[str, Any]]:
    """Open joined records that something is to be done with; raises `Forgotten`."""
    found = opened(tx, sealed)
    if any(record is UNKNOWN for record in found):
        raise Forgotten("the personal data that this takes were deleted when retention ended")
    return found


def words(tx: Transaction, sealed: Sequence[Sealed]) -> list[str]:
    """Open texts, in order; what is empty or was forgotten is empty."""
    some = [one for one in sealed if one.value]
    by_project: dict[int, list[Sealed]] = defaultdict(list)
    for one in some:
        by_project[one.project_id].append(one)
    text_at: dict[bytes, str] = {}
    for project_id, ours in by_project.items():
        found = seals.open_all(tx, project_id, [(one.value, one.place) for one in ours])
        for one, content in zip(ours, found, strict=True):
            text_at[one.place] = (content or b"").decode()
    return [text_at.get(one.place, "") for one in sealed]


def seal_words(key: Key, place: bytes, told: str) -> bytes:
    """Seal a text; an empty one stays empty."""
    return key.seal(told.encode(), place) if told else b""


def seal_name(tx: Transaction, login: str, name: str) -> bytes:
    """Seal the name of a member."""
    return seals.root(tx, Use.NAMES).seal(name.encode(), of_member(login))


def names(tx: Transaction, sealed: Mapping[str, bytes]) -> dict[str, str]:
    """Open the names of members, by login."""
    numbers = {number_in(value) for value in sealed.values()}
    keys = {number: seals.root_numbered(tx, number) for number in numbers}
    return {
        login: key.open(value, of_member(login)).decode()
        for login, value in sealed.items()
        if (key := keys[number_in(value)]) is not None
    }


def persons_of(
    tx: Transaction, *, project_id: int, period: date, sheet_id: int, lines: Sequence[int]
) -> dict[int, int]:
    """Return by line whose it is."""
    values = {"p": project_id, "m": period, "s": sheet_id, "lines": array(lines)}
    return {row.line: row.person_id for row in tx.execute(_PERSONS_OF, values)}


_NAMES: Final = (
    "name", "latin_name", "id_type", "id_number", "mobile", "account", "bank_code", "bank_name",
    "team", "trade", "note",
)  # fmt: skip
UNKNOWN: Final[Mapping[str, Any]] = dict.fromkeys(_NAMES, "")
_PERSONS_OF: Final = text("""
    SELECT line, person_id FROM entitlement
    WHERE project_id = :p AND period = :m AND sheet_id = :s
      AND line = ANY(CAST(:lines AS integer[]))
""")
