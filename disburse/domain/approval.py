"""What approvers attest: not "this sheet", but exactly these payments on these terms.

The canonical approval is JSON text with fixed member order. It names a root over every payable
line, so an export that would pay anybody else, anything else or anywhere else does not match. It
is signed by nobody's own key yet: an attestation by a signed-in person, never called a signature.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from disburse.domain.refusal import Refusal


class SamePerson(Refusal):
    """Maker and checker are one person; somebody else has to do this."""

    code = "same-person"


class ApprovalBroken(Refusal):
    """What would be paid is not what was approved."""

    code = "approval-broken"


@dataclass(frozen=True, slots=True)
class Payable:
    """One line as approvers see it."""

    line: int
    name: str
    account: str
    net: int  # minor units


@dataclass(frozen=True, slots=True)
class Root:
    """A digest over payable lines, with what they add up to."""

    digest: str  # hex SHA-256
    count: int
    total: int
    lines: str  # such as "1-4,6-120"


class GrowingRoot:
    """A root that is built up while its lines pass by on their way to something else."""

    def __init__(self, salt: bytes) -> None:
        """Begin with the sheet's own salt, so that nobody can guess accounts from the root."""
        self._digest = sha256(salt)
        self._total = 0
        self._numbers: list[int] = []

    def add(self, line: Payable) -> None:
        """Add the next line, in the sheet's order."""
        record = (line.line, line.name, line.account, line.net)
        self._digest.update(json.dumps(record, ensure_ascii=False).encode())
        self._digest.update(b"\n")
        self._total += line.net
        self._numbers.append(line.line)

    def root(self) -> Root:
        """Return the root of the lines so far."""
        numbers = self._numbers
        return Root(self._digest.hexdigest(), len(numbers), self._total, ranges(numbers))


def root_of(salt: bytes, lines: Iterable[Payable]) -> Root:
    """Digest `lines` in order under the sheet's own `salt`."""
    growing = GrowingRoot(salt)
    for line in lines:
        growing.add(line)
    return growing.root()


def ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as runs: 1, 2, 3, 5 → "1-3,5"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything that an approval fixes."""

    sheet_digest: str
    root: Root
    currency: str
    special_account: str
    pay_on: date
    policy_version: int
    needed: int  # how many approvers this amount takes
    approver: str
    acting_for: int | None = None  # the person whose role the approver was lent
    nonce: str
    expires_at: datetime


def canonical(terms: Terms) -> str:
    """Return the text that is attested; the same terms always give the same text."""
    members = {
        "disburse_approval": 1,
        "sheet": terms.sheet_digest,
        "lines": terms.root.lines,
        "count": terms.root.count,
        "total": terms.root.total,
        "root": terms.root.digest,
        "currency": terms.currency,
        "special_account": terms.special_account,
        "pay_on": terms.pay_on.isoformat(),
        "policy": terms.policy_version,
        "needed": terms.needed,
        "approver": terms.approver,
        **({} if terms.acting_for is None else {"acting_for": str(terms.acting_for)}),
        "nonce": terms.nonce,
        "expires_at": terms.expires_at.isoformat(),
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def require_other_person(persons: Collection[int], *earlier: int | None) -> None:
    """Raise `SamePerson` unless a human being acts, and nobody who acts is among `earlier`.

    `persons` are a caller's: the person, and whoever that person stands in for. `earlier` hold
    both likewise, so two of whom one stands in for the other are never taken for two.
    """
    if not persons:
        raise SamePerson("a machine client cannot check another's work; a person has to sign in")
    if not set(persons).isdisjoint(earlier):
        raise SamePerson(
            "you, or whom you stand in for, took part in an earlier step of this; another person "
            "has to do this one"
        )
