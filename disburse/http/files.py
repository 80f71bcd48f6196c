"""Bank files out, bank reports in."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from marshmallow import Schema, fields

from disburse.adapter import UnreadableReport
from disburse.domain.access import Act
from disburse.domain.lifecycle.bank_file import State
from disburse.domain.refusal import Refusal
from disburse.door import admit
from disburse.http.answers import page_of
from disburse.http.asks import PageAsked, a_choice, a_digest, a_filter, a_number, an_amount, exact
from disburse.http.routes import Ask, Bytes, Desk, Routes, Sent
from disburse.http.sheet_answers import FileDetailTold, FileTold
from disburse.http.spread import spread
from disburse.queries import files
from disburse.queries.files import FileShown
from disburse.steps.bank import ingest as ingesting
from disburse.steps.bank.claim import claim
from disburse.steps.bank.hand_over import hand_over
from disburse.transports.envelope import SUFFIX

REPORT_BYTES_MAX: Final = 64 * 2**20  # 100,000 answers in the widest format take 50 MB
BYTES: Final = "application/octet-stream"
HERE: Final = "/projects/<number:project_id>"
ONE: Final = f"{HERE}/files/<number:file_id>"


class FilesAsked(PageAsked):
    """Which bank files."""

    sheet_id = a_filter()
    state = a_choice(State)


class ClaimAsked(Schema):
    """What the releaser confirms, as the screen shows it."""

    sha256 = a_digest()
    count = a_number()
    total = an_amount()


class IngestedTold(Schema):
    """What a report did."""

    digest = fields.String()
    repeated = fields.Boolean(
        metadata={"description": "the very same bytes came before; nothing changed"}
    )
    records = fields.Integer()
    effects = fields.Dict(keys=fields.String(), values=fields.Integer())
    anomalies = fields.Integer()


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("files", desk)
    _read(made)
    _release(made)
    _ingest(made)
    return made


def _read(made: Routes) -> None:
    @made.reads(f"{HERE}/files", page_of(FileDetailTold), asks=FilesAsked)
    def _files(ask: Ask, project_id: int) -> object:
        """List a project's bank files."""
        page = files.files(ask.tx, ask.caller, project_id=project_id, **ask.said)
        return {"rows": [_told(row) for row in page.rows], "following": page.following}

    @made.reads(ONE, FileDetailTold)
    def _file(ask: Ask, **file: int) -> object:
        """Tell one bank file, and where its payments stand."""
        return _told(files.file(ask.tx, ask.caller, **file))

    @made.sends(f"{ONE}/content", BYTES)
    def _content(ask: Ask, **file: int) -> Sent:
        """Fetch the exact bytes of a claimed file, or its envelope; the same bytes every time."""
        content = files.content(ask.tx, ask.caller, **file)
        digest, inside = sha256(content).hexdigest(), files.file(ask.tx, ask.caller, **file)
        name = inside.name if digest == inside.sha256 else inside.name + SUFFIX
        return Sent(parts=[content], name=name, etag=digest)


def _release(made: Routes) -> None:
    @made.changes(f"{ONE}/claim", FileTold, asks=ClaimAsked)
    def _claim(ask: Ask, project_id: int, file_id: int) -> object:
        """Take the file: from here on it may reach the bank, and its money is in flight."""
        currency = admit(ask.tx, ask.caller, Act.CLAIM, project_id).currency
        file, _ = claim(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            file_id=file_id,
            sha256=ask.said["sha256"],
            count=ask.said["count"],
            total=exact(ask.said["total"], currency),
            banks=made.desk.banks,
            now=ask.now,
        )
        return file

    @made.changes(f"{ONE}/hand_over", FileTold)
    def _hand_over(ask: Ask, **file: int) -> object:
        """Confirm that the bank was given the file."""
        return hand_over(ask.tx, caller=ask.caller, now=ask.now, **file)


def _ingest(made: Routes) -> None:
    def note(ask: Ask, refusal: Refusal, place: Mapping[str, Any]) -> None:
        if isinstance(refusal, UnreadableReport):
            ingesting.note_refusal(
                ask.tx,
                caller=ask.caller,
                content=ask.content,
                refusal=refusal,
                now=ask.now,
                **place,
            )

    report = Bytes(media_types=(BYTES,), bytes_max=REPORT_BYTES_MAX, note=note)

    @made.changes(f"{HERE}/reports", IngestedTold, takes=report)
    def _ingest(ask: Ask, project_id: int) -> object:
        """Take in the bank's report: each record once, with its effect."""
        return ingesting.ingest(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            content=ask.content,
            banks=made.desk.banks,
            now=ask.now,
        )


def _told(file: FileShown) -> Mapping[str, Any]:
    told: dict[str, Any] = spread(file)
    return told | {"answered": file.answered}
