"""Sheets, bank files and reports as they came or left, sealed whole; no row is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.sealing import BrokenSeal
from disburse.storage import records, seals
from disburse.storage.engine import Transaction
from disburse.storage.seals import Forgotten

# What people hand in as evidence; no sheet, bank file or report is ever found as one.
DOCUMENT: Final = "application/vnd.disburse.document"


class NoSuchDocument(Refusal):
    """No document with this SHA-256 is kept here."""

    code = "no-such-document"


class Damaged(NamedTuple):
    """Kept bytes that are not what came, or whose digest is not the one that others name."""

    project_id: int
    bytes_id: int
    size: int
    changed: bool
    mislaid: bool


def keep(
    tx: Transaction,
    *,
    project_id: int,
    media_type: str,
    content: bytes,
    at: date,
    employer_id: int | None = None,
) -> int:
    """Store `content`, sealed with the key of the month of `at`, and return its number.

    `employer_id`: the subcontractor whose own they are; no other one's transactions see them.
    """
    digest = sha256(content).hexdigest()
    key = seals.of_month(tx, project_id, at)
    number = tx.scalar(
        _KEEP,
        {
            "p": project_id,
            "e": employer_id,
            "type": media_type,
            "sha256": digest,
            "content": key.seal(content, records.of_kept(project_id, digest)),
        },
    )
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def document(tx: Transaction, *, project_id: int, digest: str) -> int | None:
    """Return the number of the document with this digest; None when none is kept."""
    values = {"p": project_id, "type": DOCUMENT, "sha256": digest}
    number: int | None = tx.scalar(_DOCUMENT, values)
    return number


def require_document(tx: Transaction, *, project_id: int, digest: str) -> int:
    """Return the number of the document with this digest, or raise `NoSuchDocument`."""
    number = document(tx, project_id=project_id, digest=digest)
    if number is None:
        raise NoSuchDocument(f"no document with SHA-256 {digest[:64]} is kept here; hand it in")
    return number


def read(tx: Transaction, *, project_id: int, bytes_id: int) -> bytes:
    """Return the bytes as they were kept; raises `BrokenSeal` or `Forgotten`.

    A digest that disagrees is a defect, not an answer.
    """
    row = tx.execute(_READ, {"p": project_id, "i": bytes_id}).one()
    content = _opened(tx, project_id, row)
    if content is None:
        raise Forgotten(f"kept bytes {bytes_id} were deleted when retention ended")
    if sha256(content).hexdigest() != row.sha256:
        raise AssertionError(f"kept bytes {bytes_id} do not match their digest")
    return content


def damaged(tx: Transaction) -> Iterator[Damaged]:
    """Open and digest all bytes that are kept; minutes where years of sheets are.

    What was forgotten cannot be digested; that it is not named otherwise is looked at still.
    """
    for row in tx.execute(_ALL, execution_options={"yield_per": 1}):
        try:
            content = _opened(tx, row.project_id, row)
            changed = content is not None and sha256(content).hexdigest() != row.sha256
        except BrokenSeal:
            changed = True
        if changed or row.mislaid:
            yield Damaged(row.project_id, row.id, len(row.content), changed, row.mislaid)


def _opened(tx: Transaction, project_id: int, row: Any) -> bytes | None:  # noqa: ANN401
    place = records.of_kept(project_id, row.sha256)
    [content] = seals.open_all(tx, project_id, [(bytes(row.content), place)])
    return content


_KEEP: Final = text("""
    INSERT INTO kept_bytes (project_id, employer_id, media_type, sha256, content)
    VALUES (:p, :e, :type, :sha256, :content) RETURNING id
""")
_DOCUMENT: Final = text("""
    SELECT min(id) FROM kept_bytes
    WHERE project_id = :p AND sha256 = :sha256 AND media_type = :type
""")
_READ: Final = text("SELECT sha256, content FROM kept_bytes WHERE project_id = :p AND id = :i")
_ALL: Final = text("""
    SELECT k.project_id, k.id, k.sha256, k.content,
           coalesce(s.digest, f.sha256, r.digest, k.sha256) <> k.sha256 AS mislaid
    FROM kept_bytes k
    LEFT JOIN sheet s ON s.project_id = k.project_id AND s.bytes_id = k.id
    LEFT JOIN bank_file f ON f.project_id = k.project_id AND f.bytes_id = k.id
    LEFT JOIN report r ON r.bytes_id = k.id
    ORDER BY k.project_id, k.id
""")
