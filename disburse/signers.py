"""Which of an organisation's keys signed some bytes, and that it was good when they arrived."""

from __future__ import annotations

from datetime import datetime

from disburse import signing
from disburse.domain.signing_key import Purpose, SigningKey, judge
from disburse.signing import Trust
from disburse.storage import keys
from disburse.storage.engine import Transaction


def signer_of(
    tx: Transaction,
    content: bytes,
    signature: str,
    *,
    organisation_id: int,
    trust: Trust,
    now: datetime,
) -> SigningKey:
    """Return the key that signed exactly `content`, a detached JWS or CMS.

    Raises `BadSignature` whoever it was that did not sign; then, of a key that did, what is wrong
    with it now: `KeyRevoked` and the like, or `CertificateUntrusted`.
    """
    known = keys.of_organisation(tx, organisation_id)
    signer = signing.verify(content, signature, known, purpose=Purpose.SHEET)
    judge(signer.key, purpose=Purpose.SHEET, at=now)
    signing.require_trusted(signer.key, trust, at=now, chain=signer.chain)
    return signer.key
