"""Refusals are told in Chinese too, in a sentence that says what to do."""

import pytest

from disburse.console.words import words
from disburse.domain import signing_key
from disburse.domain.refusal import Refusal
from disburse.signing import AlgorithmMissing, BadSignature, CertificateUntrusted, KeyUnreadable
from disburse.storage.keys import KeyTaken

OF_KEYS = [
    one for one in vars(signing_key).values()
    if isinstance(one, type) and issubclass(one, Refusal) and one is not Refusal
]  # fmt: skip


@pytest.mark.parametrize(
    "refusal",
    [*OF_KEYS, AlgorithmMissing, BadSignature, CertificateUntrusted, KeyUnreadable, KeyTaken],
)
def test_what_is_refused_of_a_signature_is_told_in_chinese(refusal):
    told = words("zh").of(refusal("in English"))
    assert told.endswith("。")
    assert "English" not in told
