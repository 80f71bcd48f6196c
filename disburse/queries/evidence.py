"""What anybody needs to check a sheet's signature again, years later and offline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.signing_key import SigningKey
from disburse.queries.scope import scope_of
from disburse.storage import keys
from disburse.storage.engine import Transaction
from disburse.storage.sheets import NoSuchSheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A kept signature, when it arrived, and the record of the key that made it."""

    sha256: str  # of the sheet's bytes, which whoever checks has
    signature: str
    received_at: datetime
    organisation: str  # registration number of the key's owner
    organisation_name: str
    key: SigningKey


def evidence(tx: Transaction, caller: Caller, *, project_id: int, sheet_id: int) -> Evidence:
    """Return the evidence of a sheet that the caller may see, or raise `NoSuchSheet`."""
    scope = scope_of(tx, caller, Act.READ_SHEETS, project_id)
    row = keys.evidence(tx, project_id=project_id, sheet_id=sheet_id, employer=scope.employer_id)
    if row is None:
        raise NoSuchSheet(f"there is no sheet {sheet_id} that you may see on this project")
    return Evidence(**row)
