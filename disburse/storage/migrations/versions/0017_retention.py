"""How long personal data are kept."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("what was deleted does not come back; restore a backup")
