"""A receiver of webhooks on this machine: it keeps what it got and answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import b64decode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass
class Receiver:
    """Counts on nothing of ours: it verifies by the words of the Standard Webhooks alone."""

    status: int = 200
    hang_seconds: int = 0
    headers: dict = field(default_factory=dict)
    got: list = field(default_factory=list)
    refuse: set = field(default_factory=set)  # objects that it answers with 500
    context: ssl.SSLContext | None = None  # then it speaks HTTPS
    server: ThreadingHTTPServer | None = None

    def __enter__(self):
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers.items()), body))
                if outer.hang_seconds:
                    time.sleep(outer.hang_seconds)
                refused = json.loads(body)["data"]["object"] in outer.refuse
                self.send_response(500 if refused else outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.daemon_threads = True
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
            self.server.handle_error = lambda *_: None  # a client that does not trust it hangs up
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/told?who=us"

    @property
    def events(self):
        return [json.loads(body) for _, body in self.got]

    @property
    def types(self):
        return [event["type"] for event in self.events]


def verified(headers, body, public):
    """Return whether one signature in the headers is the key's, as a receiver finds out."""
    named = {name.lower(): value for name, value in headers.items()}
    key = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix("whpk_")))
    content = f"{named['webhook-id']}.{named['webhook-timestamp']}.".encode() + body
    for one in named["webhook-signature"].split(" "):
        version, _, signature = one.partition(",")
        assert version == "v1a"
        try:
            key.verify(b64decode(signature), content)
        except Exception:  # noqa: BLE001, S112  (the other key's)
            continue
        return True
    return False
