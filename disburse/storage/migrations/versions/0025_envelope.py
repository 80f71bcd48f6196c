"""Bank files may leave in an envelope."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the SQL beside this file says."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the bank has these bytes; restore a backup instead")
