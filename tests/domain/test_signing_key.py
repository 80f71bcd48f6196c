from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from disburse.domain import signing_key
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey, judge

FROM = datetime(2026, 1, 1, tzinfo=UTC)
TO = datetime(2027, 1, 1, tzinfo=UTC)
REVOKED = datetime(2026, 6, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
KEY = SigningKey(
    kid="kid",
    organisation_id=1,
    algorithm=Algorithm.EDDSA,
    public_jwk="{}",
    purpose=Purpose.SHEET,
    valid_from=FROM,
    valid_to=TO,
    confirmed_at=FROM,
)
REVOKED_KEY = replace(KEY, revoked_at=REVOKED)
WAITING_KEY = replace(KEY, confirmed_at=None)
LATE_KEY = replace(KEY, confirmed_at=REVOKED)
COMPROMISED_KEY = replace(REVOKED_KEY, revoked_as_compromised=True)


@pytest.mark.parametrize(
    ("key", "at"),
    [(KEY, FROM), (KEY, TO - MOMENT), (REVOKED_KEY, REVOKED - MOMENT)],
)
def test_a_key_is_good_inside_its_window_until_it_is_revoked(key, at):
    judge(key, purpose=Purpose.SHEET, at=at)


@pytest.mark.parametrize(
    ("key", "at", "refusal"),
    [
        (replace(KEY, valid_from=TO - MOMENT), FROM, signing_key.KeyNotYetValid),
        (WAITING_KEY, FROM, signing_key.KeyNotConfirmed),
        (LATE_KEY, REVOKED - MOMENT, signing_key.KeyNotConfirmed),
        (KEY, TO, signing_key.KeyExpired),
        (REVOKED_KEY, REVOKED, signing_key.KeyRevoked),
        (REVOKED_KEY, TO, signing_key.KeyRevoked),
        (COMPROMISED_KEY, REVOKED - MOMENT, signing_key.KeyRevoked),
        (COMPROMISED_KEY, FROM, signing_key.KeyRevoked),
    ],
)
def test_a_key_that_was_not_good_at_receipt_is_refused_by_name(key, at, refusal):
    with pytest.raises(refusal, match="kid"):
        judge(key, purpose=Purpose.SHEET, at=at)


def test_a_key_signs_only_what_it_was_registered_for():
    with pytest.raises(signing_key.WrongPurpose):
        judge(KEY, purpose=Purpose.APPROVAL, at=FROM)
