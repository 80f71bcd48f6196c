import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from disburse import signing
from disburse.domain.signing_key import Algorithm
from disburse.signing import keys

WORDS = "four unrelated words here"
EXAMPLE_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # RFC 8037 appendix A
PRIME = 2**255 - 19
each_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


@each_algorithm
def test_the_key_id_is_the_rfc_7638_thumbprint(algorithm):
    public = signing.generate(algorithm).public
    facts = json.loads(public.jwk)
    required = {name: facts[name] for name in facts.keys() - {"alg", "kid", "use"}}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    assert public.kid == facts["kid"] == digest.rstrip(b"=").decode()
    assert facts["alg"] == algorithm


def test_the_thumbprint_example_of_rfc_8037_comes_out():
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": EXAMPLE_X}
    public = signing.read_public(json.dumps(jwk))
    assert public.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@each_algorithm
def test_a_key_survives_being_written_with_a_passphrase_and_read(algorithm):
    key = signing.generate(algorithm)
    pem = signing.to_pem(key, passphrase=WORDS)
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert signing.is_protected(pem)
    assert signing.from_pem(pem, passphrase=WORDS) == key
    for wrong in ("another passphrase!", "", None):
        with pytest.raises(signing.KeyUnreadable):
            signing.from_pem(pem, passphrase=wrong)


def test_a_key_is_written_open_only_by_the_function_that_says_so():
    key = signing.generate(Algorithm.EDDSA)
    pem = signing.to_unprotected_pem(key)
    assert load_pem_private_key(pem, None)
    assert not signing.is_protected(pem)
    assert signing.from_pem(pem, passphrase=None) == key
    assert signing.from_pem(pem, passphrase=WORDS) == key


def test_a_short_passphrase_is_refused():
    with pytest.raises(signing.WeakPassphrase, match="16 characters"):
        signing.to_pem(signing.generate(Algorithm.EDDSA), passphrase=WORDS[:15])


@each_algorithm
def test_nothing_printed_of_a_key_contains_its_private_half(algorithm):
    key = signing.generate(algorithm)
    secret = key.jose.as_dict(private=True)["d"]
    assert secret not in f"{key!r}{key}{key.public!r}{key.public.jwk}"
    assert not {"d", "p", "q"} & json.loads(key.public.jwk).keys()


@each_algorithm
def test_a_public_key_is_read_back_to_the_same_text(algorithm):
    public = signing.generate(algorithm).public
    assert signing.read_public(public.jwk) == public
    told = {**json.loads(public.jwk), "kid": "mine", "alg": "HS256", "use": "enc", "x5u": "x"}
    assert signing.read_public(json.dumps(told)) == public


def test_a_private_key_offered_for_registration_is_refused_with_a_warning():
    private = signing.generate(Algorithm.EDDSA).jose.as_dict(private=True)
    with pytest.raises(signing.KeyUnreadable, match="PRIVATE"):
        signing.read_public(json.dumps(private))


def jwk_of(native):
    numbers = native.public_key().public_numbers()
    length = (numbers.n.bit_length() + 7) // 8
    n = base64.urlsafe_b64encode(numbers.n.to_bytes(length, "big")).rstrip(b"=").decode()
    return json.dumps({"kty": "RSA", "n": n, "e": "AQAB"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "5",
        "{" * 1000,
        '{"kty": ["OKP"]}',
        '{"kty": "oct", "k": "c2VjcmV0"}',
        '{"kty": "OKP", "crv": "Ed25519"}',
        '{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}',
        '{"kty": "OKP", "crv": "Ed25519", "x": "not base64!"}',
        f'{{"kty": "OKP", "crv": "X25519", "x": "{EXAMPLE_X}"}}',
        f'{{"kty": "OKP", "kty": "OKP", "crv": "Ed25519", "x": "{EXAMPLE_X}"}}',
        '{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}',
        '{"kty": "EC", "crv": "P-999", "x": "AQ", "y": "AQ"}',
        '{"kty": "RSA", "n": "", "e": ""}',
        " " * (keys.JWK_CHARACTERS_MAX + 1),
    ],
)
def test_what_is_no_acceptable_public_key_is_refused(text):
    with pytest.raises(signing.KeyUnreadable):
        signing.read_public(text)


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("bits", [1024, keys.RSA_BITS_MAX + 64])
def test_an_rsa_key_too_weak_or_too_slow_is_refused(bits):
    native = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    with pytest.raises(signing.KeyUnreadable, match="2048 to 4096"):
        signing.read_public(jwk_of(native))


@pytest.mark.parametrize(
    "native",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        dsa.generate_private_key(2048),
    ],
    ids=["P-384", "secp256k1", "Ed448", "DSA"],
)
def test_a_private_key_of_another_kind_is_refused(native):
    pem = native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(signing.KeyUnreadable):
        signing.from_pem(pem, passphrase=None)


@pytest.mark.parametrize("pem", [b"", b"hello", bytes(keys.PEM_BYTES_MAX + 1)])
def test_what_is_no_private_key_is_refused(pem):
    with pytest.raises(signing.KeyUnreadable):
        signing.from_pem(pem, passphrase=WORDS)


def double(point):
    """Double a point of edwards25519 (RFC 8032 section 5.1.4, affine)."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    x, y = point
    product = d * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, PRIME) % PRIME,
        (y * y + x * x) * pow(1 - product, -1, PRIME) % PRIME,
    )


def abscissa(y):
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    square = (y * y - 1) * pow(d * y * y + 1, -1, PRIME) % PRIME
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != square:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert root * root % PRIME == square
    return root


@pytest.mark.parametrize("y", sorted(keys._ED25519_SMALL_ORDER))
@pytest.mark.parametrize("sign", [0, 1])
def test_an_ed25519_key_under_which_anything_verifies_is_refused(y, sign):
    point = (abscissa(y), y)
    assert double(double(double(point))) == (0, 1)
    x = base64.urlsafe_b64encode((y | sign << 255).to_bytes(32, "little")).rstrip(b"=").decode()
    with pytest.raises(signing.KeyUnreadable):
        signing.read_public(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x}))
