"""A little public-key infrastructure: authorities, certificates, revocation lists, CMS."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from disburse.signing import Trust

NOW = datetime(2026, 8, 5, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@cache
def a_private_key(kind, name=""):
    """Return a key of `kind` (p256, p384, rsa), the same one for the whole test run."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())


def a_name(text):
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.COMMON_NAME, text),
    ])  # fmt: skip


USAGE = dict.fromkeys(
    ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
     "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
)  # fmt: skip


@dataclass
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: object
    chain: list = field(default_factory=list)  # above it, without the root

    @property
    def pem(self):
        parts = [self.certificate, *self.chain]
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in parts)

    def cms(self, content, *, digest=hashes.SHA256, options=(), padding=None):
        """Sign as an enterprise USB key does."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        more = {"rsa_padding": padding} if padding is not None else {}
        builder = builder.add_signer(self.certificate, self.key, digest(), **more)
        chosen = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, *options]
        return builder.sign(Encoding.DER, chosen)


def issue(name, issuer=None, *, key=None, ca=False, usage=None, days=365, begins=None, serial=None):
    """Issue a certificate; without an issuer it signs itself."""
    key = key or a_private_key("p256", name)
    begins = begins or NOW - 30 * DAY
    allowed = usage or ({"key_cert_sign", "crl_sign"} if ca else {"digital_signature"})
    signer, signer_name = (key, a_name(name)) if issuer is None else (
        issuer.key, issuer.certificate.subject
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(a_name(name))
        .issuer_name(signer_name)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + days * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**USAGE | dict.fromkeys(allowed, True)), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    above = [] if issuer is None or issuer.certificate.issuer == issuer.certificate.subject else [
        issuer.certificate, *issuer.chain
    ]  # fmt: skip
    return Issued(builder.sign(signer, hashes.SHA256()), key, above)


def a_list(issuer, *revoked, made=None, days=2, at=None, signed_by=None, stolen=False):
    """Make an issuer's revocation list as PEM."""
    made = made or NOW - timedelta(hours=1)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(made)
        .next_update(made + days * DAY)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
        if stolen:
            reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
            entry = entry.add_extension(reason, critical=False)
        builder = builder.add_revoked_certificate(entry.revocation_date(at or made).build())
    return builder.sign((signed_by or issuer).key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Authorities:
    """A root, an authority below it, and the operator's files of them."""

    folder: object
    keys: str = ""  # other keys under the same names
    days: int = 365

    def __post_init__(self):
        more = {"ca": True, "days": self.days}
        self.root = issue("Root", key=a_private_key("p256", f"{self.keys}Root"), **more)
        middle = a_private_key("p256", f"{self.keys}Middle")
        self.middle = issue("Middle", self.root, key=middle, **more)
        pem = self.root.certificate.public_bytes(Encoding.PEM)
        (self.folder / "authorities.pem").write_bytes(pem)
        self.publish(a_list(self.root), a_list(self.middle))

    def publish(self, *lists):
        (self.folder / "lists.pem").write_bytes(b"".join(lists))

    @property
    def trust(self):
        return Trust(self.folder / "authorities.pem", self.folder / "lists.pem")

    def certify(self, name="Signer", **more):
        return issue(name, self.middle, **{"days": self.days} | more)
