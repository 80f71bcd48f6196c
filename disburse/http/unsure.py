"""Out of `unknown`: what people say of bank files that nobody knows of, and what banks say."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields

from disburse.domain.access import Act
from disburse.http.answers import DoneTold
from disburse.http.asks import ReasonAsked, a_choice, a_digest, a_reason, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.sheet_answers import FileTold
from disburse.queries.proposals import proposals
from disburse.steps.bank.acknowledge import acknowledge
from disburse.steps.bank.cancel_file import cancel_file
from disburse.steps.bank.fetch import fetch
from disburse.steps.bank.never import never
from disburse.steps.bank.resume import resume
from disburse.steps.bank.retransmit import retransmit
from disburse.steps.bank.take_back import take_back

HERE: Final = "/projects/<number:project_id>"
SUBJECT_MAX: Final = 60  # a kind and a reference
ONE: Final = f"{HERE}/files/<number:file_id>"


class AcknowledgedAsked(Schema):
    """The digest of what the bank has."""

    sha256 = a_digest()


class NeverAsked(Schema):
    """The bank's document that says so; it is kept already, see `documents`."""

    document_sha256 = a_digest()
    reason = a_reason()


class ResumeAsked(Schema):
    """The bank's list of the files it has."""

    list_sha256 = a_digest()


class TakeBackAsked(Schema):
    """Whose word on what counts no more."""

    act = a_choice(Act, required=True)
    subject = a_text(SUBJECT_MAX)
    reason = a_reason()


class ProposalTold(Schema):
    """One person's word, and the grounds that the other person has to name too."""

    act = fields.String()
    subject = fields.String()
    facts = fields.Dict()
    asked_by = fields.Integer(metadata={"description": "a person's number"})
    asked_at = fields.DateTime()
    until = fields.DateTime()


class ProposalsTold(Schema):
    """The words that wait for a second person."""

    rows = fields.List(fields.Nested(ProposalTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("unsure", desk, topic="files")
    _banks(made)
    _people(made)
    _words(made)
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
        """Reject an unknown file by a kept document of the bank that says so; two people."""
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


def _words(made: Routes) -> None:
    @made.reads(f"{HERE}/proposals", ProposalsTold)
    def _proposals(ask: Ask, project_id: int) -> object:
        """List what one person said and another has to say just the same."""
        return {"rows": proposals(ask.tx, ask.caller, project_id=project_id, now=ask.now)}

    @made.changes(f"{HERE}/take_back", DoneTold, asks=TakeBackAsked)
    def _take_back(ask: Ask, project_id: int) -> object:
        """Take the own word back, such as on `never` of "file:9", before another agreed."""
        take_back(ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said)
        return {"done": True}
