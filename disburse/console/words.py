"""The words of the pages: one catalogue per language, whole or not at all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from flask import Request

from disburse.domain.refusal import Refusal

LANGUAGES: Final = {"zh": "中文", "en": "English"}  # the first one is usual
TAGS: Final = {"zh": "zh-CN", "en": "en"}
COOKIE: Final = "disburse-language"


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words, by key; and its sentence for each refusal, by code."""

    language: str
    words: Mapping[str, str]
    refusals: Mapping[str, str]

    def __call__(self, key: str, **facts: object) -> str:
        """Return the words for a key, with facts filled in."""
        return self.words[key].format(**facts)

    def of(self, refusal: Refusal) -> str:
        """Return what a refusal says: in English its own detail says it more exactly."""
        if self.language == "en" or refusal.code not in self.refusals:
            return refusal.detail[:1].upper() + refusal.detail[1:]
        return self.refusals[refusal.code].format(**refusal.facts)


@cache
def words(language: str) -> Words:
    """Return the catalogue of a language."""
    place = files("disburse.console").joinpath("translations", f"{language}.toml")
    read = tomllib.loads(place.read_text(encoding="utf-8"))
    return Words(language, read["words"], read["refusals"])


def chosen(asked: Request) -> str:
    """Return the language: as picked in the address, remembered, or preferred by the browser."""
    for picked in (asked.args.get("lang"), asked.cookies.get(COOKIE)):
        if picked in LANGUAGES:
            return picked
    return asked.accept_languages.best_match(list(LANGUAGES)) or next(iter(LANGUAGES))
