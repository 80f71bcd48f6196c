"""People who sign in, show a second factor or a passkey, are let in, and lend their roles."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from disburse.domain.access import OrganisationKind, Role
from disburse.entrance.forged import HEADER
from disburse.steps.people.lend import lend
from tests.attacks.truths import WHY, Known, Truths, of
from tests.authenticator import Authenticator
from tests.http.test_invitations import HEAD, Newcomer
from tests.people import PASSWORD, Person

GC = OrganisationKind.GENERAL_CONTRACTOR
M = "POST /v1/members/{login}"
SESSION = "disburse-session"
L = "/v1/projects/{project_id}/lendings"


class PeopleTruths(Truths):
    """Each of somebody who was never here before, and from an address of their own."""

    def __init__(self, filled):
        super().__init__(filled)
        self._addresses = count(1)

    def _hired(self, *roles):
        """Return the name and the login of a new person of the contractor."""
        name = f"person {self.filled.fresh()}"
        with self.world.operating() as tx:
            self.world.add_member(tx, GC, *roles, name)
        return name, f"{name}@{GC}".replace(" ", "_")

    def _person(self, *roles):
        return Person(self.site, self._hired(*roles or (Role.FINANCE_VIEWER,))[0])

    def _as(self, person, body=None, **places):
        """Return a request in the browser of a person; wrong guesses of others do not count."""
        number = next(self._addresses)
        headers = {"X-Forwarded-For": f"10.7.{number // 250}.{1 + number % 250}"}
        if person.csrf:
            headers[HEADER] = person.csrf
        names = (SESSION, "disburse-known")
        held = {name: person.client.get_cookie(name) for name in names}
        cookies = {name: one.value for name, one in held.items() if one}
        return Known(body=body, places=places, headers=headers, cookies=cookies)

    @of("POST /v1/sign_in")
    def _sign_in(self):
        person = self._person()
        return self._as(person, {"login": person.login, "password": PASSWORD})

    @of("POST /v1/session/prove")
    def _prove(self):
        person = self._person()
        person.half()
        return self._as(person, {"code": person.code()})

    @of("GET /v1/session", "GET /v1/sessions", "POST /v1/session/sign_out")
    def _signed_in(self):
        return self._as(self._person().sign_in())

    @of("POST /v1/session/change_password")
    def _change_password(self):
        return self._as(self._person().sign_in(), {"password": "a bridge made of nine lamps"})

    @of("POST /v1/sessions/{session_id}/end")
    def _end_session(self):
        person = self._person().sign_in()
        [one] = person.get("/v1/sessions").json["rows"]
        return self._as(person, session_id=one["id"])

    @of("POST /v1/session/stop_recovery")
    def _stop_recovery(self):
        person = self._person().sign_in()
        self.made(f"/v1/members/{person.login}/recover", HEAD, WHY)
        return self._as(person)

    # ------------------------------------------------------------ letting in
    def _invited(self):
        name, login = self._hired()
        return Newcomer(self.site, name), self.made(f"/v1/members/{login}/invite", HEAD)["code"]

    @of("POST /v1/invitation/open")
    def _open(self):
        new, code = self._invited()
        return self._as(new, {"invitation": code})

    @of("POST /v1/invitation/accept")
    def _accept(self):
        new, code = self._invited()
        new.open(code)
        return self._as(new, {"invitation": code, "password": PASSWORD, "code": new.code()})

    @of(f"{M}/invite")
    def _invite(self):
        return Known(places={"login": self._hired()[1]}, who=HEAD)

    @of(f"{M}/recover", f"{M}/end_sessions", f"{M}/disable")
    def _of_somebody(self):
        return Known(body=WHY, places={"login": self._person().sign_in().login}, who=HEAD)

    @of(f"{M}/confirm_recovery")
    def _confirm_recovery(self):
        login = self._person().login
        self.made(f"/v1/members/{login}/recover", HEAD, WHY)
        return Known(places={"login": login}, who="releaser")

    @of(f"{M}/enable")
    def _enable(self):
        login = self._person().login
        self.made(f"/v1/members/{login}/disable", HEAD, WHY)
        return Known(body=WHY, places={"login": login}, who=HEAD)

    # ------------------------------------------------------------ passkeys
    def _offered(self):
        person = self._person().sign_in()
        return person, person.say("/v1/passkeys/offer", {}).json["options"]

    def _with_passkey(self):
        person, options = self._offered()
        device = Authenticator()
        made = person.post("/v1/passkeys", {"label": "x", "answer": device.make(options)})
        return person, device, made.json["id"]

    @of("POST /v1/passkeys/question")
    def _question(self):
        return self._as(self._person(), {})

    @of("POST /v1/passkeys/offer")
    def _offer(self):
        return self._as(self._person().sign_in(), {})

    @of("POST /v1/passkeys")
    def _add_passkey(self):
        person, options = self._offered()
        return self._as(person, {"label": "mine", "answer": Authenticator().make(options)})

    @of("GET /v1/passkeys")
    def _passkeys(self):
        return self._as(self._with_passkey()[0])

    @of("POST /v1/passkeys/show")
    def _show(self):
        person, device, _ = self._with_passkey()
        asked = person.say("/v1/passkeys/question", {}).json["options"]
        return self._as(person, {"answer": device.show(asked)})

    @of("POST /v1/passkeys/{passkey_id}/remove")
    def _remove(self):
        person, _, number = self._with_passkey()
        return self._as(person, passkey_id=number)

    # ------------------------------------------------------------ lending
    def _lending(self):
        last = self.world.now.date() + timedelta(days=1)
        return {"login": self._hired()[1], "role": Role.APPROVER, "ends_on": last}

    @of(f"GET {L}")
    def _lendings(self):
        return self.here(who="approver")

    @of(f"POST {L}")
    def _lend(self):
        said = self._lending()
        return self.here(said | {"ends_on": str(said["ends_on"])}, who="approver")

    @of(f"POST {L}/{{lending_id}}/end")
    def _end_lending(self):
        made = self.world.do(lend, "approver", **self._lending())
        return self.here(lending_id=getattr(made, "id", made), who="approver")
