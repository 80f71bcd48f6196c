"""What a bank says on paper: the document is kept, and two people copy the outcomes out of it."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from disburse.domain.result import Result
from disburse.http.asks import a_choice, a_digest
from disburse.http.routes import Ask, Bytes, Desk, Routes, Sent
from disburse.http.sheet_answers import FileTold
from disburse.queries.documents import document
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.transcribe import NAMED_MAX, transcribe

DOCUMENT_BYTES_MAX: Final = 8 * 2**20  # a scanned letter of many pages
HERE: Final = "/projects/<number:project_id>"
BYTES: Final = "application/octet-stream"


class DocumentTold(Schema):
    """By what others name the document."""

    sha256 = fields.String()


class TranscribeAsked(Schema):
    """What the document says became of payments, by reference and of all others."""

    document_sha256 = a_digest()
    happened_on = fields.Date(required=True, metadata={"description": "the bank's day"})
    outcomes = fields.Dict(
        keys=fields.String(),  # any that is not of the file is refused by name
        values=fields.Enum(Result, by_value=True),
        load_default=dict,
        validate=validate.Length(max=NAMED_MAX),
        metadata={"description": "paid, rejected or returned, by the payment's reference"},
    )
    others = a_choice(Result)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("documents", desk, topic="files")
    takes = Bytes(media_types=(BYTES,), bytes_max=DOCUMENT_BYTES_MAX)

    @made.changes(f"{HERE}/documents", DocumentTold, takes=takes)
    def _keep_document(ask: Ask, project_id: int) -> object:
        """Keep a bank's document as it came; acts name it by its SHA-256."""
        digest = keep_document(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            content=ask.content,
            now=ask.now,
        )
        return {"sha256": digest}

    @made.sends(f"{HERE}/documents/<word:digest>", BYTES)
    def _document(ask: Ask, project_id: int, digest: str) -> Sent:
        """Fetch a kept document."""
        content = document(ask.tx, ask.caller, project_id=project_id, digest=digest)
        return Sent(parts=[content], name=digest, etag=digest)

    @made.changes(f"{HERE}/files/<number:file_id>/transcribe", FileTold, asks=TranscribeAsked)
    def _transcribe(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Say what a kept document tells of a file's payments; it counts once two said the same."""
        return transcribe(ask.tx, caller=ask.caller, now=ask.now, **file, **ask.said)

    return made
