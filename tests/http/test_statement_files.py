"""A bank's statements in its own format go where their JSON form goes."""

from __future__ import annotations

from sqlalchemy import text

from tests.adapters.statements import camt053

BYTES = "application/octet-stream"
PATH = "statements"


def test_bytes_that_are_no_statement_are_refused_whatever_the_banks_adapter(site):
    got = site.post(PATH, "bank_operator", data=b"01,x/", content_type=BYTES)
    assert (got.status_code, got.json["type"]) == (422, "/problems/unreadable-statement")


def test_a_body_that_is_neither_json_nor_bytes_is_refused(site):
    got = site.post(PATH, "bank_operator", data=b"<x/>", content_type="application/xml")
    assert (got.status_code, got.json["type"]) == (415, "/problems/unsupported-media-type")


def test_a_banks_own_file_is_booked_once_under_its_key(site):
    with site.world.begin() as tx:
        tx.execute(text("UPDATE bank_connection SET adapter = 'iso20022'"))
        number = tx.scalar(text("SELECT number FROM special_account ORDER BY id LIMIT 1"))
    content = camt053(opening="0.00", entries=[("650.00", "")], account=number)
    told = site.post(PATH, "bank_operator", data=content, content_type=BYTES, key="statement-1")
    assert told.status_code == 201, told.json
    assert (told.json["statements"], told.json["not_booked"], told.json["passed_over"]) == (1, 0, 0)
    assert [one["kind"] for one in told.json["entries"]] == ["book_unknown_credit"]
    again = site.post(PATH, "bank_operator", data=content, content_type=BYTES, key="statement-1")
    assert again.json == told.json
    twice = site.post(PATH, "bank_operator", data=content, content_type=BYTES)
    assert (twice.status_code, twice.json["type"]) == (409, "/problems/duplicate-statement")
    short = site.post(PATH, "bank_operator", data=content[:-20], content_type=BYTES)
    assert (short.status_code, short.json["type"]) == (422, "/problems/unreadable-statement")
