"""What no project was told for is seen on accounts of the past, too."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the function and its policies; see the SQL beside this file."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # Straight to the driver: many statements in one text, and no parameters to mistake `%` for.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  (a migration always runs on a live connection)
    driver.execute(script)


def downgrade() -> None:
    """Refuse: the rows are evidence that the law wants kept."""
    raise NotImplementedError("who pays again has to see these rows; restore a backup instead")
