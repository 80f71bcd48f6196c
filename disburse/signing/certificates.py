"""Certificates of organisations' keys: issued by a configured authority, valid, not revoked.

`cryptography.x509.verification` walks the path; its web profile is replaced where it would ask for
a host name. Revocation it does not do, so that is done here, and refuses what cannot be known.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
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
CHAIN_CERTIFICATES_MAX: Final = 5  # the signer's, and authorities below each other
FILE_BYTES_MAX: Final = 16 * 2**20  # revocation lists of a whole country's enterprises
# A list says until when it stands; but one that stands for a year would hide a theft for a year.
LIST_AGE_MAX: Final = timedelta(days=7)

_STOLEN: Final = frozenset({x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise})
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
    """Return the key that a chain's first certificate is about.

    Raises `CertificateUntrusted` when it cannot be read, `KeyUnreadable` when it is of no use.
    """
    leaf = leaf_of(chain_pem)
    try:
        native = leaf.public_key()
    except (UnsupportedAlgorithm, ValueError):
        raise CertificateUntrusted(
            "the certificate's key is of a kind that cannot be read here; SM2 in certificates is "
            "not taken: register an SM2 key without one, or a certificate with P-256 or RSA"
        ) from None
    return public_of(native)


def read_chain(text: str) -> str:
    """Return the certificates of a PEM text, without what stands around them.

    Raises `CertificateUntrusted`.
    """
    return as_pem(as_x5c(text))


def subject_of(chain_pem: str) -> str:
    """Return whose a chain's first certificate is, as RFC 4514 writes names."""
    return leaf_of(chain_pem).subject.rfc4514_string()


def as_x5c(chain_pem: str) -> list[str]:
    """Write a chain as the member `x5c` of a signature's header (RFC 7515 section 4.1.6)."""
    return [
        base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in _read_chain(chain_pem)
    ]


def as_pem(x5c: object) -> str:
    """Read the member `x5c` of a header; `CertificateUntrusted` when it is no chain."""
    try:
        if not isinstance(x5c, list) or not 0 < len(x5c) <= CHAIN_CERTIFICATES_MAX:
            raise CertificateUntrusted(f"not a list of 1 to {CHAIN_CERTIFICATES_MAX} certificates")
        ders = [base64.b64decode(one, validate=True) for one in x5c]
    except (ValueError, TypeError):
        raise CertificateUntrusted("not certificates in base64") from None
    if [base64.b64encode(der).decode() for der in ders] != x5c:
        raise CertificateUntrusted("not strict base64")
    read = _parsed(lambda: [x509.load_der_x509_certificate(der) for der in ders], "x5c")
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in read)


def require_trusted(
    key: SigningKey,
    trust: Trust,
    *,
    at: datetime,
    chain: str | None = None,
    looking_back: bool = False,
) -> None:
    """Raise `CertificateUntrusted` when the key has a certificate that is not good `at` this time.

    `chain` is what a signature brought along: it has to be good as well as what was registered.
    A key without a certificate rests on the word of whoever confirmed it.
    """
    for one in dict.fromkeys((key.certificate, chain)):
        if one:
            check_chain(one, trust, at=at, looking_back=looking_back)


def check_chain(
    chain_pem: str, trust: Trust, *, at: datetime, looking_back: bool = False
) -> x509.Certificate:
    """Return the signer's certificate once its whole chain is good, or `CertificateUntrusted`.

    (1) The chain ends at a configured authority, every certificate is valid then and each issuer
    may issue. (2) The signer's certificate is for signing. (3) Every certificate below the
    authority is looked up in its issuer's own and fresh list; without a list there is no trust.
    Who is `looking_back` may bring lists that were made since: they know better who was revoked
    when. A certificate whose key was stolen is good at no time.
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
        theirs = [one for one in lists if one.issuer == issuer.subject and _made_by(one, issuer)]
        fresh = [one for one in theirs if _is_fresh(one, at, looking_back=looking_back)]
        _require_not_revoked(certificate, issuer, fresh, at)
    return leaf


def _for_signing(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("this certificate is not for signatures")


def _require_not_revoked(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    fresh: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    if not fresh:
        raise CertificateUntrusted(
            f"there is no fresh revocation list of {issuer.subject.rfc4514_string()}; "
            "the operator has to fetch it"
        )
    entries = (one.get_revoked_certificate_by_serial_number(certificate.serial_number)
               for one in fresh)  # fmt: skip
    if any(entry is not None and _bites(entry, at) for entry in entries):
        raise CertificateUntrusted("the certificate was revoked by its issuer")


def _bites(entry: x509.RevokedCertificate, at: datetime) -> bool:
    """Say whether a revocation counts `at` that time; nobody knows since when a key was stolen."""
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return entry.revocation_date_utc <= at or reason in _STOLEN


def _is_fresh(one: x509.CertificateRevocationList, at: datetime, *, looking_back: bool) -> bool:
    if looking_back and at < one.last_update_utc:
        return True
    until = one.next_update_utc
    return at - LIST_AGE_MAX <= one.last_update_utc <= at and until is not None and at < until


def _made_by(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, TypeError, UnsupportedAlgorithm):
        return False


def _read_chain(pem: str) -> list[x509.Certificate]:
    if len(pem) > CHAIN_CHARACTERS_MAX:
        raise CertificateUntrusted(f"a chain has at most {CHAIN_CHARACTERS_MAX} characters")
    return _read_certificates(pem.encode(errors="replace"), "the certificate")


def _read_certificates(pem: bytes, name: str) -> list[x509.Certificate]:
    return _parsed(lambda: x509.load_pem_x509_certificates(pem), name)


def _parsed(read: Callable[[], list[x509.Certificate]], name: str) -> list[x509.Certificate]:
    """Read certificates to the end; their names are parsed late, and would surprise us then."""
    try:
        found = read()
        for one in found:
            one.subject.rfc4514_string()
            one.issuer.rfc4514_string()
    except (ValueError, TypeError, x509.InvalidVersion):
        raise CertificateUntrusted(f"{name} is not a certificate that can be read") from None
    return found


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
