"""A disabled account's tokens end for good."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the function and end what disabled accounts have; see the SQL beside this file."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: what was ended would count again."""
    raise NotImplementedError("tokens that were ended would count again; restore a backup instead")
