"""Published years of bank days."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the sendings are evidence; restore a backup instead")
