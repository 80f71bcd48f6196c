"""Which rows a caller may read: the own projects, and of a subcontractor only its own sheets."""

from __future__ import annotations

from dataclasses import dataclass

from disburse.domain.access import Act, Caller, OrganisationKind, require
from disburse.door import admit, enter
from disburse.storage import parties
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query is confined to."""

    project_ids: tuple[int, ...]
    employer_id: int | None  # a subcontractor's own number; None sees every employer's rows


def scope_of(tx: Transaction, caller: Caller, act: Act, project_id: int | None = None) -> Scope:
    """Return what the caller may read by `act`: one project, or all of the own ones (None).

    Raises `NoSuchParty` for a project of somebody else, `Forbidden` where no role suffices.
    """
    if project_id is not None:
        admit(tx, caller, act, project_id)
        return Scope((project_id,), employer_of(caller))
    enter(tx, caller)
    readable = tuple(p for p in parties.projects_of(tx, caller) if caller.may(act, p))
    if not readable:
        require(caller, act)
    return Scope(readable, employer_of(caller))


def employer_of(caller: Caller) -> int | None:
    """Return whose rows alone a subcontractor sees; None for everybody else."""
    own = caller.organisation_kind is OrganisationKind.SUBCONTRACTOR
    return caller.organisation_id if own else None
