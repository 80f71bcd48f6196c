"""Who signed exactly these bytes, and with which key; the only door to joserfc."""

from disburse.signing.detached import (
    CONTENT_BYTES_MAX,
    HEADER_BYTES_MAX,
    BadSignature,
    Signer,
    Unsignable,
    check_possession,
    prove_possession,
    sign,
    verify,
)
from disburse.signing.keys import (
    PASSPHRASE_CHARACTERS_MIN,
    KeyUnreadable,
    PrivateKey,
    PublicKey,
    WeakPassphrase,
    from_pem,
    generate,
    is_protected,
    read_public,
    to_pem,
    to_unprotected_pem,
)

__all__ = [
    "CONTENT_BYTES_MAX",
    "HEADER_BYTES_MAX",
    "PASSPHRASE_CHARACTERS_MIN",
    "BadSignature",
    "KeyUnreadable",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "Unsignable",
    "WeakPassphrase",
    "check_possession",
    "from_pem",
    "generate",
    "is_protected",
    "prove_possession",
    "read_public",
    "sign",
    "to_pem",
    "to_unprotected_pem",
    "verify",
]
