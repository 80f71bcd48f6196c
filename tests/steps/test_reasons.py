"""What people type stays readable for years: it has nobody's number in it, by whichever path."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module

import pytest
from sqlalchemy import text

from disburse import signing, steps
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.domain.particulars import BadParticulars
from disburse.steps.bank.resolve import resolve
from disburse.steps.money.explain import explain
from disburse.steps.payroll.set_aside import set_aside
from disburse.steps.payroll.withdraw import withdraw
from tests.builders import a_key
from tests.http.site import Site
from tests.sheets import a_card, an_identity_number

TYPED = {"reason", "resolution"}
ACTS = "SELECT count(*) FROM act"
NUMBERS = [an_identity_number(7), a_card(7), "13912345678"]


def asked(world, query):
    with world.everything() as tx:
        return tx.scalar(text(query))


def steps_that_take_a_reason():
    for found in pkgutil.walk_packages(steps.__path__, f"{steps.__name__}."):
        if found.ispkg:
            continue
        module = import_module(found.name)
        step = getattr(module, found.name.rpartition(".")[2], None)
        if step and TYPED & inspect.signature(step).parameters.keys():
            yield module


def test_every_step_that_takes_a_reason_notes_it_where_it_is_looked_at():
    modules = list(steps_that_take_a_reason())
    assert len(modules) > 25
    for module in modules:
        source = inspect.getsource(module)
        looked_at = re.search(r'"(reason|resolution)": |nameless\(', source)
        assert looked_at, module.__name__


@pytest.mark.parametrize("number", NUMBERS)
def test_a_line_is_not_set_aside_for_a_reason_with_a_number_in_it(world, number):
    got = world.receive()
    before = asked(world, ACTS)
    sheet = {"sheet_id": got.sheet.id, "line": 1}
    with pytest.raises(BadParticulars) as refused:
        world.do(set_aside, "labour_officer", **sheet, reason=f"he has {number}")
    assert number not in str(refused.value)
    with world.everything() as tx:
        assert tx.scalar(text("SELECT count(*) FROM entitlement WHERE set_aside")) == 0
    assert asked(world, ACTS) == before
    world.do(set_aside, "labour_officer", **sheet, reason="not on the site since 2026-07-03")


def test_an_open_item_is_not_explained_by_somebodys_number(world):
    world.book((700, "", "somebody"))
    with world.everything() as tx:
        item = tx.scalar(text("SELECT id FROM open_item"))
    told = {"kind": "allocation", "amount": 700, "item_id": item}
    with pytest.raises(BadParticulars):
        world.do(explain, "labour_officer", **told, reason=f"from {a_card(7)}")
    assert asked(world, "SELECT count(*) FROM explanation") == 0


def test_an_anomaly_is_not_resolved_by_somebodys_number(world):
    world.book((700, "", "somebody"))
    with world.everything() as tx:
        number = tx.scalar(text("SELECT id FROM anomaly"))
    with pytest.raises(BadParticulars):
        world.do(resolve, "releaser", anomaly_id=number, resolution=f"is {NUMBERS[0]}'s")
    with world.everything() as tx:
        assert tx.scalar(text("SELECT resolution FROM anomaly")) is None


def test_a_signed_order_gives_no_such_reason_either(world):
    got = world.receive()
    order = write_withdrawal(Withdrawal(got.sheet.digest, f"he is {NUMBERS[0]}"))
    signed = signing.sign(order, a_key("subcontractor"), now=world.now)
    with pytest.raises(BadParticulars):
        world.do(withdraw, "signer", sheet_id=got.sheet.id, content=order, signature=signed)


def test_the_answer_names_the_field_and_repeats_nothing(world):
    got = world.receive()
    site = Site(world)
    said = {"line": 1, "reason": f"card {a_card(7)}"}
    path = f"/v1/projects/{world.project_id}/sheets/{got.sheet.id}/set_aside"
    answer = site.post(path, "labour_officer", json=said)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/bad-particulars"
    assert a_card(7) not in answer.get_data(as_text=True)
