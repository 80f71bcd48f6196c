"""Numbers of void files, which nobody had, may be given again."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the indexes; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the sendings are evidence; restore a backup instead")
