"""Whatever is sent as certificate, signature or key: a refusal, and never anything else.

The parsers under us read late and raise what they like; each kind of damage here was found by
changing single bytes.
"""

from __future__ import annotations

import base64
import random
from functools import cache

import pytest
from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from disburse import signing
from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm
from disburse.signing.certificates import as_pem, as_x5c
from tests.attacks.test_signatures import recorded
from tests.pki import NOW, Authorities, a_private_key, issue

CONTENT = b"a wage sheet"
TRIES = 1_500  # of each reader; 60,000 found what is named below
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")


def damaged(content, choice):
    """Change, flip or leave out some bytes."""
    made = bytearray(content)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        at = choice.randrange(len(made))
        match choice.randrange(3):
            case 0:
                made[at] = choice.randrange(256)
            case 1:
                made[at] ^= 1 << choice.randrange(8)
            case 2:
                del made[at : at + choice.randrange(1, 4)]
    return bytes(made)


def judge_chain(der, authorities):
    x5c = [base64.b64encode(der).decode(), *as_x5c(authorities.certify().pem)[1:]]
    pem = as_pem(x5c)
    signing.key_of(pem)
    signing.subject_of(pem)
    signing.check_chain(pem, authorities.trust, at=NOW)


def read_cms(der, _):
    signing.verify(CONTENT, signing.armour(der), signers())


@cache
def signers():
    found = {}
    for kind in ("p256", "rsa"):
        one = issue(kind, key=a_private_key(kind))
        found |= recorded(signing.key_of(one.pem), certificate=one.pem)
    return found


@cache
def keys():
    return [signing.generate(one) for one in (Algorithm.EDDSA, Algorithm.ES256, Algorithm.SM2)]


READERS = {
    "certificate": (
        judge_chain,
        lambda: [issue("Signer").certificate.public_bytes(Encoding.DER)],
    ),
    "cms": (
        read_cms,
        lambda: [issue(kind, key=a_private_key(kind)).cms(CONTENT) for kind in ("p256", "rsa")],
    ),
    "public key": (
        lambda text, _: signing.read_public(text.decode(errors="replace")),
        lambda: [key.public.jwk.encode() for key in keys()],
    ),
    "private key": (
        lambda pem, _: signing.from_pem(pem, passphrase=None),
        lambda: [signing.to_unprotected_pem(key) for key in keys()],
    ),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_damage_is_refused_and_nothing_else_happens(name, seed, tmp_path):
    read, seeds = READERS[name]
    choice, authorities, refused = random.Random(seed), Authorities(tmp_path), 0  # noqa: S311
    some = seeds()
    for _ in range(TRIES):
        try:
            read(damaged(choice.choice(some), choice), authorities)
        except Refusal:
            refused += 1
    assert refused > TRIES // 2


def test_a_certificate_of_an_unknown_version_is_refused():
    der = issue("Signer").certificate.public_bytes(Encoding.DER)
    version = der.index(bytes.fromhex("a003020102"))
    wrong = der[: version + 4] + b"\x12" + der[version + 5 :]
    with pytest.raises(x509.InvalidVersion):
        x509.load_der_x509_certificate(wrong)
    with pytest.raises(signing.CertificateUntrusted, match="can be read"):
        as_pem([base64.b64encode(wrong).decode()])
    pem = base64.encodebytes(wrong).decode()
    with pytest.raises(signing.CertificateUntrusted, match="can be read"):
        signing.key_of(f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n")


def test_a_cms_signature_whose_signature_is_no_bytes_is_refused():
    """It was read only when it was checked, so a caller got an internal error."""
    der = issue("p256", key=a_private_key("p256")).cms(CONTENT)
    made = asn1.ContentInfo.load(der)["content"]["signer_infos"][0]["signature"].dump()
    wrong = der.replace(made, b"\x0c" + made[1:])
    assert wrong != der
    with pytest.raises(signing.BadSignature) as told:
        signing.verify(CONTENT, signing.armour(wrong), signers())
    assert "as CMS: it cannot be read" in told.value.why


def test_a_damaged_pem_file_goes_along_as_it_is_and_is_refused():
    text = b"-----BEGIN PKCS7-----\nno\n"
    with pytest.raises(signing.BadSignature):
        signing.verify(CONTENT, signing.armour(text), signers())
