"""A stand-in for a transit engine: it speaks the interface over real HTTP, with real AES-GCM."""

from __future__ import annotations

import base64
import json
import os
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.a-token-of-the-test"


class Engine(ThreadingHTTPServer):
    """Keys with their versions; `failures` are answered before anything else."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.versions = {"disburse": [os.urandom(32)]}
        self.failures = []
        self.asked = []
        self.wrong_form = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1/transit"

    def rotate(self, key="disburse"):
        self.versions[key].append(os.urandom(32))


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, told):
        self.server.asked.append((self.command, self.path))
        if self.server.failures:
            return self.say(self.server.failures.pop(0), {"errors": ["as the test wants"]})
        if self.headers["X-Vault-Token"] != TOKEN:
            return self.say(403, {"errors": ["permission denied"]})
        verb, _, key = self.path.removeprefix("/v1/transit/").partition("/")
        if key not in self.server.versions:
            return self.say(404, {"errors": []})
        if self.server.wrong_form is not None:
            return self.say(200, self.server.wrong_form)
        return getattr(self, verb)(self.server.versions[key], told or {})

    def keys(self, versions, _):
        self.say(200, {"data": {"latest_version": len(versions)}})

    def encrypt(self, versions, told):
        nonce = os.urandom(12)
        sealed = AESGCM(versions[-1]).encrypt(
            nonce, base64.b64decode(told["plaintext"]), base64.b64decode(told["associated_data"])
        )
        text = base64.b64encode(nonce + sealed).decode()
        self.say(200, {"data": {"ciphertext": f"vault:v{len(versions)}:{text}"}})

    def decrypt(self, versions, told):
        _, version, text = told["ciphertext"].split(":")
        sealed = base64.b64decode(text)
        try:
            plain = AESGCM(versions[int(version[1:]) - 1]).decrypt(
                sealed[:12], sealed[12:], base64.b64decode(told["associated_data"])
            )
        except InvalidTag:
            return self.say(400, {"errors": ["cipher: message authentication failed"]})
        return self.say(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})

    def say(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Say nothing on the terminal."""


@contextmanager
def an_engine():
    engine = Engine()
    thread = Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield engine
    finally:
        engine.shutdown()
        thread.join()
        engine.server_close()
