"""What is counted over a whole connection, whoever asks."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the functions; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("files are numbered by these; restore a backup instead")
