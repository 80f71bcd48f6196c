"""What every profile of a request body says, whatever the bank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters._bodies.body import CURRENCY, Tag, carried, needed, stated
from adapters._bodies.payees import PayeeBanks
from adapters._keys import Keys
from adapters._limits import Limit
from adapters._profiled import digest
from disburse.adapter import Answers, Capabilities, Confidence, Silence

ENCODINGS: Final = ("gbk", "gb18030", "utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The keys that every bank's profile has, checked."""

    keys: Keys
    payments_max: int
    version: str
    title: str
    encoding: str
    characters: bool

    def capabilities(
        self,
        opening: tuple[Tag | str, ...],
        row: tuple[Tag, ...],
        *,
        file_names: str,
        reports: tuple[str, ...],
        more_needs: frozenset[str] = frozenset(),
    ) -> Capabilities:
        """Return what the layout carries within the profile's limits; these banks can be asked."""
        keys = self.keys
        return Capabilities(
            format=self.title,
            currencies=frozenset({CURRENCY}),
            charset=self.encoding,
            payments_max=self.payments_max,
            bytes_max=keys.number("bytes_max"),
            amount_max=keys.number("amount_max"),
            carries=carried(row),
            states=stated(opening, row),
            needs=needed(row) | more_needs,
            file_names=file_names,
            reports=reports,
            answers_queries=True,
            answers=keys.member("answers", Answers),
            silence=keys.member("silence", Silence),
            deduplicates=keys.switch("deduplicates"),
            confidence=keys.member("confidence", Confidence),
        )


def common(
    name: str,
    mapping: Mapping[str, object],
    adapter: str,
    *,
    payments_max: int = 1_000_000,
    encodings: tuple[str, ...] = ENCODINGS,
) -> Common:
    """Read the keys that every bank's profile has, or raise `BadProfile`."""
    keys = Keys.gathering(name, mapping)
    keys.one_of("adapter", (adapter,))
    most = keys.number("payments_max")
    if most > payments_max:
        keys.note("payments_max", f"at most {payments_max}: the format takes no more")
    return Common(
        keys=keys,
        payments_max=most,
        version=f"{keys.text('version')}-{digest(mapping)}",
        title=keys.text("title"),
        encoding=keys.one_of("encoding", encodings),
        characters=keys.one_of("lengths", ("bytes", "characters")) == "characters",
    )


def code(keys: Keys, key: str, form: str) -> str:
    """Return a text of the given form, such as the number that the bank gave its customer."""
    text = keys.text(key)
    if keys.holds(key) and re.fullmatch(form, text, re.ASCII) is None:
        keys.note(key, f"of the form {form}, as the bank gave it")
    return text


def words(said: Common, key: str, most: int) -> str:
    """Return a text that every file of this profile says, in the bank's letters and length."""
    text = said.keys.text(key)
    limit = Limit(
        field=key, most=most, encoding=said.encoding, characters=said.characters, refused='<>&"\\'
    )
    for fault in limit.faults(text):
        said.keys.note(key, f"what the bank can read: {fault.detail}")
    return text


def city(said: Common, banks: PayeeBanks, most: int) -> str:
    """Return the city of other banks' cards; "" where the profile pays own cards only."""
    return words(said, "other_banks_city", most) if banks.all else ""
