"""Who calls what: people of every role in turn, mostly those who may, often with some sense."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count

from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from disburse.domain.access import ALLOWED, Act, Role
from disburse.entrance.forged import HEADER
from disburse.entrance.forged import token_of as csrf_of
from disburse.http.once import FOR_HEADER, KEY_HEADER
from tests.architecture.test_access import ROUTES
from tests.http.site import token_of

OTHERS_EVERY = 7  # cases, of which one comes from somebody who may not, in all likelihood
SENSE_EVERY = 4  # well-formed cases, of which the first says what is true on this site
OWN_ACCOUNT = frozenset(
    {Act.READ_SESSIONS, Act.END_SESSION, Act.SIGN_OUT, Act.CHANGE_PASSWORD, Act.ADD_PASSKEY,
     Act.REMOVE_PASSKEY, Act.STOP_RECOVERY}
)  # fmt: skip
ACTS = {
    (method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule)): act for (method, rule), act in ROUTES.items()
}


class Callers:
    """Gives each case somebody who asks; Schemathesis knows this as authentication."""

    filled = None  # Schemathesis makes the object, from a class of its own
    linked = frozenset()  # operations that a link leads to

    def __init__(self):
        self.asked = Counter()
        self.well_formed = Counter()
        self.keys = count(1)

    def get(self, case, context):
        where = (case.operation.method.upper(), case.operation.path)
        self.asked[where] += 1
        number, act = self.asked[where], ACTS.get(where)
        may = sorted(ALLOWED[act]) if act else []
        anybody = sorted(Role)
        who = anybody if not may or number % OTHERS_EVERY == 0 else may
        return act, number, who[number % len(who)]

    def set(self, case, data, context):
        act, number, who = data
        negated = case.meta is not None and case.meta.is_negative_at(ParameterLocation.HEADER)
        said = self.say(case, act, number) if self.makes_sense(case) else None
        if said is not None and said.cookies:
            case.cookies.update(said.cookies)
        elif act in OWN_ACCOUNT:
            secret = self.filled.session(who)
            case.cookies["disburse-session"] = secret
            case.headers[HEADER] = csrf_of(secret)
        else:  # at doors, too: a stranger is told of nothing there, not even of its methods
            name = said.who if said is not None and said.who else who
            case.headers["Authorization"] = f"Bearer {token_of(name)}"
        if KEY_HEADER in case.headers and not negated:
            case.headers[KEY_HEADER] = f"attack-{next(self.keys)}"

    def makes_sense(self, case):
        """Say whether to say the truth now; what follows from an answer before is left as it is."""
        if case.meta is not None and not case.meta.generation.mode.is_positive:
            return False
        label = case.operation.label
        if case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL:
            return label not in self.linked
        self.well_formed[label] += 1
        return self.well_formed[label] % SENSE_EVERY == 1

    def say(self, case, act, number):
        """Say something that makes sense here, instead of what was made up."""
        said = self.filled.says(case.operation.label, act, number)
        if said is None:
            return None
        here = case.path_parameters
        here.update({name: value for name, value in said.places.items() if name in here})
        case.headers.pop(FOR_HEADER, None)
        case.headers.update(said.headers)
        if said.body is not None:
            case.body = said.body
            case.media_type = said.media_type
        if isinstance(said.body, bytes):  # signed as they are: no form of JSON judges bytes
            case._record_starting_state()
        return said


def callers(filled, linked):
    """Return the class for a site."""
    return type("CallersHere", (Callers,), {"filled": filled, "linked": linked})
