"""Simulates payday after payday: `python -m tests.simulator --seed 1 --steps 10000`.

Each life of an installation begins with an empty database and has a seed of its own, counted up
from the one given. A find ends the run and says which seed repeats it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from disburse.storage import embedded
from disburse.storage.engine import connect
from disburse.storage.migrate import migrate
from tests.conftest import HASTE, KEYCHAIN, TODAY
from tests.simulator.run import live

STEPS_OF_A_LIFE = 200


def lives(folder, *, seed, steps):
    """Return what was done in all; prints how far it is."""
    server = embedded.ensure(folder / "postgres", options=HASTE)
    url = embedded.create_database(server, "template_simulator")
    migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
    done = Counter()
    try:
        for number in range(-(-steps // STEPS_OF_A_LIFE)):
            url = embedded.create_database(server, f"life_{number}", "template_simulator")
            begin = connect(url, KEYCHAIN)
            place = folder / str(number)
            place.mkdir()
            count = min(STEPS_OF_A_LIFE, steps - number * STEPS_OF_A_LIFE)
            try:
                life = live(begin, place, seed=seed + number, steps=count)
            except AssertionError:
                print(f"\nFOUND: --seed {seed + number} --steps {count}")  # noqa: T201
                raise
            finally:
                begin.dispose()
                embedded.drop_database(url)
            done += life.did + Counter({f"answers: {k}": v for k, v in life.bank.faults.items()})
            done += Counter({"steps": count, "lives": 1, "full checks": life.full})
            done += Counter({"payments at the bank": len(life.bank.result)})
            share = 40 * done["steps"] // steps
            print(f"\r[{'#' * share:40}] {done['steps']} of {steps}", end="", file=sys.stderr)  # noqa: T201
    finally:
        embedded.stop(folder / "postgres")
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simulator-") as folder:
        done = lives(Path(folder), seed=chosen.seed, steps=chosen.steps)
    print()  # noqa: T201
    for name, count in sorted(done.items()):
        print(f"{name:<40}{count:>10}")  # noqa: T201


if __name__ == "__main__":
    main()
