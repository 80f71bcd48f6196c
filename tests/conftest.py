"""The databases that tests run on: real ones, on a server of this test run's own."""

from __future__ import annotations

from datetime import date
from itertools import count
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from disburse.sealing import Keychain, LocalMaster
from disburse.storage import embedded
from disburse.storage.engine import connect

# A slow machine is no defect: examples have no deadline.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

TODAY = date(2026, 3, 2)
# What a crash would lose, these tests would not miss; see test_embedded for those that would.
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
KEYCHAIN = Keychain(LocalMaster([bytes(range(32))]))
MEMORY = Path("/dev/shm")  # noqa: S108  (only as a parent)
MEMORY_BYTES_MIN = 2**30  # a container often has far less

_numbers = count(1)


@pytest.fixture(scope="session")
def swift_folder(tmp_path_factory):
    """A folder in memory, where there is one: each database is a thousand small files."""
    if not MEMORY.is_dir() or disk_usage(MEMORY).free < MEMORY_BYTES_MIN:
        yield tmp_path_factory.mktemp("swift")
        return
    with TemporaryDirectory(prefix="disburse-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server_url(swift_folder):
    """The URL of a server with an empty database."""
    folder = swift_folder / "postgres"
    yield embedded.ensure(folder, options=HASTE)
    embedded.stop(folder)


@pytest.fixture(scope="session")
def template(server_url):
    """The name of a database of the newest shape, to be copied and never used."""
    from disburse.storage.migrate import migrate  # noqa: PLC0415  (tests of the server need none)

    url = embedded.create_database(server_url, "template_disburse")
    migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY)
    return "template_disburse"


@pytest.fixture
def database(server_url, template):
    """The URL of a database of the newest shape, which no other test has touched."""
    url = embedded.create_database(server_url, f"test_{next(_numbers)}", template)
    yield url
    embedded.drop_database(url)


@pytest.fixture
def begin(database):
    """What starts transactions as the web service does: nothing is visible without a caller."""
    connections = connect(database, KEYCHAIN)
    yield connections
    connections.dispose()


@pytest.fixture
def loop(database):
    """What starts transactions as the worker loop and `disburse prove` do."""
    connections = connect(embedded.as_role(database, embedded.WORK), KEYCHAIN)
    yield connections
    connections.dispose()


@pytest.fixture
def world(begin):
    """One project with everybody on it; see `tests.builders`."""
    from tests.builders import World  # noqa: PLC0415  (tests of the server need none)

    return World(begin)
