"""Who calls what: people of every role in turn, mostly those who may, often with some sense."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count

from schemathesis.core.parameters import ParameterLocation
from schemathesis.transport.serialization import Binary

from disburse.domain.access import ALLOWED, Act, Role
from disburse.entrance.forged import HEADER
from disburse.entrance.forged import token_of as csrf_of
from disburse.http.once import KEY_HEADER
from tests.architecture.test_access import ROUTES
from tests.http.site import token_of

OTHERS_EVERY = 6  # cases, of which one comes from somebody who may not, in all likelihood
SENSE_EVERY = 2  # well-formed cases, of which one says what is true on this site
OWN_ACCOUNT = frozenset(
    {Act.READ_SESSIONS, Act.END_SESSION, Act.SIGN_OUT, Act.CHANGE_PASSWORD, Act.ADD_PASSKEY,
     Act.REMOVE_PASSKEY}
)  # fmt: skip
ACTS = {
    (method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule)): act for (method, rule), act in ROUTES.items()
}


class Callers:
    """Gives each case somebody who asks; Schemathesis knows this as authentication."""

    filled = None  # Schemathesis makes the object, from a class of its own

    def __init__(self):
        self.asked = Counter()
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
        well_formed = case.meta is None or case.meta.generation.mode.is_positive
        if well_formed and number % SENSE_EVERY == 0:
            self.say(case, act, number)
        if act in OWN_ACCOUNT:
            secret = self.filled.session(who)
            case.cookies["disburse-session"] = secret
            case.headers[HEADER] = csrf_of(secret)
        else:
            case.headers["Authorization"] = f"Bearer {token_of(who)}"
        negated = case.meta is not None and case.meta.is_negative_at(ParameterLocation.HEADER)
        if KEY_HEADER in case.headers and not negated:
            case.headers[KEY_HEADER] = f"attack-{next(self.keys)}"

    def say(self, case, act, number):
        """Say something that makes sense here, instead of what was made up."""
        known = self.filled.known.get(act)
        if known is None:
            return
        if callable(known):
            known = known(number)
        here = case.path_parameters
        here.update({name: value for name, value in known.places.items() if name in here})
        case.headers.update(known.headers)
        if known.body is not None:
            body = known.body
            case.body = Binary(body) if isinstance(body, bytes) else body
            case.media_type = known.media_type


def callers(filled):
    """Return the class for a site."""
    return type("CallersHere", (Callers,), {"filled": filled})
