"""A private SM2 key in a file: PKCS#8 (RFC 5958), encrypted by PBES2 (RFC 8018) as OpenSSL does.

The cryptography library reads and writes no key of this curve.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from asn1crypto import algos, core, keys, pem  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

CURVE: Final = "1.2.156.10197.1.301"
ITERATIONS: Final = 600_000  # of SHA-256, as OWASP says since 2023
ITERATIONS_MAX: Final = 10_000_000  # ten seconds; a file that asks for more is not of this world
SALT_BYTES: Final = 16
_DIGESTS: Final = {"sha256": hashes.SHA256, "sha512": hashes.SHA512}
_KEY_BYTES: Final = 32
# All parts of the DER have one length: version, ecPublicKey and the curve; before the point.
_HEAD: Final = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
)
_MIDDLE: Final = bytes.fromhex("a14403420004")


def write(secret: int, point: tuple[int, int], password: str | None) -> bytes:
    """Return PEM, encrypted with AES-256 where there is a password."""
    der = _HEAD + _bytes(secret) + _MIDDLE + b"".join(map(_bytes, point))
    if password is None:
        return bytes(pem.armor("PRIVATE KEY", der))
    return bytes(pem.armor("ENCRYPTED PRIVATE KEY", _encrypted(der, password.encode())))


def read(text: bytes, password: bytes | None) -> int:
    """Return the secret; ValueError when it is no SM2 key, or the password does not open it."""
    try:
        name, _, der = pem.unarmor(text)
        if name == "ENCRYPTED PRIVATE KEY":
            der = _decrypted(keys.EncryptedPrivateKeyInfo.load(der, strict=True), password or b"")
        info = keys.PrivateKeyInfo.load(der, strict=True)
        kind = info["private_key_algorithm"]
        if kind["algorithm"].native != "ec" or kind["parameters"].chosen.dotted != CURVE:
            raise ValueError("a key of another curve")
        return int(info["private_key"].parsed["private_key"].native)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not PKCS#8") from error


def _encrypted(der: bytes, password: bytes) -> bytes:
    salt, start = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(16)
    padder = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(_stretched(password, salt, ITERATIONS)), modes.CBC(start))
    encryptor = cipher.encryptor()
    hidden = encryptor.update(padder.update(der) + padder.finalize()) + encryptor.finalize()
    stretching = {"salt": algos.Pbkdf2Salt("specified", core.OctetString(salt)),
                  "iteration_count": ITERATIONS, "prf": {"algorithm": "sha256"}}  # fmt: skip
    scheme = {"algorithm": "pbes2", "parameters": {
        "key_derivation_func": {"algorithm": "pbkdf2", "parameters": stretching},
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": start},
    }}  # fmt: skip
    made = keys.EncryptedPrivateKeyInfo({"encryption_algorithm": scheme, "encrypted_data": hidden})
    return bytes(made.dump())


def _decrypted(info: Any, password: bytes) -> bytes:  # noqa: ANN401  (asn1crypto has no types)
    scheme = info["encryption_algorithm"]
    if scheme.kdf != "pbkdf2" or scheme["parameters"]["encryption_scheme"].native[
        "algorithm"
    ] != "aes256_cbc":  # fmt: skip
        raise ValueError("only PBKDF2 with AES-256 in CBC mode is read; let OpenSSL rewrite it")
    if scheme.kdf_iterations > ITERATIONS_MAX:
        raise ValueError("it would take too long to open")
    key = _stretched(password, scheme.kdf_salt, scheme.kdf_iterations, scheme.kdf_hmac)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(scheme.encryption_iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    shown = decryptor.update(info["encrypted_data"].native) + decryptor.finalize()
    return unpadder.update(shown) + unpadder.finalize()


def _stretched(password: bytes, salt: bytes, iterations: int, digest: str = "sha256") -> bytes:
    return PBKDF2HMAC(_DIGESTS[digest](), _KEY_BYTES, salt, iterations).derive(password)


def _bytes(number: int) -> bytes:
    return number.to_bytes(_KEY_BYTES, "big")
