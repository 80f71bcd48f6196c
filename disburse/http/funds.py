"""Money on the special account: declarations by two people, bank statements, the balance."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from marshmallow import Schema, fields, validate

from disburse.adapter import Adapter
from disburse.domain.access import Act
from disburse.domain.bookable import ENTRIES_MAX
from disburse.domain.statement import Entry, Statement
from disburse.door import admit
from disburse.http.answers import BalanceTold, CoverageTold, TallyTold
from disburse.http.asks import ReasonAsked, a_digest, a_number, a_text, an_amount, exact, signed
from disburse.http.routes import Ask, Bytes, Desk, Routes
from disburse.http.spread import Money, spread
from disburse.queries.account import account
from disburse.steps.money.book import BYTES, BookedFile, book, book_file
from disburse.steps.money.declare import declare
from disburse.steps.money.recall import recall
from disburse.steps.money.vouch import vouch

STATEMENT_BYTES_MAX: Final = 32 * 2**20  # so many entries in camt, the widest format
REFERENCE_MAX: Final = 60
ACCOUNT_MAX: Final = 40
HERE: Final = "/projects/<number:project_id>"


class DeclareAsked(Schema):
    """Money that is on its way, with the digest of the voucher that shows it."""

    amount = an_amount()
    voucher_digest = a_digest()
    expected_on = fields.Date(required=True)


class EntryAsked(Schema):
    """One booked entry; debits have a minus."""

    reference = a_text(REFERENCE_MAX)
    amount = an_amount()
    booked_on = fields.Date(required=True)
    names = a_text(REFERENCE_MAX, required=False, empty=True)
    counterparty = a_text(ACCOUNT_MAX, required=False, empty=True)
    text = a_text(required=False, empty=True)
    count = a_number(required=False, most=ENTRIES_MAX)


class StatementAsked(Schema):
    """One statement of the special account: opening and entries make closing."""

    reference = a_text(REFERENCE_MAX)
    closes_on = fields.Date(required=True)
    opening = an_amount()
    closing = an_amount()
    entries = fields.List(
        fields.Nested(EntryAsked), required=True, validate=validate.Length(max=ENTRIES_MAX)
    )


class DeclaredTold(Schema):
    """Money that people say is on its way."""

    id = fields.Integer()
    amount = Money()
    confirmed = Money()
    expected_on = fields.Date()
    state = fields.String()
    voucher_digest = fields.String()
    declared_by = fields.Integer(metadata={"description": "a person's number"})
    vouched_by = fields.Integer(allow_none=True)
    at = fields.DateTime()


class DeclarationTold(Schema):
    """The declaration's number."""

    id = fields.Integer()


class AccountTold(Schema):
    """The special account: what is on it, and is there money for what waits."""

    account_id = fields.Integer()
    holder = fields.String()
    number = fields.String()
    bank_name = fields.String()
    currency = fields.String()
    state = fields.String()
    statements = fields.Boolean()
    balance = fields.Nested(BalanceTold)
    statement_on = fields.Date(allow_none=True)
    statement_closing = Money(allow_none=True)
    waiting = fields.Nested(TallyTold)
    coming = fields.Nested(TallyTold)
    coverage = fields.Nested(CoverageTold, allow_none=True)
    declarations = fields.List(fields.Nested(DeclaredTold))


class BookedEntryTold(Schema):
    """What became of one entry."""

    reference = fields.String()
    project_id = fields.Integer(metadata={"description": "0: of no single project"})
    kind = fields.String()
    anomaly = fields.String()


class BookedTold(Schema):
    """What became of every entry."""

    entries = fields.List(fields.Nested(BookedEntryTold))
    statements = fields.Integer()
    not_booked = fields.Integer(
        metadata={"description": "entries that are pending, informative, or of nothing"}
    )
    passed_over = fields.Integer(
        metadata={"description": "statements of other accounts, interim reports and notices"}
    )


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("funds", desk)
    _declarations(made)
    _recall(made)
    _statements(made)

    @made.reads(f"{HERE}/balance", AccountTold)
    def _balance(ask: Ask, project_id: int) -> object:
        """Tell what is on the special account, and whether there is money for what waits."""
        return account(ask.tx, ask.caller, project_id=project_id, now=ask.now)

    return made


def _declarations(made: Routes) -> None:
    declarations = f"{HERE}/declarations"

    @made.changes(declarations, DeclarationTold, asks=DeclareAsked, status=HTTPStatus.CREATED)
    def _declare(ask: Ask, project_id: int) -> object:
        """Declare, with a voucher, that money is on its way; it counts once another vouches."""
        currency = _currency(ask, Act.DECLARE, project_id)
        number = declare(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            amount=exact(ask.said["amount"], currency),
            voucher_digest=ask.said["voucher_digest"],
            expected_on=ask.said["expected_on"],
            now=ask.now,
        )
        return {"id": number}

    @made.changes(f"{declarations}/<number:declaration_id>/vouch", BalanceTold)
    def _vouch(ask: Ask, project_id: int, declaration_id: int) -> object:
        """Vouch for declared money as a second person."""
        currency = _currency(ask, Act.VOUCH, project_id)
        balance = vouch(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            declaration_id=declaration_id,
            now=ask.now,
        )
        return spread(balance, currency)


def _recall(made: Routes) -> None:
    @made.changes(
        f"{HERE}/declarations/<number:declaration_id>/recall", BalanceTold, asks=ReasonAsked
    )
    def _recall(ask: Ask, project_id: int, declaration_id: int) -> object:
        """Take declared money back that will not come."""
        currency = _currency(ask, Act.RECALL, project_id)
        balance = recall(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            declaration_id=declaration_id,
            reason=ask.said["reason"],
            now=ask.now,
        )
        return spread(balance, currency)


def _statements(made: Routes) -> None:
    @made.changes(
        f"{HERE}/statements",
        BookedTold,
        asks=StatementAsked,
        takes=Bytes(media_types=(BYTES,), bytes_max=STATEMENT_BYTES_MAX),
        status=HTTPStatus.CREATED,
    )
    def _book(ask: Ask, project_id: int) -> object:
        """Book the bank's statement of the special account; only that account's bank may.

        As JSON, or as `application/octet-stream`: the bank's own file, in a format that the
        account's adapter reads. A file's statements of the account are booked all, or none.
        """
        if ask.media_type == BYTES:
            return _booked_file(made.desk.banks, ask, project_id)
        currency = _currency(ask, Act.BOOK, project_id)
        booked = book(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            statement=_statement(ask, currency),
            digest=sha256(ask.content).hexdigest(),
            now=ask.now,
        )
        return _booked(BookedFile(entries=booked, statements=1, not_booked=0, passed_over=0))


def _booked_file(banks: Mapping[str, Adapter], ask: Ask, project_id: int) -> object:
    booked = book_file(
        ask.tx,
        caller=ask.caller,
        project_id=project_id,
        content=ask.content,
        banks=banks,
        now=ask.now,
    )
    return _booked(booked)


def _booked(booked: BookedFile) -> object:
    entries = [
        {
            "reference": one.entry.reference,
            "project_id": one.project_id,
            "kind": one.kind,
            "anomaly": one.anomaly,
        }
        for one in booked.entries
    ]
    return {
        "entries": entries,
        "statements": booked.statements,
        "not_booked": booked.not_booked,
        "passed_over": booked.passed_over,
    }


def _statement(ask: Ask, currency: str) -> Statement:
    said = ask.said
    return Statement(
        reference=said["reference"],
        closes_on=said["closes_on"],
        opening=signed(said["opening"], currency),
        closing=signed(said["closing"], currency),
        entries=[
            Entry(**{**entry, "amount": signed(entry["amount"], currency)})
            for entry in said["entries"]
        ],
    )


def _currency(ask: Ask, act: Act, project_id: int) -> str:
    """Return what the project counts in; whoever may not act on it learns nothing of it."""
    return admit(ask.tx, ask.caller, act, project_id).currency
