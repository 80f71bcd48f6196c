"""CMS signatures as USB keys make them, read in one way only."""

import base64
import subprocess
from dataclasses import replace
from itertools import count

import pytest
from asn1crypto import cms as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)

from disburse import signing
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey
from disburse.signing import BadSignature, armour
from disburse.signing.cms import DER_BYTES_MAX
from tests.pki import DAY, NOW, a_private_key, issue

CONTENT = "工资表 wage sheet\r\n1,2\n".encode()


def registered(issued):
    public = signing.key_of(issued.pem)
    key = SigningKey(
        kid=public.kid,
        organisation_id=1,
        algorithm=public.algorithm,
        public_jwk=public.jwk,
        purpose=Purpose.SHEET,
        valid_from=NOW - DAY,
        valid_to=NOW + DAY,
        confirmed_at=NOW - DAY,
        certificate=issued.pem,
    )
    return {key.kid: key}


def refused(content, der, keys, why):
    text = der if isinstance(der, str) else armour(der)
    with pytest.raises(BadSignature) as told:
        signing.verify(content, text, keys)
    assert why in told.value.why
    assert str(told.value) == str(BadSignature("something else"))  # alike from outside


@pytest.mark.parametrize("digest", [hashes.SHA256, hashes.SHA384, hashes.SHA512])
@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_a_signature_of_a_registered_certificate_is_good(kind, digest):
    signer = issue("Signer", key=a_private_key(kind))
    keys = registered(signer)
    found = signing.verify(CONTENT, armour(signer.cms(CONTENT, digest=digest)), keys)
    assert found.key in keys.values()
    assert found.claimed_at is not None
    refused(CONTENT + b"x", signer.cms(CONTENT, digest=digest), keys, "did not sign")


def test_pss_is_good_too_and_pem_is_read():
    signer = issue("Signer", key=a_private_key("rsa"))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    der = signer.cms(CONTENT, padding=pss)
    assert signing.verify(CONTENT, armour(der), registered(signer))
    text = b"-----BEGIN PKCS7-----\n" + base64.encodebytes(der) + b"-----END PKCS7-----\n"
    assert armour(text) == armour(der)


@pytest.mark.parametrize("kind", ["p256", "rsa"])
@pytest.mark.parametrize("digest", ["sha256", "sha1"])
def test_openssl_signs_and_sha_1_is_refused(tmp_path, kind, digest):
    signer = issue("Signer", key=a_private_key(kind))
    files = {name: tmp_path / name for name in ("key", "cert", "data", "p7s")}
    files["key"].write_bytes(
        signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    files["cert"].write_text(signer.pem)
    files["data"].write_bytes(CONTENT)
    subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-in", files["data"], "-signer", files["cert"],
         "-inkey", files["key"], "-outform", "DER", "-out", files["p7s"], "-md", digest],
        check=True, capture_output=True,
    )  # fmt: skip
    der = files["p7s"].read_bytes()
    if digest == "sha1":
        refused(CONTENT, der, registered(signer), "its digest sha1")
    else:
        assert signing.verify(CONTENT, armour(der), registered(signer)).key.kid


def test_a_signer_that_nobody_registered_is_refused_whatever_comes_along():
    signer, other = issue("Signer"), issue("Signer")
    refused(CONTENT, other.cms(CONTENT), registered(signer), "is known here")
    refused(CONTENT, signer.cms(CONTENT), {}, "is known here")
    [key] = registered(signer).values()
    plain = {key.kid: replace(key, certificate=None)}
    refused(CONTENT, signer.cms(CONTENT), plain, "is known here")


def test_another_certificate_of_the_same_number_and_issuer_does_not_help():
    """Who can name the issuer and the number is not yet who holds the key."""
    signer = issue("Signer", serial=7)
    forged = issue("Signer", serial=7, key=a_private_key("p256", "the forger's"))
    refused(CONTENT, forged.cms(CONTENT), registered(signer), "did not sign")


def test_a_record_whose_certificate_was_swapped_signs_nothing():
    signer, other = issue("Signer"), issue("Other", key=a_private_key("p256", "other"))
    [key] = registered(signer).values()
    swapped = {key.kid: replace(key, certificate=other.pem)}
    refused(CONTENT, other.cms(CONTENT), swapped, "is another key's")


def changed(der, change):
    outer = asn1.ContentInfo.load(der)
    change(outer["content"])
    return outer.dump(force=True)


def without(name):
    def change(signed):
        info = signed["signer_infos"][0]
        kept = [one for one in info["signed_attrs"] if one["type"].native != name]
        info["signed_attrs"] = asn1.CMSAttributes(kept)

    return change


def twice(name):
    def change(signed):
        info = signed["signer_infos"][0]
        more = [one for one in info["signed_attrs"] if one["type"].native == name]
        info["signed_attrs"] = asn1.CMSAttributes([*info["signed_attrs"], *more])

    return change


def two_signers(signed):
    signed["signer_infos"] = [signed["signer_infos"][0], signed["signer_infos"][0]]


def no_signer(signed):
    signed["signer_infos"] = []


def other_content_type(signed):
    for one in signed["signer_infos"][0]["signed_attrs"]:
        if one["type"].native == "content_type":
            one["values"] = ["signed_data"]


def enclosing(signed):
    signed["encap_content_info"]["content"] = CONTENT


def other_scheme(signed):
    signed["signer_infos"][0]["signature_algorithm"]["algorithm"] = "sha512_ecdsa"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without("message_digest"), "lack content type or message digest"),
        (without("content_type"), "lack content type or message digest"),
        (without("signing_time"), "did not sign"),
        (twice("message_digest"), "stands twice"),
        (two_signers, "not exactly one signer"),
        (no_signer, "not exactly one signer"),
        (other_content_type, "lack content type"),
        (enclosing, "not detached"),
        (other_scheme, "names another digest"),
    ],
    ids=count(),
)
def test_a_signature_that_could_be_read_in_two_ways_is_refused(change, why):
    signer = issue("Signer")
    refused(CONTENT, changed(signer.cms(CONTENT), change), registered(signer), why)


def test_a_signature_without_signed_attributes_is_refused():
    signer = issue("Signer")
    der = signer.cms(CONTENT, options=[pkcs7.PKCS7Options.NoAttributes])
    refused(CONTENT, der, registered(signer), "as CMS")


@pytest.mark.parametrize(
    "text",
    ["cms:", "cms:!!", "cms:AAAA", "cms:" + "A" * (DER_BYTES_MAX * 2),
     armour(asn1.ContentInfo({"content_type": "data", "content": b"x"}).dump())],
)  # fmt: skip
def test_what_is_no_signature_is_refused(text):
    refused(CONTENT, text, registered(issue("Signer")), "as CMS")


def test_bytes_after_the_end_are_refused():
    signer = issue("Signer")
    refused(CONTENT, signer.cms(CONTENT) + b"x", registered(signer), "as CMS")
    refused(b"", signer.cms(CONTENT), registered(signer), "size")


def test_a_key_with_a_certificate_signs_by_jws_too():
    private = signing.from_pem(
        a_private_key("p256").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        passphrase=None,
    )
    keys = registered(issue("Signer", key=a_private_key("p256")))
    assert private.public.algorithm is Algorithm.ES256
    made = signing.sign(CONTENT, private, now=NOW)
    assert signing.verify(CONTENT, made, keys).key.kid == private.kid
