"""What the protected header of a signature says: our members only, each in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm
from disburse.signing.base64url import decode
from disburse.signing.certificates import CertificateUntrusted, as_pem, key_of
from disburse.signing.keys import KeyUnreadable
from disburse.signing.strict_json import members

HEADER_BYTES_MAX: Final = 512  # ours take 210; room for members would be room for tricks
# The authority's chain: three or four certificates, base64 of base64 in here.
CHAINED_BYTES_MAX: Final = 16 * 1024
MEMBERS: Final = frozenset({"alg", "kid", "typ", "iat", "b64", "crit"})
CHAIN: Final = "x5c"  # RFC 7515 section 4.1.6
ISSUED_AT_MAX: Final = 253_402_300_799  # the last second of the year 9999


class BadSignature(Refusal):
    """The signature does not stand. From outside every reason looks the same."""

    code = "bad-signature"

    def __init__(self, why: str) -> None:
        """Keep `why` for the operator's log and the act; it is never part of the answer."""
        super().__init__(
            "the signature does not cover exactly these bytes, or its key is not registered here;"
            " sign the file again, unchanged since, with a registered key"
        )
        self.why = why


@dataclass(frozen=True, slots=True)
class Header:
    """A header that says what ours say; nothing of it is proven yet."""

    algorithm: Algorithm
    kid: str
    issued_at: int  # seconds since 1970, by the signer's clock
    chain: str | None  # PEM; its first certificate is about the key that `kid` is the thumbprint of


def read_header(encoded: str, typ: str, *, chained: bool) -> Header:
    """Read a header in base64url, or refuse it with `BadSignature`.

    It holds `MEMBERS`, none twice, and where `chained` allows it the certificates of the signer's
    key. So no `jwk`, `jku` or `x5u` brings a key along, and `x5c` brings none either: its key has
    to be the one that `kid` names, which the caller looks up among the registered ones.
    """
    try:
        found = members(decode(encoded).decode())
    except (ValueError, TypeError, RecursionError):
        raise BadSignature("the header is not strict base64url or JSON") from None
    with_chain = chained and CHAIN in found
    if found.keys() != (MEMBERS | {CHAIN} if with_chain else MEMBERS):
        raise BadSignature("the header has other members than it should")
    if not with_chain and len(encoded) > HEADER_BYTES_MAX:
        raise BadSignature("the header is larger than ours are")
    algorithm, kid, issued_at = _read(found, typ)
    chain = _read_chain(found[CHAIN], kid) if with_chain else None
    return Header(algorithm, kid, issued_at, chain)


def _read(found: dict[str, object], typ: str) -> tuple[Algorithm, str, int]:
    algorithm, kid, issued_at = found["alg"], found["kid"], found["iat"]
    if found["typ"] != typ:
        raise BadSignature(f"signed as something else than {typ}")
    if found["b64"] is not False or found["crit"] != ["b64"]:
        raise BadSignature("b64 is not false, or crit is not exactly b64")
    if not isinstance(algorithm, str) or algorithm not in set(Algorithm):
        raise BadSignature("the algorithm is not on the list")
    # bool is an int to Python, though not to JSON
    if type(issued_at) is not int or not 0 <= issued_at <= ISSUED_AT_MAX:
        raise BadSignature("iat is not a time in whole seconds")
    if not isinstance(kid, str):
        raise BadSignature("kid is not a text")
    return Algorithm(algorithm), kid, issued_at


def _read_chain(certificates: object, kid: str) -> str:
    try:
        pem = as_pem(certificates)
        about = key_of(pem).kid
    except (CertificateUntrusted, KeyUnreadable) as error:
        raise BadSignature(f"x5c: {error.detail}") from None
    if about != kid:
        raise BadSignature(f"x5c is about key {about!r}, not {kid!r}")
    return pem
