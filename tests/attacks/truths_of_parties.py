"""Who and what is set up: accounts of people and of money, keys, projects, webhooks."""

from __future__ import annotations

from disburse import signing
from disburse.domain.access import Role
from disburse.domain.signing_key import Algorithm, Purpose
from disburse.steps.privacy.hold import hold
from disburse.steps.privacy.lift_hold import lift_hold
from tests.architecture.test_access import BODIES, Act
from tests.attacks.truths import WHY, Known, Truths, of
from tests.builders import ADAPTER
from tests.sheets import a_credit_code

ADMIN = "administrator"
CONTRACTOR, BANK = a_credit_code(1), a_credit_code(4)
M = "POST /v1/members/{login}"
P = "POST /v1/projects/{project_id}"
W = "/v1/webhooks/{webhook_id}"


class PartyTruths(Truths):
    """Each of an organisation, an account or a project that is new."""

    def _organisation(self, kind="subcontractor"):
        """Return the registration of a new organisation."""
        body = {"kind": kind, "registration": a_credit_code(1_000 + self.filled.fresh())}
        return self.made("/v1/organisations", ADMIN, body | {"name": "New"})["registration"]

    def _member(self, registration=CONTRACTOR):
        """Return the login of a new account, a machine's."""
        body = {"registration": registration, "login": f"new-{self.filled.fresh()}", "name": "New"}
        return self.made("/v1/members", ADMIN, body)["login"]

    @of("POST /v1/organisations")
    def _add_organisation(self):
        code = a_credit_code(1_000 + self.filled.fresh())
        return Known(body={"kind": "owner", "registration": code, "name": "New"}, who=ADMIN)

    @of("POST /v1/members")
    def _add_member(self):
        body = {"registration": CONTRACTOR, "login": f"new-{self.filled.fresh()}", "name": "New"}
        return Known(body=body, who=ADMIN)

    @of(f"{M}/roles")
    def _grant(self):
        body = {"roles": [Role.FINANCE_VIEWER]}
        return Known(body=body, places={"login": self._member()}, who=ADMIN)

    @of(f"{M}/tokens")
    def _issue(self):
        return Known(
            body={"label": "a label", "days": 1}, places={"login": self._member()}, who=ADMIN
        )

    @of(f"{M}/tokens/revoke")
    def _revoke_token(self):
        login = self._member()
        self.made(f"/v1/members/{login}/tokens", ADMIN, {"label": "one", "days": 1})
        return Known(body={"label": "one"}, places={"login": login}, who=ADMIN)

    @of("POST /v1/confirmations")
    def _confirm(self):
        login = self._member()
        self.made(f"/v1/members/{login}/roles", ADMIN, {"roles": [Role.FINANCE_VIEWER]})
        known = {"people": [{"login": login, "roles": [Role.FINANCE_VIEWER]}]}
        return Known(body=known, who="inspector")

    # ------------------------------------------------------------ keys
    def _proven(self):
        """Return a new key of a new organisation, and the proof that it is held."""
        registration, key = self._organisation(), signing.generate(Algorithm.EDDSA)
        said = {"challenge": "from the administrator's randomness", "purpose": Purpose.SHEET}
        proof = signing.prove_possession(key, organisation=registration, now=self.world.now, **said)
        return said | {
            "registration": registration, "public_jwk": key.public.jwk, "proof": proof, "days": 9,
        }  # fmt: skip

    @of("POST /v1/keys")
    def _register_key(self):
        return Known(body=self._proven(), who=ADMIN)

    @of("POST /v1/keys/{kid}/revoke")
    def _revoke_key(self):
        said = self._proven()
        kid = self.made("/v1/keys", ADMIN, said)["kid"]
        body = WHY | {"registration": said["registration"], "compromised": True}
        return Known(body=body, places={"kid": kid}, who=ADMIN)

    def _proven_request_key(self, login):
        key = signing.generate(Algorithm.ES256)
        proof = signing.prove_request_key(key, login=login, now=self.world.now)
        return {"public_jwk": key.public.jwk, "proof": proof, "days": 9}

    @of(f"{M}/request_keys")
    def _register_request_key(self):
        login = self._member()
        return Known(body=self._proven_request_key(login), places={"login": login}, who=ADMIN)

    @of(f"{M}/request_keys/{{kid}}/revoke")
    def _revoke_request_key(self):
        login = self._member()
        said = self._proven_request_key(login)
        kid = self.made(f"/v1/members/{login}/request_keys", ADMIN, said)["kid"]
        return Known(body=WHY, places={"login": login, "kid": kid}, who=ADMIN)

    # ------------------------------------------------------------ accounts and projects
    def _account(self):
        number = f"10177{self.filled.fresh():08d}"
        return BODIES[Act.OPEN_ACCOUNT] | {"bank": BANK, "adapter": ADAPTER, "number": number}

    def _opened(self):
        return self.made("/v1/accounts", ADMIN, self._account())["id"]

    @of("POST /v1/accounts")
    def _open(self):
        return Known(body=self._account(), who=ADMIN)

    @of("POST /v1/accounts/{account_id}/freeze")
    def _freeze(self):
        return Known(body=WHY, places={"account_id": self._opened()}, who=ADMIN)

    @of("POST /v1/accounts/{account_id}/reopen")
    def _reopen(self):
        number = self._opened()
        self.made(f"/v1/accounts/{number}/freeze", ADMIN, WHY)
        return Known(body=WHY, places={"account_id": number}, who=ADMIN)

    @of("POST /v1/connections")
    def _connect(self):
        bank = {"bank": self._organisation("bank")}
        self.made("/v1/accounts", ADMIN, self._account() | bank)
        return Known(bank | {"adapter": ADAPTER, "transport": "by_hand"}, who=ADMIN)

    def _project(self, ends_on="2027-08-05"):
        return BODIES[Act.START_PROJECT] | {
            "code": f"P-{self.filled.fresh()}", "owner": a_credit_code(3), "region": "620200",
            "general_contractor": CONTRACTOR, "starts_on": "2019-03-01", "ends_on": ends_on,
        }  # fmt: skip

    def _started(self, **more):
        return self.made("/v1/projects", ADMIN, self._project(**more))["id"]

    @of("POST /v1/projects")
    def _start(self):
        return Known(body=self._project(), who=ADMIN)

    @of(f"{P}/parties")
    def _join(self):
        body = {
            "registration": self._organisation(), "delegation_digest": "0" * 64,
            "delegation_from": "2026-01-01",
        }  # fmt: skip
        return self.here(body, who=ADMIN)

    @of(f"{P}/account")
    def _use(self):
        body = {"account_id": self._opened()}
        return Known(body=body, places={"project_id": self._started()}, who=ADMIN)

    @of(f"{P}/shred")
    def _shred(self):
        return Known(
            body=WHY, places={"project_id": self._started(ends_on="2020-12-31")}, who=ADMIN
        )

    # ------------------------------------------------------------ holds and webhooks
    @of(f"{P}/holds/{{hold_id}}/lift")
    def _lift(self):
        number = self.world.do(hold, "inspector", **WHY)
        self.world.do(lift_hold, "labour_officer", hold_id=number, **WHY)
        return self.here(WHY, hold_id=number, who="supervisor")

    def _subscribed(self):
        return self.made("/v1/webhooks", "approver", {"url": "https://example.org/"})["id"]

    @of("POST /v1/webhooks")
    def _subscribe(self):
        return Known(body={"url": "https://example.org/"}, who="funder")

    @of(f"POST {W}/unsubscribe", f"POST {W}/renew")
    def _of_a_webhook(self):
        return Known(places={"webhook_id": self._subscribed()}, who="approver")

    @of(f"POST {W}/replay")
    def _replay(self):
        body = {"only_parked": True}
        return Known(body=body, places={"webhook_id": self._subscribed()}, who="approver")
