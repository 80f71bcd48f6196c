"""A stranger's signature takes the whole work too: the time taken tells nobody who is known."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from disburse import signing
from disburse.domain.signing_key import Algorithm
from disburse.signing import BadSignature, cms, schemes
from tests.attacks.test_signatures import a_key, recorded, registered
from tests.pki import NOW, a_private_key, issue

CONTENT = b"a wage sheet"
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


@pytest.fixture
def work(monkeypatch):
    """Count verifications and the bytes that each went over."""
    done = []

    def watched(module, name, size):
        truly = getattr(module, name)

        def count(*values):
            done.append((name, size(values)))
            return truly(*values)

        monkeypatch.setattr(module, name, count)

    watched(schemes, "covers", lambda values: (values[0].algorithm, len(values[1])))
    watched(cms, "_proves", lambda values: (values[1], type(values[0]).__name__, len(values[3])))
    return done


def work_of(work, content, signature, keys):
    """Return what was done, and what was said, to refuse a signature."""
    work.clear()
    with pytest.raises(BadSignature) as told:
        signing.verify(content, signature, keys)
    return list(work), (str(told.value), told.value.code, told.value.facts)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_an_unknown_key_takes_the_same_work_as_a_wrong_signature(work, algorithm):
    known, stranger = a_key(algorithm), a_key(algorithm, "a stranger")
    keys = registered(known)
    wrong = work_of(work, CONTENT + b"!", signing.sign(CONTENT, known, now=NOW), keys)
    unknown = work_of(work, CONTENT + b"!", signing.sign(CONTENT, stranger, now=NOW), keys)
    assert unknown == wrong
    assert len(unknown[0]) == 1
    tampered = registered(known, public_jwk="{}")
    broken = work_of(work, CONTENT + b"!", signing.sign(CONTENT, known, now=NOW), tampered)
    assert broken == wrong


def certified(issued):
    return recorded(signing.key_of(issued.pem), certificate=issued.pem)


@pytest.mark.parametrize(("kind", "more"), [("p256", {}), ("rsa", {}), ("rsa", {"padding": PSS})])
def test_an_unknown_signer_by_cms_takes_the_same_work_as_a_wrong_signature(work, kind, more):
    signer, stranger = issue("Signer", key=a_private_key(kind)), issue("Stranger")
    made = signer.cms(CONTENT, **more)
    wrong = work_of(work, CONTENT + b"!", signing.armour(made), certified(signer))
    unknown = work_of(work, CONTENT + b"!", signing.armour(made), certified(stranger))
    nobody = work_of(work, CONTENT + b"!", signing.armour(made), {})
    assert unknown == wrong == nobody
    assert len(unknown[0]) == 1
    truly = work_of(work, CONTENT, signing.armour(made), certified(stranger))
    assert truly == unknown  # though its digest is the right one


def test_a_certificate_of_another_kind_of_key_takes_the_same_work(work):
    """The stranger signs by RSA in the name of an elliptic certificate."""
    signer = issue("Signer", serial=7)
    forged = issue("Signer", serial=7, key=a_private_key("rsa"))
    made = signing.armour(forged.cms(CONTENT))
    assert work_of(work, CONTENT, made, certified(signer)) == work_of(work, CONTENT, made, {})
    assert work
