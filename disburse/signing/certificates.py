"""Certificates of organisations' keys: issued by a configured authority, valid, not revoked.

`cryptography.x509.verification` walks the path; its web profile is replaced where it would ask for
a host name. Revocation it does not do, so that is done here, and refuses what cannot be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import SigningKey
from disburse.signing.keys import PublicKey, public_of

CHAIN_CHARACTERS_MAX: Final = 32 * 1024  # a certificate takes 2,000; a chain has three or four
FILE_BYTES_MAX: Final = 16 * 2**20  # revocation lists of a whole country's enterprises
# A list says until when it stands; but one that stands for a year would hide a theft for a year.
LIST_AGE_MAX: Final = timedelta(days=7)

_PEM_LIST: Final = b"-----BEGIN X509 CRL-----"


class CertificateUntrusted(Refusal):
    """No configured authority vouches for the certificate now: unknown, expired or revoked."""

    code = "certificate-untrusted"


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of the authorities' certificates and revocation lists; read anew for each check."""

    authorities: Path | None = None  # PEM
    revocation_lists: Path | None = None  # PEM, one list for each authority of a chain


NOBODY: Final = Trust()  # no certificate is taken


def leaf_of(chain_pem: str) -> x509.Certificate:
    """Return the first certificate of a chain, or raise `CertificateUntrusted`."""
    return _read_chain(chain_pem)[0]


def key_of(chain_pem: str) -> PublicKey:
    """Return the key that a chain's first certificate is about."""
    return public_of(leaf_of(chain_pem).public_key())


def require_trusted(key: SigningKey, trust: Trust, *, at: datetime) -> None:
    """Raise `CertificateUntrusted` when the key has a certificate that is not good `at` this time.

    A key without a certificate rests on the word of whoever confirmed it.
    """
    if key.certificate:
        check_chain(key.certificate, trust, at=at)


def check_chain(chain_pem: str, trust: Trust, *, at: datetime) -> x509.Certificate:
    """Return the signer's certificate once its whole chain is good, or `CertificateUntrusted`.

    (1) The chain ends at a configured authority, every certificate is valid now and each issuer
    may issue. (2) The signer's certificate is for signing. (3) Every certificate below the
    authority is looked up in its issuer's own and fresh list; without a list there is no trust.
    """
    leaf, *others = _read_chain(chain_pem)
    if trust.authorities is None or trust.revocation_lists is None:
        raise CertificateUntrusted(
            "certificates are not taken here: the operator has set no authorities "
            "(DISBURSE_CERTIFICATE_AUTHORITIES) or no revocation lists (DISBURSE_REVOCATION_LISTS)"
        )
    roots = _read_certificates(_content(trust.authorities), trust.authorities.name)
    builder = PolicyBuilder().store(Store(roots)).time(at.astimezone(UTC).replace(tzinfo=None))
    builder = builder.extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca(),
        ee_policy=ExtensionPolicy.permit_all().may_be_present(
            x509.KeyUsage, Criticality.AGNOSTIC, _for_signing
        ),
    )
    try:
        verified = builder.build_client_verifier().verify(leaf, others)
    except (VerificationError, UnsupportedAlgorithm) as error:
        raise CertificateUntrusted(f"no configured authority vouches for it now: {error}") from None
    lists = _read_lists(_content(trust.revocation_lists))
    for certificate, issuer in zip(verified.chain, verified.chain[1:], strict=False):
        _require_not_revoked(certificate, issuer, lists, at)
    return leaf


def _for_signing(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("this certificate is not for signatures")


def _require_not_revoked(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    fresh = [one for one in lists if one.issuer == issuer.subject and _stands(one, issuer, at)]
    if not fresh:
        raise CertificateUntrusted(
            f"there is no fresh revocation list of {issuer.subject.rfc4514_string()}; "
            "the operator has to fetch it"
        )
    entries = (one.get_revoked_certificate_by_serial_number(certificate.serial_number)
               for one in fresh)  # fmt: skip
    if any(entry is not None and entry.revocation_date_utc <= at for entry in entries):
        raise CertificateUntrusted("the certificate was revoked by its issuer")


def _stands(one: x509.CertificateRevocationList, issuer: x509.Certificate, at: datetime) -> bool:
    until = one.next_update_utc
    fresh = at - LIST_AGE_MAX <= one.last_update_utc <= at and until is not None and at < until
    try:
        return fresh and one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, TypeError, UnsupportedAlgorithm):
        return False


def _read_chain(pem: str) -> list[x509.Certificate]:
    if len(pem) > CHAIN_CHARACTERS_MAX:
        raise CertificateUntrusted(f"a chain has at most {CHAIN_CHARACTERS_MAX} characters")
    return _read_certificates(pem.encode(), "the certificate")


def _read_certificates(pem: bytes, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise CertificateUntrusted(f"{name} is not a certificate in PEM form") from None


def _read_lists(content: bytes) -> list[x509.CertificateRevocationList]:
    parts = content.split(_PEM_LIST)[1:]
    try:
        return [x509.load_pem_x509_crl(_PEM_LIST + part) for part in parts]
    except ValueError:
        raise CertificateUntrusted("the revocation lists cannot be read") from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError:
        raise CertificateUntrusted(f"{path.name} cannot be read by the service") from None
    if len(content) > FILE_BYTES_MAX:
        raise CertificateUntrusted(f"{path.name} has more than {FILE_BYTES_MAX} bytes")
    return content
