"""One life after the other, each with its own seed, counted."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from disburse.simulator.acts import (
    WEIGHTS,
    ask_again,
    bank_takes,
    bundle_again,
    bury,
    new_sheet,
    release,
    resolve_all,
    sign_again,
    state_account,
    work,
)
from disburse.simulator.bank import PAID, PENDING
from disburse.simulator.find import Find, Found
from disburse.simulator.life import Life, reads_statements
from disburse.simulator.town import Town
from disburse.simulator.truth import all_paid, check, check_all, check_booked

STEPS_OF_A_LIFE: Final = 500  # then a new one begins, so that a step costs the same for ever
FULL_EVERY: Final = 100
HEALING_ROUNDS_MAX: Final = 40
LONG: Final = timedelta(days=4)  # no first person's word holds longer
ROUND: Final = timedelta(hours=3)
ON_THE_WAY: Final = (resolve_all, release, ask_again, sign_again, bundle_again, release, work,
                     bank_takes, bury)  # fmt: skip

_ACTS: Final = list(WEIGHTS)
_WEIGHTS: Final = list(WEIGHTS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What happened in one life."""

    seed: int
    steps: int
    did: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    payments: int = 0  # at the bank
    found: Found | None = None


def live(
    town: Town, *, seed: int, steps: int, tell: Callable[[int], None] = lambda _: None
) -> Lived:
    """Live so many steps, then let the bank be healthy until everybody has the money."""
    with town.copy(statements=reads_statements(seed)) as (begin, loop), _hushed():
        return _lived(Life(town, begin, loop, seed), steps, tell)


def _lived(life: Life, steps: int, tell: Callable[[int], None]) -> Lived:
    number, found = 0, None
    try:
        new_sheet(life)
        for number in range(1, steps + 1):
            step(life)
            if number % FULL_EVERY == 0:
                check_all(life)
            tell(1)
        heal(life)
    except Exception as error:  # noqa: BLE001  (a defect is a find, too)
        found = _found(life, number, error)
    return Lived(
        seed=life.seed,
        steps=number,
        did=life.did,
        answers=life.bank.faults,
        payments=len(life.bank.result),
        found=found,
    )


def step(life: Life) -> None:
    """Let one thing happen, and check."""
    [act] = life.rng.choices(_ACTS, _WEIGHTS)
    name = act.__name__.replace("_", " ")
    life.did[name] += 1
    life.trying(name, act)
    check(life)


def heal(life: Life) -> None:
    """Let the bank be healthy again, and everything come to rest: everybody has the money."""
    life.trouble = False
    life.bank.recover()
    life.wait(LONG)
    for _ in range(HEALING_ROUNDS_MAX):
        life.did["healing rounds"] += 1
        for act in ON_THE_WAY:
            life.trying(act.__name__.replace("_", " "), act)
        for name in life.bank.having(PENDING):
            life.bank.happen(name, PAID)
        for _ in range(len(life.bank.untold)):
            life.bank.tell()
        state_account(life)
        life.wait(ROUND)
        check(life)
        if all_paid(life):
            check_all(life)
            check_booked(life)
            return
    left = {name: state for name, state in life.states().items() if state != PAID}
    raise Find(f"lost: not everybody was paid in the end; {left}")


def _found(life: Life, number: int, error: Exception) -> Found:
    what = str(error) if isinstance(error, Find) else f"defect: {type(error).__qualname__}"
    frames = traceback.extract_tb(error.__traceback__)
    return Found(
        seed=life.seed,
        step=number,
        healing=not life.trouble,
        what=what,
        acts=tuple(life.acts),
        trace=" < ".join(f"{one.filename}:{one.lineno}" for one in reversed(frames)),
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Let the program's logs rest meanwhile: deaths on purpose are no news."""
    logger = logging.getLogger("disburse")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def parts(seed: int, steps: int) -> list[tuple[int, int]]:
    """Return the seeds that so many steps take, each with its number of steps."""
    whole, rest = divmod(steps, STEPS_OF_A_LIFE)
    lengths = [STEPS_OF_A_LIFE] * whole + ([rest] if rest else [])
    return list(enumerate(lengths, start=seed))
