import pytest

from sandbox import Sandbox


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Sandbox:
    """The small studies, run to the end at two cores. Shared: look only, or work on a clone."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("finished") / "checkout")
    sandbox.run("--cores", "2")
    return sandbox


@pytest.fixture
def copy(finished, tmp_path) -> Sandbox:
    """A clone of the finished folder for one test to change."""
    return finished.clone(tmp_path / "checkout")
