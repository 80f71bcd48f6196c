"""Is it alive, is it ready, what does it measure, and who may ask."""

from __future__ import annotations

from sqlalchemy import text

from disburse.app import create_app
from disburse.demo.bank import Word, read_order, write_answer
from disburse.storage import embedded, events
from disburse.storage.engine import connect

SECRET = "a token that only the collector knows"
REMOTE = {"REMOTE_ADDR": "203.0.113.7"}


def an_app(world, begin=None, **more):
    return create_app(begin or world.begin, world.banks, lambda: world.now, **more).test_client()


def test_a_service_with_its_database_is_live_and_ready(site):
    assert site.client.get("/v1/health").json == {"status": "live"}
    assert site.client.get("/v1/ready").json == {"status": "ready"}


def test_a_service_without_its_database_is_live_and_not_ready(site, caplog):
    gone = connect("postgresql+psycopg://disburse_app@/gone?host=/nowhere")
    client = an_app(site.world, gone)

    assert client.get("/v1/health").status_code == 200
    answer = client.get("/v1/ready")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/not-ready")
    assert "nowhere" not in answer.text + caplog.text


def test_a_service_on_an_older_schema_is_not_ready_and_says_what_to_run(site, database):
    owner = connect(embedded.as_role(database, embedded.MIGRATE))
    with owner() as tx:
        tx.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
        tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    owner.dispose()

    answer = site.client.get("/v1/ready")

    assert (answer.status_code, answer.json["type"]) == (503, "/problems/wrong-schema")
    assert "disburse migrate" in answer.json["detail"]


def test_metrics_answer_this_machine_only(site):
    local = site.client.get("/metrics")
    forwarded = site.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    remote = site.client.get("/metrics", environ_base=REMOTE)

    assert [local.status_code, forwarded.status_code, remote.status_code] == [200, 401, 401]
    viewer = site.client.get("/metrics", headers=site.headers("viewer"), environ_base=REMOTE)
    assert viewer.status_code == 401


def test_metrics_with_a_token_answer_whoever_shows_it_and_nobody_else(site):
    client = an_app(site.world, metrics_token=SECRET)
    shown = {"Authorization": f"Bearer {SECRET}"}

    assert client.get("/metrics", headers=shown, environ_base=REMOTE).status_code == 200
    assert client.get("/metrics").status_code == 401
    assert client.get("/v1/projects", headers=shown).status_code == 401


def test_metrics_count_requests_by_route_and_money_by_state(site):
    site.world.exported()
    site.get("balance", "viewer")
    site.get("balance", None)
    site.get("/v1/no/such/person", "viewer")

    told = site.client.get("/metrics").text

    route = "/v1/projects/<number:project_id>/balance"
    assert f'disburse_http_requests_total{{method="GET",route="{route}",status="200"}} 1.0' in told
    assert f'route="{route}",status="401"}} 1.0' in told
    assert 'method="any",route="none",status="404"} 1.0' in told
    assert 'disburse_payments{currency="CNY",state="prepared"} 8.0' in told
    assert 'disburse_ledger_minor_units{column="held",currency="CNY"} ' in told
    assert "no/such/person" not in told


def test_metrics_tell_what_came_back_and_what_the_bank_has_not_answered(site):
    _, [_], [content] = site.world.sent()
    order = read_order(content)
    words = {order.credits[0].reference: Word("rejected", "AC04")}
    site.world.ingest(write_answer(order, words, on=site.world.now.date()))

    told = site.client.get("/metrics").text

    assert 'disburse_payments{currency="CNY",state="rejected"} 1.0' in told
    assert 'disburse_payments{currency="CNY",state="sent"} 7.0' in told
    assert 'disburse_files{currency="CNY",state="acknowledged"} 1.0' in told
    assert 'disburse_files_oldest_seconds{currency="CNY",state="acknowledged"} ' in told


def test_metrics_count_events_that_webhooks_were_not_told(site):
    made = site.post("/v1/webhooks", "approver", json={"url": "https://example.org/"})
    assert made.status_code == 201
    site.submit()
    with site.world.everything() as tx:
        events.sequence(tx, at=site.world.now)

    assert 'disburse_webhook_events{state="pending"} 1.0' in site.client.get("/metrics").text
