"""The server that runs the app: a real one, on a socket file."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from threading import Thread
from time import monotonic, sleep

import pytest

from disburse import serving
from disburse.serving import HEADER_BYTES_MAX, logged, make_server
from disburse.sheetfile.draft import BYTES_MAX


def app(environ, start_response):
    if environ["PATH_INFO"] == "/defect":
        raise RuntimeError("a secret of ours")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answered"]


@pytest.fixture
def address(swift_folder, monkeypatch):
    path = str(swift_folder / "web.socket")
    with monkeypatch.context() as without_a_network:  # waitress looks its usual port up, unused
        without_a_network.setattr(socket, "getaddrinfo", lambda *_: [])
        server = make_server(app, threads=2, unix_socket=path)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield path
    server.close()
    thread.join()


def exchange(address, request):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65_536), b"")).decode()


def test_the_server_answers_and_does_not_say_what_it_is(address):
    answer = exchange(address, b"GET / HTTP/1.0\r\n\r\n")

    assert answer.startswith("HTTP/1.0 200 OK\r\n")
    assert answer.endswith("answered")
    assert "Server:" not in answer


def test_a_defect_below_the_app_shows_no_traceback(address):
    answer = exchange(address, b"GET /defect HTTP/1.0\r\n\r\n")

    assert answer.startswith("HTTP/1.0 500 ")
    assert "secret" not in answer


def test_the_log_names_method_path_and_status_and_nothing_else(caplog):
    caplog.set_level(logging.INFO, "disburse.access")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/v1/payments\n/forged",
        "QUERY_STRING": "reference=secret",
        "HTTP_AUTHORIZATION": "Bearer secret",
        "REMOTE_ADDR": "203.0.113.7",
    }

    assert list(logged(app)(environ, lambda *_: None)) == [b"answered"]

    [record] = caplog.records
    assert record.getMessage().startswith("GET /v1/payments\\n/forged 200 ")
    assert "secret" not in record.getMessage()
    assert "203" not in record.getMessage()


def connected(address, *sent):
    """Return a line on which something was said, and that waits for an answer or the end."""
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(10)
    line.connect(address)
    for part in sent:
        line.sendall(part)
    return line


def closed_within(line, seconds, drip=b""):
    """Say whether the server closes a line, on which a byte drips all the time."""
    ends = monotonic() + seconds
    line.settimeout(0.05)
    while monotonic() < ends:
        try:
            if drip:
                line.sendall(drip)
            if not line.recv(1):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize("sent", [b"POST / HTT", HEAD + b"X-Slow: ", HEAD + b"\r\n" + b"body"])
def test_whoever_drips_bytes_is_cut_and_nobody_else_waits(address, monkeypatch, sent):
    monkeypatch.setattr(serving, "HEAD_WITHIN", serving.SECOND // 2)
    slow = [connected(address, sent) for _ in range(20)]
    began = monotonic()

    assert exchange(address, b"GET / HTTP/1.0\r\n\r\n").endswith("answered")
    answered = monotonic() - began

    assert closed_within(slow[0], 8, drip=b"x")
    assert answered < 5
    assert all(closed_within(line, 5) for line in slow[1:])
    for line in slow:
        line.close()


def test_who_drips_is_not_cut_before_the_limit(address, monkeypatch):
    """So that the test above would notice a server that cuts everybody."""
    monkeypatch.setattr(serving, "HEAD_WITHIN", 60 * serving.SECOND)
    with connected(address, HEAD) as line:
        assert not closed_within(line, 2, drip=b"x")


def test_a_body_that_comes_at_some_speed_is_waited_for(address, monkeypatch):
    monkeypatch.setattr(serving, "HEAD_WITHIN", serving.SECOND // 4)
    monkeypatch.setattr(serving, "BODY_BYTES_EACH_SECOND", 1_000)
    with connected(address, HEAD + b"Connection: close\r\n\r\n") as line:
        for _ in range(10):
            line.sendall(bytes(10_000))
            sleep(0.1)
        assert b"answered" in b"".join(iter(lambda: line.recv(65_536), b""))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.0\r\nX-Large: ".ljust(HEADER_BYTES_MAX, b"x"), "431"),
        (b"GET /".ljust(HEADER_BYTES_MAX, b"x"), "431"),
        (b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % (BYTES_MAX + 2), "413"),
        (b"POST / HTTP/1.0\r\nContent-Length: 1e9\r\n\r\n", "400"),
    ],
)
def test_a_head_or_body_over_the_limit_is_refused_on_the_wire(address, sent, status):
    answer = exchange(address, sent)

    assert answer.startswith(f"HTTP/1.0 {status} ")
    assert "waitress" not in answer


def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_large(address, monkeypatch):
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + bytes(2**20) + b"\r\n"
    with connected(address, head) as line:
        said = b""
        with suppress(OSError):  # closed while we speak
            for _ in range(BYTES_MAX // 2**20 + 2):
                line.sendall(chunk)
        with suppress(OSError):
            said = line.recv(65_536)

    assert b" 200 " not in said
    assert not said or said.startswith(b"HTTP/1.1 413 ")
