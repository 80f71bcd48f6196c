"""Checks of answers: twelve faults of banks, none of which may put a payment into a wrong status.

Each ends in a named refusal, a quarantined record, a sign for people, or the status that the bank
meant. What the bank meant is known here, because the adapter itself plays the bank (`BankDouble`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from disburse.adapter import PaymentAnswer, Result, Silence, UnreadableReport, Unrenderable
from disburse.domain.lifecycle.attempt import State
from disburse.kit import bank, synthetic
from disburse.kit.bank import Rows
from disburse.kit.books import Aftermath, after, before
from disburse.kit.verdict import Broken, NothingToTry, Subject

MEANS: Final = {
    Result.PENDING: State.SENT,
    Result.ACCEPTED: State.ACCEPTED,
    Result.PAID: State.PAID,
    Result.REJECTED: State.REJECTED,
    Result.RETURNED: State.RETURNED,
    Result.CANCELLED: State.REJECTED,
    Result.DUPLICATE: State.UNKNOWN,
}
CUTS_MAX: Final = 1500
STRANGE: Final = {
    "no bytes": b"",
    "an empty line": b"\r\n",
    "zeros": bytes(500),
    "a page": b"<!DOCTYPE html><html><body>Session expired</body></html>",
    "another message": b'<?xml version="1.0"?><Document><BkToCstmrStmt/></Document>',
    "JSON": b'{"error": "session expired"}',
    "words": b"no report\r\nof any bank\r\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}
CODECS: Final = ("utf-16", "gb18030", "utf-8", "utf-8-sig", "big5", "latin-1", "cp037")


def as_meant(subject: Subject) -> str:
    """Check that each result that the bank has a word for is read as such, with its amount."""
    batch, words = subject.batch, bank.words(subject)
    if not {Result.PAID, Result.REJECTED} <= words:
        raise Broken("the bank it plays has no word for paid, or none for rejected")
    for rows in (bank.mixed(batch), *([(one, word) for one in batch.payments] for word in words)):
        records = list(subject.adapter.read_report(bank.report(subject, rows)))
        answers = [one for one in records if isinstance(one, PaymentAnswer)]
        if [(a.reference, a.result) for a in answers] != [(p.reference, r) for p, r in rows]:
            raise Broken("an undamaged answer is read otherwise than it was meant")
        amounts = {(one.reference, one.amount) for one in answers if one.amount is not None}
        if not amounts <= {(one.reference, one.amount) for one, _ in rows}:
            raise Broken("an undamaged answer is read with other amounts")
    return f"{len(words)} words of the bank: {', '.join(sorted(words))}"


def duplicate(subject: Subject) -> str:
    """Check rows that come twice, a report that comes twice, and "we have this already"."""
    rows = bank.mixed(subject.batch)
    once = bank.report(subject, rows)
    _settled(rows, after(subject, bank.report(subject, [one for one in rows for _ in "ab"])))
    _settled(rows, after(subject, once, once))
    if Result.DUPLICATE in bank.words(subject):
        known = [(payment, Result.DUPLICATE) for payment, _ in rows]
        _settled(known, after(subject, bank.report(subject, known)))
    return "each row twice, the report twice, the bank's own word for it"


def truncated(subject: Subject) -> str:
    """Check the answer cut at every byte, or at evenly spread ones of a long one."""
    rows = bank.mixed(subject.batch)
    content = bank.report(subject, rows)
    step = len(content) // CUTS_MAX + 1
    for cut in range(0, len(content), step):
        _bounded(rows, after(subject, content[:cut]))
    return f"{len(range(0, len(content), step))} cuts"


def wrong_count(subject: Subject) -> str:
    """Check an answer that states another number of rows than it has."""
    return _misstated(subject, "count", (1, -1))


def wrong_sum(subject: Subject) -> str:
    """Check an answer that states another sum than its rows have."""
    return _misstated(subject, "total", (1, -1, 100))


def unknown_reference(subject: Subject) -> str:
    """Check rows about payments that are not ours, between rows that are."""
    rows = bank.mixed(subject.batch)
    strangers = [synthetic.one_of(one, at, synthetic.OTHER_SHEET)
                 for at, (one, _) in enumerate(rows, start=1)]  # fmt: skip
    strange = [(replace(one, reference=one.reference[:-1]), Result.PAID) for one, _ in rows]
    for extra in ([(one, Result.PAID) for one in strangers], strange):
        aftermath = after(subject, bank.report(subject, [*rows[:3], *extra, *rows[3:]]))
        _settled(rows, aftermath)
        if not aftermath.noticed:
            raise Broken("nobody learns of answers about unknown payments")
    return f"{len(strangers)} of another file, {len(strange)} of no form"


def reordered(subject: Subject) -> str:
    """Check that rows in another order are still about the payments that they name."""
    rows = bank.mixed(subject.batch)
    for other in (rows[::-1], rows[1:] + rows[:1], rows[::2] + rows[1::2]):
        _settled(rows, after(subject, bank.report(subject, other)))
    return "3 orders"


def wrong_charset(subject: Subject) -> str:
    """Check the answer in other encodings, and with bytes that no encoding has."""
    rows = bank.mixed(subject.batch)
    content = bank.report(subject, rows)
    charset = subject.adapter.capabilities.charset
    damaged = []
    for own in dict.fromkeys((charset, "utf-8", "latin-1")):
        try:
            text = content.decode(own)
        except (UnicodeDecodeError, LookupError):
            continue
        damaged += [text.encode(other, "replace") for other in CODECS]
        break
    places = range(0, len(content), max(1, len(content) // 100))
    damaged += [
        content[:at] + byte + content[at + 1 :] for at in places for byte in (b"\xff", b"?")
    ]
    for one in damaged:
        _bounded(rows, after(subject, one))
    return f"{len(damaged)} versions"


def empty(subject: Subject) -> str:
    """Check that no bytes are refused, and that an answer without rows moves nothing."""
    for content in (b"", b"\n", b"\r\n", b" "):
        _must_refuse(subject, content, "an empty answer")
    rows: Rows = ()
    _bounded(rows, after(subject, bank.report(subject, rows)))
    return "no bytes, and no rows"


def contradictory(subject: Subject) -> str:
    """Check that an answer which says two things of one payment is never believed silently."""
    payments = list(subject.batch.payments)
    for first, second in ((Result.PAID, Result.REJECTED), (Result.REJECTED, Result.PAID)):
        rows = [(one, word) for one in payments for word in (first, second)]
        aftermath = after(subject, bank.report(subject, rows))
        moved = aftermath.states != before(subject)
        if moved and not aftermath.noticed:
            raise Broken(f"{first} and {second} of one payment: one is believed, nobody told")
        if not set(aftermath.states.values()) <= {State.SENT, State.PAID, State.REJECTED}:
            raise Broken(f"{first} and {second} of one payment give a third status")
    rows = [(one, Result.PAID) for one in payments]
    try:
        content = bank.report(subject, rows, whole=Result.REJECTED)
    except Unrenderable:
        return "paid and rejected, both ways"
    if content == bank.report(subject, rows):
        raise Broken("`example_report` passes over `whole`: write it, or raise `Unrenderable`")
    aftermath = after(subject, content)
    if State.REJECTED in aftermath.states.values() or not aftermath.noticed:
        raise Broken("the file is rejected and its payments paid: money would be paid again")
    return "paid and rejected, both ways; file and payments"


def partial(subject: Subject) -> str:
    """Check that what an answer does not name stays as it was."""
    rows = bank.mixed(subject.batch)[::2]
    aftermath = after(subject, bank.report(subject, rows))
    silent = subject.adapter.capabilities.silence is Silence.ACCEPTED
    named = {payment.reference for payment, _ in rows}
    untouched = {State.SENT, State.ACCEPTED} if silent else {State.SENT}
    for name, state in aftermath.states.items():
        if name not in named and state not in untouched:
            raise Broken(f"a payment that the answer does not name becomes {state}")
    _bounded(rows, aftermath, unnamed=untouched)
    return f"{len(rows)} of {subject.batch.count} payments"


def late_return(subject: Subject) -> str:
    """Check money that comes back after "paid", in the bank's word or as a late rejection."""
    payments = list(subject.batch.payments)
    paid = bank.report(subject, [(one, Result.PAID) for one in payments])
    back = Result.RETURNED in bank.words(subject)
    word, wanted = (Result.RETURNED, State.RETURNED) if back else (Result.REJECTED, State.PAID)
    aftermath = after(subject, paid, bank.report(subject, [(one, word) for one in payments]))
    if not aftermath.noticed and set(aftermath.states.values()) != {wanted}:
        raise Broken(f"{word} after paid gives another status than {wanted}, and nobody is told")
    if not set(aftermath.states.values()) <= {State.PAID, wanted}:
        raise Broken(f"{word} after paid gives a status that is neither paid nor {wanted}")
    return "returned after paid" if back else "rejected after paid; it has no word for returned"


def other_banks_file(subject: Subject) -> str:
    """Check that foreign bytes, our own file and other banks' answers move nothing."""
    for what, content in STRANGE.items():
        _must_refuse(subject, content, what)
    _must_refuse(subject, b"".join(subject.adapter.render(subject.batch)), "a file of ours")
    foreign = list(bank.foreign(subject))
    for content in foreign:
        if after(subject, content).states != before(subject):
            raise Broken("another bank's answer moves payments")
    return f"{len(STRANGE)} kinds of bytes, a file of ours, {len(foreign)} answers of other banks"


def _misstated(subject: Subject, what: str, by: Iterable[int]) -> str:
    rows = bank.mixed(subject.batch)
    right = bank.answer(subject.batch, rows)
    content = bank.double(subject).example_report(right)
    tried = 0
    for difference in by:
        wrong = replace(right, **{what: getattr(right, what) + difference})
        damaged = bank.double(subject).example_report(wrong)
        if damaged == content:
            raise NothingToTry(f"its answers state no {what}")
        tried += 1
        aftermath = after(subject, damaged)
        _bounded(rows, aftermath)
        if aftermath.states != before(subject) and not aftermath.noticed:
            raise Broken(f"an answer that states a wrong {what} is believed, and nobody is told")
    return f"{tried} of them"


def _bounded(rows: Rows, aftermath: Aftermath, *, unnamed: Iterable[State] = (State.SENT,)) -> None:
    """Raise `Broken` unless each payment is as it was, or as the bank meant by `rows`."""
    meant: Mapping[str, State] = {one.reference: MEANS[result] for one, result in rows}
    for name, state in aftermath.states.items():
        allowed = {State.SENT, meant[name]} if name in meant else set(unnamed)
        if state not in allowed:
            said = meant.get(name, "nothing")
            raise Broken(f"a payment becomes {state}, where the bank meant {said}")


def _settled(rows: Rows, aftermath: Aftermath) -> None:
    """Raise `Broken` unless, besides, what did not move was told to somebody."""
    _bounded(rows, aftermath)
    states = {one.reference: aftermath.states[one.reference] for one, _ in rows}
    moved = all(states[one.reference] is MEANS[result] for one, result in rows)
    if not (moved or aftermath.noticed):
        raise Broken("a payment stays as it was though the answer names it, and nobody is told")


def _must_refuse(subject: Subject, content: bytes, what: str) -> None:
    try:
        list(subject.adapter.read_report(content))
    except UnreadableReport:
        return
    raise Broken(f"it reads {what} as an answer")
