"""The installation's own PostgreSQL, for whoever names no other server.

`ensure` starts it or joins it, `stop` ends it. It lives in one private folder:

    data/        the cluster; a link where the server's user cannot reach the folder
    socket/      where the server listens; a link where the path would be too long
    password     of all login roles, in the form that libpq reads
    server.log   what initdb and the server said since the last start; .1 is the start before
    lock         kept locked by every process of the server
"""

from disburse.storage.embedded.databases import (
    as_role,
    create_database,
    drop_database,
)
from disburse.storage.embedded.programs import ServerUnavailable
from disburse.storage.embedded.server import ensure, stop
from disburse.storage.roles import APP, MIGRATE, OWNER, WORK

__all__ = [
    "APP",
    "MIGRATE",
    "OWNER",
    "WORK",
    "ServerUnavailable",
    "as_role",
    "create_database",
    "drop_database",
    "ensure",
    "stop",
]
