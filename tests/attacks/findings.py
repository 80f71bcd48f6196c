"""What Schemathesis asked, what was answered, and what was wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from schemathesis.engine import Status, events

ALONE = ("coverage", "fuzzing")  # phases that ask for one operation after the other
PHASES = (*ALONE, "stateful")  # there are no examples in the description

# What is missing below a new project is its special account, and 404 says exactly that.
EXPECTED = {
    (f"GET /v1/projects/{{project_id}}/{name}", "ensure_resource_availability")
    for name in ("balance", "reconciliation")
} | {
    # Nor is it the new key that is missing: it is the organisation that the body names.
    ("POST /v1/keys/{kid}/revoke", "ensure_resource_availability"),
    # Who goes on may be of another organisation than who began: to it there is no such webhook.
    ("POST /v1/webhooks/{webhook_id}/renew", "ensure_resource_availability"),
}


@dataclass
class Findings:
    """What was asked and what was wrong."""

    requests: Counter = field(default_factory=Counter)  # by (operation, phase)
    statuses: dict[str, Counter] = field(default_factory=dict)  # by operation, its own method only
    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)  # truths that could not be made any more
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

    def add(self, others):
        """Take over what another process found."""
        self.requests += others.requests
        for label, counts in others.statuses.items():
            self.statuses.setdefault(label, Counter()).update(counts)
        for what, told in others.found.items():
            self.found.setdefault(what, []).extend(told)
        self.blocked |= others.blocked
        self.scenarios += others.scenarios

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

    def following(self):
        """Return how many requests followed from an answer before, or began such a chain."""
        return sum(n for (_, phase), n in self.requests.items() if phase == "stateful")


def _story(check, made):
    info, response = check.failure_info, made.response
    answer = f"{response.status_code} {response.content[:400]!r}" if response else "no answer"
    return f"{info.failure.title}: {info.failure.message}\n{info.code_sample}\n{answer}"


def table(findings):
    yield f"{'operation':<72}{'coverage':>9}{'fuzzing':>8}{'stateful':>9}  answers"
    for label in sorted(findings.statuses):
        asked = [findings.requests[label, phase] for phase in PHASES]
        answers = ", ".join(f"{k}: {v}" for k, v in sorted(findings.statuses[label].items()))
        yield f"{label:<72}{asked[0]:>9}{asked[1]:>8}{asked[2]:>9}  {answers}"
    for label, refusal in sorted(findings.blocked.items()):
        yield f"in the end nothing true could be said any more to {label}: {refusal[:200]}"
    for (label, check), told in sorted(findings.found.items()):
        yield f"\nFOUND {label}: {check}, {len(told)} times; the first:\n{told[0]}"
    for label in findings.unreached():
        yield f"NEVER GRANTED {label}: write what is true for it into tests/attacks/truths_of_….py"
    label, fewest = findings.fewest("fuzzing")
    yield f"fewest examples of fuzzing: {fewest} ({label})"
    yield (
        f"{findings.operations} operations, {sum(findings.requests.values())} requests, "
        f"{findings.following()} of them in chains, {len(findings.unreached())} never granted, "
        f"{len(findings.found)} findings"
    )
