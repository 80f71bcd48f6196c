"""Banks are asked about unknown files; adapters say when an answer is due."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the sendings are evidence; restore a backup instead")
