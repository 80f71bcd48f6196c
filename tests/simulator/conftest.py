import pytest

from disburse.simulator.founding import found_town


@pytest.fixture(scope="session")
def town(server_url, swift_folder):
    """The installation that every life of this test run gets a copy of."""
    folder = swift_folder / "simulated"
    folder.mkdir()
    return found_town(folder, server_url)
