"""How files travel to the bank: transports, leases, sendings, pauses."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the sendings are evidence; restore a backup instead")
