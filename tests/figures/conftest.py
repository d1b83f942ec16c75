"""The results that are drawn or listed in these tests."""

import pytest

from figures import made_up


@pytest.fixture(scope="session")
def network():
    return made_up.network()


@pytest.fixture(scope="session")
def wholesale():
    return made_up.wholesale()
