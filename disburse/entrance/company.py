"""People whom the company's OpenID provider vouches for: on the way there, and back."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Request

from disburse.domain.access import Caller
from disburse.entrance.counted import Entrance, Visitor
from disburse.factors.company import Company, CompanyRefused, state_of, vouched, way_to
from disburse.steps.people.link_company import link_company
from disburse.steps.people.sign_in_by_company import sign_in_by_company
from disburse.storage import company, invitations, sessions
from disburse.storage.sessions import TOKEN_BYTES, Opened

BACK: Final = "/company/back"


@dataclass(frozen=True, slots=True)
class Visit:
    """Where to send the person, and the secret that the browser holds meanwhile."""

    secret: str
    address: str
    until: datetime


def start(entrance: Entrance, visitor: Visitor, asked: Request, *, invitation: str = "") -> Visit:
    """Return the way to the provider, perhaps to accept an invitation with it; or raise."""
    here, at = _company(entrance), entrance.now()
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    address = way_to(here, secret, _back(entrance, asked))
    number = None
    with entrance.counted(visitor) as tx:
        if invitation:
            number = invitations.by_code(tx, invitation, at=at).id
        company.leave(tx, secret, invitation_id=number, at=at)
    return Visit(secret, address, at + company.BACK_WITHIN)


def finish(
    entrance: Entrance, visitor: Visitor, asked: Request, *, secret: str, state: str, code: str
) -> tuple[Opened, Opened, Caller]:
    """Take back whoever was sent there by `start` from this browser; each visit ends once."""
    here, at = _company(entrance), entrance.now()
    with entrance.begin() as tx:
        known, invitation_id = company.back(tx, secret, at=at)
    if not known or not hmac.compare_digest(state.encode(), state_of(secret).encode()):
        raise CompanyRefused("this answer belongs to no sign-in that began in this browser")
    whom = vouched(here, secret, _back(entrance, asked), code=code, now=at)
    with entrance.counted(visitor) as tx:
        if invitation_id is not None:
            opened, caller = link_company(
                tx, invitation_id=invitation_id, whom=whom, browser=visitor.browser, now=at
            )
        else:
            opened, caller = sign_in_by_company(
                tx, token=visitor.session, whom=whom, browser=visitor.browser, now=at
            )
        return opened, sessions.know_browser(tx, member_id=caller.member_id, at=at), caller


def _company(entrance: Entrance) -> Company:
    if entrance.company is None:
        raise CompanyRefused("no company's sign-in is connected here; use password and code")
    return entrance.company


def _back(entrance: Entrance, asked: Request) -> str:
    return entrance.place(asked).origin + BACK
