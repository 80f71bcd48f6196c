"""How a migration runs the SQL that stands beside it."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_beside(migration: str) -> None:
    """Run the file of the migration's own name that ends in `.sql`, whole."""
    script = Path(migration).with_suffix(".sql").read_text(encoding="utf-8")
    # Straight to the driver: many statements in one text, and no parameters to mistake `%` for.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  (a migration always runs on a live connection)
    driver.execute(script)
