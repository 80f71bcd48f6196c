"""Attacks everything that the OpenAPI describes: `python -m tests.attacks.schemathesis`.

Schemathesis reads the description and asks each operation what it allows and what it forbids, then
one operation after the other with what the one before told. Callers are people of every role, on a
real database where every list has something in it. The same seed asks the same again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.python import wsgi
from werkzeug.test import Client

from disburse.storage import embedded
from disburse.storage.engine import connect
from disburse.storage.migrate import migrate
from tests.attacks.callers import callers
from tests.attacks.filled import Filled
from tests.attacks.findings import ALONE, PHASES, Findings, table
from tests.builders import World
from tests.conftest import HASTE, KEYCHAIN, TODAY
from tests.http.site import Site

DESCRIPTION = "/v1/openapi.json"
CHAINS_FOR_EACH = 2  # example that is asked for: so many chains, of so many steps
STEPS = 12
# Hypothesis ends a round of chains where the same steps had another answer: then another begins.
ROUNDS_MAX = 20
FOLLOWING_FOR_EACH = 12  # example that is asked for: so many requests of chains, if rounds last
CHAINS = ((), ("sheets", "files", "payments"))  # over everything, and along a sheet's way
NUMBERS = (
    "project_id", "sheet_id", "file_id", "line", "account_id", "declaration_id", "explanation_id",
    "anomaly_id", "hold_id", "webhook_id", "session_id", "passkey_id",
)  # fmt: skip
KNOWN_PLACES = 0.8  # of addresses lead somewhere; else all would end at "not found"
# What only says that the form was wrong; a description that allows the form is wrong then.
MALFORMED = (
    "bad-request", "idempotency-key-missing", "invalid-request", "method-not-allowed",
    "unsupported-media-type",
)  # fmt: skip


@schemathesis.check
def what_is_described_is_not_called_malformed(ctx, response, case):
    """The own refusals of a route answer 422 too, so the status alone does not tell."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code < 400:
        return
    code = response.content.partition(b'"/problems/')[2].partition(b'"')[0].decode()
    assert code not in MALFORMED, f"{code}: {response.text[:400]}"


class InProcess(Client):
    """Takes what Schemathesis 4.32.5 hands its probes: settings of a network, which is not here."""

    def open(self, *given, max_redirects=None, verify=None, cert=None, proxies=None, **more):
        return super().open(*given, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard to attack, and what."""

    examples: int  # of each operation and phase
    chains: int = 0  # of operations that follow from each other
    seed: int = 1
    phases: tuple[str, ...] = PHASES
    only: str = ""  # paths, as a regular expression
    tags: tuple[str, ...] = ()  # topics of the description; all without


def attack(filled, plan, *, told=lambda _: None):
    """Attack a filled site; return the findings."""
    config = schemathesis.Config.from_dict(
        {
            "seed": plan.seed,
            "continue-on-failure": True,
            "cache": {"enabled": False},  # every run starts knowing nothing
            "generation": {
                "max-examples": plan.examples,
                "database": "none",
                "no-shrink": True,
                "with-security-parameters": False,  # callers bring theirs
            },
            "phases": {
                name: {"enabled": name in plan.phases}
                for name in ("examples", "coverage", "fuzzing")
            }
            | {"stateful": _chains(plan)},
            # Whether well-formed data fit the books is the route's to say: see the check above.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "4xx"]}},
            **_places(filled),
        }
    )
    with _in_process():
        schema = schemathesis.openapi.from_wsgi(DESCRIPTION, filled.site.app, config=config)
        schema.auth(refresh_interval=None)(callers(filled, _linked(schema.raw_schema)))
        if plan.only:
            schema = schema.include(path_regex=plan.only)
        if plan.tags:
            schema = schema.include(tag=list(plan.tags))
        findings = Findings()
        for event in from_schema(schema).execute():
            findings.note(event)
            told(event)
    findings.blocked |= filled.blocked
    return findings


def _chains(plan):
    generation = {"max-examples": plan.chains or plan.examples, "database": "none"}
    return {
        "enabled": "stateful" in plan.phases, "max-steps": STEPS,
        "generation": generation | {"no-shrink": True, "with-security-parameters": False},
    }  # fmt: skip


def _linked(document):
    """Return the operations that a link leads to: what an answer tells is said there, as it is."""
    every = {
        f"{method.upper()} {path}": one
        for path, here in document["paths"].items()
        for method, one in here.items() if isinstance(one, dict)
    }  # fmt: skip
    followed = {
        link["operationId"]
        for one in every.values() for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    }  # fmt: skip
    return frozenset(label for label, one in every.items() if one["operationId"] in followed)


def _places(filled):
    known = {name: list(range(1, 7)) for name in NUMBERS} | {
        name: list(values) for name, values in filled.numbers().items()
    }
    return {
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {
            f"path.{name}": {"dictionary": name, "probability": KNOWN_PLACES} for name in known
        },
    }


@contextmanager
def _in_process():
    with mock.patch.object(wsgi, "get_client", InProcess):
        yield


@contextmanager
def _databases(folder):
    """Give a function that makes an empty database: what one topic breaks, blocks no other."""
    place = Path(folder) / "postgres"
    server = embedded.ensure(place, options=HASTE)
    try:
        template = embedded.create_database(server, "template_attacked")
        migrate(embedded.as_role(template, embedded.MIGRATE), today=TODAY)
        yield lambda name: embedded.create_database(server, f"of_{name}", "template_attacked")
    finally:
        embedded.stop(place)


def _plans(asked, tags):
    """Return by which plans to attack: topic by topic, then one chain after the other."""
    common = {"seed": asked.seed, "only": asked.only, "examples": asked.examples}
    phases = asked.phases.split(",")
    if "stateful" in phases:  # first, for they take the longest
        for topics in CHAINS:
            yield Plan(
                phases=("stateful",), chains=CHAINS_FOR_EACH * asked.examples, tags=topics, **common
            )
    if alone := tuple(name for name in phases if name in ALONE):
        yield from (Plan(tags=(tag,), phases=alone, **common) for tag in tags)


def _tags(database):
    begin = connect(database("nobody"), KEYCHAIN)
    paths = Site(World(begin)).client.get(DESCRIPTION).json["paths"]
    begin.dispose()
    operations = [one for here in paths.values() for one in here.values() if isinstance(one, dict)]
    return sorted({tag for one in operations for tag in one["tags"]})


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.schemathesis")
    parser.description = __doc__
    parser.add_argument("--only", default="", metavar="REGEX", help="paths to attack; all without")
    parser.add_argument("--topics", default="", help="tags of the description; all without")
    parser.add_argument("--examples", type=int, default=50, help="for each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--jobs", type=int, default=1, help="topics at the same time")
    asked = parser.parse_args()
    findings = Findings()
    made = tempfile.TemporaryDirectory(prefix="schemathesis-")
    with made as folder, _databases(folder) as database:
        tags = asked.topics.split(",") if asked.topics else _tags(database)
        with ProcessPoolExecutor(asked.jobs, get_context("spawn")) as jobs:
            begun = [
                jobs.submit(_attack_anew, folder, database(_name(plan)), plan)
                for plan in _plans(asked, tags)
            ]
            for one in begun:
                findings.add(one.result())
    print("", *table(findings), sep="\n")
    sys.exit(bool(findings.found or findings.unreached()))


def _name(plan):
    return "_".join([*plan.phases, *plan.tags])


def _attack_anew(folder, url, plan):
    """Attack a site of its own; return the findings."""
    place = Path(folder) / _name(plan)
    place.mkdir()
    begin = connect(url, KEYCHAIN)
    done = Counter()

    def told(event):
        if isinstance(event, events.ScenarioFinished):
            done[event.phase.value] += 1
            print(f"{_name(plan)}: {event.phase.value}, {done[event.phase.value]} scenarios",
                  file=sys.stderr, flush=True)  # fmt: skip

    filled = Filled.of(begin, place)
    findings = attack(filled, plan, told=told)
    for seed in range(plan.seed + 1, plan.seed + ROUNDS_MAX):
        if not plan.chains or findings.following() >= FOLLOWING_FOR_EACH * plan.examples:
            break
        findings.add(attack(filled, replace(plan, seed=seed), told=told))
    begin.dispose()
    return findings


if __name__ == "__main__":
    main()
