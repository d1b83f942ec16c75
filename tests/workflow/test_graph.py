"""Which jobs the graph has, and which of them a change reruns."""

import os
import re
import resource
from importlib.metadata import version

import numpy as np
import pytest
import xarray as xr

ALL_STAGES = ["prepare", "clear", "value", "pay", "present"]
OF_CHUNKED = ["prepare", "clear", "value_chunk", "value_chunk", "value_gather", "pay"]


def jobs(study: str, *rules: str) -> set[tuple[str, str]]:
    return {(study, rule) for rule in rules}


EVERYTHING = jobs("small", *ALL_STAGES) | jobs("chunked", *OF_CHUNKED) | jobs("plain", "prepare", "clear", "present")
SOLVED = {job for job in EVERYTHING if job[1] != "prepare"}
# A file of the library, and the jobs that its edit must cause: those that load it and those below them.
EDITS = {
    "files.py": EVERYTHING,
    "plugins.py": EVERYTHING,
    "pages.py": EVERYTHING,
    "readers/facts.py": jobs("small", *ALL_STAGES),
    "readers/raw.py": EVERYTHING,
    "preparation/spot.py": EVERYTHING,
    "optimise/program.py": SOLVED,
    "markets/spot.py": SOLVED,
    "stages/value.py": jobs("small", "value", "pay", "present") | jobs("chunked", "value_chunk", "value_gather", "pay"),
    "stages/pay.py": jobs("small", "pay", "present") | jobs("chunked", "pay"),
    "mechanisms/lmp.py": jobs("small", "pay", "present") | jobs("chunked", "pay"),
    "mechanisms/pay_as_bid.py": jobs("small", "pay", "present"),
    "stages/present.py": jobs("small", "present") | jobs("plain", "present"),
    "figures/sharegrid.mplstyle": jobs("small", "present") | jobs("plain", "present"),
    "tables/settlement.py": jobs("small", "present"),
    "tables/properties.py": set(),
}
PRESENTED = jobs("small", "present") | jobs("plain", "present")
PAID = jobs("small", "pay") | jobs("chunked", "pay") | PRESENTED
# A library, and the jobs that another version of it must cause.
UPGRADES = {name: PRESENTED for name in ("matplotlib", "pandas", "netCDF4", "docutils", "pillow")} | {
    "linopy": SOLVED,
    "highspy": SOLVED,
    "numpy": PAID,
    "scipy": PAID,
    "xarray": PAID,
    "packaging": set(),
}


def test_all_stages_of_all_studies_are_planned_at_first(finished, tmp_path):
    assert finished.clone(tmp_path / "fresh", results=False).plan() == EVERYTHING


def test_a_second_run_does_nothing(finished):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert finished.plan() == set()
    assert "Nothing to be done" in finished.run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10


@pytest.mark.parametrize(
    ("targets", "planned"),
    [
        (["plain"], jobs("plain", "prepare", "clear", "present")),
        (["trial"], jobs("small", *ALL_STAGES) | jobs("chunked", *OF_CHUNKED)),
        (["all_payments"], jobs("small", *ALL_STAGES[:-1]) | jobs("chunked", *OF_CHUNKED)),
        (["all_figures"], jobs("small", *ALL_STAGES) | jobs("plain", "prepare", "clear", "present")),
        (["all_plan"], set()),
        (["results/small/cleared.nc"], jobs("small", "prepare", "clear")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_targets_by_study_chapter_stage_and_file(finished, targets, planned):
    assert finished.plan("--forceall", *targets) == planned


def test_a_dataset_that_a_study_lacks_has_no_rule(finished):
    assert "No rule to produce results/plain/payments.nc" in finished.run("-n", "results/plain/payments.nc", fails=True)


def test_touching_every_file_reruns_nothing(copy):
    for path in copy.folder.rglob("*"):
        if path.is_file() and not {".snakemake", "results"} & set(path.relative_to(copy.folder).parts):
            os.utime(path)
    assert copy.plan() == set()


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_module_reruns_exactly_the_stages_that_load_it(copy, name):
    path = copy.folder / "workflow/sharegrid" / name
    original = path.read_bytes()
    path.write_bytes(original + b"\n# edited\n")
    assert copy.plan() == EDITS[name]
    path.write_bytes(original)
    assert copy.plan() == set(), "an edit that is undone reruns nothing"


@pytest.mark.parametrize("name", UPGRADES)
def test_an_upgraded_library_reruns_the_stages_whose_results_or_pages_name_it(copy, name):
    """Metadata that Python finds first stand for the upgrade; the library itself is the same."""
    about = copy.folder / f"workflow/{name}-{version(name)}.1.dist-info/METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version(name)}.1\n")
    assert copy.plan() == UPGRADES[name]


@pytest.mark.parametrize(
    ("script", "planned"),
    [
        (
            "clear",
            jobs("small", "clear", "pay", "present")
            | jobs("chunked", "clear", "pay")
            | jobs("plain", "clear", "present"),
        ),
        ("value_gather", jobs("chunked", "value_chunk", "value_gather", "pay")),  # the parts are not kept
    ],
)
def test_an_edited_adapter_reruns_its_rule(copy, script, planned):
    copy.edit(f"workflow/scripts/{script}.py", "from sharegrid import", "# edited\nfrom sharegrid import")
    assert copy.plan() == planned


def test_edited_mechanisms_of_one_study_rerun_its_pay_and_present(copy):
    copy.edit("config/studies/small.yaml", "vcg: {}, core", "core")
    assert copy.plan() == jobs("small", "pay", "present")


@pytest.mark.parametrize(
    ("old", "new", "planned"),
    [
        ("voll: 1000", "voll: 900", jobs("small", *ALL_STAGES)),
        ("coalitions: core", "coalitions: all", jobs("small", "value", "pay", "present")),
        ("Congestion spreads", "Congestion separates", jobs("small", "present")),
        ("Lower limits are zero", "No lower limits", jobs("small", "present")),
        ("    settlement: {kind", "    payments: {kind", jobs("small", "present")),
        ("clear: {}", "clear: {}  # a comment", set()),
    ],
)
def test_an_edited_study_reruns_the_stages_that_use_the_edited_branch(copy, old, new, planned):
    copy.edit("config/studies/small.yaml", old, new)
    assert copy.plan() == planned


def test_a_new_study_is_planned_alone(copy):
    studies = copy.folder / "config/studies"
    text = (studies / "plain.yaml").read_text()
    (studies / "mine.yaml").write_text(text.replace("chapter: plain", "chapter: mine"))
    assert copy.plan() == jobs("mine", "prepare", "clear", "present")


def test_a_figure_taken_off_the_list_does_not_stay_behind(copy):
    copy.edit("config/studies/plain.yaml", "    prices: {kind", "    sorted_prices: {kind")
    copy.run("plain")
    assert sorted(path.name for path in (copy.folder / "results/plain/figures").glob("*.svg")) == ["sorted_prices.svg"]


def value_in(copy, chunks: int) -> None:
    """Value the coalitions of the study again, in another number of jobs."""
    copy.edit("config/studies/chunked.yaml", "chunks: 2", f"chunks: {chunks}")
    rules = ["value_chunk", "value_gather"] if chunks > 1 else ["value"]
    assert copy.plan() == jobs("chunked", *rules, "pay")
    (copy.folder / "results/chunked/values.nc").unlink()
    text = copy.run("results/chunked/values.nc")
    assert len(re.findall(r"^Job \d+: chunked, value(?:_chunk)?: ", text, flags=re.MULTILINE)) == chunks


@pytest.mark.parametrize("chunks", [1, 3])
def test_values_in_two_jobs_are_those_in_one_or_in_one_per_scenario(copy, finished, chunks):
    value_in(copy, chunks)
    assert copy.results()["chunked/values.nc"] == finished.results()["chunked/values.nc"]


def test_more_jobs_than_scenarios_share_the_coalitions(copy, finished):
    """The solver then starts elsewhere, so the last digits may differ, and where load is lost among equal optima."""
    value_in(copy, 9)
    found, expected = (xr.load_dataset(run.folder / "results/chunked/values.nc") for run in (copy, finished))
    assert dict(found.sizes) == dict(expected.sizes)
    for name in ("scenario", "coalition", "participant", "member"):
        np.testing.assert_array_equal(found[name].values, expected[name].values)
    for name in ("cost", "lost_load", "price_without"):
        np.testing.assert_allclose(found[name].values, expected[name].values, rtol=1e-9, atol=1e-9, err_msg=name)
