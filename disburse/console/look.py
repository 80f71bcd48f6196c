"""Writes a page: templates with everything escaped, headers that let nothing in from outside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from disburse.console import words
from disburse.domain.access import Caller, ProofNeeded
from disburse.domain.refusal import Refusal
from disburse.entrance import Entrance, forged

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
REMEMBERED_FOR: Final = timedelta(days=365)
_STATUS: Final = {
    "too-many-attempts": 429, "too-many-requests": 429, "forged-request": 403, "forbidden": 403,
}  # fmt: skip
REFUSED: Final = 422
# Where a form is sent to, there is no page to be read in another language; it is on this one.
_ANSWERS: Final = {
    "/company/back": "/sign_in",
    "/invitation/accept": "/invitation",
    "/invitation/company": "/invitation",
    "/account/end": "/account",
    "/account/leave": "/account",
    "/account/end_lending": "/account",
    "/account/stop_recovery": "/account",
    "/account/passkey/remove": "/account",
}


class Look:
    """What every page is written with."""

    def __init__(self, entrance: Entrance) -> None:
        self.entrance = entrance
        self._templates = Environment(
            loader=PackageLoader("disburse.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["moment"] = _moment

    def page(self, name: str, *, refusal: Refusal | None = None, **facts: object) -> Response:
        """Return a page; with a refusal it says so on top, and its status is that of a refusal.

        `ProofNeeded` is raised again: it leads to a page of its own, see `site`.
        """
        if isinstance(refusal, ProofNeeded):
            raise refusal
        language = words.chosen(request)
        said = words.words(language)
        text = self._templates.get_template(f"{name}.html").render(
            _=said,
            tag=words.TAGS[language],
            languages={one: named for one, named in words.LANGUAGES.items() if one != language},
            path=_ANSWERS.get(request.path, request.path),
            csrf=self._csrf(),
            caller=present(),
            company=self.entrance.company is not None,
            wrong=said.of(refusal) if refusal else "",
            **facts,
        )
        response = Response(text, content_type="text/html; charset=utf-8")
        if refusal is not None:
            response.status_code = _STATUS.get(refusal.code, REFUSED)
            if "seconds" in refusal.facts:
                response.headers["Retry-After"] = str(refusal.facts["seconds"])
        if request.args.get("lang") == language:
            response.set_cookie(
                words.COOKIE, language, max_age=REMEMBERED_FOR, path="/", httponly=True,
                secure=self.entrance.cookies.secure, samesite="Lax",
            )  # fmt: skip
        return response

    def _csrf(self) -> str:
        secret = self.entrance.cookies.read(request, self.entrance.cookies.session)
        return forged.token_of(secret) if secret else ""


def present() -> Caller | None:
    """Return who is signed in; None on the pages by which people come in."""
    found = g.get("caller")
    return found if isinstance(found, Caller) else None


def field(name: str, most: int = 200) -> str:
    """Return what was typed into a field: visible characters, and not too many."""
    typed = request.form.get(name, "")[:most]
    return "".join(one for one in typed if one.isprintable()).strip()


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
