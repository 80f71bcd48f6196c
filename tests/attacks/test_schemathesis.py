"""A few of the requests of `python -m tests.attacks.schemathesis`, the same on every run."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest

from disburse.domain.access import ALLOWED
from disburse.http import openapi
from disburse.http.once import KEY_HEADER
from tests.architecture.test_access import ROUTES
from tests.attacks.callers import ACTS
from tests.attacks.filled import Filled
from tests.attacks.schemathesis import Plan, attack
from tests.attacks.truths import Known

EXAMPLES = 4  # for each operation; the command takes 50


@pytest.fixture
def filled(begin, tmp_path):
    return Filled.of(begin, tmp_path)


def test_every_operation_can_be_granted_by_what_is_true(filled):
    """A new route is not attacked in earnest before somebody wrote down what is true for it."""
    refused = {}
    for label, act in sorted(operations(filled.site).items()):
        answer = granted(filled, label, act)
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            refused[label] = f"{answer.status_code} {answer.text[:300]}"

    assert refused | filled.blocked == {}, (
        "write what is true for these into tests/attacks/truths_of_….py"
    )


def test_no_operation_breaks_its_description_and_none_fails(filled):
    findings = attack(filled, Plan(examples=EXAMPLES, phases=("fuzzing", "stateful")))

    assert findings.found == {}
    assert findings.operations == len(ROUTES) + len(openapi.DOORS)


def operations(site):
    paths = site.client.get("/v1/openapi.json").json["paths"]
    return {
        f"{method.upper()} {path}": ACTS.get((method.upper(), path))
        for path, here in paths.items() for method in here if method in {"get", "post"}
    }  # fmt: skip


def granted(filled, label, act):
    """Ask for an operation by what is true on the site."""
    said = filled.says(label, act, 1) or Known()
    method, path = label.split()
    known = {"project_id": filled.world.project_id, "reference": filled.references[0]}
    for name in re.findall(r"{(\w+)}", path):
        value = {**known, **said.places}.get(name, 1)
        path = path.replace(f"{{{name}}}", str(value))
    client = filled.site.app.test_client()
    for name, value in said.cookies.items():
        client.set_cookie(name, value)
    who = said.who or min(ALLOWED.get(act, ()), default=None)
    headers = {} if said.cookies else filled.site.headers(who)
    body = (
        said.body if isinstance(said.body, bytes | None) else filled.site.app.json.dumps(said.body)
    )
    return client.open(
        path, method=method, data=body, content_type=None if body is None else said.media_type,
        headers=headers | {KEY_HEADER: re.sub(r"\W", "-", label)} | dict(said.headers),
    )  # fmt: skip


def defect(*_, **__):
    raise ZeroDivisionError


def broken_code(patch):
    patch.setattr("disburse.http.watching.acts", defect)


def untold_status(patch):
    patch.delitem(openapi._REFUSED, HTTPStatus.NOT_FOUND)


def untold_form(patch):
    whole = openapi.describe

    def describe(*given, **more):
        document = whole(*given, **more)
        for parameter in document["paths"]["/v1/sheets"]["get"]["parameters"]:
            parameter["schema"].pop("pattern", None)
        return document

    patch.setattr(openapi, "describe", describe)


@pytest.mark.parametrize(
    ("damage", "only", "check"),
    [
        (broken_code, "/acts$", "not_a_server_error"),
        (untold_status, "project_id}/balance$", "status_code_conformance"),
        (untold_form, "v1/sheets$", "what_is_described_is_not_called_malformed"),
    ],
)
def test_it_finds_what_it_is_there_to_find(filled, monkeypatch, damage, only, check):
    damage(monkeypatch)

    findings = attack(filled, Plan(examples=30, phases=("coverage", "fuzzing"), only=only))

    assert check in {name for _, name in findings.found}
