"""Who may do what: acts and the roles that allow them. What is not here is denied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from disburse.domain.act import Act
from disburse.domain.refusal import Refusal
from disburse.domain.roles import (
    AUTHORITIES,
    CONFIRMED_BY,
    CONFIRMING,
    LENDABLE,
    ROLES,
    OrganisationKind,
    Role,
)
from disburse.domain.signed_in import FRESH_FOR, SignedIn

__all__ = [
    "ALLOWED", "AUTHORITIES", "CONFIRMED_BY", "CONFIRMING", "FRESH", "NEVER_FOR_ANOTHER", "ROLES",
    "Act", "Caller", "Forbidden", "OrganisationKind", "ProofNeeded", "Role", "StandsFor", "require",
    "require_proof",
]  # fmt: skip


class Forbidden(Refusal):
    """The caller's roles do not allow this."""

    code = "forbidden"


class ProofNeeded(Refusal):
    """The caller has to show the second factor anew before doing this."""

    code = "proof-needed"


_GC: Final = frozenset({Role.LABOUR_OFFICER, Role.APPROVER, Role.RELEASER, Role.FINANCE_VIEWER})
_WATCHING: Final = frozenset({Role.INSPECTOR, Role.SUPERVISOR})
_SUB: Final = frozenset({Role.PREPARER, Role.SIGNER})


_ANYBODY: Final = frozenset(Role)  # each for the own account only
_LETS_IN: Final = frozenset({Role.ADMINISTRATOR, Role.PEOPLE_ADMINISTRATOR})
_READERS: Final = _GC | _SUB | _WATCHING | {Role.FUNDER, Role.VIEWER}

ALLOWED: Final = {
    Act.SET_UP: {Role.ADMINISTRATOR},
    Act.FOUND: frozenset[Role](),  # before there is anybody to ask
    Act.ADD_ORGANISATION: {Role.ADMINISTRATOR},
    Act.ADD_MEMBER: {Role.ADMINISTRATOR},
    Act.GRANT_ROLES: {Role.ADMINISTRATOR},
    Act.ISSUE_TOKEN: {Role.ADMINISTRATOR},
    Act.REVOKE_TOKEN: {Role.ADMINISTRATOR},
    Act.REGISTER_REQUEST_KEY: {Role.ADMINISTRATOR},  # and, of the own account, whoever has one
    Act.REVOKE_REQUEST_KEY: {Role.ADMINISTRATOR},  # and of the own account
    Act.OPEN_ACCOUNT: {Role.ADMINISTRATOR},
    Act.FREEZE_ACCOUNT: {Role.ADMINISTRATOR},
    Act.REOPEN_ACCOUNT: {Role.ADMINISTRATOR},
    Act.START_PROJECT: {Role.ADMINISTRATOR},
    Act.JOIN_PROJECT: {Role.ADMINISTRATOR},
    Act.USE_ACCOUNT: {Role.ADMINISTRATOR},
    Act.CONNECT: {Role.ADMINISTRATOR},
    Act.REGISTER_KEY: {Role.ADMINISTRATOR, Role.SIGNER},  # a signer: the successor of a good one
    Act.KEEP_CALENDAR: {Role.ADMINISTRATOR},
    Act.REVOKE_KEY: {Role.ADMINISTRATOR, Role.SIGNER},
    Act.CONFIRM: CONFIRMING,
    Act.ENROL: {Role.LABOUR_OFFICER},
    Act.SUBSCRIBE: CONFIRMING,  # each for the own organisation
    Act.UNSUBSCRIBE: CONFIRMING,
    Act.RENEW: CONFIRMING,
    Act.REPLAY: CONFIRMING,
    Act.SIGN_IN: frozenset[Role](),  # whoever knows the password; nobody is a caller yet
    Act.PROVE: frozenset[Role](),  # whoever has the second factor
    Act.SIGN_OUT: _ANYBODY,
    Act.END_SESSION: _ANYBODY,
    Act.CHANGE_PASSWORD: _ANYBODY,
    Act.READ_SESSIONS: _ANYBODY,
    Act.INVITE: _LETS_IN,
    Act.OPEN_INVITATION: frozenset[Role](),  # whoever has the code
    Act.ACCEPT_INVITATION: frozenset[Role](),
    Act.RECOVER: _LETS_IN,
    Act.CONFIRM_RECOVERY: _ANYBODY,  # of the same organisation, but neither of the two others
    Act.STOP_RECOVERY: _ANYBODY,
    Act.END_SESSIONS: _LETS_IN,
    Act.DISABLE_MEMBER: _LETS_IN,  # of the own people only, also the operator's administrator
    Act.ENABLE_MEMBER: _LETS_IN,
    Act.ADD_PASSKEY: _ANYBODY,
    Act.REMOVE_PASSKEY: _ANYBODY,
    Act.SHOW_PASSKEY: frozenset[Role](),  # whoever has it
    Act.LINK_COMPANY: frozenset[Role](),  # whoever has an invitation's code
    Act.SIGN_IN_BY_COMPANY: frozenset[Role](),  # whom the company's provider vouches for
    Act.LEND: LENDABLE,  # each an own role, see `domain.lending`
    Act.END_LENDING: _ANYBODY,  # of what the own account lent, or was lent
    Act.RECEIVE: _SUB,
    Act.SET_ASIDE: {Role.LABOUR_OFFICER},
    Act.CLEAR: {Role.LABOUR_OFFICER},
    Act.REINSTATE: {Role.LABOUR_OFFICER},
    Act.REVIEW: {Role.LABOUR_OFFICER},
    Act.FUND: {Role.LABOUR_OFFICER, Role.APPROVER},
    Act.UNFUND: {Role.LABOUR_OFFICER, Role.APPROVER},
    Act.APPROVE: {Role.APPROVER},
    Act.REVOKE: {Role.APPROVER},
    Act.EXPORT: {Role.RELEASER},
    Act.CANCEL: {Role.RELEASER},
    Act.REJECT: {Role.LABOUR_OFFICER, Role.APPROVER},
    Act.WITHDRAW: {Role.SIGNER},
    Act.EXPIRE: frozenset[Role](),  # the clock's, through the worker loop; nobody asks for it
    Act.DECLARE: {Role.FUNDER, Role.LABOUR_OFFICER},
    Act.VOUCH: {Role.APPROVER},
    Act.RECALL: {Role.APPROVER},
    Act.BOOK: {Role.BANK_OPERATOR},
    Act.MISS_STATEMENT: frozenset[Role](),
    Act.EXPLAIN: {Role.LABOUR_OFFICER, Role.RELEASER},
    Act.ENDORSE: {Role.APPROVER},
    Act.DISMISS: {Role.LABOUR_OFFICER, Role.RELEASER, Role.APPROVER},
    Act.RETRACT: {Role.RELEASER, Role.APPROVER},
    Act.ASSIGN: {Role.RELEASER, Role.APPROVER},  # on every project of the account
    Act.CLAIM: {Role.RELEASER},
    Act.HAND_OVER: {Role.RELEASER},
    Act.DISPATCH: frozenset[Role](),  # the worker loop's: what people released is sent once
    Act.DELIVER: frozenset[Role](),
    Act.LOSE: frozenset[Role](),
    Act.MISS: frozenset[Role](),
    Act.FETCH: {Role.BANK_OPERATOR},
    Act.ACKNOWLEDGE: {Role.BANK_OPERATOR},
    Act.RETRANSMIT: {Role.RELEASER, Role.APPROVER},
    Act.NEVER: {Role.RELEASER, Role.APPROVER},
    Act.KEEP_DOCUMENT: {Role.RELEASER, Role.APPROVER},
    Act.TRANSCRIBE: {Role.RELEASER, Role.APPROVER},
    Act.TAKE_BACK: {Role.RELEASER, Role.APPROVER},  # the own word only
    Act.RESUME: {Role.RELEASER, Role.APPROVER},
    Act.INGEST: {Role.RELEASER, Role.BANK_OPERATOR},
    Act.REISSUE: {Role.LABOUR_OFFICER},
    Act.COUNTERSIGN: {Role.APPROVER},
    Act.DECLINE: {Role.LABOUR_OFFICER, Role.APPROVER},
    Act.CORRECT: {Role.RELEASER, Role.APPROVER},
    Act.CANCEL_FILE: {Role.RELEASER},
    Act.BUNDLE: {Role.RELEASER},
    Act.GIVE_UP: {Role.APPROVER},
    Act.RESOLVE: {Role.RELEASER, Role.APPROVER},
    Act.REVEAL: {Role.LABOUR_OFFICER, Role.INSPECTOR},  # who compares people with papers
    Act.HOLD: {Role.LABOUR_OFFICER} | _WATCHING,
    Act.LIFT_HOLD: {Role.LABOUR_OFFICER} | _WATCHING,
    Act.SHRED: {Role.ADMINISTRATOR},  # when law and everybody else let it
    Act.READ_CONNECTIONS: {Role.ADMINISTRATOR},
    Act.READ_CALENDARS: frozenset(Role),  # laws and notices: no secret of anybody
    Act.READ_PROJECT: _READERS | {Role.BANK_OPERATOR},
    Act.READ_SHEETS: _READERS,
    Act.READ_FILES: _GC | {Role.BANK_OPERATOR},
    Act.READ_CONTENT: {Role.RELEASER, Role.BANK_OPERATOR},  # accounts in full
    Act.READ_PAYOUTS: _READERS,
    Act.READ_BALANCE: _GC | _WATCHING | {Role.FUNDER, Role.VIEWER, Role.BANK_OPERATOR},
    Act.READ_ANOMALIES: _GC | _WATCHING,
    Act.READ_DOCUMENTS: {Role.RELEASER, Role.APPROVER},  # they may name people and accounts
    Act.READ_BOARD: _READERS | {Role.BANK_OPERATOR},  # of each thing what one may read elsewhere
    Act.READ_EVENTS: _READERS | {Role.BANK_OPERATOR},  # likewise
    Act.READ_WEBHOOKS: CONFIRMING,
    Act.READ_LENDINGS: _ANYBODY,  # of the own organisation
    Act.READ_WAITING: CONFIRMING | {Role.ADMINISTRATOR},
}


# What a person does with the second factor in hand: it attests, or lets money go, or people in,
# or lets personal data be seen in full, or end.
FRESH: Final = frozenset({
    Act.APPROVE, Act.COUNTERSIGN, Act.VOUCH, Act.CLAIM, Act.TRANSCRIBE,
    Act.LEND, Act.INVITE, Act.RECOVER, Act.CONFIRM_RECOVERY, Act.DISABLE_MEMBER, Act.ENABLE_MEMBER,
    Act.REVEAL, Act.LIFT_HOLD, Act.SHRED,
})  # fmt: skip


# What is done in the own name only, whatever role was lent: a say on people and keys, the lending
# itself (what was lent is not lent on), what the organisation is told, and the own account.
NEVER_FOR_ANOTHER: Final = {
    Act.CONFIRM, Act.LEND, Act.SUBSCRIBE, Act.UNSUBSCRIBE, Act.RENEW, Act.REPLAY,
    Act.READ_WEBHOOKS, Act.READ_WAITING,
} | {act for act, roles in ALLOWED.items() if roles == _ANYBODY}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StandsFor:
    """For whom a delegate acts: the account that lent it the role, and the person behind it."""

    member_id: int
    person_id: int
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: an account of one organisation, and the person behind it (None for a machine)."""

    member_id: int
    person_id: int | None
    organisation_id: int
    organisation_kind: OrganisationKind
    grants: frozenset[tuple[Role, int | None]]  # role, and the one project it is for (None: all)
    waiting: frozenset[tuple[Role, int | None]] = frozenset()  # not confirmed yet: worth nothing
    signed_in: SignedIn | None = None  # None: by a key, by a token, or from the operator's shell
    by_key: bool = False  # the request is signed
    stands_for: StandsFor | None = None  # `grants` are then what that account lent, and no others

    @property
    def persons(self) -> tuple[int, ...]:
        """Return who acts: nobody for a machine; a delegate and the lender are both counted."""
        own = () if self.person_id is None else (self.person_id,)
        return own if self.stands_for is None else (*own, self.stands_for.person_id)

    @property
    def proven(self) -> bool:
        """Say whether nobody but this person can be asking; a key on a disk is not a person."""
        if self.signed_in is not None:
            return self.signed_in.fresh
        return not self.by_key or self.person_id is None

    def roles_on(self, project_id: int | None) -> frozenset[Role]:
        """Return the caller's roles on one project; None asks for roles that need none."""
        return frozenset(role for role, only in self.grants if only in {None, project_id})

    def may(self, act: Act, project_id: int | None = None) -> bool:
        """Say whether the caller's roles on the project allow `act`."""
        if self.stands_for is not None and act in NEVER_FOR_ANOTHER:
            return False
        return not ALLOWED[act].isdisjoint(self.roles_on(project_id))


def require(caller: Caller, act: Act, project_id: int | None = None) -> None:
    """Raise `Forbidden` unless `caller` may do `act`, or `ProofNeeded`."""
    if not caller.may(act, project_id):
        wanted = ", ".join(sorted(ALLOWED[act])) or "nobody"
        told = f"{act} takes one of these roles: {wanted}"
        if waiting := sorted({role for role, _ in caller.waiting} & ALLOWED[act]):
            told += f"; you will be {', '.join(waiting)} once another organisation confirms it"
        raise Forbidden(told, needs=sorted(ALLOWED[act]))
    if act in FRESH:
        require_proof(caller, act)


def require_proof(caller: Caller, act: Act) -> None:
    """Raise `ProofNeeded` unless the person who asks has just shown the second factor."""
    if not caller.proven:
        minutes = FRESH_FOR // timedelta(minutes=1)
        raise ProofNeeded(
            f"{act} takes your second factor, shown within the last {minutes} minutes: sign in on "
            "the web page, or prove it again, and repeat this",
        )
