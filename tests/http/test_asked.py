"""What may be said in a request: what the description allows, and nothing else."""

from __future__ import annotations

import pytest

DIGEST = "ab" * 32
DECLARED = {"amount": "1.00", "voucher_digest": DIGEST, "expected_on": "2026-08-20"}


@pytest.mark.parametrize(
    "changed",
    [{"voucher_digest": f"{DIGEST}\n"}, {"amount": "1.00\n"}],
)
def test_text_does_not_fit_a_pattern_because_of_a_line_feed_at_its_end(site, changed):
    assert site.post("declarations", "funder", json=DECLARED).status_code == 201

    answer = site.post("declarations", "funder", json=DECLARED | changed)

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid-request")


@pytest.mark.parametrize(
    ("number", "status"), [(2, 404), (2.0, 404), (2.5, 422), ("2", 422), (True, 422), (1e300, 422)]
)
def test_a_whole_number_is_a_number_and_whole(site, number, status):
    """JSON has one kind of number, so 2.0 is 2; nothing is cut."""
    assert site.post("account", "administrator", json={"account_id": number}).status_code == status
    project = {"reference": "1", "sha256": DIGEST}
    assert site.post("files/1/acknowledge", "bank_operator", json=project).status_code == 422


@pytest.mark.parametrize("said", [{"after": 1.5}, {"only_parked": 1}, {"only_parked": "yes"}])
def test_what_to_tell_again_is_not_guessed(site, said):
    made = site.post("/v1/webhooks", "approver", json={"url": "https://example.org/"})

    answer = site.post(f"/v1/webhooks/{made.json['id']}/replay", "approver", json=said)

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid-request")


def test_a_page_of_a_search_has_a_whole_number_of_rows(site):
    who = {"id_type": "passport", "id_number": "1"}
    ask = {"headers": site.headers("inspector")}

    assert (
        site.client.post("/v1/payments/search", json=who | {"limit": 1}, **ask).status_code == 200
    )
    answer = site.client.post("/v1/payments/search", json=who | {"limit": 1.5}, **ask)

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid-request")


@pytest.mark.parametrize("number", [0, 2**63, 10**40])
@pytest.mark.parametrize("place", ["", "/sheets", "/sheets/1"])
def test_a_number_that_nothing_can_have_leads_nowhere_by_any_method(site, number, place):
    answer = site.get(f"/v1/projects/{number}{place}", "viewer")

    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")
