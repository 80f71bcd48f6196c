import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import JWKRegistry

from disburse import signing
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CONTENT = b'{"sheet":"\xe5\xb7\xa5\xe8\xb5\x84"}\n{"line":1}\n'
WORKBOOK = b"PK\x03\x04\xff\xfe\x00\x80.not.utf-8"
each_algorithm = pytest.mark.parametrize("algorithm", Algorithm)
# What other libraries know; for SM2 see `test_sm2`.
each_of_rfc_7518 = pytest.mark.parametrize("algorithm", sorted({*Algorithm} - {Algorithm.SM2}))


@cache
def a_key(algorithm=Algorithm.EDDSA, number=1):
    assert number
    return signing.generate(algorithm)


def a_record(key, **changes):
    record = SigningKey(
        kid=key.kid,
        organisation_id=7,
        algorithm=key.public.algorithm,
        public_jwk=key.public.jwk,
        purpose=Purpose.SHEET,
        valid_from=NOW - timedelta(days=1),
        valid_to=NOW + timedelta(days=365),
    )
    return replace(record, **changes)


def register(*keys):
    return {key.kid: a_record(key) for key in keys}


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def a_header(key, **changes):
    header = {
        "alg": "EdDSA", "kid": key.kid, "typ": "disburse-sheet+jws", "iat": 1_773_135_000,
        "b64": False, "crit": ["b64"],
    }  # fmt: skip
    header.update(changes)
    return {name: value for name, value in header.items() if value is not ...}


def forge(header, content=CONTENT, *, key=None):
    """Sign by hand, with nothing of ours: any header, truly signed by the registered key."""
    text = header if isinstance(header, str) else json.dumps(header)
    head = b64(text.encode())
    native = (key or a_key()).jose.private_key
    return f"{head}..{b64(native.sign(head.encode() + b'.' + content))}"


def refusal_of(content, signature, keys=None):
    with pytest.raises(signing.BadSignature) as caught:
        signing.verify(content, signature, register(a_key()) if keys is None else keys)
    return caught.value


@each_algorithm
@pytest.mark.parametrize("content", [CONTENT, WORKBOOK, b"urlsafe_only", b"\x00", b"a.b.c"])
def test_what_was_signed_verifies_and_names_its_signer(algorithm, content):
    key = a_key(algorithm)
    keys = register(a_key(Algorithm.EDDSA, 2), key)
    signature = signing.sign(content, key, now=NOW)
    assert signing.verify(content, signature, keys) == signing.Signer(keys[key.kid], NOW)
    assert re.fullmatch(r"[\w-]+\.\.[\w-]+", signature, re.ASCII)


@each_of_rfc_7518
def test_our_signature_verifies_by_hand(algorithm):
    key = a_key(algorithm)
    head, _, tail = signing.sign(WORKBOOK, key, now=NOW).split(".")
    assert json.loads(unb64(head)) == a_header(key, alg=algorithm.value, iat=int(NOW.timestamp()))
    numbers = json.loads(key.public.jwk)
    message, made = head.encode() + b"." + WORKBOOK, unb64(tail)
    if algorithm is Algorithm.EDDSA:
        ed25519.Ed25519PublicKey.from_public_bytes(unb64(numbers["x"])).verify(made, message)
    elif algorithm is Algorithm.ES256:
        x, y, r, s = (
            int.from_bytes(part, "big")
            for part in (unb64(numbers["x"]), unb64(numbers["y"]), made[:32], made[32:])
        )
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    else:
        n, e = (int.from_bytes(unb64(numbers[name]), "big") for name in ("n", "e"))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
        public = rsa.RSAPublicNumbers(e, n).public_key()
        public.verify(made, message, pss, hashes.SHA256())


@each_of_rfc_7518
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
def test_the_whole_path_of_joserfc_verifies_our_signature(algorithm):
    key = a_key(algorithm)
    registry = jws.JWSRegistry(algorithms=[algorithm.value], strict_check_header=False)
    public = JWKRegistry.import_key(json.loads(key.public.jwk))
    signature = signing.sign(CONTENT, key, now=NOW)
    assert jws.deserialize_compact(signature, public, registry=registry, payload=CONTENT)
    with pytest.raises(jws.BadSignatureError):
        jws.deserialize_compact(signature, public, registry=registry, payload=CONTENT + b" ")


@pytest.mark.parametrize("content", [CONTENT, WORKBOOK])
def test_a_signature_made_by_hand_verifies(content):
    signer = signing.verify(content, forge(a_header(a_key()), content), register(a_key()))
    assert signer.key.kid == a_key().kid
    assert signer.claimed_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def test_an_es256_signature_made_by_hand_verifies():
    key = a_key(Algorithm.ES256)
    head = b64(json.dumps(a_header(key, alg="ES256")).encode())
    der = key.jose.private_key.sign(head.encode() + b"." + CONTENT, ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert signing.verify(CONTENT, f"{head}..{b64(raw)}", register(key))
    assert refusal_of(CONTENT, f"{head}..{b64(der)}", register(key))  # DER is not JWS


MEMBERS_REFUSED = {
    "algorithm none": {"alg": "none"},
    "no algorithm": {"alg": ...},
    "HS256": {"alg": "HS256"},
    "EdDSA by its other name": {"alg": "Ed25519"},
    "an algorithm of another key": {"alg": "ES256"},
    "PS256 for an Ed25519 key": {"alg": "PS256"},
    "algorithm in other letters": {"alg": "eddsa"},
    "algorithm as list": {"alg": ["EdDSA"]},
    "b64 true": {"b64": True},
    "b64 zero": {"b64": 0},
    "b64 null": {"b64": None},
    "b64 text": {"b64": "false"},
    "no b64": {"b64": ..., "crit": []},
    "no b64 nor crit": {"b64": ..., "crit": ...},
    "no crit": {"crit": ...},
    "empty crit": {"crit": []},
    "crit text": {"crit": "b64"},
    "crit twice": {"crit": ["b64", "b64"]},
    "crit with more": {"crit": ["b64", "exp"], "exp": 1},
    "crit other": {"crit": ["exp"], "exp": 1},
    "crit nested": {"crit": [["b64"]]},
    "no typ": {"typ": ...},
    "plain typ": {"typ": "JWT"},
    "typ in capitals": {"typ": "DISBURSE-SHEET+JWS"},
    "typ of an approval": {"typ": "disburse-approval+jws"},
    "typ of a proof": {"typ": "disburse-key+jws"},
    "no kid": {"kid": ...},
    "kid of a stranger": {"kid": "stranger"},
    "kid number": {"kid": 5},
    "kid list": {"kid": ["a"]},
    "no iat": {"iat": ...},
    "iat text": {"iat": "1773135000"},
    "iat true": {"iat": True},
    "iat fraction": {"iat": 1773135000.0},
    "iat negative": {"iat": -1},
    "iat beyond time": {"iat": 253_402_300_800},
    "iat huge": {"iat": 10**100},
    "own key": {"jwk": {"kty": "OKP"}},
    "key address": {"jku": "https://keys.example/1"},
    "certificate address": {"x5u": "https://keys.example/1"},
    "certificate": {"x5c": ["AA"]},
    "foreign member": {"cty": "application/json"},
}


@pytest.mark.parametrize("changes", MEMBERS_REFUSED.values(), ids=MEMBERS_REFUSED)
def test_a_header_that_says_anything_else_is_refused_though_truly_signed(changes):
    keys = register(a_key(), a_key(Algorithm.ES256))
    refusal = refusal_of(CONTENT, forge(a_header(a_key(), **changes)), keys)
    assert str(refusal) == str(signing.BadSignature("any reason"))
    assert "did not sign" not in refusal.why  # for it did: the header alone is the reason


HEADERS_REFUSED = {
    "a member twice": json.dumps(a_header(a_key())).replace('"alg"', '"alg": "none", "alg"'),
    "a list": "[]",
    "a text": '"header"',
    "no JSON": "{",
    "NaN": json.dumps(a_header(a_key())).replace("1773135000", "NaN"),
    "more after it": json.dumps(a_header(a_key())) + "{}",
    "byte order mark": "\ufeff" + json.dumps(a_header(a_key())),
    "deep": "[" * 380,
    "many digits": json.dumps(a_header(a_key())).replace("1773135000", "1" * 150),
    "one byte too long": json.dumps(a_header(a_key())).ljust(385),
    "much too long": json.dumps(a_header(a_key())) + " " * 100_000,
}


@pytest.mark.parametrize("text", HEADERS_REFUSED.values(), ids=HEADERS_REFUSED)
def test_a_header_that_is_not_one_strict_small_object_is_refused(text):
    refusal = refusal_of(CONTENT, forge(text))
    assert str(refusal) == str(signing.BadSignature("any reason"))
    assert "did not sign" not in refusal.why


def test_a_header_of_exactly_the_limit_is_read():
    signature = forge(json.dumps(a_header(a_key())).ljust(384))
    assert len(signature.split(".")[0]) == signing.HEADER_BYTES_MAX
    assert signing.verify(CONTENT, signature, register(a_key()))


def test_a_header_in_utf_16_is_refused():
    head = b64(json.dumps(a_header(a_key(), kid="k")).encode("utf-16-le"))
    made = a_key().jose.private_key.sign(head.encode() + b"." + CONTENT)
    assert refusal_of(CONTENT, f"{head}..{b64(made)}", {"k": a_record(a_key())})


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER, Encoding.Raw])
def test_the_public_key_is_never_taken_for_a_shared_secret(encoding):
    key = a_key()
    form = PublicFormat.Raw if encoding is Encoding.Raw else PublicFormat.SubjectPublicKeyInfo
    secret = hmac.HMAC(key.jose.public_key.public_bytes(encoding, form), hashes.SHA256())
    head = b64(json.dumps(a_header(key, alg="HS256")).encode())
    secret.update(head.encode() + b"." + CONTENT)
    assert refusal_of(CONTENT, f"{head}..{b64(secret.finalize())}")


GOOD = forge(a_header(a_key()))
HEAD, _, TAIL = GOOD.split(".")
TEXTS_REFUSED = {
    "nothing": "",
    "dots": "..",
    "no header": f"..{TAIL}",
    "no signature": f"{HEAD}..",
    "attached content": f"{HEAD}.{b64(CONTENT)}.{TAIL}",
    "two parts": f"{HEAD}.{TAIL}",
    "four parts": f"{GOOD}.",
    "padded signature": f"{GOOD}==",
    "padded header": f"{HEAD}=..{TAIL}",
    "line end": f"{GOOD}\n",
    "blank before": f" {GOOD}",
    "NUL after": f"{GOOD}\0",
    "stray last bits": GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    "one character more": f"{GOOD}A",
    "four characters more": f"{GOOD}AAAA",
    "four characters less": GOOD[:-4],
    "plain alphabet": f"{HEAD}..{'+/' * 43}",
    "full-width letter": f"{HEAD}..\uff21{TAIL[1:]}",
    "other signature": f"{HEAD}..{forge(a_header(a_key()), b'other').split('.')[2]}",
    "other header": f"{b64(json.dumps(a_header(a_key(), iat=1)).encode())}..{TAIL}",
    "swapped": f"{TAIL}..{HEAD}",
    "zeros": f"{HEAD}..{b64(bytes(64))}",
    "too long": f"{HEAD}..{'A' * 100_000}",
}


@pytest.mark.parametrize("text", TEXTS_REFUSED.values(), ids=TEXTS_REFUSED)
def test_a_signature_text_of_any_other_form_is_refused(text):
    refusal = refusal_of(CONTENT, text)
    assert str(refusal) == str(signing.BadSignature("any reason"))


@pytest.mark.parametrize(
    "content", [b"", CONTENT[:-1], CONTENT + b"\n", CONTENT.replace(b"\n", b"\r\n")]
)
def test_other_content_is_refused(content):
    assert refusal_of(content, GOOD)


def test_empty_content_is_neither_signed_nor_verified():
    with pytest.raises(signing.Unsignable):
        signing.sign(b"", a_key(), now=NOW)
    assert refusal_of(b"", forge(a_header(a_key()), b""))


def test_content_over_the_limit_is_neither_signed_nor_verified():
    content = bytes(signing.CONTENT_BYTES_MAX + 1)
    with pytest.raises(signing.Unsignable):
        signing.sign(content, a_key(), now=NOW)
    assert refusal_of(content, GOOD)


@each_algorithm
def test_strangers_and_bad_signatures_look_alike_and_only_the_operator_is_told(algorithm):
    key, stranger = a_key(algorithm), a_key(algorithm, 2)
    unknown = refusal_of(CONTENT, signing.sign(CONTENT, stranger, now=NOW), register(key))
    bad = refusal_of(CONTENT + b" ", signing.sign(CONTENT, key, now=NOW), register(key))
    assert (str(unknown), unknown.code, unknown.facts, unknown.args) == (
        str(bad), bad.code, bad.facts, bad.args,
    )  # fmt: skip
    assert unknown.why != bad.why
    assert stranger.kid in unknown.why
    assert key.kid not in f"{bad!r}{bad}"


def test_another_key_under_a_registered_key_id_is_refused():
    claimed = forge(a_header(a_key()), key=a_key(number=2))
    assert refusal_of(CONTENT, claimed, register(a_key(), a_key(number=2)))


@pytest.mark.parametrize(
    "changes",
    [
        {"public_jwk": a_key(number=2).public.jwk},
        {"public_jwk": "{}"},
        {"kid": "another"},
        {"algorithm": Algorithm.ES256},
    ],
)
def test_a_key_record_that_contradicts_itself_verifies_nothing(changes):
    signature = forge(a_header(a_key()), key=a_key())
    assert refusal_of(CONTENT, signature, {a_key().kid: a_record(a_key(), **changes)})


def test_an_approval_never_stands_in_for_a_sheet():
    signature = signing.sign(CONTENT, a_key(), now=NOW, purpose=Purpose.APPROVAL)
    keys = register(a_key())
    assert signing.verify(CONTENT, signature, keys, purpose=Purpose.APPROVAL)
    assert refusal_of(CONTENT, signature, keys)


@each_algorithm
@given(at=st.integers(0, len(CONTENT) - 1), mask=st.integers(1, 255))
def test_any_changed_byte_of_the_content_is_refused(algorithm, at, mask):
    key = a_key(algorithm)
    damaged = bytearray(CONTENT)
    damaged[at] ^= mask
    assert refusal_of(bytes(damaged), signing.sign(CONTENT, key, now=NOW), register(key))


@each_algorithm
@given(choice=st.randoms(use_true_random=False), character=st.characters())
@example(choice=None, character="=")
def test_any_changed_character_of_the_signature_is_refused(algorithm, choice, character):
    key = a_key(algorithm)
    signature = signing.sign(CONTENT, key, now=NOW)
    at = choice.randrange(len(signature)) if choice else len(signature) - 1
    damaged = signature[:at] + character + signature[at + 1 :]
    if damaged != signature:
        assert refusal_of(CONTENT, damaged, register(key))


@given(text=st.text(alphabet="ABCabc019-_.={}\n", max_size=200) | st.text())
def test_no_text_whatever_raises_anything_but_the_refusal(text):
    assert refusal_of(CONTENT, text)


def test_a_proof_of_possession_holds_for_its_own_facts_only():
    facts = {"organisation": "ORG-1", "purpose": Purpose.SHEET, "challenge": "once"}
    key = a_key()
    proof = signing.prove_possession(key, **facts, now=NOW)
    signing.check_possession(proof, key.public, **facts)
    for changes in (
        {"organisation": "ORG-2"}, {"purpose": Purpose.APPROVAL}, {"challenge": "twice"},
    ):  # fmt: skip
        with pytest.raises(signing.BadSignature):
            signing.check_possession(proof, key.public, **{**facts, **changes})
    with pytest.raises(signing.BadSignature):
        signing.check_possession(proof, a_key(number=2).public, **facts)


def test_a_signed_sheet_is_no_proof_of_possession():
    facts = {"organisation": "ORG-1", "purpose": Purpose.SHEET, "challenge": "once"}
    key = a_key()
    names = {**facts, "kid": key.kid}
    statement = json.dumps(names, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(signing.BadSignature):
        signing.check_possession(signing.sign(statement, key, now=NOW), key.public, **facts)
