"""What leaves the house of an act, and how long a receiver is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from disburse.domain.access import Act
from disburse.domain.event import (
    RETRIES,
    SUBJECTS,
    TYPES_MAX,
    BadWebhook,
    outward,
    require_types,
    retry_after,
    told_to,
)


def test_only_digests_numbers_and_codes_leave():
    facts = {
        "amount": 100, "sha256": "a" * 64, "reference": "0000010001010", "states": {"paid": 2},
        "reason": "王伟 has left", "session": 7, "factor": "totp", "document": "many words",
        "names": "0000010001010", "kind": None, "proven_at": "2026-08-05",
    }  # fmt: skip
    assert outward(facts) == {
        "amount": 100, "sha256": "a" * 64, "reference": "0000010001010", "states": {"paid": 2},
    }  # fmt: skip
    assert outward({"states": {"paid": "王伟"}}) == {}
    assert outward({"states": "王伟"}) == {}


def test_types_are_subjects_or_acts_on_them():
    assert require_types(["sheet", "file.claim", "sheet"]) == ("file.claim", "sheet")
    assert require_types([]) == ()
    for wrong in ("worker", "file.", ".claim", "file.claim.x", "FILE", ""):
        with pytest.raises(BadWebhook):
            require_types([wrong])
    with pytest.raises(BadWebhook):
        require_types([f"file.{'a' * place}" for place in range(1, TYPES_MAX + 2)])


def test_a_kind_of_organisation_is_told_of_what_its_people_may_read():
    pairs = set(told_to())
    assert ("bank", "file") in pairs
    assert ("bank", "sheet") not in pairs
    assert ("subcontractor", "file") not in pairs
    assert ("labour_authority", "anomaly") in pairs
    assert {kind for kind, _ in pairs}.isdisjoint({"operator"})
    assert {subject for _, subject in pairs} == set(SUBJECTS)
    assert all(act in set(Act) for act in SUBJECTS.values())


def test_retries_go_over_three_days_and_end():
    assert sum(RETRIES, timedelta()) >= timedelta(days=3)
    assert list(RETRIES) == sorted(RETRIES)
    assert retry_after(1) == timedelta(seconds=5)
    assert retry_after(len(RETRIES)) == timedelta(days=1)
    assert retry_after(len(RETRIES) + 1) is None
