"""Who submitted neither reviews nor approves: the database says it, too."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and CHECKs; the SQL beside this file says what they are."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # Straight to the driver: many statements in one text, and no parameters to mistake `%` for.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  (a migration always runs on a live connection)
    driver.execute(script)


def downgrade() -> None:
    """Refuse: without the CHECKs one person could do two people's work."""
    raise NotImplementedError("a guard is not taken away; restore a backup instead")
