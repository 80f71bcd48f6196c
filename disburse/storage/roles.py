"""The database's roles: who owns, who migrates, who serves, who works, who only looks.

Row-level security binds nobody who is a superuser, may bypass it, or owns the tables. So the
service signs in as somebody who is none of these and cannot become one, or it does not start.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction

OWNER: Final = "disburse_owner"  # owns the tables; nobody signs in as it
MIGRATE: Final = "disburse_migrate"  # may become the owner, to change the tables' shape
APP: Final = "disburse_app"  # `disburse serve` and the operator's commands: one caller at a time
WORK: Final = "disburse_work"  # `disburse work` and `prove`: all projects, next to no personal data
REGULATOR: Final = "disburse_regulator"  # reports and analyses: reads what its caller may see
ROLES: Final = {  # none is a superuser, none bypasses row-level security
    OWNER: "NOLOGIN",
    MIGRATE: f"LOGIN NOINHERIT IN ROLE {OWNER}",
    APP: "LOGIN",
    WORK: "LOGIN",
    REGULATOR: "LOGIN",
}


class UnfitRole(Refusal):
    """Whom the database lets us in as is too mighty, or not the one that this command needs."""

    code = "unfit-role"


class RolesMissing(Refusal):
    """The database server's administrator has something to do first; the message says what."""

    code = "roles-missing"


def require_fit(tx: Transaction, role: str) -> None:
    """Raise `UnfitRole` unless we are `role` and nobody else, bound by row-level security."""
    name = tx.scalar(text("SELECT session_user"))
    for row in tx.execute(_TOO_MIGHTY):
        whom = "it" if row.rolname == name else f"{row.rolname}, which it may become,"
        raise UnfitRole(
            f"the database knows us as {name}, and {whom} {row.why}, so nothing would keep one "
            f"project's rows from another's people; let DISBURSE_DATABASE_URL name a login that "
            f"is only a member of {role}: CREATE ROLE … LOGIN PASSWORD … IN ROLE {role}"
        )
    if not tx.scalar(_IS, {"role": role}):
        raise UnfitRole(
            f"the database knows us as {name}; this command works as {role}: let "
            f"DISBURSE_DATABASE_URL name a login that is a member of it (GRANT {role} TO …)"
        )
    if others := tx.scalars(_ALSO, {"others": sorted(ROLES.keys() - {role})}).all():
        raise UnfitRole(
            f"the database knows us as {name}, which is {', '.join(others)} besides {role}, and "
            f"rules for one role are no rules for two: REVOKE {', '.join(others)} FROM {name}"
        )
    if tx.scalar(_MAY_ADD):
        raise UnfitRole(
            f"the database lets {name} make things in the schema public, which functions of the "
            "tables' owner would find: REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        )


def ensure(connection: Connection) -> None:
    """Make the roles that a server lacks, become the owner, or raise `RolesMissing`.

    A role that is made here cannot sign in before the administrator lets it: passwords are not
    ours to choose.
    """
    known = {row.rolname: row for row in connection.execute(_KNOWN, {"names": list(ROLES)})}
    missing = [name for name in ROLES if name not in known]
    mighty = [name for name, row in known.items() if row.rolsuper or row.rolbypassrls]
    if mighty:
        raise RolesMissing(
            f"{', '.join(mighty)} must be bound by row-level security; as administrator: "
            + "; ".join(f"ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS" for name in mighty)
        )
    if missing and not connection.scalar(_MAY_MAKE_ROLES):
        raise RolesMissing(
            "the server lacks roles and we may not make them; as administrator: "
            + "; ".join(f"CREATE ROLE {name} {ROLES[name]}" for name in missing)
            + f"; GRANT CREATE ON SCHEMA public TO {OWNER}; then give those that sign in "
            f"passwords, and run this as {MIGRATE}"
        )
    for name in missing:
        options = ROLES[name].replace("LOGIN", "NOLOGIN", 1).replace("NONOLOGIN", "NOLOGIN")
        connection.execute(text(f"CREATE ROLE {name} {options}"))
    _become_owner(connection)


def _become_owner(connection: Connection) -> None:
    """Own what is made as the role without login."""
    if not connection.scalar(text(f"SELECT pg_has_role('{OWNER}', 'SET')")):
        raise RolesMissing(
            f"the tables are made by {OWNER}, and we may not become it; let "
            f"DISBURSE_DATABASE_URL name {MIGRATE}, or as administrator: GRANT {OWNER} TO …"
        )
    if connection.scalar(_IS_SUPERUSER):
        connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {OWNER}"))
    connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
    if not connection.scalar(text("SELECT has_schema_privilege('public', 'CREATE')")):
        raise RolesMissing(
            f"{OWNER} may not make tables here; as administrator: "
            f"GRANT CREATE ON SCHEMA public TO {OWNER}"
        )


_TOO_MIGHTY: Final = text("""
    SELECT rolname, why FROM (
        SELECT r.rolname, CASE
            WHEN r.rolsuper THEN 'is a superuser'
            WHEN r.rolbypassrls THEN 'bypasses row-level security'
            WHEN EXISTS (SELECT FROM pg_class c
                         WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')
                           AND c.relnamespace = 'public'::regnamespace) THEN 'owns the tables'
            WHEN r.rolreplication THEN 'may copy every table by replication'
            WHEN r.rolname IN ('pg_read_server_files', 'pg_write_server_files',
                               'pg_execute_server_program') THEN 'reaches the server''s files'
            END AS why
        FROM pg_roles r WHERE pg_has_role(session_user, r.oid, 'MEMBER')) r
    WHERE why IS NOT NULL
    ORDER BY rolname <> session_user, rolname LIMIT 1
""")
_ALSO: Final = text("""
    SELECT rolname FROM pg_roles
    WHERE rolname = ANY(CAST(:others AS text[])) AND pg_has_role(session_user, oid, 'MEMBER')
    ORDER BY rolname
""")
_MAY_ADD: Final = text("SELECT has_schema_privilege(session_user, 'public', 'CREATE')")
_IS: Final = text("""
    SELECT EXISTS (SELECT FROM pg_roles
                   WHERE rolname = :role AND pg_has_role(current_user, oid, 'USAGE'))
""")
_KNOWN: Final = text("""
    SELECT rolname, rolsuper, rolbypassrls FROM pg_roles
    WHERE rolname = ANY(CAST(:names AS text[]))
""")
_MAY_MAKE_ROLES: Final = text("""
    SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user
""")
_IS_SUPERUSER: Final = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
