"""Rights of the worker loop: it books statements."""

from __future__ import annotations

from disburse.storage.migrations.script import run_beside

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Grant what the SQL beside this file says."""
    run_beside(__file__)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("rights are taken back by hand, once no worker loop books")
