"""Documents of banks, words and explanations taken back, entries known by sum and count."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: what was taken back would count again."""
    raise NotImplementedError("what was taken back would count again; restore a backup")
