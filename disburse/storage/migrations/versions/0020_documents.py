"""Documents that banks gave people, and words that are taken back."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the SQL beside this file says what they are."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # Straight to the driver: many statements in one text, and no parameters to mistake `%` for.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  (a migration always runs on a live connection)
    driver.execute(script)


def downgrade() -> None:
    """Refuse: words that were taken back would count again."""
    raise NotImplementedError("words taken back would count again; restore a backup")
