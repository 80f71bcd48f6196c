"""Row-level security on every table, and who may see which project."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add `access`, policies and rights; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("without policies everybody saw everything; restore a backup instead")
