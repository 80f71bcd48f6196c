"""What sealing adds to receiving a sheet: `python -m tests.benchmarks.sealing`.

The same signed sheet is received again and again, in turn as it is and with nothing sealed, each
time taken back, so that both do the same work all the time. With nothing sealed a record is kept as
the JSON it is and bytes as they came, no key of a person or month is asked for, made or unwrapped,
and identity numbers and accounts are found by themselves instead of by keyed digests: all of what
sealing costs is counted, not the cipher alone.

Time is taken on the processor, ours and the database's for this connection, because a machine that
does other work has no clock to be trusted; the two of a pair come one right after the other, and
every other pair the other way round. Reads /proc, so it takes Linux. Ends with 1 when sealing adds
more than `SHARE_MAX` at the median.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from unittest.mock import patch

from sqlalchemy import text

from disburse import signing
from disburse.sealing import Key
from disburse.steps.payroll.receive import receive
from disburse.storage import embedded, seals, workers
from disburse.storage.engine import Transaction, connect
from disburse.storage.migrate import migrate
from tests.builders import JSON, World, a_key
from tests.conftest import KEYCHAIN
from tests.sheets import TODAY, a_sheet_json, lines

SHARE_MAX = 0.15
WARM_UP = 1  # pair: code, caches, the server's plans


class Open(Key):
    """A key that seals nothing."""

    def seal(self, content: bytes, place: bytes) -> bytes:
        return content

    def open(self, sealed: bytes, place: bytes) -> bytes:
        return sealed


KEY = Open(0, bytes(32))


def of_everybody(_tx: Transaction, _project_id: int, whose: Iterable[int]) -> dict[int, Key]:
    return dict.fromkeys(whose, KEY)


def turned_round(*words: str) -> bytes:
    """Return as many bytes as a digest has; on a sheet of people's no number follows another."""
    return "\x1f".join(words).encode()[:-33:-1].ljust(32)


@contextmanager
def nothing_sealed() -> Iterator[None]:
    """Keep everything as it is."""
    with (
        patch.object(seals, "of_persons", of_everybody),
        patch.object(seals, "numbered", of_everybody),
        patch.object(seals, "of_month", lambda *_: KEY),
        patch.object(workers.Index, "_digest", staticmethod(turned_round)),
    ):
        yield


@dataclass(frozen=True)
class Side:
    """One of the two: a site of its own, and how its sheets are kept."""

    name: str
    world: World
    kept: type[AbstractContextManager]

    def turn(self, content: bytes, signature: str) -> tuple[float, float]:
        """Receive the sheet and take it back; return seconds of our processor time and theirs."""
        gc.collect()
        with self.kept(), self.world.begin() as tx:
            ours, theirs = process_time(), server_time(tx)
            got = receive(
                tx,
                caller=self.world.caller("signer"),
                content=content,
                media_type=JSON,
                signature=signature,
                banks=self.world.banks,
                **self.world.here,
            )
            taken = process_time() - ours, server_time(tx) - theirs
            tx.rollback()
        assert not got.findings
        return taken


def server_time(tx: Transaction) -> float:
    """Return how many seconds the database has worked for this connection."""
    pid = tx.scalar(text("SELECT pg_backend_pid()"))
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 10**9


def open_sides(url: str, count: int) -> Iterator[Side]:
    """Set up a site with `count` workers for each side."""
    for name, kept in (("open", nothing_sealed), ("sealed", nullcontext)):
        own = embedded.create_database(url, name)
        migrate(embedded.as_role(own, embedded.MIGRATE), today=TODAY)
        with kept():
            world = World(connect(own, KEYCHAIN), workers=1)
            with world.begin() as tx:
                world.enrol(tx, lines(count))
        yield Side(name, world, kept)


def run(sides: list[Side], pairs: int, count: int) -> dict[str, list[tuple[float, float]]]:
    """Let both sides receive the sheet in turn; return what each turn took."""
    content = a_sheet_json(*lines(count))
    signature = signing.sign(content, a_key("subcontractor"), now=sides[0].world.now)
    taken: dict[str, list[tuple[float, float]]] = {side.name: [] for side in sides}
    for number in range(pairs + WARM_UP):
        for side in sides if number % 2 else sides[::-1]:
            once = side.turn(content, signature)
            if number >= WARM_UP:
                taken[side.name].append(once)
    return taken


def spread(values: list[float]) -> dict[str, float]:
    """Return the least, the median and the most."""
    return {
        "min": round(min(values), 3),
        "median": round(median(values), 3),
        "max": round(max(values), 3),
    }


def main() -> int:
    """Print the table; 1 when sealing adds too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sealing-") as folder:
        server = Path(folder) / "postgres"
        url = embedded.ensure(server)
        try:
            sides = list(open_sides(url, chosen.lines))
            taken = run(sides, chosen.pairs, chosen.lines)
            for side in sides:
                side.world.unbound.dispose()
        finally:
            embedded.stop(server)
    both = {name: [sum(once) for once in turns] for name, turns in taken.items()}
    shares = [sealed / plain - 1 for plain, sealed in zip(*both.values(), strict=True)]
    figures = {
        **{f"{name}, s of processor": spread(turns) for name, turns in both.items()},
        **{f"{name}, ours of it": spread([our for our, _ in taken[name]]) for name in taken},
        "sealing adds": spread(shares),
    }
    if chosen.json:
        print(json.dumps(figures, indent=1))
    else:
        print(f"{chosen.pairs} pairs, {chosen.lines} lines{'min':>16}{'median':>9}{'max':>9}")
        for name, one in figures.items():
            print(f"{name:<28}" + "".join(f"{figure:>9.3f}" for figure in one.values()))
    return 0 if median(shares) <= SHARE_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
