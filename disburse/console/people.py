"""The page for letting people in, by an invitation or half a recovery, and shutting them out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from disburse.console.account import signed_in
from disburse.console.look import Look, field
from disburse.domain.access import Act, require_proof
from disburse.domain.refusal import Refusal
from disburse.steps.people.confirm_recovery import confirm_recovery
from disburse.steps.people.disable_member import disable_member
from disburse.steps.people.enable_member import enable_member
from disburse.steps.people.invite import invite
from disburse.steps.people.recover import recover


def add(routes: Blueprint, look: Look) -> None:
    """Add the page."""
    entrance = look.entrance

    @routes.get("/people")
    def people_page() -> Response:
        require_proof(signed_in(), Act.INVITE)
        return _page(look)

    @routes.post("/people")
    def people() -> Response:
        login = field("login")
        try:
            return _page(look, made=_made(field("what"), login), login=login)
        except Refusal as refusal:
            return _page(look, refusal=refusal, login=login)

    def _made(what: str, login: str) -> tuple[str, str]:
        """Do one of the five; return which, and the code to hand over, or how many sessions end."""
        caller, now = signed_in(), entrance.now()
        with entrance.begin() as tx:
            if what == "recover":
                why = request.form.get("reason", "")
                return what, recover(tx, caller=caller, login=login, reason=why, now=now)
            if what == "confirm_recovery":
                return what, confirm_recovery(tx, caller=caller, login=login, now=now)
            if what in {"disable_member", "enable_member"}:
                why = request.form.get("reason", "")
                if what == "enable_member":
                    enable_member(tx, caller=caller, login=login, reason=why, now=now)
                    return what, ""
                ended = disable_member(tx, caller=caller, login=login, reason=why, now=now)
                return what, str(ended)
            return "invite", invite(tx, caller=caller, login=login, now=now).code


def _page(
    look: Look, *, made: tuple[str, str] = ("", ""), login: str = "", refusal: Refusal | None = None
) -> Response:
    lets_in = signed_in().may(Act.INVITE)
    link = f"{look.entrance.public_url or request.host_url.rstrip('/')}/invitation"
    return look.page("people", refusal=refusal, made=made, login=login, lets_in=lets_in, link=link)
