"""Personal data are sealed; a database that keeps readable ones is refused."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.storage.migrations.script import run_beside

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


class ReadableData(Refusal):
    """The database keeps personal data that an unreleased version left readable."""

    code = "readable-data"


def upgrade() -> None:
    """Change the columns; the SQL beside this file says how.

    Who filled a database with a version before the first release begins anew: what lay readable
    on a disk once is not made unreadable by sealing it now.
    """
    filled = "SELECT EXISTS (SELECT FROM member) OR EXISTS (SELECT FROM kept_bytes)"
    if op.get_bind().scalar(text(filled)):
        raise ReadableData(
            "an unreleased version filled this database with readable personal data; take an empty "
            "database and set the installation up again"
        )
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("what is sealed stays sealed; restore a backup instead")
