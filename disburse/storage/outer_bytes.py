"""The envelope that a bank file left in: kept at its first sending, and never another."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.storage import kept_bytes
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile

MEDIA_TYPE: Final = "application/pkcs7-mime"


def of(tx: Transaction, file: BankFile) -> bytes | None:
    """Return the envelope's bytes; None: the file never left in one."""
    number = tx.scalar(_OF, {"p": file.project_id, "f": file.id})
    if number is None:
        return None
    return kept_bytes.read(tx, project_id=file.project_id, bytes_id=int(number))


def keep(tx: Transaction, file: BankFile, content: bytes, *, at: datetime) -> bytes:
    """Keep the envelope, and return the one that counts: the first that anybody kept."""
    number = kept_bytes.keep(
        tx, project_id=file.project_id, media_type=MEDIA_TYPE, content=content, at=at
    )
    values = {"p": file.project_id, "f": file.id, "b": number}
    if tx.execute(_KEEP, values).rowcount == 1:
        return content
    first = of(tx, file)
    assert first is not None  # noqa: S101  (the line above found it taken)
    return first


_OF: Final = text("SELECT outer_bytes_id FROM bank_file WHERE project_id = :p AND id = :f")
_KEEP: Final = text("""
    UPDATE bank_file SET outer_bytes_id = :b
    WHERE project_id = :p AND id = :f AND outer_bytes_id IS NULL
""")
