"""Somebody who is not the operator says: I know this person, and this key is theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from disburse.domain.access import Act, Caller, Role
from disburse.domain.approval import require_other_person
from disburse.domain.refusal import Refusal
from disburse.door import by, confirmable
from disburse.storage import acts, confirmations
from disburse.storage.acts import By
from disburse.storage.confirmations import WaitingAccount, WaitingKey
from disburse.storage.engine import Transaction
from disburse.storage.keys import NoSuchKey
from disburse.storage.parties import NoSuchParty


class NothingWaits(Refusal):
    """The account has no such role that waits: somebody confirmed it, or nobody granted it."""

    code = "nothing-waits"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What counts from now on."""

    logins: Sequence[str]
    kids: Sequence[str]


def confirm(
    tx: Transaction,
    *,
    caller: Caller,
    people: Mapping[str, Collection[Role]],
    keys: Sequence[str],
    now: datetime,
) -> Confirmed:
    """Let roles of accounts (by login) and keys (by kid) count from now on: all, or none.

    The first word on an organisation's people and keys comes from another organisation: the general
    contractor's approver for a subcontractor, an authority that watches the site for everybody
    else. Then the own people can confirm each other, too. Nobody confirms what they are, granted or
    registered themselves. `people` names the roles that were shown, so that nothing which was added
    meanwhile goes along. Raises `NoSuchParty`, `NoSuchKey`, `NothingWaits` or `SamePerson`.
    """
    whose = confirmable(tx, caller, Act.CONFIRM)
    accounts = {one.login: one for one in confirmations.accounts(tx, whose)}
    found = {one.kid: one for one in confirmations.keys(tx, whose)}
    if unknown := sorted(people.keys() - accounts.keys()):
        raise NoSuchParty(f"no account waits for your word by the name of: {', '.join(unknown)}")
    if unknown := sorted(set(keys) - found.keys()):
        raise NoSuchKey(f"no key waits for your word by the id of: {', '.join(unknown)}")
    for login, roles in people.items():
        _confirm_roles(tx, accounts[login], roles, by(caller, now))
    for kid in keys:
        _confirm_key(tx, found[kid], by(caller, now))
    return Confirmed(tuple(people), tuple(keys))


def _confirm_roles(
    tx: Transaction, account: WaitingAccount, roles: Collection[Role], word: By
) -> None:
    if missing := sorted(set(roles) - set(account.roles)):
        raise NothingWaits(
            f"{account.login} has no waiting role {', '.join(missing)}; look again at what waits",
            roles=missing,
        )
    require_other_person(word.persons, account.person_id, *account.made_by)
    confirmations.confirm_roles(tx, member_id=account.member_id, roles=roles, by=word)
    acts.record(
        tx,
        Act.CONFIRM,
        by=word,
        subject="member",
        subject_id=account.member_id,
        facts={"roles": sorted(roles), "organisation": account.organisation},
    )


def _confirm_key(tx: Transaction, key: WaitingKey, word: By) -> None:
    require_other_person(word.persons, key.made_by, key.holder)
    confirmations.confirm_key(tx, key.kid, by=word)
    acts.record(
        tx,
        Act.CONFIRM,
        by=word,
        subject="key",
        subject_id=key.kid,
        facts={"purpose": key.purpose, "organisation": key.organisation},
    )
