"""A few of the requests of `python -m tests.attacks.schemathesis`, the same on every run."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from disburse.http import openapi
from tests.architecture.test_access import ROUTES
from tests.attacks.filled import Filled
from tests.attacks.schemathesis import attack

EXAMPLES = 4  # for each operation; the command takes 50


@pytest.fixture
def filled(begin):
    return Filled.of(begin)


def test_no_operation_breaks_its_description_and_none_fails(filled):
    findings = attack(filled, examples=EXAMPLES, phases=("fuzzing", "stateful"))

    assert findings.found == {}
    assert findings.operations == len(ROUTES) + len(openapi.DOORS)


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

    findings = attack(filled, examples=30, phases=("coverage", "fuzzing"), only=only)

    assert check in {name for _, name in findings.found}
