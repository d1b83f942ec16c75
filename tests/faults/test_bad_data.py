"""Data that cannot be used: the job that reads it ends with one text, and leaves nothing that could be taken for a result."""

import pytest

from sandbox import Sandbox

BUS = "resources/networks/facts/case30_bus.csv"
CASE5 = "resources/networks/pglib/pglib_opf_case5_pjm.m"


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Sandbox:
    return Sandbox.create(tmp_path_factory.mktemp("intact") / "checkout")


@pytest.fixture
def sandbox(intact, tmp_path) -> Sandbox:
    return intact.clone(tmp_path / "checkout")


def assert_job_fails(sandbox: Sandbox, study: str, words: list[str]) -> None:
    """The preparation of the study fails with one line that holds the words; no result is there."""
    text = sandbox.run("--cores", "1", study, fails=True)
    lines = [line for line in text.splitlines() if line.startswith("Error in") and "(details:" in line]
    assert len(lines) == 1, text
    assert [word for word in [f"Error in {study}, prepare", *words] if word not in lines[0]] == [], lines[0]
    assert "Traceback" not in text
    assert sandbox.results() == {}
    assert not list((sandbox.folder / "results").rglob("*"))[1:], "only the study's empty folder may be there"


def test_a_file_that_differs_from_its_checksum(sandbox):
    path = sandbox.folder / BUS
    path.write_text(path.read_text() + "\n")
    assert_job_fails(sandbox, "small", ["networks/facts/case30_bus.csv", "sha256"])


def test_a_truncated_case_of_the_user(sandbox):
    """A file that sources.yaml does not list has no checksum: the reader itself must notice."""
    whole = (sandbox.folder / CASE5).read_text()
    (sandbox.folder / "resources/mine.m").write_text(whole[: whole.index("mpc.branch") + 200])
    sandbox.edit("config/studies/plain.yaml", "networks/pglib/pglib_opf_case5_pjm.m", "mine.m")
    assert_job_fails(sandbox, "plain", ["mine.m", "branch"])


def test_an_offer_above_the_value_of_lost_load(sandbox):
    sandbox.edit("config/studies/small.yaml", "voll: 1000", "voll: 2")
    assert_job_fails(sandbox, "small", ["voll", "offer"])


def test_the_same_run_passes_once_the_fault_is_mended(sandbox):
    path = sandbox.folder / BUS
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    sandbox.run("--cores", "1", "results/small/data.nc", fails=True)
    path.write_bytes(content)
    sandbox.run("--cores", "1", "results/small/data.nc")
    assert list(sandbox.results()) == ["small/data.nc"]
