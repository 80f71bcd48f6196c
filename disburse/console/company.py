"""The way to the company's own sign-in page and back."""

from __future__ import annotations

from flask import Blueprint, Response, request

from disburse.console.look import Look, field
from disburse.console.sign_in import onward
from disburse.domain.refusal import Refusal
from disburse.entrance.company import BACK, finish, start


def add(routes: Blueprint, look: Look) -> None:
    """Add the pages; without a provider in the settings they refuse."""
    entrance = look.entrance
    cookies = entrance.cookies

    @routes.get("/company")
    def company() -> Response:
        try:
            visit = start(entrance, entrance.visitor(request), request)
        except Refusal as refusal:
            return look.page("sign_in", refusal=refusal, login="")
        response = onward(visit.address)
        cookies.give(response, cookies.visit, visit.secret, until=visit.until)
        return response

    @routes.post("/invitation/company")
    def invitation_company() -> Response:
        visitor = entrance.visitor(request, browser=True)
        try:
            visit = start(entrance, visitor, request, invitation=field("invitation"))
        except Refusal as refusal:
            return look.page("invitation", refusal=refusal)
        # A link, because a form of ours may be sent to nobody else.
        response = look.page("company", address=visit.address)
        cookies.give(response, cookies.visit, visit.secret, until=visit.until)
        return response

    @routes.get(BACK)
    def company_back() -> Response:
        secret = cookies.read(request, cookies.visit)
        try:
            opened, known, _ = finish(
                entrance,
                entrance.arrived(request),
                request,
                secret=secret,
                state=request.args.get("state", ""),
                code=request.args.get("code", ""),
            )
        except Refusal as refusal:
            return look.page("sign_in", refusal=refusal, login="")
        response = onward("/account")
        cookies.take(response, cookies.visit)
        cookies.give(response, cookies.session, opened.token, until=opened.expires_at)
        cookies.give(response, cookies.known, known.token, until=known.expires_at)
        return response
