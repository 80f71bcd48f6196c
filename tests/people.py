"""People who sign in: with a password, and an authenticator app of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pyotp

from disburse.factors import totp
from disburse.storage import at_rest, credentials
from tests.http.site import SWIFT, Site

PASSWORD = "seven grey bridges sing"
ORIGIN = "http://localhost"


def enrolled(world, name, password=PASSWORD):
    """Let a member of the world sign in; return the secret of the codes."""
    secret = totp.new_secret()
    with world.begin() as tx:
        credentials.put(
            tx,
            member_id=world.caller(name).member_id,
            password=SWIFT.hash(password),
            totp=at_rest.seal(tx, world.caller(name).member_id, secret),
            at=world.now,
        )
    return secret


@dataclass
class Person:
    """A member of the world at a browser of their own."""

    site: Site
    name: str
    secret: str = ""
    csrf: str = ""
    client: object = None
    _keys: object = field(default_factory=lambda: count(1))

    def __post_init__(self):
        self.secret = self.secret or enrolled(self.site.world, self.name)
        self.client = self.client or self.site.app.test_client()

    @property
    def login(self):
        world = self.site.world
        return next(
            login for login, caller in world.members.items()
            if "@" in login and caller == world.caller(self.name)
        )  # fmt: skip

    def code(self, steps=0):
        """Return what the authenticator shows now, or some steps later."""
        at = int(self.site.world.now.timestamp()) + 30 * steps
        return pyotp.TOTP(self.secret).at(at)

    def say(self, path, body, **headers):
        """Say something with a password or a code."""
        answer = self.client.post(path, json=body, headers={"X-CSRF-Token": self.csrf} | headers)
        self.csrf = (answer.json or {}).get("csrf", self.csrf)
        return answer

    def half(self, password=PASSWORD, login=None):
        return self.say("/v1/sign_in", {"login": login or self.login, "password": password})

    def prove(self, code=None):
        return self.say("/v1/session/prove", {"code": code or self.code()})

    def sign_in(self):
        answer = self.half()
        assert answer.status_code == 200, answer.text
        answer = self.prove()
        assert answer.status_code == 200, answer.text
        return self

    def get(self, path):
        return self.client.get(path)

    def post(self, path, body=None, *, key=None, csrf=None, **headers):
        every = {
            "Idempotency-Key": key or f"{self.name} {next(self._keys)}".replace(" ", "-"),
            "X-CSRF-Token": self.csrf if csrf is None else csrf,
        }
        return self.client.post(path, json=body, headers=every | headers)


def problem(answer):
    return answer.json["type"].removeprefix("/problems/")
