import pytest

from tests.http.site import Site


@pytest.fixture
def site(world):
    return Site(world)
