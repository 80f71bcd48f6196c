"""One signature is not taken for another: algorithms, certificates, revocations."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from functools import cache, partial
from itertools import permutations

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from disburse import signing
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey
from disburse.signing import BadSignature, CertificateUntrusted
from disburse.signing.certificates import as_x5c
from tests.pki import DAY, NOW, Authorities, a_list, a_private_key, issue

CONTENT = "工资表 wage sheet\r\n1,2\n".encode()
# Certificates are issued for these; for Ed25519 the authorities of this world issue none.
CERTIFIED = {Algorithm.ES256: "p256", Algorithm.PS256: "rsa"}
each_algorithm = pytest.mark.parametrize("algorithm", Algorithm)
each_certified = pytest.mark.parametrize("algorithm", CERTIFIED)


@cache
def a_key(algorithm, owner="the subcontractor"):
    assert owner
    return signing.generate(algorithm)


def certified_key(algorithm):
    """Return the key that `certified` is about."""
    pem = a_private_key(CERTIFIED[algorithm]).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return signing.from_pem(pem, passphrase=None)


def registered(key, **changes):
    return recorded(key.public, **changes)


def recorded(public, **changes):
    record = SigningKey(
        kid=public.kid,
        organisation_id=1,
        algorithm=public.algorithm,
        public_jwk=public.jwk,
        purpose=Purpose.SHEET,
        valid_from=NOW - DAY,
        valid_to=NOW + 365 * DAY,
        confirmed_at=NOW - DAY,
    )
    return {public.kid: replace(record, **changes)}


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(key, *, made=None, **changes):
    """Write a header by hand; `made` signs, or nothing does."""
    header = {
        "alg": key.public.algorithm, "kid": key.kid, "typ": "disburse-sheet+jws",
        "iat": int(NOW.timestamp()), "b64": False, "crit": ["b64"], **changes,
    }  # fmt: skip
    head = b64(json.dumps(header).encode())
    return f"{head}..{b64(made(head.encode() + b'.' + CONTENT) if made else bytes(64))}"


def refused(signature, keys, why):
    with pytest.raises(BadSignature) as told:
        signing.verify(CONTENT, signature, keys)
    assert why in told.value.why
    assert str(told.value) == str(BadSignature("another reason"))  # alike from outside


@each_algorithm
def test_alg_none_opens_nothing(algorithm):
    key = a_key(algorithm)
    for name in ("none", "None", "NONE", "", None):
        refused(forged(key, alg=name), registered(key), "the algorithm is not on the list")


@each_algorithm
def test_a_public_key_is_no_shared_secret(algorithm):
    key = a_key(algorithm)

    secrets = [key.public.jwk.encode(), key.kid.encode()]
    if algorithm is not Algorithm.SM2:
        form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        secrets.append(key.public.native.public_bytes(*form))
    for secret in secrets:
        code = partial(hmac.digest, secret, digest="sha256")
        signature = forged(key, made=code, alg="HS256")
        refused(signature, registered(key), "the algorithm is not on the list")


@pytest.mark.parametrize(("own", "claimed"), list(permutations(Algorithm, 2)))
def test_a_key_signs_by_its_own_algorithm_only(own, claimed):
    """The thief holds a key of the claimed algorithm, and names the victim's."""
    victim, thief = a_key(own), a_key(claimed, "a thief")
    signature = forged(
        victim, made=lambda message: signing.schemes.sign(thief, message), alg=claimed
    )
    refused(signature, registered(victim) | registered(thief), f"for {claimed} is known here")


@each_algorithm
def test_another_key_of_the_same_algorithm_signs_nothing(algorithm):
    victim, thief = a_key(algorithm), a_key(algorithm, "a thief")
    signature = forged(victim, made=lambda message: signing.schemes.sign(thief, message))
    refused(signature, registered(victim) | registered(thief), "did not sign these bytes")


@each_algorithm
def test_x5c_with_a_foreign_leaf_brings_no_key_along(algorithm, tmp_path):
    """Truly issued by the configured authority, to somebody else."""
    victim = a_key(algorithm)
    thief = certified_key(Algorithm.ES256)
    chain = as_x5c(Authorities(tmp_path).certify(key=a_private_key("p256")).pem)
    keys = registered(victim)
    truly = lambda message: signing.schemes.sign(victim, message)  # noqa: E731
    refused(forged(victim, made=truly, x5c=chain), keys, "x5c is about key")
    by_thief = lambda message: signing.schemes.sign(thief, message)  # noqa: E731
    refused(forged(victim, made=by_thief, alg="ES256", x5c=chain), keys, "x5c is about key")
    refused(forged(thief, made=by_thief, x5c=chain), keys, "is known here")


@pytest.mark.parametrize(
    "x5c", [[], "AA", ["AA"], [5], None, [[]], ["!"], ["AA=="] * 9, {"0": "AA"}], ids=str
)
def test_what_is_no_chain_is_refused(x5c):
    key = a_key(Algorithm.ES256)
    truly = lambda message: signing.schemes.sign(key, message)  # noqa: E731
    refused(forged(key, made=truly, x5c=x5c), registered(key), "x5c: not")


def signed_with(authorities, algorithm, **more):
    """Return a signature with its chain, the registered key, and the certificate."""
    issued = authorities.certify(key=a_private_key(CERTIFIED[algorithm]), **more)
    key = certified_key(algorithm)
    made = signing.sign(CONTENT, key, now=NOW, chain_pem=issued.pem)
    return made, registered(key), issued


def judged(authorities, made, keys, *, at=NOW, looking_back=False):
    signer = signing.verify(CONTENT, made, keys)
    signing.require_trusted(
        signer.key, authorities.trust, at=at, chain=signer.chain, looking_back=looking_back
    )
    return signer


@each_certified
def test_a_chain_of_the_own_key_is_good(algorithm, tmp_path):
    authorities = Authorities(tmp_path)
    made, keys, issued = signed_with(authorities, algorithm)
    assert judged(authorities, made, keys).chain == issued.pem


@each_certified
def test_a_chain_that_no_configured_authority_issued_is_refused(algorithm, tmp_path):
    (tmp_path / "others").mkdir()
    made, keys, _ = signed_with(Authorities(tmp_path / "others", "other "), algorithm)
    with pytest.raises(CertificateUntrusted, match="no configured authority"):
        judged(Authorities(tmp_path), made, keys)


@each_certified
def test_an_expired_authority_vouches_for_nobody(algorithm, tmp_path):
    authorities = Authorities(tmp_path)
    authorities.middle = issue("Middle", authorities.root, ca=True, days=29)  # since 30 days
    authorities.publish(a_list(authorities.root), a_list(authorities.middle))
    made, keys, _ = signed_with(authorities, algorithm)
    with pytest.raises(CertificateUntrusted, match="no configured authority"):
        judged(authorities, made, keys)


@each_certified
def test_a_revoked_leaf_signs_nothing(algorithm, tmp_path):
    authorities = Authorities(tmp_path)
    made, keys, issued = signed_with(authorities, algorithm)
    authorities.publish(a_list(authorities.root), a_list(authorities.middle, issued))
    with pytest.raises(CertificateUntrusted, match="was revoked"):
        judged(authorities, made, keys)


@each_certified
def test_what_was_received_before_a_revocation_stays_verifiable(algorithm, tmp_path):
    """Years later, with the lists of then: revoked the day after, and yet good at receipt."""
    authorities = Authorities(tmp_path)
    made, keys, issued = signed_with(authorities, algorithm)
    later = NOW + 300 * DAY
    middle = a_list(authorities.middle, issued, made=later, at=NOW + DAY)
    authorities.publish(a_list(authorities.root, made=later), middle)
    assert judged(authorities, made, keys, at=NOW, looking_back=True)
    with pytest.raises(CertificateUntrusted, match="was revoked"):
        judged(authorities, made, keys, at=NOW + 2 * DAY, looking_back=True)
    with pytest.raises(CertificateUntrusted, match="no fresh revocation list"):
        judged(authorities, made, keys)  # who is not looking back wants the lists of today


@each_certified
def test_a_stolen_certificate_was_good_at_no_time(algorithm, tmp_path):
    authorities = Authorities(tmp_path)
    made, keys, issued = signed_with(authorities, algorithm)
    stolen = a_list(authorities.middle, issued, at=NOW + DAY, stolen=True)
    authorities.publish(a_list(authorities.root), stolen)
    with pytest.raises(CertificateUntrusted, match="was revoked"):
        judged(authorities, made, keys, looking_back=True)


def test_a_statement_brings_no_chain_along(tmp_path):
    """Only what is judged afterwards may; a proof of possession is not."""
    authorities = Authorities(tmp_path)
    key = certified_key(Algorithm.ES256)
    chain = as_x5c(authorities.certify(key=a_private_key("p256")).pem)
    facts = {"organisation": "ORG-1", "purpose": Purpose.SHEET, "challenge": "once"}
    statement = signing.possession_statement(key.kid, **facts)
    header = forged(key, typ="disburse-key+jws", x5c=chain).split(".")[0]
    made = signing.schemes.sign(key, header.encode() + b"." + statement)
    with pytest.raises(BadSignature) as told:
        signing.check_possession(f"{header}..{b64(made)}", key.public, **facts)
    assert "other members" in told.value.why
