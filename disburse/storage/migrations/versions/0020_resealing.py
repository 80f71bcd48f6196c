"""Keys end, and what was sealed under them is sealed anew."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("what was sealed anew stays so; restore a backup instead")
