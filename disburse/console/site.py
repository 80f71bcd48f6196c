"""Puts the pages together; a refusal that no page expects is told on a page of its own."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from disburse.console import account, company, invitation, lendings, people, sign_in
from disburse.console.look import POLICY, Look
from disburse.domain.access import ProofNeeded
from disburse.domain.refusal import Refusal
from disburse.entrance import Entrance


def blueprint(entrance: Entrance) -> Blueprint:
    """Make the pages."""
    routes = Blueprint("console", __name__, static_folder="static", static_url_path="/static")
    look = Look(entrance)
    for page in (sign_in, company, invitation, account, lendings, people):
        page.add(routes, look)

    @routes.get("/")
    def home() -> Response:
        return redirect("/account")  # type: ignore[return-value]  # werkzeug's Response

    @routes.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Response:
        if isinstance(refusal, ProofNeeded):
            return redirect(f"/prove?then={request.path}", 303)  # type: ignore[return-value]
        return look.page("refused", refusal=refusal)

    @routes.after_request
    def _closed(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        # So that the browser says with every form that it is ours; to others it says nothing.
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint == "console.static":
            response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    return routes
