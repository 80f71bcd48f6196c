"""Signed requests: what was signed is what is done, once, within minutes, by a good key."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from sqlalchemy import text

from disburse import signing
from disburse.app import create_app
from disburse.domain.signing_key import Algorithm
from disburse.signing.request import TAG
from tests.builders import a_key, a_request_key

URL = "http://localhost"
DECLARED = {"amount": "1000.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}
_numbers = count(1)


@dataclass
class Asked:
    """A request that is signed by `sign`, and may be changed before it is sent."""

    method: str
    path: str
    body: bytes = b""
    headers: dict = field(default_factory=dict)

    def sign(self, key, now, *, url=URL, nonce=None):
        message = signing.Message(self.method, url + self.path, self.headers)
        nonce = nonce or f"nonce number {next(_numbers):06}"
        self.headers |= signing.sign_request(message, self.body, key, nonce=nonce, now=now)
        return self

    def sign_loosely(self, key, now, *, covered, **changed):
        """Sign as a client of others' making might: what it covers is its own choice."""
        signer = HTTPMessageSigner(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(
                public_keys={}, private_keys={key.kid: key.jose.private_key}
            ),
        )
        message = signing.Message(self.method, URL + self.path, self.headers)
        said = {"key_id": key.kid, "created": now, "tag": TAG, "nonce": "n" * 16} | changed
        signer.sign(message, covered_component_ids=covered, **said)
        return self

    def send(self, client, **more):
        return client.open(
            self.path, method=self.method, data=self.body, headers=self.headers, **more
        )


@pytest.fixture
def app(world):
    """The service as it is in production: without tokens."""
    return create_app(world.begin, world.banks, lambda: world.now, tokens=False)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def key(world):
    return a_request_key(world, "funder's machine", "funder")


def declaring(world, *, once="one", **changed):
    headers = {"Content-Type": "application/json", "Idempotency-Key": once}
    path = f"/v1/projects/{world.project_id}/declarations"
    return Asked("POST", path, json.dumps(DECLARED | changed).encode(), headers)


def reading(world, query="?limit=5"):
    return Asked("GET", f"/v1/projects{query}")


def declarations(world):
    with world.begin() as tx:
        return tx.scalar(text("SELECT count(*) FROM declaration"))


def turned_away(answer):
    """Every reason looks the same."""
    assert answer.status_code == 401, answer.text
    assert answer.json == {
        "type": "/problems/unauthenticated",
        "title": "Unauthenticated",
        "status": 401,
        "detail": "sign in, or sign the request (RFC 9421) with a registered key, fresh and once",
    }
    assert answer.headers["WWW-Authenticate"] == "Signature"
    return True


def test_a_signed_question_and_a_signed_change_are_answered(world, client, key):
    assert reading(world).sign(key, world.now).send(client).json["rows"]
    answer = declaring(world).sign(key, world.now).send(client)
    assert answer.status_code == 201
    assert declarations(world) == 1


def test_a_change_is_signed_with_p_256_too(world, client):
    private = signing.generate(Algorithm.ES256)
    key = a_request_key(
        world, "any", "funder", kid=private.kid, public_jwk=private.public.jwk,
        algorithm=signing.request_algorithm(private.public),
    )  # fmt: skip
    assert turned_away(declaring(world).sign(key, world.now).send(client))
    assert declaring(world).sign(private, world.now).send(client).status_code == 201


def test_a_change_without_content_covers_the_digest_of_nothing(world, client):
    key = a_request_key(world, "officer's machine", "labour_officer")
    asked = Asked("POST", f"/v1/projects/{world.project_id}/sheets/1/review")
    asked.headers["Idempotency-Key"] = "one"
    assert asked.sign(key, world.now).send(client).json["type"] == "/problems/no-such-sheet"


def test_a_replayed_request_is_turned_away(world, client, key):
    for asked in (reading(world), declaring(world)):
        asked.sign(key, world.now)
        assert asked.send(client).status_code < 300
        assert turned_away(asked.send(client))
        world.now += timedelta(minutes=4)
        assert turned_away(asked.send(client))
    assert declarations(world) == 1


def test_the_same_request_at_the_same_time_is_taken_once(world, app, key):
    asked = reading(world).sign(key, world.now)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: asked.send(app.test_client()).status_code, range(16)))
    assert sorted(answers) == [200, *[401] * 15]


def test_a_request_signed_again_under_the_same_idempotency_key_gets_the_first_answer(
    world, client, key
):
    first = declaring(world).sign(key, world.now).send(client)
    again = declaring(world).sign(key, world.now).send(client)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    other = declaring(world, amount="1.00").sign(key, world.now).send(client)
    assert other.json["type"] == "/problems/idempotency-key-reused"
    assert declarations(world) == 1


def test_the_same_nonce_under_another_key_is_another_one(world, client, key):
    other = a_request_key(world, "viewer's machine", "viewer")
    for one in (key, other):
        answer = reading(world).sign(one, world.now, nonce="n" * 16).send(client)
        assert answer.status_code == 200


def changed_body(asked):
    asked.body = asked.body.replace(b"1000.00", b"9000.00")


def changed_path(asked):
    asked.path = asked.path.replace("/v1/projects/1/", "/v1/projects/2/")


def changed_spelling(asked):
    asked.path = asked.path.replace("declarations", "%64eclarations")


def changed_query(asked):
    asked.path += "?a=b"


def changed_method(asked):
    asked.method = "PUT"


def changed_idempotency_key(asked):
    asked.headers["Idempotency-Key"] = "another"


def changed_media_type(asked):
    asked.headers["Content-Type"] = "application/json; charset=latin-1"


def no_digest(asked):
    del asked.headers["Content-Digest"]


def changed_signature(asked):
    flipped = {"A": "B"}.get(asked.headers["Signature"][14], "A")
    signature = asked.headers["Signature"]
    asked.headers["Signature"] = signature[:14] + flipped + signature[15:]


def another_authority(asked):
    asked.headers["Host"] = "staging.example.org"


def two_signatures(asked):
    for name in ("Signature-Input", "Signature"):
        asked.headers[name] += ", " + asked.headers[name].replace("disburse=", "other=", 1)


def later(asked):
    asked.headers["Signature-Input"] = asked.headers["Signature-Input"].replace(
        ";created=1", ";created=2", 1
    )


def no_signature(asked):
    del asked.headers["Signature"]


def no_input(asked):
    del asked.headers["Signature-Input"]


def nonsense(asked):
    asked.headers["Signature-Input"] = "disburse=(((;"


def too_long(asked):
    asked.headers["Signature-Input"] += ";x=" + "1" * 3000


@pytest.mark.parametrize(
    "tamper",
    [
        changed_body, changed_path, changed_spelling, changed_query, changed_method,
        changed_idempotency_key, changed_media_type, no_digest, changed_signature,
        another_authority, two_signatures, later, no_signature, no_input, nonsense, too_long,
    ],
)  # fmt: skip
def test_a_request_that_was_tampered_with_is_turned_away(world, client, key, tamper):
    asked = declaring(world).sign(key, world.now)
    tamper(asked)
    assert turned_away(asked.send(client))
    assert declarations(world) == 0


def test_a_new_digest_beside_a_new_body_does_not_help(world, client, key):
    asked = declaring(world).sign(key, world.now)
    other = declaring(world, amount="9.00").sign(a_key("stranger"), world.now)
    asked.body = other.body
    asked.headers["Content-Digest"] = other.headers["Content-Digest"]
    assert turned_away(asked.send(client))


def test_an_idempotency_key_that_somebody_adds_is_noticed(world, client, key):
    asked = declaring(world)
    del asked.headers["Idempotency-Key"]
    asked.sign(key, world.now)
    assert asked.send(client).json["type"] == "/problems/idempotency-key-missing"
    asked = declaring(world)
    del asked.headers["Idempotency-Key"]
    asked.sign(key, world.now).headers["Idempotency-Key"] = "added"
    assert turned_away(asked.send(client))


FIVE = ("@method", "@authority", "@target-uri", "content-digest", "idempotency-key")


def test_a_client_of_others_making_covers_five_components(world, client, key):
    asked = declaring(world)
    answer = asked.sign_loosely(key, world.now, covered=FIVE, body=asked.body).send(client)
    assert answer.status_code == 201


def test_a_signature_that_a_proxy_adds_is_its_own_business(world, client, key):
    asked, proxys = declaring(world).sign(key, world.now), declaring(world)
    proxys.sign_loosely(a_key("proxy"), world.now, covered=FIVE[:3], tag="proxy", label="proxy")
    for name in ("Signature-Input", "Signature"):
        asked.headers[name] += ", " + proxys.headers[name]
    assert asked.send(client).status_code == 201


@pytest.mark.parametrize("missing", FIVE)
def test_a_request_that_covers_too_little_is_turned_away(world, client, key, missing):
    asked = declaring(world)
    asked.headers["Content-Digest"] = (
        declaring(world).sign(key, world.now).headers["Content-Digest"]
    )
    covered = [name for name in FIVE if name != missing]
    asked.sign_loosely(key, world.now, covered=covered, use_existing_digest=True)
    assert turned_away(asked.send(client))
    assert declarations(world) == 0


def test_a_digest_that_is_covered_in_another_writing_is_not_the_one_wanted(world, client, key):
    asked = declaring(world)
    asked.headers["Content-Digest"] = (
        declaring(world).sign(key, world.now).headers["Content-Digest"]
    )
    covered = ['"content-digest";sf' if name == "content-digest" else name for name in FIVE]
    asked.sign_loosely(key, world.now, covered=covered, use_existing_digest=True)
    assert turned_away(asked.send(client))
    asked.sign_loosely(
        key, world.now, covered=[*covered, "content-digest"], use_existing_digest=True
    )
    assert asked.send(client).status_code == 201


@pytest.mark.parametrize(
    "changed",
    [
        {"tag": "somebody-elses"}, {"tag": None}, {"nonce": None}, {"nonce": "short"},
        {"nonce": "n" * 129}, {"key_id": "k" * 65}, {"key_id": ""},
    ],
)  # fmt: skip
def test_a_signature_that_does_not_say_what_it_must_is_turned_away(world, client, key, changed):
    asked = reading(world)
    resolver = {"key_id": key.kid} | changed
    if resolver["key_id"] != key.kid:
        asked.sign(key, world.now)
        asked.headers["Signature-Input"] = asked.headers["Signature-Input"].replace(
            key.kid, resolver["key_id"]
        )
    else:
        asked.sign_loosely(key, world.now, covered=FIVE[:3], **changed)
    assert turned_away(asked.send(client))


@pytest.mark.parametrize(
    ("made", "taken"),
    [
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
        (timedelta(seconds=30), True),
        (timedelta(seconds=31), False),
        (timedelta(days=-1), False),
    ],
)
def test_a_signature_is_good_for_five_minutes(world, client, key, made, taken):
    asked = reading(world).sign_loosely(key, world.now + made, covered=FIVE[:3])
    answer = asked.send(client)
    assert answer.status_code == 200 if taken else turned_away(answer)


def test_a_signature_without_its_time_or_after_its_end_is_turned_away(world, client, key):
    ended = {"expires": world.now}
    asked = reading(world).sign_loosely(key, world.now, covered=FIVE[:3], **ended)
    assert turned_away(asked.send(client))
    asked = reading(world).sign(key, world.now)
    timeless = asked.headers["Signature-Input"].split(";")
    asked.headers["Signature-Input"] = ";".join(p for p in timeless if p[:8] != "created=")
    assert turned_away(asked.send(client))


def test_an_unknown_key_is_turned_away_like_a_bad_signature(world, client):
    assert turned_away(reading(world).sign(a_key("nobody's"), world.now).send(client))


def test_a_key_is_good_from_its_first_day_to_its_last_and_until_it_is_revoked(world, client):
    ends = {"valid_from": world.now, "valid_to": world.now + timedelta(days=1)}
    key = a_request_key(world, "short-lived", "viewer", **ends)
    for away, good in ((-1, False), (0, True), (86_399, True), (86_400, False)):
        at, world.now = world.now, world.now + timedelta(seconds=away)
        answer = reading(world).sign(key, world.now).send(client)
        assert answer.status_code == 200 if good else turned_away(answer)
        world.now = at
    revoked = a_request_key(world, "revoked", "viewer", revoked_at=world.now)
    assert turned_away(reading(world).sign(revoked, world.now).send(client))


def test_the_key_of_a_disabled_account_is_turned_away(world, client, key):
    with world.operating() as tx:
        member = {"m": world.caller("funder").member_id}
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE id = :m"), member)
    assert turned_away(reading(world).sign(key, world.now).send(client))


def test_a_registered_key_that_was_swapped_in_the_database_signs_nothing(world, client, key):
    # So that the right key was read, and is remembered, before.
    assert (
        reading(world).sign(key, world.now).send(client).status_code == 200
    )  # read and remembered
    with world.owning() as tx:
        jwk = {"jwk": a_key("intruder").public.jwk}
        tx.execute(text("UPDATE request_key SET jwk = :jwk"), jwk)
    assert turned_away(reading(world).sign(key, world.now).send(client))
    with world.owning() as tx:
        tx.execute(text("UPDATE request_key SET jwk = 'none'"))
    assert turned_away(reading(world).sign(key, world.now).send(client))


def test_a_bad_signature_uses_no_nonce_up(world, client, key):
    asked = declaring(world).sign(key, world.now)
    right = asked.body
    changed_body(asked)
    assert turned_away(asked.send(client))
    asked.body = right
    assert asked.send(client).status_code == 201


def test_a_token_opens_nothing_in_production_and_no_signed_request_anywhere(world, site, client):
    headers = site.headers("viewer")
    assert site.client.get("/v1/projects", headers=headers).status_code == 200
    assert turned_away(client.get("/v1/projects", headers=headers))
    bad = reading(world).sign(a_key("nobody's"), world.now)
    bad.headers |= headers
    assert bad.send(site.client).status_code == 401


def test_behind_a_proxy_the_public_address_is_what_is_signed(world, key):
    public = "https://pay.example.org"
    app = create_app(world.begin, world.banks, lambda: world.now, public_url=public)
    for url, good in ((public, True), (f"{public}:443", True), (URL, False)):
        answer = reading(world).sign(key, world.now, url=url).send(app.test_client())
        assert answer.status_code == (200 if good else 401)


def test_a_body_beyond_the_limit_is_told_as_that(world, client, key):
    asked = declaring(world, amount="1" * 300_000).sign(key, world.now)
    assert asked.send(client).json["type"] == "/problems/content-too-large"
    assert declarations(world) == 0


def test_the_log_says_why_and_nobody_else_is_told(world, client, key, caplog):
    caplog.set_level("INFO", "disburse.http")
    asked = declaring(world).sign(key, world.now)
    changed_body(asked)
    turned_away(asked.send(client))
    assert "Content-Digest does not match" in caplog.text
    assert "9000.00" not in caplog.text


def test_a_request_target_that_is_no_path_is_turned_away(world, client, key):
    asked = reading(world).sign(key, world.now)
    answer = asked.send(client, environ_overrides={"REQUEST_URI": "http://localhost/v1/projects"})
    assert turned_away(answer)
