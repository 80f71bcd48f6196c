"""The keys that personal data are sealed with."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("without these keys nothing can be read; restore a backup instead")
