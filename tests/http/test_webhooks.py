"""Events and webhooks over HTTP: what is asked, what is told, and what is refused."""

from __future__ import annotations

from disburse.domain.money import write
from disburse.storage import events
from tests.sheets import lines

HERE = "https://example.org/told"
TOTAL = write(sum(line.net for line in lines(8)), "CNY")


def ask(site, path, who):
    return site.client.get(path, headers=site.headers(who))


def test_a_webhook_is_made_shown_renewed_replayed_and_ended(site):
    made = site.post("/v1/webhooks", "approver", json={"url": HERE, "types": ["file"]})
    assert made.status_code == 201
    assert made.json["public"].startswith("whpk_")
    one = f"/v1/webhooks/{made.json['id']}"

    further = site.post(f"{one}/renew", "approver").json["public"]
    [row] = ask(site, "/v1/webhooks", "approver").json["rows"]
    assert (row["url"], row["types"]) == (HERE, ["file"])
    assert row["keys"] == [further, made.json["public"]]
    assert site.post(f"{one}/replay", "approver", json={"after": 0}).json == {"count": 0}
    assert ask(site, "/v1/webhooks", "funder").json["rows"] == []
    assert site.post(f"{one}/unsubscribe", "funder").status_code == 404
    assert site.post(f"{one}/unsubscribe", "approver").json == {"done": True}
    assert ask(site, "/v1/webhooks", "approver").json["rows"] == []


def test_where_posts_must_not_go_and_unknown_types_are_refused(site):
    for body in (
        {"url": "http://example.org/"},
        {"url": "https://secret@example.org/"},
        {"url": HERE, "types": ["worker"]},
        {"url": HERE, "types": ["file.claim.now"]},
    ):
        answer = site.post("/v1/webhooks", "approver", json=body)
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/bad-webhook")
        assert "secret" not in answer.text


def test_the_feed_goes_on_where_it_was_left(site):
    site.submit()
    with site.world.everything() as tx:
        assert events.sequence(tx, at=site.world.now) == 1

    told = ask(site, "/v1/events", "funder").json

    [row] = told["rows"]
    assert (row["type"], row["state_after"]) == ("sheet.receive", "received")
    assert row["facts"]["total_net"] == TOTAL
    assert ask(site, f"/v1/events?after={told['last']}", "funder").json == {
        "rows": [], "last": told["last"]}  # fmt: skip
    assert ask(site, "/v1/events?after=-1", "funder").status_code == 422
