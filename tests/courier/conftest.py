import pytest

from tests.courier.carrying import Carrying


@pytest.fixture
def carrying(world, tmp_path):
    return Carrying(world, tmp_path)
