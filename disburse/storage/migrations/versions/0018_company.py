"""People of a company's OpenID provider."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the SQL beside this file says what they are."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("the history names these sessions; restore a backup instead")
