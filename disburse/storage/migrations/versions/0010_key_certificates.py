"""A signing key may have a certificate of an authority."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: the chain as PEM text, the signer's own certificate first."""
    op.execute("ALTER TABLE signing_key ADD COLUMN certificate text")


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("signatures rest on these certificates; restore a backup instead")
