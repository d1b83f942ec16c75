"""The same inputs give the same bytes: in another folder, at another number of cores, after a kill."""

import os
import signal
import time

import pytest
import xarray as xr

from sandbox import Sandbox


def kill_all(process) -> None:
    """Kill Snakemake and the jobs that it started, none of which can tidy up."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Names of the files that only one side has, or that differ."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


@pytest.fixture(scope="module")
def killed(finished, tmp_path_factory) -> tuple[Sandbox, dict[str, bytes]]:
    """A second folder in which a run at one core was killed in the middle of a job, and what lay there then."""
    sandbox = finished.clone(tmp_path_factory.mktemp("second") / "another place", results=False)
    process = sandbox.start("--cores", "1", PYTHONHASHSEED="12345")
    end = time.monotonic() + 120
    # The second study's log tells that one of its jobs is at work.
    while len(list((sandbox.folder / "logs").glob("*/clear.log"))) < 2:
        assert process.poll() is None and time.monotonic() < end, "the run ended before it could be killed"
        time.sleep(0.02)
    kill_all(process)
    return sandbox, sandbox.results()


def test_a_killed_run_leaves_only_whole_results(killed, finished):
    complete = finished.results()
    assert 0 < len(killed[1]) < len(complete)
    parts = {name for name in killed[1] if "-of-" in name}  # chunks of values: temporary, so a finished run has none
    assert [name for name, content in killed[1].items() if name not in parts and content != complete.get(name)] == []
    for name in parts:
        xr.load_dataset(killed[0].folder / "results" / name, engine="netcdf4")  # half a file would not load


def test_the_next_run_finishes_with_the_bytes_of_an_undisturbed_one(killed, finished):
    sandbox, _ = killed
    sandbox.run("--unlock")
    sandbox.run("--cores", "1", PYTHONHASHSEED="54321")
    assert differing(sandbox.results(), finished.results()) == []
    kinds = {name.rpartition(".")[2] for name in sandbox.results()}
    assert kinds == {"nc", "csv", "html", "svg", "pdf", "png"}


def test_no_result_tells_where_or_when_it_was_made(finished):
    folder = str(finished.folder).encode()
    assert not [name for name, content in finished.results().items() if folder in content]


def test_a_failed_job_leaves_no_result_and_the_cause_is_told(copy):
    copy.edit("workflow/sharegrid/stages/pay.py", "    settled = {}", "    raise ValueError('generator 3: no price')")
    text = copy.run("results/small/payments.nc", fails=True)
    assert "Error in small, pay: ValueError: generator 3: no price (details: logs/small/pay.log)" in text
    assert "Traceback" not in text
    assert "Traceback" in (copy.folder / "logs/small/pay.log").read_text()
    assert not (copy.folder / "results/small/payments.nc").exists()
