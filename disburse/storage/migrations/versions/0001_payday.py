"""The tables of the first issue: parties, money, sheets, bank files, answers, history."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; the SQL is the one place where the tables are written down."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("payroll evidence is not thrown away; restore a backup instead")
