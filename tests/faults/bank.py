"""A bank in a process of its own: `python -m tests.faults.bank FOLDER PORT TOKEN`.

It pays whatever file appears in the folder `out`, as often as one appears: it recognises nothing.
What it paid or rejected stands in `ledger`, written before it answers. Every other answer is put
into the folder `in`, the rest is posted to the service until that has taken it.
"""

from __future__ import annotations

import os
import sys
import time
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from disburse.clock import system_clock
from disburse.demo.bank import Word, read_order, write_answer

POLL_SECONDS = 0.01
REJECTED_OF = 16  # one payment in so many


def word_for(reference):
    rejects = sha256(reference.encode()).digest()[0] % REJECTED_OF == 0
    return Word("rejected", "E05", "账号户名不符") if rejects else Word()


class Bank:
    def __init__(self, folder, port, token):
        self.folder, self.port, self.token = folder, port, token
        self.executed = 0
        self.unanswered = []  # answers to be posted

    def turn(self):
        """Execute what appeared, and try to post what was not taken yet."""
        for path in sorted((self.folder / "out").iterdir()):
            if not path.name.startswith("."):
                self.execute(path)
        self.unanswered = [one for one in self.unanswered if not self.post(*one)]

    def execute(self, path):
        self.executed += 1
        kept = self.folder / "executed" / f"{self.executed:05}-{path.name}"
        path.rename(kept)
        order = read_order(kept.read_bytes())
        words = {credit.reference: word_for(credit.reference) for credit in order.credits}
        with (self.folder / "ledger").open("a", encoding="utf-8") as ledger:
            for reference, word in words.items():
                ledger.write(f"{reference} {word.result}\n")
            ledger.flush()
            os.fsync(ledger.fileno())
        answer = write_answer(order, words, on=system_clock().date())
        if self.executed % 2:
            half = self.folder / "in" / f".{kept.name}"
            half.write_bytes(answer)
            half.rename(self.folder / "in" / kept.name)
        else:
            self.unanswered.append((kept.name, answer))

    def post(self, key, answer):
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key,
            "Content-Type": "application/octet-stream",
        }
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("POST", "/v1/projects/1/reports", answer, headers)
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()


def main():
    bank = Bank(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    while True:
        bank.turn()
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
