"""Whatever stands in a body or a query, the service answers with a refusal and not a crash."""

from __future__ import annotations

import json

import pytest

from disburse.domain.access import ALLOWED
from tests.architecture.test_access import BODIES, ROUTES, address

NASTY = (
    None, True, 0, -1, 2**63, 1.5, "", "\x00", "\ud800", "9" * 400, "=1+1", "2026-02-30", [], {},
    [None], [[]], {"": ""}, "null", "0.00", "999999999999999999.99", "\u202e", "١٢",
)  # fmt: skip


def variants(value):
    """Yield `value` with one part of it, at any depth, replaced by something nasty."""
    yield from NASTY
    if isinstance(value, dict):
        for name, part in value.items():
            for nasty in variants(part):
                yield value | {name: nasty}
    elif isinstance(value, list):
        for nasty in variants(value[0]) if value else ():
            yield [nasty]


@pytest.mark.parametrize("act", [act for act in BODIES if act in ROUTES.values()])
def test_no_body_crashes_the_service(site, act):
    who = min(ALLOWED[act])
    method, rule = next(route for route, named in ROUTES.items() if named is act)
    if method == "GET":
        method, rule = "POST", "/v1/payments/search"
    path = address(rule, site.world.project_id)

    crashed = []
    for body in variants(BODIES[act]):
        answer = site.post(path, who, data=json.dumps(body), content_type="application/json")
        if answer.status_code >= 500:
            crashed.append(body)

    assert crashed == []
