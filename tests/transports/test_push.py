"""HTTPS push against a real server on this machine: what did not leave, and what may have."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from disburse.transports import BadTransport, CannotReach, NothingSent, make
from disburse.transports.push import UnsureError
from tests.transports.parcels import parcel

pytestmark = pytest.mark.enable_socket


class Bank(HTTPServer):
    """A bank that keeps what it is sent, by idempotency key, and answers as it is told."""

    def __init__(self):
        self.status, self.got, self.asked = 201, {}, 0
        super().__init__(("127.0.0.1", 0), Desk)
        self.thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def shut(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Desk(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.status is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.server.status < 300:
            self.server.got[self.headers["Idempotency-Key"]] = (body, dict(self.headers))
        self.answer(self.server.status)

    def do_GET(self):
        known = self.path.rpartition("/")[2] in self.server.got
        self.answer(200 if known else 404)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def bank():
    server = Bank()
    server.thread.start()
    yield server
    server.shut()


def push(bank, **settings):
    url = f"http://127.0.0.1:{bank.server_port}/in"
    return make("push", {"url": url} | settings, lambda name: f"secret {name}\n".encode())


def test_a_file_is_posted_once_under_its_reference(bank):
    how = push(bank, token="bank_token", asks="yes")
    assert how.has(parcel()) is False
    how.submit(parcel())
    how.submit(parcel(fence=2))
    assert bank.asked == 2
    [(body, headers)] = bank.got.values()
    assert body == b"bytes"
    assert headers["Idempotency-Key"] == "F1"
    assert headers["Authorization"] == "Bearer secret bank_token"
    assert headers["Content-Digest"].startswith("sha-256=:")
    assert how.has(parcel()) is True
    assert how.abilities.asks
    assert list(how.collect()) == []
    assert how.set_aside(None, read=True) is None


@pytest.mark.parametrize("status", [401, 403, 404, 413, 429])
def test_what_the_server_turned_away_was_not_sent(bank, status):
    bank.status = status
    with pytest.raises(NothingSent):
        push(bank).submit(parcel())


@pytest.mark.parametrize("status", [302, 400, 409, 422, 500, 502, 503])
def test_any_other_answer_leaves_it_open(bank, status):
    bank.status = status
    with pytest.raises(UnsureError):
        push(bank).submit(parcel())


def test_a_line_that_breaks_after_the_bytes_leaves_it_open(bank):
    bank.status = None
    with pytest.raises(ConnectionError):
        push(bank).submit(parcel())


def test_a_bank_that_is_not_there_was_sent_nothing(bank):
    how = push(bank)
    bank.socket.close()
    gone = make("push", {"url": "http://127.0.0.1:9/in"}, lambda _: b"")
    with pytest.raises(NothingSent):
        gone.submit(parcel())
    with pytest.raises(CannotReach):
        gone.has(parcel())
    assert how.abilities.submits


def certificate(folder):
    """Return files with a certificate for this machine that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank.example")])
    now = datetime.now(UTC)  # noqa: TID251  (the machine's own clock judges it)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "bank.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "bank.key"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


def test_only_a_bank_with_the_right_certificate_is_sent_anything(tmp_path):
    pem, private = certificate(tmp_path)
    server = Bank()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    server.thread.start()
    url = {"url": f"https://127.0.0.1:{server.server_port}/in"}
    try:
        make("push", url | {"ca_file": str(pem)}, lambda _: b"").submit(parcel())
        with pytest.raises(NothingSent, match="SSL"):
            make("push", url, lambda _: b"").submit(parcel())
    finally:
        server.shut()
    assert server.asked == 1
    with pytest.raises(BadTransport):
        make("push", url | {"ca_file": "/nowhere"}, lambda _: b"").submit(parcel())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "http://bank.example.org/in"},
        {"url": "https://somebody@example.org/in"},
        {"url": "https://bank.example.org/in?a=b"},
        {"url": "https://127.0.0.1:0/in"},
        {"url": "https://[bank"},
        {"url": "ftp://bank.example.org"},
    ],
)
def test_an_address_that_is_not_safe_is_refused(settings):
    with pytest.raises(BadTransport):
        make("push", settings, lambda _: b"")


def test_every_wrong_setting_is_told():
    with pytest.raises(BadTransport) as refused:
        make("push", {"url": 1, "token": "A secret!", "asks": "perhaps"}, lambda _: b"")
    assert set(refused.value.facts["wrong"]) == {"url", "token", "asks"}
