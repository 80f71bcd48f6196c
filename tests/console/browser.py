"""A real browser, driven by the W3C's WebDriver protocol: JSON over HTTP, on this machine only."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from base64 import b64decode
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from threading import Thread

import requests
from werkzeug.serving import make_server

from disburse.app import create_app
from tests.http.site import SWIFT

DRIVER, CHROMIUM = which("chromedriver"), which("chromium") or which("google-chrome")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for "this is an element"
HOST = "localhost"  # passkeys are made for names, not for addresses
SECONDS_MAX = 20
PHONE = (390, 844)
DESK = (1280, 900)


class Browser:
    """One window; every question waits for what it is about."""

    def __init__(self, address, size=DESK):
        self._address = address
        options = {
            "binary": CHROMIUM,
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--lang=en", f"--window-size={size[0]},{size[1]}"],
        }  # fmt: skip
        if size == PHONE:
            options["mobileEmulation"] = {
                "deviceMetrics": {"width": size[0], "height": size[1], "pixelRatio": 2}
            }
        wanted = {"alwaysMatch": {"goog:chromeOptions": options,
                                  "goog:loggingPrefs": {"browser": "ALL"}}}  # fmt: skip
        made = requests.post(f"{address}/session", json={"capabilities": wanted}, timeout=60)
        self._session = f"{address}/session/{made.json()['value']['sessionId']}"

    def ask(self, method, path, body=None):
        body = {} if body is None and method == "POST" else body
        answer = requests.request(method, self._session + path, json=body, timeout=60)
        value = answer.json()["value"]
        if answer.status_code != 200:
            raise LookupError(value["error"], value["message"].splitlines()[0])
        return value

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    @property
    def path(self):
        return "/" + self.ask("GET", "/url").split("/", 3)[3].partition("?")[0]

    def find(self, css):
        """Return the first element that fits, as soon as there is one."""
        ends = time.monotonic() + SECONDS_MAX
        while True:
            try:
                found = self.ask("POST", "/element", {"using": "css selector", "value": css})
            except LookupError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)
            else:
                return f"/element/{found[ELEMENT]}"

    def count(self, css):
        return len(self.ask("POST", "/elements", {"using": "css selector", "value": css}))

    def text(self, css):
        return self.ask("GET", f"{self.find(css)}/text")

    def type(self, css, text):
        self.ask("POST", f"{self.find(css)}/value", {"text": text})

    def click(self, css):
        self.ask("POST", f"{self.find(css)}/click")

    def arrive(self, path):
        """Wait for a page."""
        ends = time.monotonic() + SECONDS_MAX
        while self.path != path:
            assert time.monotonic() < ends, (self.path, path)
            time.sleep(0.1)

    def run(self, script):
        return self.ask("POST", "/execute/sync", {"script": script, "args": []})

    def authenticator(self):
        """Plug in an authenticator that checks its user, and keeps keys: a passkey's home."""
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True}  # fmt: skip
        return self.ask("POST", "/webauthn/authenticator", kind)

    def complaints(self):
        """Return what the browser found wrong: a policy that was broken, a script that failed."""
        return [one["message"] for one in self.ask("POST", "/se/log", {"type": "browser"})
                if one["level"] == "SEVERE"]  # fmt: skip

    def picture(self, name):
        """Keep a picture where somebody wants to look at it: DISBURSE_PICTURES names a folder."""
        if folder := os.environ.get("DISBURSE_PICTURES"):
            Path(folder, f"{name}.png").write_bytes(b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        self.ask("DELETE", "")


@contextmanager
def driver():
    """Start the program that drives the browser."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [DRIVER, f"--port={port}", "--log-level=SEVERE"], stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                if requests.get(f"{address}/status", timeout=5).json()["value"]["ready"]:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


@contextmanager
def served(world, **more):
    """Serve the world's pages on this machine; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(
        world.unbound, world.banks, lambda: world.now, passwords=SWIFT,
        public_url=f"http://{HOST}:{port}", **more,
    )  # fmt: skip
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
