"""The page of the own account: where I am signed in, another password, the way out."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from disburse.console.look import Look, field, present
from disburse.console.sign_in import onward
from disburse.domain.access import Act, Caller, require_proof
from disburse.domain.refusal import Refusal
from disburse.queries.lendings import own_lendings
from disburse.queries.sessions import own_sessions, whoami
from disburse.steps.people.end_session import end_session
from disburse.steps.people.remove_passkey import remove_passkey
from disburse.steps.people.sign_out import sign_out
from disburse.steps.people.stop_recovery import stop_recovery
from disburse.storage import passkeys

LABEL_MAX: Final = 40  # of what the browser calls itself; its owner may write another
DIGITS_MAX: Final = 18  # what the database's numbers surely reach


def signed_in() -> Caller:
    """Return who is signed in; only ever called behind the entrance."""
    caller = present()
    assert caller is not None  # noqa: S101  (the entrance sends everybody else to sign in)
    return caller


def number(name: str) -> int:
    """Return the number in a field of a form; 0, which is nobody's, when it is none."""
    typed = field(name, DIGITS_MAX)
    return int(typed) if typed.isdecimal() else 0


def add(routes: Blueprint, look: Look) -> None:
    """Add the pages."""
    entrance = look.entrance

    @routes.get("/account")
    def account() -> Response:
        caller, now = signed_in(), entrance.now()
        with entrance.begin() as tx:
            who, sessions = whoami(tx, caller, now=now), own_sessions(tx, caller, now=now)
            keys = passkeys.of_member(tx, caller.member_id)
            lent = own_lendings(tx, caller, now=now)
        return look.page(
            "account",
            lets_in=caller.may(Act.INVITE),
            who=who,
            sessions=sessions,
            passkeys=keys,
            lendings=lent,
            ends={one.id for one in lent if caller.may(Act.END_LENDING, one.project_id)},
        )

    @routes.get("/account/passkey")
    def passkey_page() -> Response:
        require_proof(signed_in(), Act.ADD_PASSKEY)
        return look.page("passkey", label=request.user_agent.string[:LABEL_MAX])

    @routes.post("/account/passkey/remove")
    def passkey_remove() -> Response:
        with entrance.begin() as tx:
            remove_passkey(tx, caller=signed_in(), passkey_id=number("passkey"), now=entrance.now())
        return onward("/account")

    @routes.post("/account/end")
    def account_end() -> Response:
        which = number("session")
        with entrance.begin() as tx:
            end_session(tx, caller=signed_in(), session_id=which, now=entrance.now())
        return onward("/account")

    @routes.post("/account/stop_recovery")
    def account_stop_recovery() -> Response:
        with entrance.begin() as tx:
            stop_recovery(tx, caller=signed_in(), now=entrance.now())
        return onward("/account")

    @routes.post("/account/leave")
    def account_leave() -> Response:
        with entrance.begin() as tx:
            sign_out(tx, caller=signed_in(), now=entrance.now())
        response = onward("/sign_in")
        entrance.cookies.take(response, entrance.cookies.session)
        return response

    @routes.get("/account/password")
    def password_page() -> Response:
        require_proof(signed_in(), Act.CHANGE_PASSWORD)
        return look.page("password")

    @routes.post("/account/password")
    def password() -> Response:
        try:
            _, known = entrance.change_password(
                signed_in(), password=request.form.get("password", "")
            )
        except Refusal as refusal:
            return look.page("password", refusal=refusal)
        response = onward("/account")
        cookies = entrance.cookies
        cookies.give(response, cookies.known, known.token, until=known.expires_at)
        return response
