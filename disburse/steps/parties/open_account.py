"""A special account at a bank becomes known, with the format that its bank takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain import particulars
from disburse.domain.access import Act, Caller, OrganisationKind
from disburse.domain.particulars import BadParticulars
from disburse.door import by, enter
from disburse.storage import acts, ledger, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import SpecialAccount

UNASSIGNED = 0  # the ledger row for what no single project can be told for


def open_account(
    tx: Transaction,
    *,
    caller: Caller,
    banks: Mapping[str, Adapter],
    bank: str,
    adapter: str,
    currency: str,
    number: str,
    holder: str,
    bank_code: str = "",
    bank_name: str = "",
    statements: bool = False,
    now: datetime,
) -> SpecialAccount:
    """Store the account, or raise `BadParticulars`, `NoSuchParty` or `PartyTaken`.

    `bank` is the bank's registration number, `adapter` the name of an enabled adapter;
    `statements` says whether its statements are booked here.
    """
    enter(tx, caller, Act.OPEN_ACCOUNT)
    keeper = parties.organisation(tx, particulars.registration(bank))
    if keeper.kind is not OrganisationKind.BANK:
        raise BadParticulars(f"{keeper.registration} is a {keeper.kind}, not a bank", field="bank")
    if adapter not in banks:
        raise BadParticulars(
            f"adapter {adapter[:60]!r} is not enabled; enabled: {', '.join(banks)}", field="adapter"
        )
    if particulars.currency(currency) not in banks[adapter].capabilities.currencies:
        raise BadParticulars(f"{adapter} carries no {currency}", field="currency")
    values = {
        "connection_id": parties.add_connection(tx, bank_id=keeper.id, adapter=adapter),
        "holder": particulars.text("holder", holder),
        "number": particulars.account_number(number),
        "bank_code": particulars.text("bank_code", bank_code, limit=20, empty=True),
        "bank_name": particulars.text("bank_name", bank_name, empty=True),
        "currency": currency,
        "statements": statements,
    }
    account_id = parties.add_account(tx, values)
    ledger.open_row(tx, project_id=UNASSIGNED, account_id=account_id)
    acts.record(
        tx,
        Act.OPEN_ACCOUNT,
        by=by(caller, now),
        subject="account",
        subject_id=account_id,
        facts={"bank": keeper.registration, "adapter": adapter, "currency": currency},
    )
    return parties.account(tx, account_id)
