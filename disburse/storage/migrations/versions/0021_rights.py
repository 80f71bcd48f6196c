"""Narrower rights: what never changes cannot be changed by the service either."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take rights back; the SQL beside this file says which."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("wider rights are never needed; restore a backup instead")
