"""Which passwords nobody may have: too short, guessed first by everybody, or made by a pattern.

The words below are common knowledge: every published list of leaked passwords begins with them,
those from China with digits, pinyin and declarations of love. They were written down from memory
for this file; no list of others' making is in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from disburse.domain.refusal import Refusal

CHARACTERS_MIN: Final = 10  # a second factor stands behind it, so it need not be a sentence
CHARACTERS_MAX: Final = 128  # a sentence or two; hashing a book would hold up everybody else
OWN_WORD_MIN: Final = 4  # shorter parts of a name stand in many words
REST_MIN: Final = 6  # characters that must remain when everything guessable is taken out
PERIOD_MAX: Final = 4  # characters: abcabcabc is as good as abc
DISTINCT_MIN: Final = 5
RUN_MIN: Final = 4

_COMMON: Final = tuple(
    """
    password passwort motdepasse contrasena qwerty azerty letmein welcome monkey dragon iloveyou
    sunshine princess football baseball superman batman trustno1 master shadow login admin
    administrator root guest test temp default changeme secret hello abc123 whatever starwars
    pokemon freedom michael jordan charlie summer winter spring autumn pass office company
    woaini woaiwojia woaizhongguo aini5201314 5201314 1314520 520520 1314 woaiwo iloveu asdasd
    zhongguo beijing shanghai mima wodemima nihao xiaoming zhangwei wangwei liwei caonima
    a123456 q123456 zxcvbnm asdfgh qazwsx 1qaz2wsx qwe123 wang123 dearbook aptx4869 woshishui
    disburse payroll wages salary gongzi nongmingong gongdi yinhang zhanghao
    """.split()  # noqa: SIM905  (a list of words, one per word, would be three pages)
)
_KEYBOARD: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "!@#$%^&*()",
)
_LOOKS_LIKE: Final = str.maketrans("@013457$!", "aoleastsi")


class WeakPassword(Refusal):
    """The password would be guessed; `detail` says why."""

    code = "weak-password"


def canonical(password: str) -> str:
    """Return the one spelling of a password: the same on every keyboard and system (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def require_strong(password: str, own: Iterable[str]) -> None:
    """Raise `WeakPassword` for what is guessed early; `own` are the person's login and name."""
    text = canonical(password)
    if not CHARACTERS_MIN <= len(text) <= CHARACTERS_MAX:
        raise WeakPassword(f"a password has {CHARACTERS_MIN} to {CHARACTERS_MAX} characters")
    if text.isdecimal():
        raise WeakPassword("digits alone are guessed: they are birthdays, telephones, card numbers")
    lower = text.lower()
    if len(set(lower)) < DISTINCT_MIN or _repeats(lower):
        raise WeakPassword("the same few characters again and again are guessed")
    if any(word in lower for word in _words_of(own)):
        raise WeakPassword("a password must not hold your own name or login")
    if _rest(lower) < REST_MIN:
        raise WeakPassword(
            "this is one of the passwords that are tried first, or nearly: take three or four "
            "words that do not belong together"
        )


def _words_of(own: Iterable[str]) -> set[str]:
    parts = {part for one in own for part in re.split(r"[\W_]+", one.lower())}
    return {part for part in parts if len(part) >= OWN_WORD_MIN}


def _repeats(text: str) -> bool:
    return any(
        text == (text[:period] * len(text))[: len(text)] for period in range(1, PERIOD_MAX + 1)
    )


def _rest(text: str) -> int:
    """Count the characters that are neither a common word nor a run along the keyboard."""
    spellings = (text, text.translate(_LOOKS_LIKE))
    return min(
        len(rest)
        for one in spellings
        for rest in (_without_runs(_without_words(one)), _without_words(_without_runs(one)))
    )


def _without_words(text: str) -> str:
    for word in sorted(_COMMON, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _without_runs(text: str) -> str:
    for row in _KEYBOARD:
        for way in (row, row[::-1]):
            for length in range(len(way), RUN_MIN - 1, -1):
                for start in range(len(way) - length + 1):
                    text = text.replace(way[start : start + length], "")
    return text
