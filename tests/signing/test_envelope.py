"""CMS envelopes: what we seal the bank opens, by OpenSSL's own program, and the other way round."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from disburse.signing.envelope import Envelope, Unopened, UnusableEnvelope
from tests.pki import NOW, a_private_key, issue

CONTENT = b"line one\r\nline two\n\x00\xff" * 100
OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def people():
    """We, the bank, and somebody else, each with a key and a certificate."""
    made = {}
    for name in ("ours", "bank", "other"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        made[name] = issue(name, key=key)
    return made


def key_of(one):
    return one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_of(one):
    return one.certificate.public_bytes(Encoding.PEM)


def between(ours, theirs):
    return Envelope.of(key_of(ours), certificate_of(ours), certificate_of(theirs))


@pytest.fixture
def ours(people):
    return between(people["ours"], people["bank"])


@pytest.fixture
def banks(people):
    return between(people["bank"], people["ours"])


def test_what_one_seals_the_other_opens(ours, banks):
    sealed = ours.seal(CONTENT)
    assert banks.open(sealed) == CONTENT
    assert b"line one" not in sealed
    assert ours.seal(CONTENT) != sealed, "which is why what was sent has to be kept"
    assert ours.open(banks.seal(b"")) == b""


def test_what_was_sealed_for_others_or_changed_does_not_open(people, ours, banks):
    sealed = banks.seal(CONTENT)
    for_another = between(people["bank"], people["other"]).seal(CONTENT)
    changed = sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:]
    for bad in (for_another, changed, sealed[:-1], b"", b"plain", CONTENT, b"-----BEGIN CMS-----"):
        with pytest.raises(Unopened):
            ours.open(bad)


def test_only_the_banks_own_certificate_signs_for_it(people, ours):
    with pytest.raises(Unopened, match="not signed by the bank"):
        ours.open(between(people["other"], people["ours"]).seal(CONTENT))
    same_name = issue("bank", key=people["other"].key,
                      serial=people["bank"].certificate.serial_number)  # fmt: skip
    with pytest.raises(Unopened, match="not signed by the bank"):
        ours.open(between(same_name, people["ours"]).seal(CONTENT))


class TestKeys:
    def test_a_password_or_nonsense_is_told(self, people):
        with pytest.raises(UnusableEnvelope, match="our key is no PEM"):
            Envelope.of(b"?", certificate_of(people["ours"]), certificate_of(people["bank"]))
        with pytest.raises(UnusableEnvelope, match="the bank's certificate is no PEM"):
            Envelope.of(key_of(people["ours"]), certificate_of(people["ours"]), b"?")

    def test_only_rsa_of_some_length(self, people):
        curved = issue("curved", key=a_private_key("p256", "curved"))
        short = issue("short", key=rsa.generate_private_key(65537, 1024))  # noqa: S505
        for one in (curved, short):
            with pytest.raises(UnusableEnvelope, match="RSA of at least 2048"):
                between(one, people["bank"])
            with pytest.raises(UnusableEnvelope, match="RSA of at least 2048"):
                between(people["ours"], one)

    def test_they_have_to_belong_together(self, people):
        with pytest.raises(UnusableEnvelope, match="of another key"):
            Envelope.of(*map(_part, (key_of, certificate_of, certificate_of),
                             (people["ours"], people["other"], people["bank"])))  # fmt: skip
        with pytest.raises(UnusableEnvelope, match="our own"):
            between(people["ours"], people["ours"])

    def test_their_time_may_be_over_or_not_begun(self, ours):
        ours.require_valid(NOW)
        for other in (timedelta(days=-60), timedelta(days=400)):
            with pytest.raises(UnusableEnvelope, match="valid from"):
                ours.require_valid(NOW + other)


def _part(read, one):
    return read(one)


@pytest.mark.skipif(
    OPENSSL is None,
    reason="the bank's part is played by the openssl program, which is not installed here",
)
class TestOpenSsl:
    @pytest.fixture
    def bank(self, tmp_path, people):
        for name, one in people.items():
            (tmp_path / f"{name}.key").write_bytes(key_of(one))
            (tmp_path / f"{name}.pem").write_bytes(certificate_of(one))

        def run(*arguments, content):
            done = subprocess.run(
                [OPENSSL, "cms", *arguments], input=content, cwd=tmp_path, check=True,
                capture_output=True,
            )  # fmt: skip
            return done.stdout

        return run

    def test_it_opens_ours_and_finds_our_signature(self, bank, ours):
        signed = bank("-decrypt", "-inform", "DER", "-binary", "-inkey", "bank.key",
                      content=ours.seal(CONTENT))  # fmt: skip
        plain = bank("-verify", "-inform", "DER", "-binary", "-CAfile", "ours.pem", "-certfile",
                     "ours.pem", "-purpose", "any", "-no_check_time", content=signed)  # fmt: skip
        assert plain == CONTENT

    @pytest.mark.parametrize("form", ["DER", "PEM"])
    @pytest.mark.parametrize("padding", ["pkcs1", "pss"])
    def test_we_open_its_own(self, bank, ours, form, padding):
        salted = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"]
        how = salted if padding == "pss" else []  # a salt as long as the digest
        signed = bank("-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", "bank.pem",
                      "-inkey", "bank.key", "-md", "sha256", *how, content=CONTENT)  # fmt: skip
        sealed = bank("-encrypt", "-binary", "-outform", form, "-aes-256-cbc", "ours.pem",
                      content=signed)  # fmt: skip
        assert ours.open(sealed) == CONTENT

    def test_what_is_encrypted_and_not_signed_is_refused(self, bank, ours):
        sealed = bank("-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc", "ours.pem",
                      content=CONTENT)  # fmt: skip
        with pytest.raises(Unopened, match="not signed"):
            ours.open(sealed)
        detached = bank("-sign", "-binary", "-outform", "DER", "-signer", "bank.pem", "-inkey",
                        "bank.key", content=CONTENT)  # fmt: skip
        sealed = bank("-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc", "ours.pem",
                      content=detached)  # fmt: skip
        with pytest.raises(Unopened, match="not signed"):
            ours.open(sealed)
