"""A subcontractor sees the rows of its own workers only, by the database's own word."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say in `access` who sees a whole project, and confine everybody else to the own rows."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: subcontractors of one project would see each other's wages."""
    raise NotImplementedError("subcontractors would see each other's; restore a backup instead")
