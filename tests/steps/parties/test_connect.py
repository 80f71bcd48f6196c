"""Who lets the files of a bank connection travel, and when not."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from disburse.domain.lifecycle.edges import WrongState
from disburse.queries import connections
from disburse.steps.bank.claim import claim
from disburse.steps.parties.connect import connect
from disburse.storage.parties import NoSuchParty
from disburse.transports import BadTransport
from tests.builders import ADAPTER
from tests.http.site import Site
from tests.sheets import a_credit_code

BANK = a_credit_code(4)


def by(world, transport, settings=None, **more):
    facts = {"bank": BANK, "adapter": ADAPTER, "transport": transport, "settings": settings or {}}
    with world.begin() as tx:
        return connect(tx, caller=world.caller("administrator"), now=world.now, **facts | more)


def folders(tmp_path):
    return {"outbox": str(tmp_path / "out"), "inbox": str(tmp_path / "in")}


def test_a_connection_is_told_and_changed_and_given_back_to_people(world, tmp_path):
    assert by(world, "directory", folders(tmp_path)).kind == "directory"
    assert by(world, "directory", folders(tmp_path), answer_hours=5).answer_hours == 5
    with world.begin() as tx:
        [told] = connections.connections(tx, world.caller("administrator"))
    assert (told.transport, told.can) == ("directory", ("submits", "repeats", "collects"))
    assert by(world, "by_hand").kind is None
    with world.begin() as tx:
        [told] = connections.connections(tx, world.caller("administrator"))
        acts = tx.scalar(text("SELECT count(*) FROM act WHERE act = 'connect'"))
    assert (told.transport, told.can, acts) == ("by_hand", (), 3)


def test_what_cannot_be_used_is_not_stored(world, tmp_path):
    with pytest.raises(BadTransport):
        by(world, "directory", {"outbox": "relative"})
    with pytest.raises(BadTransport):
        by(world, "directory", folders(tmp_path), answer_hours=0)
    with pytest.raises(NoSuchParty):
        by(world, "directory", folders(tmp_path), adapter="iso20022")


def test_while_released_files_wait_their_transport_stays(world, tmp_path):
    by(world, "directory", folders(tmp_path))
    _, [file] = world.exported()
    shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
    world.do(claim, "releaser", file_id=file.id, **shown)
    with pytest.raises(WrongState):
        by(world, "by_hand")
    by(world, "directory", folders(tmp_path) | {"outbox": "/elsewhere"})


def test_over_http(world, tmp_path):
    site = Site(world)
    asked = {"bank": BANK, "adapter": ADAPTER, "transport": "directory",
             "settings": folders(tmp_path)}  # fmt: skip
    answer = site.post("/v1/connections", "administrator", json=asked)
    assert (answer.status_code, answer.json["transport"]) == (200, "directory")
    rows = site.get("/v1/connections", "administrator").json["rows"]
    assert rows == [answer.json]
