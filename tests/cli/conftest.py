import pytest

from tests.cli.terminal import Terminal, write_tables


@pytest.fixture
def terminal(database):
    """A terminal of a new installation that has its administrator."""
    made = Terminal(database)
    made.init()
    return made


@pytest.fixture
def tables(tmp_path):
    """A folder with the tables of a whole set-up."""
    return write_tables(tmp_path / "tables")
