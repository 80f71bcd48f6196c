"""Limits, headers, caches: what every answer keeps to."""

from __future__ import annotations

import pytest

from disburse.app import create_app
from disburse.http.guard import BODY_BYTES_MAX
from disburse.sheetfile.draft import BYTES_MAX


def test_a_body_over_the_limit_is_refused_before_it_is_read(site):
    answer = site.post(
        "declarations",
        "funder",
        data=b"x" * (BODY_BYTES_MAX + 1),
        content_type="application/json",
    )

    assert (answer.status_code, answer.json["type"]) == (413, "/problems/content-too-large")


def test_a_sheet_may_be_as_large_as_a_sheet_can_be_and_no_larger(site):
    answer = site.post("sheets", "signer", content_length=BYTES_MAX + 1, content_type="text/csv")

    assert answer.status_code == 413
    assert site.submit(b"x" * (BODY_BYTES_MAX + 1)).json["type"] == "/problems/unreadable-sheet"


def test_a_sheet_of_an_unknown_type_is_refused(site):
    answer = site.submit(media_type="application/pdf")

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/unreadable-sheet")


def test_every_answer_forbids_guessing_framing_and_keeping(site):
    for answer in (site.get("balance", None), site.submit()):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == (
            "default-src 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("public_url", "kept"),
    [("https://wages.example", "max-age=31536000"), ("http://localhost:8000", None), ("", None)],
)
def test_browsers_are_told_to_keep_to_https_where_it_is_served(site, public_url, kept):
    world = site.world
    app = create_app(world.begin, world.banks, lambda: world.now, public_url=public_url)

    answer = app.test_client().get("/v1/docs")

    assert answer.headers.get("Strict-Transport-Security") == kept
    assert not app.debug


def test_who_has_an_answer_already_is_not_sent_it_again(site):
    first = site.get("balance", "viewer")
    headers = site.headers("viewer") | {"If-None-Match": first.headers["ETag"]}

    again = site.client.get(f"{site.project}/balance", headers=headers)

    assert (again.status_code, again.data) == (304, b"")
    site.world.allocate(100)
    assert site.client.get(f"{site.project}/balance", headers=headers).status_code == 200


def test_a_page_of_projects_ends_where_it_should(site):
    answer = site.get("/v1/projects?limit=1", "viewer")

    assert [row["code"] for row in answer.json["rows"]] == ["JYG-2026-001"]
    assert answer.json["following"] is None
    assert answer.json["rows"][0]["contract_amount"] == "100000000.00"


@pytest.mark.parametrize("reason", ["", "two\nlines", "half a character \ud800", "x" * 501])
def test_a_reason_is_plain_text_of_some_length(site, reason):
    answer = site.post("sheets/1/reject", "approver", json={"reason": reason})

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid-request")


def test_an_export_that_nobody_finishes_reading_gives_its_connection_back(site):
    site.world.exported()
    before = site.world.unbound.engine.pool.checkedout()

    answer = site.client.get(
        f"{site.project}/payments.csv", headers=site.headers("inspector"), buffered=False
    )
    next(answer.iter_encoded())
    assert site.world.unbound.engine.pool.checkedout() == before + 1
    answer.close()

    assert site.world.unbound.engine.pool.checkedout() == before
