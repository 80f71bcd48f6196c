"""How fast one caller and one address may ask, and that the others never notice."""

from __future__ import annotations

from threading import Thread

import pytest

from disburse.app import create_app
from disburse.http.rates import ADDRESS, CALLER, SECOND, Buckets, Rate, Rates
from tests.http.site import PROXIES

SLOW = Rate(burst=3, each_second=2)
MUCH = Rate(burst=1_000, each_second=1_000)


class Clock:
    """Ticks that pass when a test says so."""

    def __init__(self):
        self.at = 10**15

    def __call__(self):
        return self.at

    def wait(self, seconds):
        self.at += int(seconds * SECOND)


@pytest.fixture
def clock():
    return Clock()


def served(site, clock, *, caller=MUCH, address=MUCH, proxies=()):
    """Return a client of the site's service with rates of its own."""
    world = site.world
    app = create_app(
        world.unbound, world.banks, lambda: world.now,
        rates=Rates(clock, caller=caller, address=address), proxies=proxies, ticks=clock,
    )  # fmt: skip
    return app.test_client()


def ask(client, site, who, **more):
    headers = site.headers(who) | more.pop("headers", {})
    return client.get(f"{site.project}/balance", headers=headers, **more)


def test_a_caller_who_asks_too_fast_waits_and_is_told_how_long(site, clock):
    client = served(site, clock, caller=SLOW)
    assert [ask(client, site, "viewer").status_code for _ in range(3)] == [200, 200, 200]

    refused = ask(client, site, "viewer")

    assert (refused.status_code, refused.json["type"]) == (429, "/problems/too-many-requests")
    assert refused.content_type == "application/problem+json"
    assert refused.headers["Retry-After"] == "1"
    assert ask(client, site, "funder").status_code == 200  # another caller, the same address
    clock.wait(1)
    assert [ask(client, site, "viewer").status_code for _ in range(3)] == [200, 200, 429]


def test_an_address_that_asks_too_fast_waits_before_anybody_looks_who_it_is(site, clock):
    client = served(site, clock, address=SLOW)
    there = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    statuses = [ask(client, site, None, **there).status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]
    assert ask(client, site, "viewer", **there).status_code == 429
    assert client.get("/v1/ready", **there).status_code == 429
    page = client.get("/sign_in", headers={"Accept-Language": "zh"}, **there)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "1")
    assert "请求过于频繁" in page.text
    elsewhere = {"environ_base": {"REMOTE_ADDR": "203.0.113.10"}}
    assert ask(client, site, "viewer", **elsewhere).status_code == 200


def test_whoever_is_refused_does_not_wait_longer_for_trying(site, clock):
    client = served(site, clock, caller=SLOW)
    assert [ask(client, site, "viewer").status_code for _ in range(9)].count(200) == 3

    clock.wait(0.5)

    assert ask(client, site, "viewer").status_code == 200


@pytest.mark.parametrize(("proxies", "last"), [((), 429), (PROXIES, 200)])
def test_what_a_request_says_of_its_address_counts_only_from_a_proxy_of_ours(
    site, clock, proxies, last
):
    client = served(site, clock, address=SLOW, proxies=proxies)

    for place in range(4):
        said = {"X-Forwarded-For": f"198.51.100.{place}"}
        answer = ask(client, site, "viewer", headers=said)

    assert answer.status_code == last


def test_the_sheets_of_two_hundred_subcontractors_pass_within_two_minutes(clock):
    bucket = Buckets(CALLER, clock)
    began = clock.at
    for _ in range(200 * 10):
        while seconds := bucket.take("a general contractor"):
            clock.wait(seconds)

    assert clock.at - began < 120 * SECOND
    assert ADDRESS.each_second > CALLER.each_second
    assert ADDRESS.burst > CALLER.burst


def test_a_bucket_gives_no_more_than_its_rate_whenever_one_asks(clock):
    bucket, given = Buckets(SLOW, clock), 0
    for step in range(1_000):
        given += not bucket.take("somebody")
        clock.wait(0.1 if step % 7 else 0)

    passed = (clock.at - 10**15) / SECOND
    assert given <= SLOW.burst + SLOW.each_second * passed
    assert given >= SLOW.each_second * passed


def test_however_many_addresses_there_are_memory_is_bounded(clock):
    buckets = Buckets(SLOW, clock, most=100)
    assert buckets.take("the first") == 0

    for number in range(1_000):
        buckets.take(number)

    assert len(buckets) == 100


def test_threads_at_the_same_moment_get_no_more_than_there_is(clock):
    bucket, given = Buckets(Rate(burst=500, each_second=1), clock), []

    def take():
        given.extend(not bucket.take("somebody") for _ in range(200))

    threads = [Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(given) == 500


def test_the_service_has_rates_unless_told_otherwise(site):
    """What a production start gets, without asking for it."""
    world = site.world
    clock = Clock()
    app = create_app(world.unbound, world.banks, lambda: world.now, ticks=clock)
    client = app.test_client()

    statuses = [client.get("/v1/health").status_code for _ in range(ADDRESS.burst + 1)]

    assert statuses.count(200) == ADDRESS.burst
    assert statuses[-1] == 429
