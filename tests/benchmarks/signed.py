"""What a signed request costs: `python -m tests.benchmarks.signed`.

Signs and verifies a request by itself, then lets requests through the whole entrance of the
service, on a server of its own with PostgreSQL's own safe settings: signature, key, account, nonce
kept and committed. The same requests with a plain token stand beside, and turns are taken, so that
a slow minute of the machine falls on both; our own processor time (without the server's) says what
other work on the machine did to the clock. Ends with 1 when the signed entrance takes more than
`ENTRANCE_MAX` at the 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter_ns, process_time_ns

from disburse import signing
from disburse.app import create_app
from disburse.storage import embedded
from disburse.storage.engine import connect
from disburse.storage.migrate import migrate
from tests.builders import World, a_request_key
from tests.conftest import KEYCHAIN
from tests.http.site import add_token, patient, token_of
from tests.sheets import TODAY

ENTRANCE_MAX = 3_000_000  # nanoseconds
WARM_UP = 30  # connections, caches, statements that the server has planned
URL = "http://localhost"
BODY = json.dumps({"amount": "1000.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"})


class Stopwatch:
    """Takes the time of each kind of turn, in nanoseconds, by the clock and on the processor."""

    def __init__(self) -> None:
        self.taken: dict[str, list[int]] = defaultdict(list)
        self.worked: dict[str, list[int]] = defaultdict(list)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        start, worked = perf_counter_ns(), process_time_ns()
        yield
        self.worked[name].append(process_time_ns() - worked)
        self.taken[name].append(perf_counter_ns() - start)

    def p95(self, name: str) -> float:
        return quantiles(self.taken[name][WARM_UP:], n=20)[-1]

    def figures(self) -> dict[str, dict[str, float]]:
        return {
            name: {
                "median_ms": round(median(taken[WARM_UP:]) / 10**6, 3),
                "p95_ms": round(self.p95(name) / 10**6, 3),
                "processor_ms": round(median(self.worked[name][WARM_UP:]) / 10**6, 3),
            }
            for name, taken in self.taken.items()
        }


def run(turns: int, world: World, watch: Stopwatch) -> None:
    """Let `turns` signed requests and as many with a token in, one by one in turn."""
    app = create_app(world.unbound, world.banks, lambda: world.now, rates=patient())
    key = a_request_key(world, "funder's machine", "funder")
    with world.begin() as tx:
        add_token(tx, world, "funder", world.caller("funder"))
    path = f"/v1/projects/{world.project_id}/declarations"
    plain = {"Content-Type": "application/json"}
    for number in range(turns + WARM_UP):
        world.now += timedelta(seconds=1)
        headers = plain | {"Idempotency-Key": f"request {number}"}
        message = signing.Message("POST", URL + path, headers)
        with watch.turn("sign"):
            more = signing.sign_request(
                message, BODY.encode(), key, nonce=f"nonce number {number:06}", now=world.now
            )
        signed = signing.Message("POST", URL + path, headers | dict(more))
        with watch.turn("verify"):
            claim = signing.read_claim(signed.headers)
            signing.verify_request(signed, BODY.encode, claim, key.public.jwk, at=world.now)
        shown = headers | {"Authorization": f"Bearer {token_of('funder')}"}
        for name, sent in (("entrance, signed", signed.headers), ("entrance, token", shown)):
            with app.test_request_context(path, method="POST", data=BODY, headers=sent):
                with watch.turn(name):
                    turned_away = app.preprocess_request()
                assert turned_away is None, turned_away.get_data()


def main() -> int:
    """Print the table; 1 when the signed entrance is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="signed-") as folder:
        server = Path(folder) / "postgres"
        url = embedded.create_database(embedded.ensure(server), "signed")
        try:
            migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
            begin = connect(url, KEYCHAIN)
            run(chosen.turns, World(begin, workers=1), watch)
            begin.dispose()
        finally:
            embedded.stop(server)
    figures = watch.figures()
    if chosen.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, one in figures.items():
            print(
                f"{name:<20}{one['median_ms']:>8} ms median {one['p95_ms']:>8} ms p95"
                f"{one['processor_ms']:>8} ms median on the processor"
            )
    return 0 if watch.p95("entrance, signed") <= ENTRANCE_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
