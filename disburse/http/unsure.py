"""Out of `unknown`: what people say of bank files that nobody knows of, and what banks say."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema

from disburse.http.answers import DoneTold
from disburse.http.asks import ReasonAsked, a_digest, a_reason
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.sheet_answers import FileTold
from disburse.steps.bank.acknowledge import acknowledge
from disburse.steps.bank.cancel_file import cancel_file
from disburse.steps.bank.fetch import fetch
from disburse.steps.bank.never import never
from disburse.steps.bank.resume import resume
from disburse.steps.bank.retransmit import retransmit

HERE: Final = "/projects/<number:project_id>"
ONE: Final = f"{HERE}/files/<number:file_id>"


class AcknowledgedAsked(Schema):
    """The digest of what the bank has."""

    sha256 = a_digest()


class NeverAsked(Schema):
    """The bank's document that says so."""

    document_sha256 = a_digest()
    reason = a_reason()


class ResumeAsked(Schema):
    """The bank's list of the files it has."""

    list_sha256 = a_digest()


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("unsure", desk, topic="files")
    _banks(made)
    _people(made)
    return made


def _banks(made: Routes) -> None:
    @made.changes(f"{ONE}/fetch", FileTold)
    def _fetch(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Take a released file to the bank; its client can download the content from now on."""
        return fetch(ask.tx, caller=ask.caller, banks=made.desk.banks, now=ask.now, **file)

    @made.changes(f"{ONE}/acknowledge", FileTold, asks=AcknowledgedAsked)
    def _acknowledge(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Say that the bank has the file whole, with this SHA-256."""
        return acknowledge(ask.tx, caller=ask.caller, now=ask.now, **file, **ask.said)


def _people(made: Routes) -> None:
    @made.changes(f"{ONE}/retransmit", FileTold, asks=ReasonAsked)
    def _retransmit(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Send an unknown file's same bytes again; two people, and a bank that de-duplicates."""
        banks = made.desk.banks
        return retransmit(ask.tx, caller=ask.caller, banks=banks, now=ask.now, **file, **ask.said)

    @made.changes(f"{ONE}/never", FileTold, asks=NeverAsked)
    def _never(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Reject an unknown file by the bank's document that says so; two people."""
        return never(ask.tx, caller=ask.caller, now=ask.now, **file, **ask.said)

    @made.changes(f"{ONE}/cancel_file", FileTold, asks=ReasonAsked)
    def _cancel_file(ask: Ask, **file: Any) -> object:  # noqa: ANN401
        """Take back one file that nobody claimed; its payments can be reissued or given up."""
        return cancel_file(ask.tx, caller=ask.caller, now=ask.now, **file, **ask.said)

    @made.changes(f"{HERE}/resume", DoneTold, asks=ResumeAsked)
    def _resume(ask: Ask, project_id: int) -> object:
        """After a restore: the bank's list of files was compared; two people say so."""
        done = resume(ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said)
        return {"done": done}
