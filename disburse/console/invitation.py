"""The pages for whoever was invited or recovered: a code, then password and authenticator."""

from __future__ import annotations

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup

from disburse.console.look import Look, field
from disburse.console.sign_in import onward
from disburse.domain.refusal import Refusal
from disburse.entrance import Visitor
from disburse.steps.people.open_invitation import Opening


def add(routes: Blueprint, look: Look) -> None:
    """Add the pages. The code comes by a form, or in the fragment, which no server ever sees."""
    entrance = look.entrance

    @routes.get("/invitation")
    def invitation_page() -> Response:
        return look.page("invitation")

    @routes.post("/invitation")
    def invitation() -> Response:
        visitor = entrance.visitor(request, browser=True)
        try:
            return _enrolling(look, _open(look, visitor))
        except Refusal as refusal:
            return look.page("invitation", refusal=refusal)

    @routes.post("/invitation/accept")
    def invitation_accept() -> Response:
        visitor = entrance.visitor(request, browser=True)
        try:
            opened, known, _ = entrance.accept_invitation(
                visitor,
                code=field("invitation"),
                password=request.form.get("password", ""),
                totp_code=field("code", 20),
            )
        except Refusal as refusal:
            return _again(look, visitor, refusal)
        response = onward("/account")
        cookies = entrance.cookies
        cookies.give(response, cookies.session, opened.token, until=opened.expires_at)
        cookies.give(response, cookies.known, known.token, until=known.expires_at)
        return response


def _open(look: Look, visitor: Visitor) -> Opening:
    return look.entrance.open_invitation(visitor, code=field("invitation"))


def _again(look: Look, visitor: Visitor, refusal: Refusal) -> Response:
    """Show the form again, with the same secret; a code that opens nothing is asked for anew."""
    try:
        return _enrolling(look, _open(look, visitor), refusal)
    except Refusal:
        return look.page("invitation", refusal=refusal)


def _enrolling(look: Look, opening: Opening, refusal: Refusal | None = None) -> Response:
    secret = " ".join(opening.secret[at : at + 4] for at in range(0, len(opening.secret), 4))
    return look.page(
        "enrol",
        refusal=refusal,
        opening=opening,
        secret=secret,
        invitation=field("invitation"),
        picture=qr(opening.address),
    )


def qr(text: str) -> Markup:
    """Return a QR code as a drawing in the page; it needs no style and no file of its own."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=5, border=2, omitsize=True))  # noqa: S704  (segno's)
