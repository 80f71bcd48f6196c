"""Asks as somebody, and brings a sheet to where there is something to ask about."""

from __future__ import annotations

from datetime import timedelta

from disburse.demo.bank import Word, read_order, write_answer
from disburse.queries import sheets
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import reissue
from disburse.storage.engine import read_only
from tests.sheets import lines

STRANGER = 9
NETS = [line.net for line in lines(9)]


def ask(world, query, who, **facts):
    """Read in a transaction that can write nothing, as a person of that role."""
    with read_only(world.begin)() as tx:
        return query(tx, world.caller(who), project_id=world.project_id, **facts)


def do(world, step, who, **facts):
    with world.begin() as tx:
        return step(tx, caller=world.caller(who), **world.here | facts)


def sheet_of(world, number, who="approver"):
    return ask(world, sheets.sheet, who, sheet_id=number, now=world.now)


def paid_in_part(world):
    """Return sheet, file and references: the first rejected, the second returned, six paid."""
    number, [file], [content] = world.sent()
    order = read_order(content)
    names = [one.reference for one in order.credits]
    words = {name: Word() for name in names} | {names[0]: Word("rejected", "AC04", "closed")}
    world.ingest(write_answer(order, words, on=world.now.date()))
    later = world.now.date() + timedelta(days=2)
    world.ingest(write_answer(order, {names[1]: Word("returned", "AC01")}, on=later))
    return number, file, names


def pay_again(world, reference):
    """Pay a payment that came back once more, to the same account; return the new reference."""
    asked = do(world, reissue, "labour_officer", reference=reference, reason="again",
               banks=world.banks)  # fmt: skip
    do(world, countersign, "approver", reference=asked.reference)
    [file] = do(world, bundle, "releaser", sheet_id=asked.sheet_id, banks=world.banks)
    order = read_order(world.give(file))
    world.ingest(write_answer(order, {asked.reference: Word()}, on=world.now.date()))
    return asked.reference
