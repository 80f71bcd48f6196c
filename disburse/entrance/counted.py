"""Attempts to come in: counted first, in a transaction that stays, and then judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Request

from disburse.domain import back_off
from disburse.domain.access import Act, Caller, require_proof
from disburse.door import own_session
from disburse.entrance import address, forged
from disburse.entrance.cookies import Cookies
from disburse.factors import passkey
from disburse.factors.company import Company
from disburse.factors.passkey import Place
from disburse.factors.password import Passwords
from disburse.steps.people.accept_invitation import accept_invitation
from disburse.steps.people.change_password import change_password
from disburse.steps.people.open_invitation import Opening, open_invitation
from disburse.steps.people.prove import NotSignedIn, prove
from disburse.steps.people.show_passkey import show_passkey
from disburse.steps.people.sign_in import sign_in
from disburse.storage import guessing, members, passkeys, sessions
from disburse.storage.engine import Begin, Transaction
from disburse.storage.sessions import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser or program at the entrance: where it is, what it calls itself and holds."""

    address: str
    browser: str
    session: str  # secrets of its cookies, or ""
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The way in for people; handed to the API and to the pages."""

    begin: Begin
    now: Callable[[], datetime]
    passwords: Passwords
    cookies: Cookies
    public_url: str = ""
    company: Company | None = None
    proxies: Sequence[address.Network] = ()  # ours, which say whom they speak for

    def visitor(self, asked: Request, *, browser: bool = False) -> Visitor:
        """Return who stands there, or raise `ForgedRequest` when another site sent them."""
        forged.require_own_origin(asked, public_url=self.public_url, browser=browser)
        return self._visitor(asked)

    def _visitor(self, asked: Request) -> Visitor:
        return Visitor(
            address=address.of(asked, self.proxies),
            browser=asked.headers.get("User-Agent", ""),
            session=self.cookies.read(asked, self.cookies.session),
            known=self.cookies.read(asked, self.cookies.known),
        )

    def sign_in(self, visitor: Visitor, *, login: str, password: str) -> Opened:
        """Begin half a session; raises `TooManyAttempts` before anything is looked at."""
        at = self.now()
        where = guessing.subject("address", visitor.address)
        with self.begin() as tx:
            who = guessing.subject("login", login)
            if visitor.known and sessions.knows_browser(tx, visitor.known, login=login, at=at):
                who = guessing.subject("browser", visitor.known)
            guessing.count(tx, where, back_off.ADDRESS, at=at)
            guessing.count(tx, who, back_off.ACCOUNT, at=at)
        with self.begin() as tx:
            opened = sign_in(
                tx, login=login, password=password, browser=visitor.browser,
                passwords=self.passwords, now=at,
            )  # fmt: skip
            guessing.forget(tx, who)
            guessing.take_back(tx, where)
        return opened

    def prove(self, visitor: Visitor, *, code: str) -> tuple[Opened, Opened, Caller]:
        """Show a code; returns the session, what the browser is known by again, and who it is."""
        at = self.now()
        with self.begin() as tx:
            held = sessions.hold(tx, visitor.session, at=at)
            if held is None:
                raise NotSignedIn("nobody is signed in here: sign in first")
            who = guessing.subject("factor", str(held.member_id))
            guessing.count(tx, who, back_off.SECOND_FACTOR, at=at)
        with self.begin() as tx:
            opened, caller = prove(tx, token=visitor.session, code=code, now=at)
            guessing.forget(tx, who)
            known = sessions.know_browser(tx, member_id=caller.member_id, at=at)
        return opened, known, caller

    def change_password(self, caller: Caller, *, password: str) -> tuple[int, Opened]:
        """Take another password; returns how many sessions ended, and what this browser is."""
        at = self.now()
        with self.begin() as tx:
            ended = change_password(
                tx, caller=caller, password=password, passwords=self.passwords, now=at
            )
            return ended, sessions.know_browser(tx, member_id=caller.member_id, at=at)

    def open_invitation(self, visitor: Visitor, *, code: str) -> Opening:
        """Return what an invitation shows to whoever has its code."""
        at = self.now()
        where = self._count_address(visitor)
        with self.begin() as tx:
            opening = open_invitation(tx, code=code, now=at)
            guessing.take_back(tx, where)
        return opening

    def accept_invitation(
        self, visitor: Visitor, *, code: str, password: str, totp_code: str
    ) -> tuple[Opened, Opened, Caller]:
        """Set password and second factor; returns as `prove` does."""
        at = self.now()
        where = self._count_address(visitor)
        with self.begin() as tx:
            opened, caller = accept_invitation(
                tx, code=code, password=password, totp_code=totp_code, browser=visitor.browser,
                passwords=self.passwords, now=at,
            )  # fmt: skip
            guessing.take_back(tx, where)
            return opened, sessions.know_browser(tx, member_id=caller.member_id, at=at), caller

    def place(self, asked: Request) -> Place:
        """Return the site that passkeys are for."""
        origin = self.public_url or asked.host_url.rstrip("/")
        return Place(host=urlsplit(origin).hostname or "", origin=origin)

    def ask_passkey(self, visitor: Visitor, asked: Request) -> Mapping[str, Any]:
        """Return a question that any passkey may answer."""
        where = self._count_address(visitor)
        challenge = passkey.new_challenge()
        with self.begin() as tx:
            passkeys.ask(tx, challenge, member_id=None, at=self.now())
            guessing.take_back(tx, where)
        return passkey.ask(self.place(asked), challenge)

    def show_passkey(
        self, visitor: Visitor, asked: Request, *, answer: Mapping[str, Any]
    ) -> tuple[Opened, Opened, Caller]:
        """Show a passkey; returns as `prove` does. Nobody can make its owner wait."""
        at = self.now()
        where = self._count_address(visitor)
        with self.begin() as tx:
            opened, caller = show_passkey(
                tx, token=visitor.session, answer=answer, place=self.place(asked),
                browser=visitor.browser, now=at,
            )  # fmt: skip
            guessing.take_back(tx, where)
            return opened, sessions.know_browser(tx, member_id=caller.member_id, at=at), caller

    def offer_passkey(self, caller: Caller, asked: Request) -> Mapping[str, Any]:
        """Return what the caller's browser needs to make a passkey."""
        own_session(caller)
        require_proof(caller, Act.ADD_PASSKEY)
        challenge = passkey.new_challenge()
        with self.begin() as tx:
            passkeys.ask(tx, challenge, member_id=caller.member_id, at=self.now())
            member = members.by_number(tx, caller.member_id)
            known = [one.credential for one in passkeys.of_member(tx, caller.member_id)]
        return passkey.offer(
            self.place(asked), login=member.login, name=member.name, member_id=member.id,
            challenge=challenge, known=known,
        )  # fmt: skip

    def arrived(self, asked: Request) -> Visitor:
        """Return who comes back from the company's provider, which is another site."""
        return self._visitor(asked)

    @contextmanager
    def counted(self, visitor: Visitor) -> Iterator[Transaction]:
        """Count an attempt from an address; in the transaction that is given it succeeds."""
        where = self._count_address(visitor)
        with self.begin() as tx:
            yield tx
            guessing.take_back(tx, where)

    def _count_address(self, visitor: Visitor) -> bytes:
        where = guessing.subject("address", visitor.address)
        with self.begin() as tx:
            guessing.count(tx, where, back_off.ADDRESS, at=self.now())
        return where
