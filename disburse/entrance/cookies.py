"""The two cookies: which session it is, and that the browser was here before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Request, Response

SECRET_CHARACTERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Cookies:
    """Sets and reads the cookies.

    `secure` is right wherever TLS is spoken, and always in production: the browser then takes them
    over TLS only, from this very host and for all of it (`__Host-`, RFC 6265bis). Without it a
    developer's browser can use plain HTTP on the own machine.

    SameSite is Lax: a link in a colleague's message opens the page signed in, and nothing can be
    changed by following a link. Every change besides takes a token, see `forged`.
    """

    secure: bool
    now: Callable[[], datetime]

    @property
    def session(self) -> str:
        """Return the name of the session's cookie."""
        return self._name("session")

    @property
    def known(self) -> str:
        """Return the name of the cookie by which a browser is known again."""
        return self._name("known")

    @property
    def visit(self) -> str:
        """Return the name of the cookie of whoever is at the company's provider."""
        return self._name("visit")

    def read(self, asked: Request, name: str) -> str:
        """Return what the browser holds under a name, or ""."""
        found = asked.cookies.get(name, "")
        return found if len(found) <= SECRET_CHARACTERS_MAX else ""

    def give(self, response: Response, name: str, secret: str, *, until: datetime) -> None:
        """Let the browser hold a secret: no script of a page can read it.

        For how long is told as a length of time: its clock may be wrong.
        """
        lasts = until - self.now()
        response.set_cookie(
            name, secret, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def take(self, response: Response, name: str) -> None:
        """Let the browser forget it."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _name(self, what: str) -> str:
        return f"__Host-disburse-{what}" if self.secure else f"disburse-{what}"
