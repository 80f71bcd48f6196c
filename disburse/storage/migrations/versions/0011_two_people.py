"""Who submitted neither reviews nor approves: the database says it, too."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and CHECKs; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: without the CHECKs one person could do two people's work."""
    raise NotImplementedError("a guard is not taken away; restore a backup instead")
