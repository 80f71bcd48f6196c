"""A certificate counts while a configured authority vouches for it, by a fresh list."""

from datetime import timedelta

import pytest

from disburse.signing import NOBODY, CertificateUntrusted, Trust, check_chain, key_of
from disburse.signing.certificates import CHAIN_CHARACTERS_MAX, FILE_BYTES_MAX, LIST_AGE_MAX
from tests.pki import DAY, NOW, Authorities, a_list, a_private_key, issue


@pytest.fixture
def authorities(tmp_path):
    return Authorities(tmp_path)


def untrusted(issued, trust, match, *, at=NOW):
    with pytest.raises(CertificateUntrusted, match=match):
        check_chain(issued if isinstance(issued, str) else issued.pem, trust, at=at)


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_a_chain_to_a_configured_authority_is_good(authorities, kind):
    signer = authorities.certify(key=a_private_key(kind))
    assert check_chain(signer.pem, authorities.trust, at=NOW) == signer.certificate
    assert key_of(signer.pem).algorithm == {"p256": "ES256", "rsa": "PS256"}[kind]
    direct = issue("Direct", authorities.root, key=a_private_key(kind))
    assert check_chain(direct.pem, authorities.trust, at=NOW)


def test_a_chain_that_others_made_is_none(authorities, tmp_path):
    folder = tmp_path / "others"
    folder.mkdir()
    untrusted(Authorities(folder, "other ").certify(), authorities.trust, "no configured authority")
    untrusted(issue("Alone"), authorities.trust, "no configured authority")
    lonely = authorities.certify()
    lonely.chain = []
    untrusted(lonely, authorities.trust, "no configured authority")


def test_a_signer_issues_nothing(authorities):
    signer = authorities.certify()
    forged = issue("Forged", signer)
    forged.chain = [signer.certificate, *signer.chain]
    untrusted(forged, authorities.trust, "no configured authority")


def test_a_certificate_is_good_only_in_its_time(authorities):
    signer = authorities.certify(days=31)
    assert check_chain(signer.pem, authorities.trust, at=NOW)
    late = NOW + 2 * DAY
    authorities.publish(a_list(authorities.root, made=late), a_list(authorities.middle, made=late))
    untrusted(signer, authorities.trust, "no configured authority", at=late + timedelta(hours=1))
    untrusted(authorities.certify(begins=NOW + DAY), authorities.trust, "no configured authority")


def test_a_certificate_for_something_else_signs_nothing(authorities):
    untrusted(authorities.certify(usage={"key_agreement"}), authorities.trust, "not for signatures")
    assert check_chain(
        authorities.certify(usage={"content_commitment"}).pem, authorities.trust, at=NOW
    )


def test_a_revoked_certificate_is_worth_nothing_from_then_on(authorities):
    signer = authorities.certify()
    revoked = a_list(authorities.middle, signer)
    authorities.publish(a_list(authorities.root), revoked)
    untrusted(signer, authorities.trust, "was revoked")
    later = a_list(authorities.middle, signer, at=NOW + DAY)
    authorities.publish(a_list(authorities.root), later)
    assert check_chain(signer.pem, authorities.trust, at=NOW)
    authorities.publish(a_list(authorities.root, authorities.middle), a_list(authorities.middle))
    untrusted(signer, authorities.trust, "was revoked")


@pytest.mark.parametrize(
    "middle",
    [
        {"made": NOW - LIST_AGE_MAX - DAY, "days": 365},  # stands for a year, and is too old
        {"made": NOW - 3 * DAY, "days": 2},
        {"made": NOW + DAY},
    ],
)
def test_without_a_fresh_list_there_is_no_trust(authorities, middle):
    signer = authorities.certify()
    authorities.publish(a_list(authorities.root), a_list(authorities.middle, **middle))
    untrusted(signer, authorities.trust, "no fresh revocation list")


def test_a_list_that_another_made_says_nothing(authorities):
    signer = authorities.certify()
    forged = a_list(authorities.middle, signed_by=issue("Somebody"))
    authorities.publish(a_list(authorities.root), forged)
    untrusted(signer, authorities.trust, "no fresh revocation list")
    forged = a_list(authorities.middle, signed_by=issue("S", key=a_private_key("rsa")))
    authorities.publish(a_list(authorities.root), forged)
    untrusted(signer, authorities.trust, "no fresh revocation list")
    authorities.publish(a_list(authorities.root))
    untrusted(signer, authorities.trust, "no fresh revocation list")


def test_what_cannot_be_read_is_told(authorities, tmp_path):
    signer = authorities.certify()
    untrusted(signer, NOBODY, "DISBURSE_CERTIFICATE_AUTHORITIES")
    untrusted("nothing", authorities.trust, "not a certificate")
    untrusted("x" * (CHAIN_CHARACTERS_MAX + 1), authorities.trust, "at most")
    untrusted(signer, Trust(tmp_path / "none", tmp_path / "none"), "cannot be read")
    authorities.publish(b"-----BEGIN X509 CRL-----\nnone\n-----END X509 CRL-----\n")
    untrusted(signer, authorities.trust, "lists cannot be read")
    authorities.publish(b"x" * (FILE_BYTES_MAX + 1))
    untrusted(signer, authorities.trust, "more than")
