"""The public keys that organisations sign with; a record stays for good, it is evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm, KeyRevoked, Purpose, SigningKey
from disburse.storage.engine import Transaction


class KeyTaken(Refusal):
    """The key is registered already, here or for somebody else."""

    code = "key-taken"


class NoSuchKey(Refusal):
    """There is no such key of this organisation."""

    code = "no-such-key"


def add(tx: Transaction, key: SigningKey) -> None:
    """Store a public key, or raise `KeyTaken`."""
    try:
        tx.execute(_ADD, {name: getattr(key, name) for name in SigningKey.__slots__})
    except IntegrityError as error:
        raise KeyTaken(f"key {key.kid} is registered already; generate a new one") from error


def of_organisation(tx: Transaction, organisation_id: int) -> dict[str, SigningKey]:
    """Return every key that the organisation ever had, by its kid."""
    return {row.kid: _key(row) for row in tx.execute(_OF_ORGANISATION, {"o": organisation_id})}


def revoke(
    tx: Transaction, *, kid: str, organisation_id: int, compromised: bool, at: datetime
) -> None:
    """Make a key worthless from `at` on, or from ever when compromised; or raise `NoSuchKey`."""
    done = tx.execute(
        _REVOKE, {"kid": kid, "o": organisation_id, "compromised": compromised, "at": at}
    )
    if done.rowcount != 1:
        raise NoSuchKey(f"the organisation has no key {kid} that could be revoked")


def evidence(
    tx: Transaction, *, project_id: int, sheet_id: int, employer: int | None
) -> dict[str, Any] | None:
    """Return a sheet's signature with its key's record; `employer` confines whose sheet."""
    values = {"p": project_id, "s": sheet_id, "employer": employer}
    row = tx.execute(_EVIDENCE, values).one_or_none()
    if row is None:
        return None
    told = ("sha256", "signature", "received_at", "organisation", "organisation_name")
    return {name: getattr(row, name) for name in told} | {"key": _key(row)}


def require_trusted(tx: Transaction, *, project_id: int, sheet_id: int) -> None:
    """Raise `KeyRevoked` when the sheet was signed by a key that somebody may have copied.

    Asked again wherever a person's word lets money go on; the way out is to reject the sheet.
    """
    if tx.scalar(_COMPROMISED, {"p": project_id, "s": sheet_id}):
        raise KeyRevoked(
            f"sheet {sheet_id} was signed by a key that was revoked as compromised; nobody knows "
            "who signed it: reject it, and let the subcontractor sign it anew"
        )


def sheets_under_approval(tx: Transaction, kid: str) -> list[tuple[int, int]]:
    """Return (project, sheet) of approved sheets that this key signed."""
    return [(row.project_id, row.id) for row in tx.execute(_APPROVED, {"kid": kid})]


def _key(row: Any) -> SigningKey:  # noqa: ANN401  (a row of SQLAlchemy's)
    values = {name: getattr(row, name) for name in SigningKey.__slots__}
    chosen = {"algorithm": Algorithm(row.algorithm), "purpose": Purpose(row.purpose)}
    return SigningKey(**values | chosen)


_ADD: Final = text("""
    INSERT INTO signing_key (kid, organisation_id, algorithm, jwk, purpose, valid_from, valid_to,
                             revoked_at, revoked_as_compromised, registered_by, confirmed_by,
                             confirmed_at, successor_of, certificate)
    VALUES (:kid, :organisation_id, :algorithm, :public_jwk, :purpose, :valid_from, :valid_to,
            :revoked_at, :revoked_as_compromised, :registered_by, :confirmed_by, :confirmed_at,
            :successor_of, :certificate)
""")
_KEY: Final = """
    k.kid, k.organisation_id, k.algorithm, k.jwk AS public_jwk, k.purpose, k.valid_from,
    k.valid_to, k.revoked_at, k.revoked_as_compromised, k.registered_by, k.confirmed_by,
    k.confirmed_at, k.successor_of, k.certificate
"""
_OF_ORGANISATION: Final = text(f"SELECT {_KEY} FROM signing_key k WHERE k.organisation_id = :o")
_EVIDENCE: Final = text(f"""
    SELECT {_KEY}, s.digest AS sha256, s.signature, s.received_at,
           o.registration AS organisation, o.name AS organisation_name
    FROM sheet s
    JOIN signing_key k ON k.kid = s.kid
    JOIN organisation o ON o.id = k.organisation_id
    WHERE s.project_id = :p AND s.id = :s
      AND (CAST(:employer AS bigint) IS NULL OR s.employer_id = :employer)
""")
_REVOKE: Final = text("""
    UPDATE signing_key
    SET revoked_at = least(revoked_at, :at),
        revoked_as_compromised = revoked_as_compromised OR :compromised
    WHERE kid = :kid AND organisation_id = :o AND (revoked_at IS NULL OR :compromised)
""")
_COMPROMISED: Final = text("""
    SELECT k.revoked_as_compromised FROM sheet s CROSS JOIN LATERAL signing_key_by(s.kid) k
    WHERE s.project_id = :p AND s.id = :s
""")
_APPROVED: Final = text("""
    SELECT project_id, id FROM sheet WHERE kid = :kid AND state = 'approved' ORDER BY id
""")
