"""Over HTTPS the certificate is checked for the name, whatever address the name resolved to."""

from __future__ import annotations

import json
import ssl
from datetime import timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from disburse.clock import system_clock
from disburse.courier.reach import PUBLIC, NotDelivered, Reach, post
from tests.courier.receiver import Receiver

pytestmark = pytest.mark.enable_socket
HERE = Reach((ip_network("127.0.0.0/8"), ip_network("::1/128")))
BODY = json.dumps({"data": {"object": "sheet:1"}}).encode()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for the name localhost that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = system_clock()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


@pytest.fixture
def receiver(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Receiver(context=context) as one:
        yield one


def at(receiver, host):
    return f"https:/{'/'}{host}:{receiver.server.server_port}/told"


def test_a_trusted_certificate_of_that_name_is_told(receiver, certificate, monkeypatch):
    """The name has two addresses here, and only one of them answers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    post(HERE, at(receiver, "localhost"), {"webhook-id": "event-1"}, BODY)
    [(headers, body)] = receiver.got
    assert (headers["Host"], headers["webhook-id"], body) == (
        f"localhost:{receiver.server.server_port}", "event-1", BODY)  # fmt: skip


def test_one_that_nobody_vouches_for_is_told_nothing(receiver):
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        post(HERE, at(receiver, "localhost"), {}, BODY)
    assert receiver.got == []


def test_one_of_another_name_is_told_nothing(receiver, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        post(HERE, at(receiver, "127.0.0.1"), {}, BODY)
    assert receiver.got == []


def test_without_leave_this_machine_is_told_nothing(receiver, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(NotDelivered, match="private"):
        post(PUBLIC, at(receiver, "localhost"), {}, BODY)
    assert receiver.got == []
