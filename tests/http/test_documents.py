"""A bank's paper over HTTP: handed in, compared, and copied by two people."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import text

PAPER = b"%PDF-1.7 the bank's letter"
DIGEST = sha256(PAPER).hexdigest()
BYTES = "application/octet-stream"


def hand_in(site, who="releaser"):
    return site.post("documents", who, data=PAPER, content_type=BYTES)


def told(site, **more):
    return {"document_sha256": DIGEST, "happened_on": "2026-08-09", "others": "paid"} | more


def code(answer):
    return answer.status_code, answer.json["type"].removeprefix("/problems/")


def test_a_document_is_handed_in_and_fetched_by_its_digest(site):
    assert hand_in(site).json == {"sha256": DIGEST}
    got = site.get(f"documents/{DIGEST}", "approver")
    assert (got.data, got.content_type) == (PAPER, BYTES)
    assert code(site.get("documents/" + "0" * 64, "approver")) == (404, "no-such-document")
    assert code(site.get(f"documents/{DIGEST}", "inspector")) == (403, "forbidden")


def test_two_people_copy_the_outcome_and_each_sees_what_the_other_said(site):
    _, [file], _ = site.world.sent()
    hand_in(site)
    path = f"files/{file.id}/transcribe"
    assert site.post(path, "releaser", json=told(site)).json["state"] == "sent"
    (word,) = site.get("proposals", "approver").json["rows"]
    assert (word["act"], word["subject"]) == ("transcribe", f"file:{file.id}")
    assert word["facts"]["others"] == "paid"
    assert code(site.post(path, "approver", json=told(site, others="rejected"))) == (
        409,
        "other-word",
    )
    assert site.post(path, "approver", json=told(site)).json["state"] == "acknowledged"
    with site.world.begin() as tx:
        assert set(tx.scalars(text("SELECT state FROM attempt"))) == {"paid"}
    assert site.get("proposals", "approver").json["rows"] == []


def test_a_word_is_taken_back_by_whoever_said_it(site):
    _, [file], _ = site.world.sent()
    hand_in(site)
    site.post(f"files/{file.id}/transcribe", "releaser", json=told(site))
    back = {"act": "transcribe", "subject": f"file:{file.id}", "reason": "the wrong letter"}
    assert code(site.post("take_back", "approver", json=back)) == (403, "forbidden")
    assert site.post("take_back", "releaser", json=back).json == {"done": True}
    assert code(site.post("take_back", "releaser", json=back)) == (404, "no-such-word")


def test_what_cannot_be_meant_is_refused_with_what_is_wrong(site):
    _, [file], _ = site.world.sent()
    path = f"files/{file.id}/transcribe"
    assert code(site.post(path, "releaser", json=told(site))) == (404, "no-such-document")
    hand_in(site)
    many = {f"{number:013d}": "paid" for number in range(501)}
    for wrong in ({"outcomes": many}, {"outcomes": {"0": "perhaps"}}, {"happened_on": "soon"}):
        assert code(site.post(path, "releaser", json=told(site, **wrong))) == (
            422,
            "invalid-request",
        )
    nothing = told(site, others=None)
    assert code(site.post(path, "releaser", json=nothing)) == (422, "nothing-said")
    assert code(site.post(path, "releaser", json=told(site, others="accepted"))) == (
        422,
        "nothing-said",
    )
