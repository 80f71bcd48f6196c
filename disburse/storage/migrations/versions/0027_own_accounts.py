"""What no project was told for is seen on accounts of the past, too."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the function and its policies; see the SQL beside this file."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("who pays again has to see these rows; restore a backup instead")
