"""The references that we give to banks: pure functions of what is paid, with a check character.

A payment's reference is a function of (entitlement, attempt) and of nothing else, so a retry can
never invent a new one; a file's is a function of its number. Thirteen characters of 0-9A-Z fit
every format that was looked at (the shortest: 15 in NACHA's individual identification number).
"""

from __future__ import annotations

from typing import Final, NamedTuple

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHEET_CHARACTERS: Final = 6
LINE_CHARACTERS: Final = 4
ATTEMPT_CHARACTERS: Final = 2
PAYMENT_CHARACTERS: Final = SHEET_CHARACTERS + LINE_CHARACTERS + ATTEMPT_CHARACTERS + 1
ATTEMPTS_MAX: Final = 36**ATTEMPT_CHARACTERS - 1

_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}


class AttemptKey(NamedTuple):
    """Which attempt on which entitlement: the sheet's id, its line's number, and a count from 1."""

    sheet_id: int
    line: int
    attempt: int


def of_attempt(key: AttemptKey) -> str:
    """Return the reference that the bank is given for this attempt."""
    body = (
        _base36(key.sheet_id, SHEET_CHARACTERS)
        + _base36(key.line, LINE_CHARACTERS)
        + _base36(key.attempt, ATTEMPT_CHARACTERS)
    )
    return body + _check_character(body)


def attempt_of(reference: str) -> AttemptKey | None:
    """Return which attempt `reference` names, or None when it is none of ours. Exact match only."""
    if len(reference) != PAYMENT_CHARACTERS or not _VALUE.keys() >= set(reference):
        return None
    if _check_character(reference[:-1]) != reference[-1]:
        return None
    line_at, attempt_at = SHEET_CHARACTERS, SHEET_CHARACTERS + LINE_CHARACTERS
    return AttemptKey(
        sheet_id=int(reference[:line_at], 36),
        line=int(reference[line_at:attempt_at], 36),
        attempt=int(reference[attempt_at:-1], 36),
    )


def of_file(file_id: int) -> str:
    """Return the reference that the bank is given for this file."""
    body = "F" + _base36(file_id, SHEET_CHARACTERS)
    return body + _check_character(body)


def _base36(number: int, width: int) -> str:
    text = ""
    rest = number
    for _ in range(width):
        rest, digit = divmod(rest, 36)
        text = ALPHABET[digit] + text
    if rest or number < 0:
        raise ValueError(f"{number} does not fit {width} characters")
    return text


def _check_character(body: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character: finds any mistyped one, nearly any swap."""
    rest = 36
    for character in body:
        rest = (rest + _VALUE[character]) % 36 or 36
        rest = rest * 2 % 37
    return ALPHABET[(37 - rest) % 36]
