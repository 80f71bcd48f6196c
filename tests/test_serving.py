"""The server that runs the app: a real one, on a socket file."""

from __future__ import annotations

import logging
import socket
from threading import Thread

import pytest

from disburse.serving import logged


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answered"]


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
