"""Whether texts are distinct is said exactly, also where their digests are the same."""

from __future__ import annotations

import pytest

from disburse.domain import distinct
from disburse.domain.distinct import Distinct


def said(texts, again=None):
    seen = Distinct()
    seen.add_all(texts)
    return seen.holds(texts if again is None else again)


def test_distinct_texts_are_told_without_a_second_walk():
    assert said([f"R{number}" for number in range(10_000)], again=iter(()))
    assert said([])


def test_a_text_that_comes_twice_is_found_among_many():
    assert not said([*(f"R{number}" for number in range(10_000)), "R77"])


@pytest.mark.parametrize(
    ("texts", "holds"),
    [
        (["A", "B", "C"], True),
        (["A", "B", "A"], False),
        (["A", "A", "A"], False),
        (["A", "B", "b", "b"], False),
    ],
)
def test_texts_that_share_a_digest_are_compared_in_full(monkeypatch, texts, holds):
    monkeypatch.setattr(distinct, "hash", lambda text: text.isupper() - 1, raising=False)
    assert said(texts) is holds


def test_what_cannot_be_walked_again_is_not_believed():
    assert not said(["A", "A"], again=[])
    assert not said(["A", "A"], again=["A"])
