"""Events for outsiders, in one order, and the webhooks that they are sent to."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: receivers count on events that were not sent yet."""
    raise NotImplementedError("events would be lost; restore a backup instead")
