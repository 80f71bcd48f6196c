"""What an account may do, and what a key may sign, counts once somebody else has confirmed it."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the history names these confirmations; restore a backup instead")
