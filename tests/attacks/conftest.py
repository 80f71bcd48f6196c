import pytest
from sqlalchemy import create_engine, text

from disburse.storage import embedded
from tests.http.site import Site


@pytest.fixture
def site(world):
    return Site(world)


@pytest.fixture
def as_owner(database):
    """Change the database as only its owner can."""
    engine = create_engine(embedded.as_role(database, embedded.MIGRATE))

    def change(statement):
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
            return connection.execute(text(statement)).rowcount

    yield change
    engine.dispose()
