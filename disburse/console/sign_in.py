"""The pages by which people come in: password, second factor, and the factor once more."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, Response, redirect, request

from disburse.console.look import Look, field
from disburse.domain.refusal import Refusal
from disburse.entrance import Visitor, forged

_OWN_PATH: Final = re.compile(r"/[a-z_]{0,40}(/[a-z_]{1,40})?", re.ASCII)


def add(routes: Blueprint, look: Look) -> None:
    """Add the pages."""
    entrance = look.entrance

    @routes.get("/sign_in")
    def sign_in_page() -> Response:
        return look.page("sign_in", login="")

    @routes.post("/sign_in")
    def sign_in() -> Response:
        visitor = entrance.visitor(request, browser=True)
        login = field("login")
        try:
            opened = entrance.sign_in(
                visitor, login=login, password=request.form.get("password", "")
            )
        except Refusal as refusal:
            return look.page("sign_in", refusal=refusal, login=login)
        response = onward("/second_factor")
        entrance.cookies.give(
            response, entrance.cookies.session, opened.token, until=opened.expires_at
        )
        return response

    @routes.get("/second_factor")
    def second_factor_page() -> Response:
        return look.page("second_factor")

    @routes.post("/second_factor")
    def second_factor() -> Response:
        return _prove(look, _visitor(look), "second_factor", "/account")

    @routes.get("/prove")
    def prove_page() -> Response:
        return look.page("prove", then=own_path(request.args.get("then", "")))

    @routes.post("/prove")
    def prove() -> Response:
        return _prove(look, _visitor(look), "prove", own_path(request.form.get("then", "")))


def _visitor(look: Look) -> Visitor:
    visitor = look.entrance.visitor(request, browser=True)
    forged.require_token(request, visitor.session, public_url=look.entrance.public_url)
    return visitor


def _prove(look: Look, visitor: Visitor, page: str, then: str) -> Response:
    try:
        opened, known, _ = look.entrance.prove(visitor, code=field("code", 20))
    except Refusal as refusal:
        return look.page(page, refusal=refusal, then=then)
    response = onward(then)
    cookies = look.entrance.cookies
    cookies.give(response, cookies.session, opened.token, until=opened.expires_at)
    cookies.give(response, cookies.known, known.token, until=known.expires_at)
    return response


def onward(path: str) -> Response:
    """Send the browser on, by a question and not by repeating the form."""
    return redirect(path, 303, Response)  # type: ignore[return-value]  # it is that class


def own_path(said: str) -> str:
    """Return a page of ours to go on to; another site is none."""
    return said if _OWN_PATH.fullmatch(said) else "/account"
