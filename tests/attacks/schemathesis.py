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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import schemathesis
from schemathesis.engine import Status, events, from_schema
from schemathesis.python import wsgi
from werkzeug.test import Client

from disburse.storage import embedded
from disburse.storage.engine import connect
from disburse.storage.migrate import migrate
from tests.attacks.callers import callers
from tests.attacks.filled import Filled
from tests.conftest import HASTE, KEYCHAIN, TODAY

DESCRIPTION = "/v1/openapi.json"
PHASES = ("coverage", "fuzzing", "stateful")  # there are no examples in the description
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

# What is missing below a new project is its special account, and 404 says exactly that.
EXPECTED = {
    (f"GET /v1/projects/{{project_id}}/{name}", "ensure_resource_availability")
    for name in ("balance", "reconciliation")
}


@schemathesis.check
def what_is_described_is_not_called_malformed(ctx, response, case):
    """The own refusals of a route answer 422 too, so the status alone does not tell."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code < 400:
        return
    code = response.content.partition(b'"/problems/')[2].partition(b'"')[0].decode()
    assert code not in MALFORMED, f"{code}: {response.text[:400]}"


class InProcess(Client):
    """Schemathesis 4.32.5 hands its probes settings of a network, which nothing here has."""

    def open(self, *given, max_redirects=None, verify=None, cert=None, proxies=None, **more):
        return super().open(*given, **more)


@dataclass
class Findings:
    """What was asked and what was wrong."""

    requests: Counter = field(default_factory=Counter)  # by (operation, phase)
    statuses: dict[str, Counter] = field(default_factory=dict)  # by operation, its own method only
    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    scenarios: int = 0

    def note(self, event):
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            self.found.setdefault((event.label, "error"), []).append(str(event.value))
        if not isinstance(event, events.ScenarioFinished):
            return
        self.scenarios += 1
        for case_id, made in event.recorder.interactions.items():
            case = event.recorder.cases[case_id].value
            label = case.operation.label
            self.requests[label, event.phase.value] += 1
            if made.response is not None and case.method.upper() == label.split()[0]:
                self.statuses.setdefault(label, Counter())[made.response.status_code] += 1
            for check in event.recorder.checks.get(case_id, ()):
                if check.status is Status.FAILURE and (label, check.name) not in EXPECTED:
                    told = self.found.setdefault((label, check.name), [])
                    told.append(_story(check, made))

    @property
    def operations(self):
        return len({label for label, _ in self.requests})

    def fewest(self, phase):
        """Return the operation that was asked least in a phase, and how often."""
        counts = {label: n for (label, one), n in self.requests.items() if one == phase}
        return min(counts.items(), key=lambda pair: pair[1], default=("", 0))

    def unreached(self):
        """Return the operations that never once did what they are for."""
        return sorted(k for k, v in self.statuses.items() if not any(200 <= s < 300 for s in v))


def _story(check, made):
    info, response = check.failure_info, made.response
    answer = f"{response.status_code} {response.content[:400]!r}" if response else "no answer"
    return f"{info.failure.title}: {info.failure.message}\n{info.code_sample}\n{answer}"


def attack(filled, *, examples, seed=1, phases=PHASES, only="", told=lambda _: None):
    """Attack a filled site; return the findings."""
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "cache": {"enabled": False},  # every run starts knowing nothing
            "generation": {
                "max-examples": examples,
                "database": "none",
                "no-shrink": True,
                "with-security-parameters": False,  # callers bring theirs
            },
            "phases": {
                name: {"enabled": name in phases}
                for name in ("examples", "coverage", "fuzzing", "stateful")
            },
            # Whether well-formed data fit the books is the route's to say: see the check above.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "4xx"]}},
            **_places(filled),
        }
    )
    with _in_process():
        schema = schemathesis.openapi.from_wsgi(DESCRIPTION, filled.site.app, config=config)
        schema.auth(refresh_interval=None)(callers(filled))
        findings = Findings()
        for event in from_schema(schema.include(path_regex=only) if only else schema).execute():
            findings.note(event)
            told(event)
    return findings


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


def _table(findings):
    yield f"{'operation':<72}{'coverage':>9}{'fuzzing':>8}{'stateful':>9}  answers"
    for label in sorted(findings.statuses):
        asked = [findings.requests[label, phase] for phase in PHASES]
        answers = ", ".join(f"{k}: {v}" for k, v in sorted(findings.statuses[label].items()))
        yield f"{label:<72}{asked[0]:>9}{asked[1]:>8}{asked[2]:>9}  {answers}"
    for (label, check), told in sorted(findings.found.items()):
        yield f"\nFOUND {label}: {check}, {len(told)} times; the first:\n{told[0]}"
    label, fewest = findings.fewest("fuzzing")
    yield f"\nnever did what they are for: {', '.join(findings.unreached()) or 'none'}"
    yield f"fewest examples of fuzzing: {fewest} ({label})"
    yield (
        f"{findings.operations} operations, {sum(findings.requests.values())} requests, "
        f"{len(findings.found)} findings"
    )


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.schemathesis")
    parser.description = __doc__
    parser.add_argument("--only", default="", metavar="REGEX", help="paths to attack; all without")
    parser.add_argument("--examples", type=int, default=50, help="for each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default=",".join(PHASES))
    asked = parser.parse_args()
    done = Counter()

    def told(event):
        if isinstance(event, events.ScenarioFinished):
            done[event.phase.value] += 1
            print(f"\r{event.phase.value}: {done[event.phase.value]} scenarios ",
                  end="", file=sys.stderr, flush=True)  # fmt: skip

    with tempfile.TemporaryDirectory(prefix="schemathesis-") as folder:
        place = Path(folder) / "postgres"
        server = embedded.ensure(place, options=HASTE)
        try:
            url = embedded.create_database(server, "attacked")
            migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
            begin = connect(url, KEYCHAIN)
            findings = attack(
                Filled.of(begin), examples=asked.examples, seed=asked.seed,
                phases=asked.phases.split(","), only=asked.only, told=told,
            )  # fmt: skip
            begin.dispose()
        finally:
            embedded.stop(place)
    print("", *_table(findings), sep="\n")
    sys.exit(bool(findings.found))


if __name__ == "__main__":
    main()
