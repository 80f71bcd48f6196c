"""Every reader on real files and on damaged ones, every day; `python -m tests.fuzz` digs deeper."""

from __future__ import annotations

import time
from random import Random

import pytest

from tests.fuzz.readers import READERS, once_per_code, reader, seeds

SECONDS_MAX = 10  # far more than any takes, on a slow machine
DAMAGED = 150  # of each reader: about a tenth of a second
PIECES = (
    b"\x00",
    b"\xff",
    b"\n",
    b"<",
    b"&",
    b"|",
    b'"',
    b"\xa1",
    b"9" * 30,
    b"-",
    b"<!DOCTYPE a>",
)


def damaged(content, random):
    """The content with a few bytes changed, doubled, dropped, moved or put in."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice((1, 2, 8, 64)))
        new = random.choice((b"", random.choice(PIECES), bytes(changed[start:end]) * 2))
        changed[start:end] = new
    return bytes(changed)


@pytest.mark.parametrize("name", READERS)
def test_damage_is_read_or_refused_and_nothing_else(name):
    read, random = reader(name), Random(name)  # noqa: S311  (the same damage each time)
    found = list(seeds(name))
    assert found, "a reader without a seed is hardly tried"
    for content in found:
        read(content)
    for _ in range(DAMAGED):
        read(damaged(random.choice(found), random))


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "a billion laughs": f'<!DOCTYPE CMS [<!ENTITY a0 "ha">{LAUGHS}]><CMS>&a9;</CMS>'.encode(),
    "quadratic blow-up": (
        f'<!DOCTYPE CMS [<!ENTITY a "{"a" * 50_000}">]><CMS>{"&a;" * 5_000}</CMS>'.encode()
    ),
    "an address to open": b'<!DOCTYPE CMS SYSTEM "http://127.0.0.1/x.dtd"><CMS/>',
    "a file to open": b'<!DOCTYPE CMS [<!ENTITY x SYSTEM "file:///etc/passwd">]><CMS>&x;</CMS>',
    "deep elements": b"<CMS>" + b"<a>" * 100_000,
    "deep lists": b'{"response":' + b"[" * 100_000,
    "one long name": b"<" + b"a" * 5_000_000,
    "one long line": b"H" + b"9" * 5_000_000,
    "many short lines": b"\n" * 1_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", READERS)
def test_what_is_made_to_exhaust_a_reader_is_refused_at_once(name, bomb):
    started = time.monotonic()
    reader(name)(BOMBS[bomb])
    assert time.monotonic() - started < SECONDS_MAX


def test_an_exception_that_is_no_refusal_gets_out(monkeypatch):
    monkeypatch.setattr("adapters.cmb.json_answer.document", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        reader("report:cmb_json:cmb_bb6bthhl")(b"{}")


def test_every_code_that_reads_is_fuzzed_once_though_it_has_several_profiles():
    once = once_per_code()
    assert {"file:iso20022", "report:cnab240:example_brazil_bank"} <= set(once)
    assert sum(one.startswith("statement:") for one in once) == 1
    assert {tuple(one.split(":")[:2]) for one in READERS if not one.startswith("statement:")} == {
        tuple(one.split(":")[:2]) for one in once if not one.startswith("statement:")
    }
