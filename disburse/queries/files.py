"""Bank files with their digests and progress; the bytes only for who may release them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from disburse.domain.access import Act, Caller, Forbidden, OrganisationKind
from disburse.domain.lifecycle import attempt
from disburse.domain.lifecycle.bank_file import State
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit
from disburse.queries.paging import PAGE_USUAL, Page, number_after, page, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import kept_bytes, leases, outer_bytes, views
from disburse.storage.engine import Transaction
from disburse.storage.files import NoSuchFile
from disburse.storage.views import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShown:
    """A bank file, and where its payments stand; amounts in minor units."""

    id: int
    reference: str
    sheet_id: int
    period: date
    sequence: int  # its number at the bank connection
    name: str
    adapter: str
    adapter_version: str
    sha256: str
    currency: str
    pay_on: date
    count: int
    total: int
    state: State
    created_at: datetime
    payments: Mapping[attempt.State, Tally]

    @property
    def answered(self) -> bool:
        """Say whether the bank's word on every payment of it is final for now."""
        return attempt.LIVE.isdisjoint(self.payments)


def files(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    sheet_id: int | None = None,
    state: State | None = None,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[FileShown]:
    """Return one page of the project's bank files, in the order they were written."""
    scope_of(tx, caller, Act.READ_FILES, project_id)
    rows = views.files(
        tx,
        project_id=project_id,
        sheet_id=sheet_id,
        state=state,
        after=number_after(cursor),
        limit=rows_for(limit),
    )
    return page([_shown(row) for row in rows], limit, lambda row: (row.id,))


def file(tx: Transaction, caller: Caller, *, project_id: int, file_id: int) -> FileShown:
    """Return one bank file, or raise `NoSuchFile`."""
    scope_of(tx, caller, Act.READ_FILES, project_id)
    rows = views.files(tx, project_id=project_id, after=file_id - 1, limit=1)
    if not rows or rows[0]["id"] != file_id:
        raise NoSuchFile(f"there is no bank file {file_id} on this project")
    return _shown(rows[0])


def content(tx: Transaction, caller: Caller, *, project_id: int, file_id: int) -> bytes:
    """Return the bytes of a claimed file once more; they hold accounts in full.

    Releasers get them to carry them; the bank's client, after `fetch`, to execute them, and in
    the envelope that the worker loop made where the connection has one.

    Raises `WrongState` for one that nobody claimed: claiming is what hands it out.
    """
    admit(tx, caller, Act.READ_CONTENT, project_id)
    found = views.file_bytes(tx, project_id=project_id, file_id=file_id)
    if found is None:
        raise NoSuchFile(f"there is no bank file {file_id} on this project")
    bytes_id, state, bank_id = found
    if state in {State.WRITTEN, State.VOID}:
        raise WrongState(f"bank file {file_id} is {state}; claim it before you fetch it")
    if caller.organisation_kind is OrganisationKind.BANK:
        _require_fetched(tx, caller, state, bank_id, project_id=project_id, file_id=file_id)
        bytes_id = outer_bytes.kept_as(tx, project_id=project_id, file_id=file_id) or bytes_id
    elif leases.travels(tx, project_id=project_id, file_id=file_id):
        raise WrongState(f"bank file {file_id} travels by itself; carried too, it is paid twice")
    return kept_bytes.read(tx, project_id=project_id, bytes_id=bytes_id)


def _require_fetched(
    tx: Transaction, caller: Caller, state: State, bank_id: int, *, project_id: int, file_id: int
) -> None:
    """Raise unless the caller's bank took this file by `fetch`, and it may still be executed."""
    if bank_id != caller.organisation_id:
        raise Forbidden("another bank's file")
    taken_by = f"member:{caller.member_id}"
    if not leases.was_sent_by(tx, project_id=project_id, file_id=file_id, holder=taken_by):
        raise Forbidden("only the account that fetched a file downloads it; `fetch` it first")
    if state is State.REFUSED:
        raise WrongState(f"bank file {file_id} is refused; it must not be executed any more")


def _shown(row: Mapping[str, Any]) -> FileShown:
    payments = {
        attempt.State(name): Tally(count, int(amount))
        for name, (count, amount) in (row["payments"] or {}).items()
    }
    return FileShown(**{**row, "state": State(row["state"]), "payments": payments})
