"""The server that runs the app: a real one, on a socket file."""

from __future__ import annotations

import logging
import socket
from threading import Thread

import pytest

from disburse.serving import logged, make_server


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
