"""What many lives did, in figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from disburse.simulator.find import Found
from disburse.simulator.lives import Lived

# Counted beside the acts, and told apart from them.
CHECKS: Final = ("payments compared", "whole checks", "healing rounds")
OUTCOMES: Final = ("killed", "a sender stalled")
COUNTED: Final = ("acts", "refused", "faults", "checks")
REFUSED: Final = "refused: "


@dataclass(slots=True)
class Account:
    """The sum of lives."""

    lives: int = 0
    steps: int = 0
    payments: int = 0  # at the bank
    checks: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)  # the bank's, and our own deaths
    found: Found | None = None

    def add(self, lived: Lived) -> None:
        """Count one life."""
        self.lives += 1
        self.steps += lived.steps
        self.payments += lived.payments
        self.checks["steps followed by a check"] += lived.steps
        self.faults.update({f"bank: {name}": count for name, count in lived.answers.items()})
        for name, count in lived.did.items():
            if name in CHECKS:
                self.checks[name] += count
            elif name in OUTCOMES:
                self.faults[name] += count
            elif name.startswith(REFUSED):
                self.refused[name.removeprefix(REFUSED)] += count
            else:
                self.acts[name] += count
        self.found = self.found or lived.found

    def told(self) -> dict[str, Any]:
        """Return it as JSON tells it."""
        counted = {name: dict(sorted(getattr(self, name).items())) for name in COUNTED}
        found = asdict(self.found) if self.found else None
        return {"ok": found is None, "lives": self.lives, "steps": self.steps,
                "payments": self.payments, **counted, "found": found}  # fmt: skip
