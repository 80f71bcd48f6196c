"""Sheets, bank files and reports exactly as they came or left; nothing here is ever deleted."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import text

from disburse.storage.engine import Transaction


def keep(tx: Transaction, *, project_id: int, media_type: str, content: bytes) -> int:
    """Store `content` and return its number."""
    number = tx.scalar(
        text("""
            INSERT INTO kept_bytes (project_id, media_type, sha256, content)
            VALUES (:p, :type, :sha256, :content) RETURNING id
        """),
        {
            "p": project_id,
            "type": media_type,
            "sha256": sha256(content).hexdigest(),
            "content": content,
        },
    )
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def read(tx: Transaction, *, project_id: int, bytes_id: int) -> bytes:
    """Return the bytes as they were kept; a digest that disagrees is a defect, not an answer."""
    row = tx.execute(
        text("SELECT sha256, content FROM kept_bytes WHERE project_id = :p AND id = :i"),
        {"p": project_id, "i": bytes_id},
    ).one()
    content = bytes(row.content)
    if sha256(content).hexdigest() != row.sha256:
        raise AssertionError(f"kept bytes {bytes_id} do not match their digest")
    return content
