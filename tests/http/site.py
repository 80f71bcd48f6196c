"""The web service on a real database, with a token for everybody in the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_network
from itertools import count

from disburse import signing
from disburse.app import create_app
from disburse.clock import ticks
from disburse.factors.password import Passwords
from disburse.http.rates import Rate, Rates
from disburse.storage import members, tenancy
from tests.builders import JSON, World, a_key
from tests.sheets import a_sheet_json, lines

PROJECTS = "/v1/projects"
SWIFT = Passwords(time_cost=1, memory_kib=8, lanes=1)  # the same algorithm, for impatient tests


PROXIES = (ip_network("127.0.0.0/8"),)  # as behind a proxy on this machine


def patient():
    """Return rates for tests, which are faster than people; see tests/http/test_rates.py."""
    much = Rate(burst=1_000_000, each_second=1_000)
    return Rates(ticks, caller=much, address=much)


@dataclass(slots=True)
class Site:
    """One project that is reached over HTTP only."""

    world: World
    client: object = None
    _numbers: object = field(default_factory=lambda: count(1))

    def __post_init__(self):
        app = create_app(
            self.world.unbound,
            self.world.banks,
            lambda: self.world.now,
            passwords=SWIFT,
            rates=patient(),
            proxies=PROXIES,
        )
        self.client = app.test_client()
        with self.world.begin() as tx:
            for name, caller in self.world.members.items():
                add_token(tx, self.world, name, caller)

    @property
    def app(self):
        return self.client.application

    @property
    def project(self):
        return f"{PROJECTS}/{self.world.project_id}"

    def get(self, path, who, **more):
        return self.client.get(self._path(path), headers=self.headers(who), **more)

    def post(self, path, who, *, key=None, headers=None, **more):
        """Ask for a change, under a new key unless one is given."""
        named = {"Idempotency-Key": key or f"request-{next(self._numbers)}"}
        every = self.headers(who) | named | (headers or {})
        return self.client.post(self._path(path), headers=every, **more)

    def submit(self, content=None, *, who="signer", key=None, signature=None, media_type=JSON):
        content = content or a_sheet_json(*lines(self.world.workers))
        signed = signature or signing.sign(content, a_key("subcontractor"), now=self.world.now)
        return self.post(
            "sheets",
            who,
            key=key,
            headers={"Disburse-Signature": signed},
            data=content,
            content_type=media_type,
        )

    def statement(self, *entries, opening="0.00", closing):
        """Book the bank's statement of (reference, amount, counterparty)."""
        told = [
            {"reference": reference, "amount": amount, "booked_on": "2026-08-05",
             "counterparty": counterparty}
            for reference, amount, counterparty in entries
        ]  # fmt: skip
        body = {"reference": f"S{next(self._numbers)}", "closes_on": "2026-08-05",
                "opening": opening, "closing": closing, "entries": told}  # fmt: skip
        return self.post("statements", "bank_operator", json=body)

    def headers(self, who):
        return {"Authorization": f"Bearer {token_of(who)}"} if who else {}

    def _path(self, path):
        return path if path.startswith("/") else f"{self.project}/{path}".rstrip("/")


def token_of(name):
    return f"a token of {name}"


def add_token(tx, world, name, caller):
    """Give an account a token that `token_of` names."""
    tenancy.stand_as_operator(tx)
    values = {
        "digest": sha256(token_of(name).encode()).digest(),
        "member_id": caller.member_id,
        "label": name,
        "created_at": world.now,
        "expires_at": world.now + timedelta(days=30),
    }
    members.add_token(tx, values)
