"""The second factor of nobody is refused, whoever asks the step."""

import pytest

from disburse.steps.people.prove import NotSignedIn, prove


def test_without_a_session_there_is_nothing_to_prove(world):
    with world.begin() as tx, pytest.raises(NotSignedIn):
        prove(tx, token="nobody's", code="000000", now=world.now)
