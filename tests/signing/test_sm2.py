"""SM2 with SM3, beside the standard's example, OpenSSL, and a plain computation."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from gmalg import base as gmalg_base

from disburse import signing
from disburse.domain.signing_key import Algorithm, Purpose
from disburse.signing import BadSignature, KeyUnreadable, sm2, sm2_file
from disburse.signing.base64url import decode, encode
from tests.attacks.test_signatures import recorded
from tests.pki import NOW

CONTENT = "工资表".encode()
WORDS = "four unrelated words here"
OPENSSL = "1234567812345678"

# GB/T 32918.5-2017, appendix A.2 (GM/T 0003.5-2012): key, random number, signature.
SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
X = 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
Y = 0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13
MESSAGE = b"message digest"
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
EXAMPLE = R.to_bytes(32, "big") + S.to_bytes(32, "big")


@pytest.fixture(scope="module")
def key():
    return signing.generate(Algorithm.SM2)


def a_jwk(point=(X, Y), **changes):
    x, y = (encode(number.to_bytes(32, "big")).decode() for number in point)
    return json.dumps({"kty": "EC", "crv": "SM2-P-256", "x": x, "y": y, **changes})


def test_the_example_of_the_standard_comes_out(monkeypatch):
    monkeypatch.setattr(gmalg_base.secrets, "randbits", lambda _: K)
    example = sm2.Sm2Key(X, Y, SECRET)
    assert sm2.sign(example, MESSAGE) == EXAMPLE
    assert sm2.covers(example.public_key, MESSAGE, EXAMPLE)
    read = sm2.read_private(sm2_file.write(SECRET, (0, 0), None), None)
    assert (read.x, read.y) == (X, Y)  # of the secret; what stands beside it is not believed


def test_the_example_of_sm3_comes_out():
    digest = sm2._Sm3()
    digest.update(b"nothing")
    digest.reset()
    digest.update(b"abc")  # GB/T 32905-2016, appendix A.1
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest.value().hex() == expected


@pytest.mark.parametrize(
    "made",
    [
        b"", EXAMPLE[:-1], EXAMPLE + b"\0", b"\0" + EXAMPLE, bytes(64), bytes(32) + EXAMPLE[32:],
        EXAMPLE[:32] + bytes(32), EXAMPLE[32:] + EXAMPLE[:32],
        EXAMPLE[:32] + b"\0" + EXAMPLE[32:],  # the same numbers in a second form
        (R + sm2._N).to_bytes(33, "big") + EXAMPLE[32:], encode_dss_signature(R, S),
        R.to_bytes(32, "big") + (sm2._N - R).to_bytes(32, "big"),  # t = r + s = 0
    ],
    ids=range(12),
)  # fmt: skip
def test_no_other_text_is_the_signature(made):
    assert not sm2.covers(sm2.Sm2Key(X, Y), MESSAGE, made)


def add(one, other):
    """Add two points, as GB/T 32918.1 section 3.2.3 writes it; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % sm2._P == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 + sm2._A) * pow(2 * y1, -1, sm2._P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, sm2._P)
    x3 = (slope * slope - x1 - x2) % sm2._P
    return x3, (slope * (x1 - x3) - y1) % sm2._P


def times(number, point):
    found = None
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def sm3(*parts):
    digest = hashes.Hash(hashes.SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def test_our_signature_verifies_by_hand(key):
    """Section 7.1 of GB/T 32918.2, written again with nothing of ours or gmalg's."""
    head, _, tail = signing.sign(CONTENT, key, now=NOW).split(".")
    assert json.loads(decode(head))["alg"] == "SGD_SM3_SM2"
    made = decode(tail)
    r, s = int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big")
    facts = json.loads(key.public.jwk)
    point = tuple(int.from_bytes(decode(facts[name]), "big") for name in ("x", "y"))
    numbers = (sm2._A, sm2._B, *sm2._G, *point)
    z = sm3(
        (128).to_bytes(2, "big"), b"1234567812345678", *(n.to_bytes(32, "big") for n in numbers)
    )
    e = int.from_bytes(sm3(z, head.encode() + b"." + CONTENT), "big")
    x1, _ = add(times(s, sm2._G), times((r + s) % sm2._N, point))
    assert (e + x1) % sm2._N == r
    assert times(sm2._N, sm2._G) is None


@pytest.fixture
def openssl(tmp_path):
    """Run OpenSSL in a folder, where it is there and knows SM2."""

    def run(*words, **files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            ["openssl", *words], cwd=tmp_path, capture_output=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        run("genpkey", "-algorithm", "SM2", "-out", "probe")
    except (OSError, AssertionError):
        pytest.skip(
            "judged by the openssl program with SM2 (3.0 or newer), which is not installed here"
        )
    return run


AS_SM2 = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{OPENSSL}")


def test_openssl_verifies_what_we_sign(openssl, key):
    head, _, tail = signing.sign(CONTENT, key, now=NOW).split(".")
    made = decode(tail)
    r, s = int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big")
    openssl("pkey", "-in", "key", "-pubout", "-out", "public",
            key=signing.to_unprotected_pem(key))  # fmt: skip
    told = openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public", *AS_SM2, "-in", "message",
                   "-sigfile", "made", message=head.encode() + b"." + CONTENT,
                   made=encode_dss_signature(r, s))  # fmt: skip
    assert b"Verified Successfully" in told


def test_what_openssl_signs_is_verified_with_its_key(openssl, tmp_path):
    openssl("genpkey", "-algorithm", "SM2", "-aes-256-cbc", "-pass", f"pass:{WORDS}",
            "-out", "key")  # fmt: skip
    key = signing.from_pem((tmp_path / "key").read_bytes(), passphrase=WORDS)
    facts = {"alg": "SGD_SM3_SM2", "kid": key.kid, "typ": "disburse-sheet+jws",
             "iat": int(NOW.timestamp()), "b64": False, "crit": ["b64"]}  # fmt: skip
    head = encode(json.dumps(facts).encode())
    openssl("pkeyutl", "-sign", "-inkey", "key", "-passin", f"pass:{WORDS}", *AS_SM2,
            "-in", "message", "-out", "made", message=head + b"." + CONTENT)  # fmt: skip
    numbers = decode_dss_signature((tmp_path / "made").read_bytes())
    tail = encode(b"".join(number.to_bytes(32, "big") for number in numbers))
    signature = f"{head.decode()}..{tail.decode()}"
    assert signing.verify(CONTENT, signature, recorded(key.public)).key.kid == key.kid
    with pytest.raises(BadSignature):
        signing.verify(CONTENT + b"!", signature, recorded(key.public))


def test_openssl_opens_our_key_file(openssl, key):
    words = ("pkey", "-in", "key", "-passin", f"pass:{WORDS}", "-noout", "-text")
    assert b"ASN1 OID: SM2" in openssl(*words, key=signing.to_pem(key, passphrase=WORDS))


def test_a_certificate_with_a_key_of_sm2_is_refused_with_a_reason(openssl, tmp_path):
    openssl("req", "-x509", "-newkey", "sm2", "-sm3", "-nodes", "-keyout", "key", "-out", "cert",
            "-subj", "/CN=Signer")  # fmt: skip
    with pytest.raises(signing.CertificateUntrusted, match="SM2 in certificates is not taken"):
        signing.key_of((tmp_path / "cert").read_text())


def test_a_proof_of_possession_is_made_and_taken(key):
    facts = {"organisation": "ORG-1", "purpose": Purpose.SHEET, "challenge": "once"}
    proof = signing.prove_possession(key, **facts, now=NOW)
    signing.check_possession(proof, signing.read_public(key.public.jwk), **facts)
    with pytest.raises(BadSignature):
        signing.check_possession(proof, key.public, **facts | {"challenge": "twice"})


@pytest.mark.parametrize(
    "text",
    [
        a_jwk((X, Y + 1)), a_jwk((0, 0)), a_jwk((Y, X)), a_jwk((2**256 - 1, Y)),
        a_jwk(y="AA"), a_jwk(y="!"), a_jwk(x=encode(X.to_bytes(33, "big")).decode()),
        '{"kty": "EC", "crv": "SM2-P-256", "x": "AA"}', a_jwk(crv="SM2"), a_jwk(kty="OKP"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_point_of_the_curve_is_no_key(text):
    with pytest.raises(KeyUnreadable):
        signing.read_public(text)
    assert signing.read_public(a_jwk()).algorithm is Algorithm.SM2


def test_a_coordinate_has_one_form():
    """x + p is the same point modulo p; as another text it would be another key id."""
    x = next(x for x in range(1, 1000) if pow(x**3 + sm2._A * x + sm2._B, (sm2._P - 1) // 2,
                                              sm2._P) == 1)  # fmt: skip
    y = pow(x**3 + sm2._A * x + sm2._B, (sm2._P + 1) // 4, sm2._P)
    assert signing.read_public(a_jwk((x, y)))
    with pytest.raises(KeyUnreadable):
        signing.read_public(a_jwk((x + sm2._P, y)))


@pytest.mark.parametrize("secret", [0, sm2._N - 1, sm2._N, 2**256 - 1])
def test_a_secret_outside_its_range_is_refused(secret):
    with pytest.raises(KeyUnreadable):
        signing.from_pem(sm2_file.write(secret, (X, Y), None), passphrase=None)


def test_a_file_that_is_none_of_ours_is_refused(openssl, tmp_path, key, monkeypatch):
    monkeypatch.setattr(sm2_file, "ITERATIONS_MAX", 1000)
    dear = signing.to_pem(key, passphrase=WORDS)
    old = ("genpkey", "-algorithm", "SM2", "-aes-128-cbc", "-pass", f"pass:{WORDS}", "-out", "old")
    openssl(*old)
    for pem in (dear, (tmp_path / "old").read_bytes()):
        with pytest.raises(KeyUnreadable):
            signing.from_pem(pem, passphrase=WORDS)
        with pytest.raises(ValueError, match=r"too long|AES-256"):
            sm2_file.read(pem, WORDS.encode())
    for text in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(ValueError):  # noqa: PT011  (asn1crypto's own words)
            sm2_file.read(text, None)
    with pytest.raises(ValueError, match="another curve"):
        sm2_file.read(signing.to_unprotected_pem(signing.generate(Algorithm.ES256)), None)


WITHOUT = """
import sys
sys.modules["gmalg"] = None  # as if the extra were not installed
from datetime import UTC, datetime
from disburse import signing
from disburse.domain.signing_key import Algorithm
jwk, pem, head = sys.stdin.read().split("\\0")
for name, call in {
    "register": lambda: signing.read_public(jwk),
    "sign": lambda: signing.from_pem(pem.encode(), passphrase=None),
    "generate": lambda: signing.generate(Algorithm.SM2),
    "verify": lambda: signing.verify(b"wages", head + "..AAAA", {}),
}.items():
    try:
        call()
    except signing.AlgorithmMissing as refusal:
        assert "install disburse[sm]" in refusal.detail
        print(name)
assert signing.generate(Algorithm.EDDSA)  # everything else works
"""


def test_without_the_extra_everybody_is_told_what_to_install(key):
    head = signing.sign(b"wages", key, now=NOW).split(".")[0]
    told = "\0".join((key.public.jwk, signing.to_unprotected_pem(key).decode(), head))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["register", "sign", "generate", "verify"]
