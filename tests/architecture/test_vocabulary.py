"""One word for one thing: an act is a step, a route and what the history says."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from importlib.metadata import packages_distributions
from inspect import Parameter, signature
from pkgutil import iter_modules, walk_packages

import pytest

import adapters
import disburse
from disburse.domain.access import ALLOWED, Act
from disburse.domain.lifecycle.bank_file import Action as FileAction
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.refusal import Refusal
from disburse.http import problems
from tests.architecture.test_access import ROUTES

STEPS = {
    verb.name: f"disburse.steps.{topic.name}.{verb.name}"
    for topic in iter_modules(import_module("disburse.steps").__path__)
    for verb in iter_modules(import_module(f"disburse.steps.{topic.name}").__path__)
}
# Acts that no step stands for: reading, and setting up in bulk, which calls the steps.
NO_STEPS = {act for act in Act if act.startswith("read_")} | {Act.SET_UP}
# Routes of a collection: asking for the act makes a new thing, so the address names the thing.
NAMED_AFTER_THE_THING = {
    Act.ADD_ORGANISATION: "organisations",
    Act.ADD_MEMBER: "members",
    Act.ADD_PASSKEY: "passkeys",
    Act.GRANT_ROLES: "roles",
    Act.ISSUE_TOKEN: "tokens",
    Act.REGISTER_KEY: "keys",
    Act.REGISTER_REQUEST_KEY: "request_keys",
    Act.CONFIRM: "confirmations",
    Act.OPEN_ACCOUNT: "accounts",
    Act.CONNECT: "connections",
    Act.KEEP_CALENDAR: "calendars",
    Act.START_PROJECT: "projects",
    Act.JOIN_PROJECT: "parties",
    Act.USE_ACCOUNT: "account",
    Act.ENROL: "workers",
    Act.RECEIVE: "sheets",
    Act.DECLARE: "declarations",
    Act.BOOK: "statements",
    Act.EXPLAIN: "explanations",
    Act.INGEST: "reports",
    Act.KEEP_DOCUMENT: "documents",
    Act.HOLD: "holds",
    Act.LEND: "lendings",
    Act.SUBSCRIBE: "webhooks",
}
# What a request never meets: these speak to the person at the terminal.
AT_THE_TERMINAL = ("disburse.cli", "disburse.client", "disburse.demo", "disburse.kit")


def step_of(word):
    return getattr(import_module(STEPS[word]), word)


@pytest.mark.parametrize("action", Action)
def test_every_action_on_a_sheet_is_a_step(action):
    assert STEPS[action] == f"disburse.steps.payroll.{action}"
    taken = signature(step_of(action)).parameters
    assert {"tx", "caller", "project_id", "sheet_id", "now"} <= set(taken)


@pytest.mark.parametrize("act", sorted(set(Act) - NO_STEPS))
def test_every_act_is_a_step(act):
    assert act in STEPS


@pytest.mark.parametrize("word", sorted(STEPS))
def test_every_step_is_an_act_and_takes_its_facts_by_name(word):
    assert word in set(Act)
    first, *others = signature(step_of(word)).parameters.values()
    assert first.name == "tx"
    assert {other.kind for other in others} == {Parameter.KEYWORD_ONLY}
    assert others[-1].name == "now"


@pytest.mark.parametrize(
    "action", [FileAction.CLAIM, FileAction.HAND_OVER, FileAction.CANCEL, FileAction.LOSE]
)
def test_what_people_do_to_a_bank_file_is_called_as_the_act(action):
    assert action in set(Act)


@pytest.mark.parametrize("act", sorted(act for act in Act if ALLOWED[act] and act not in NO_STEPS))
def test_every_act_is_a_route_by_its_own_name(act):
    last = {rule.rpartition("/")[2] for (method, rule), of in ROUTES.items()
            if of is act and method == "POST"}  # fmt: skip
    wanted = NAMED_AFTER_THE_THING.get(act, str(act).partition("_")[0])
    assert last & {str(act), wanted}


def every_refusal():
    for package in (disburse, adapters):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith("disburse.storage.migrations."):
                import_module(module.name)  # so that its refusals are known
    pending = [Refusal]
    while pending:
        kinds = pending.pop().__subclasses__()
        pending += kinds
        yield from (kind for kind in kinds if kind.__module__.startswith(("disburse", "adapters")))


def test_every_refusal_has_a_code_of_its_own():
    kinds = list(every_refusal())
    assert len(kinds) > 40
    assert [kind for kind in kinds if "code" not in vars(kind)] == []
    assert [code for code, n in Counter(kind.code for kind in kinds).items() if n > 1] == []
    shape = re.compile(r"[a-z]+(-[a-z]+)*")
    assert [kind.code for kind in kinds if not shape.fullmatch(kind.code)] == []


def test_every_refusal_that_a_request_can_meet_has_a_status():
    told = {code for codes in problems.STATUS.values() for code in codes}
    met = (kind for kind in every_refusal() if not kind.__module__.startswith(AT_THE_TERMINAL))
    assert [kind for kind in met if kind.code not in told] == []


@pytest.mark.parametrize("name", ["disburse", "adapters"])
def test_no_other_distribution_claims_our_package_names(name):
    """There is an unrelated `adapters` on the index; installed beside ours, it would hide it."""
    assert set(packages_distributions().get(name, ["disburse"])) == {"disburse"}
