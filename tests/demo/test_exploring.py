"""What `disburse demo --serve` lets a person do afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.demo.playing import DISBURSE, NOT_THERE

ASK = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
try:
    with urllib.request.urlopen(request) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as refused:
    print(refused.code, refused.read().decode())
"""
PORT = 20_000 + os.getpid() % 20_000  # tests may not open sockets, not even to find a free port


@pytest.fixture
def served(tmp_path):
    """A demo that stays up, and the tokens that it gave out."""
    process = subprocess.Popen(
        [*DISBURSE, "demo", "--out", str(tmp_path / "d"), "--serve", "--json", "--port", str(PORT)],
        stdout=subprocess.PIPE,
        env=os.environ | NOT_THERE,
    )
    try:
        yield process, json.loads(process.stdout.readline())["tokens"]
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def ask(path, token):
    """Ask the API in a process of its own."""
    url = f"http://127.0.0.1:{PORT}{path}"
    for _ in range(50):  # it tells the tokens just before it listens
        done = subprocess.run(
            [sys.executable, "-c", ASK, url, token], check=False, capture_output=True, text=True
        )
        if done.returncode == 0:
            status, _, body = done.stdout.partition(" ")
            return int(status), json.loads(body)
    raise AssertionError(done.stderr)


def test_everybody_can_look_around_until_it_is_ended(served, tmp_path):
    process, tokens = served
    status, sheets = ask("/v1/projects/1/sheets", tokens["inspector"])
    assert (status, [row["state"] for row in sheets["rows"]]) == (200, ["exported"] * 6)
    status, own = ask("/v1/projects/1/sheets", tokens["signer_b"])
    assert (status, [row["head_count"] for row in own["rows"]]) == (200, [40, 40])
    assert ask("/v1/projects/1/sheets", "somebody else's")[0] == 401
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert not (tmp_path / "d" / "postgres" / "data" / "postmaster.pid").exists()
