"""Deliveries are framed and signed so that anybody's Standard Webhooks library verifies them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from disburse.signing import new_webhook_key, webhook_headers

AT = datetime.fromtimestamp(1614265330, UTC)
NUMBER = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
# The example of the asymmetric scheme in the test suite of github.com/standard-webhooks (Go,
# `TestAsymmetricWebhookSign`): the private key is 32 letters that say not to use it.
PUBLISHED = b"TESTSIGNINGKEYDONOTUSETHISFORANY"
SIGNATURE = (
    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
)


def test_it_signs_as_the_published_example_does():
    assert webhook_headers([PUBLISHED], number=NUMBER, at=AT, body=BODY) == {
        "webhook-id": NUMBER,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_a_part_of_a_second_is_no_other_second():
    later = AT + timedelta(microseconds=999_999)
    told = webhook_headers([PUBLISHED], number=NUMBER, at=later, body=BODY)
    assert told["webhook-signature"] == SIGNATURE


def test_while_keys_change_both_sign_and_the_public_half_verifies():
    private, public = new_webhook_key()
    told = webhook_headers([PUBLISHED, private], number=NUMBER, at=AT, body=BODY)
    old, new = told["webhook-signature"].split(" ")
    assert old == SIGNATURE
    known = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix("whpk_")))
    content = f"{NUMBER}.{told['webhook-timestamp']}.".encode() + BODY
    known.verify(b64decode(new.removeprefix("v1a,")), content)
    assert b64encode(known.public_bytes_raw()).decode() == public.removeprefix("whpk_")
