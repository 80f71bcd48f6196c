"""Who asks, told to the database for each transaction: its row-level security does the rest.

Without a caller no row of any project is visible; with one, those of the projects that the caller's
organisation takes part in or watches. The table `access` says which, kept by triggers. Of these a
subcontractor sees what is of its own workers, and of other subcontractors nothing. So a forgotten
WHERE leaks nothing and writes nothing.

It does not stop SQL injection: whoever can run statements of their own can name another caller.
What stops that is that values are always bound, never pasted into a statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import text

from disburse.domain.access import Caller, OrganisationKind
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Begin, Transaction

# Tables without row-level security, each with its reason; no other may be without.
EXEMPT: Final = {
    "alembic_version": "the shape of the tables, about nobody",
    "installation": "one row of the installation's own, of no project",
    "person": "a keyed digest and a number: who asks must know the identity number already",
    "calendar_year": "holidays, about nobody",
    "event_counter": "how many events there were, about nobody",
    "incarnation": "which database this is, about nobody",
    "credential": "asked before it is known who asks; a hash and a sealed secret",
    "session": "asked before it is known who asks; digests of secrets",
    "known_browser": "asked before it is known who asks; digests of secrets",
    "invitation": "opened before it is known who asks; digests of codes, a sealed secret",
    "guessing": "asked before it is known who asks; digests and counts",
    "passkey": "asked before it is known who asks; public halves of keys",
    "passkey_question": "asked before it is known who asks; digests",
    "company_link": "asked before it is known who asks; what the provider calls its people",
    "company_visit": "asked before it is known who asks; digests",
}


class Unprotected(Refusal):
    """A table lacks row-level security, so the service does not start."""

    code = "unprotected"


def stand(tx: Transaction, caller: Caller) -> None:
    """Let `tx` see and touch what `caller` may, until it ends or another one stands in it."""
    _set(tx, named(caller))


def named(caller: Caller) -> str:
    """Return what the setting `disburse.caller` says where `caller` asks."""
    return _name(caller.member_id, caller.organisation_id, caller.organisation_kind)


def stand_as_operator(tx: Transaction) -> None:
    """Let `tx` see what the operator sets up, before it is known which of its people acts."""
    _set(tx, _name(0, 0, OrganisationKind.OPERATOR))


def bound(begin: Begin, caller: Caller) -> Begin:
    """Return a `Begin` whose every transaction is the caller's from its first statement on."""

    @contextmanager
    def begin_as() -> Iterator[Transaction]:
        with begin() as tx:
            stand(tx, caller)
            yield tx

    return begin_as


def require_protected(tx: Transaction) -> None:
    """Raise `Unprotected` unless every table has row-level security that binds its owner too.

    And unless a transaction begins as nobody's: a caller that somebody preset for a role or
    database would be everybody's, wherever the program forgot to say who asks.
    """
    if preset := tx.scalar(_PRESET):
        raise Unprotected(
            f"disburse.caller is preset to {preset!r}: ALTER ROLE … or ALTER DATABASE … RESET "
            "disburse.caller, and see the options in DISBURSE_DATABASE_URL"
        )
    bare = [row.name for row in tx.execute(_BARE) if row.name not in EXEMPT]
    if bare:
        raise Unprotected(
            f"row-level security is off on {', '.join(bare)}; somebody switched it off, or a "
            "migration forgot it: ALTER TABLE … ENABLE ROW LEVEL SECURITY, and FORCE",
            tables=bare,
        )


def _set(tx: Transaction, who: str) -> None:
    # A setting and no query, so that a transaction can still choose its isolation afterwards.
    tx.exec_driver_sql(f"SET LOCAL disburse.caller = '{who}'")


def _name(member_id: int, organisation_id: int, kind: OrganisationKind) -> str:
    return f"{int(member_id)} {int(organisation_id)} {OrganisationKind(kind)}"


_PRESET: Final = text("SELECT nullif(current_setting('disburse.caller', true), '')")
_BARE: Final = text("""
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND NOT (relrowsecurity AND relforcerowsecurity)
    ORDER BY relname
""")
