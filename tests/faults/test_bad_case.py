"""Faults of a user's case file at the command line: one study for each, all in one run that goes on after a failure."""

import re

import pytest

from sandbox import REPOSITORY, Sandbox

CASE = "networks/pglib/pglib_opf_case5_pjm.m"
STUDY = """\
title: A faulty market
chapter: faults
prepare:
  market: spot
  network: {{reader: matpower, path: {name}.m}}
  scenarios:
    variants: {{label: "{{limits}}", {values}}}
clear: {{}}
"""
AS_IN_CASE = "limits: [case]"
GEN_4 = "\t5\t 300.0\t 0.0\t 450.0\t -450.0\t 1.0\t 100.0\t 1\t 600.0\t 0.0;"
COST_4 = "\t2\t 0.0\t 0.0\t 3\t   0.000000\t  10.000000\t   0.000000;"
BRANCH_2 = "\t1\t 5\t 0.00064\t 0.0064\t 0.03126\t 426"
ISLAND = (
    "\t6\t 1\t 9.0\t 0.0\t 0.0\t 0.0\t 1\t 1.0\t 0.0\t 230.0\t 1\t 1.1\t 0.9;\n"
    "\t7\t 1\t 9.0\t 0.0\t 0.0\t 0.0\t 1\t 1.0\t 0.0\t 230.0\t 1\t 1.1\t 0.9;\n"
)
# What replaces what in the case file (patterns), and words that the message must hold beside the file's name or,
# where the file is sound by itself, instead of it.
FAULTS = {
    "nan-demand": [("2\t 1\t 300.0", "2\t 1\t NaN"), ["load", "bus 2", "not a finite number"]],
    "infinite-capacity": [(GEN_4, GEN_4.replace("600.0", "Inf")), ["p_max", "generator 4 (bus 5)", "not a finite"]],
    "nan-cost": [(COST_4, COST_4.replace("10.000000", "NaN")), ["mpc.gencost", "row 5", "not a finite number"]],
    "negative-capacity": [(GEN_4, GEN_4.replace("600.0", "-600.0")), ["p_max", "generator 4 (bus 5)", "negative"]],
    "p-min-above-p-max": [(GEN_4, GEN_4.replace("\t 0.0;", "\t 700.0;")), ["p_min", "generator 4 (bus 5)", "above"]],
    "negative-c2": [
        (COST_4, COST_4.replace("  0.000000\t  10", "  -0.1\t  10")),
        ["cost_quadratic", "generator 4 (bus 5)", "non-convex offer"],
    ],
    "decreasing-slopes": [
        # every row padded to the width of three points
        (r"\t2\t 0.0\t 0.0\t 3(.*);\n(?=\];)", "\t1 0 0 3 0 0 100 2000 600 3000;\n"),
        (r"\t2\t 0.0\t 0.0\t 3(.*)0;\n", r"\t2\t 0.0\t 0.0\t 3\g<1>0 0 0 0;\n"),
        ["cost_point_usd", "generator 4 (bus 5)", "decreasing slopes"],
    ],
    "zero-reactance": [(BRANCH_2, BRANCH_2.replace("0.0064\t", "0\t")), ["reactance", "branch 2 (1 to 5)", "is zero"]],
    "island": [
        (r"(mpc.bus = \[\n)", r"\g<1>" + ISLAND),
        (r"(mpc.branch = \[\n)", r"\g<1>" + BRANCH_2.replace("1\t 5", "6\t 7") + " 426 426 0 0 1 -30 30;\n"),
        ["bus, 6, 7", "island without a reference bus"],
    ],
    "unknown-bus-of-branch": [
        (BRANCH_2, BRANCH_2.replace("1\t 5", "1\t 50")),
        ["to_bus", "branch 2 (1 to 50)", "unknown bus 50"],
    ],
    "unknown-bus-of-generator": [
        (GEN_4, GEN_4.replace("5\t 300", "50\t 300")),
        ["generator_bus", "generator 4 (bus 50)", "unknown bus 50"],
    ],
    "short-row": [(BRANCH_2 + ".*;", BRANCH_2 + ";"), ["mpc.branch", "row 3", "6 columns"]],
    "short-table": [(r"(?<=\d)\t -30.0\t 30.0;", ";"), (r"\t 0.0\t 1;", ";"), ["mpc.branch", "9 columns"]],
    "empty": [(r"(?s)\A.*\Z", ""), ["function mpc"]],
    "binary": [(r"(?s)\A.*\Z", "\x00\x89PNG\x1a\xff\x00\x01" * 40), ["function mpc"]],
    "no-generator-in-service": [(r"100.0\t 1\t", "100.0\t 0\t"), ["generator, whole network", "none is in service"]],
    "no-demand-to-scale": [
        (r"(\t [123]\t )[34]00.0\t", r"\g<1>0.0\t"),
        ["prepare.scenarios.variants.demand_mw", "no load"],
    ],
}
VALUES = {"no-demand-to-scale": "limits: [case], demand_mw: [500]"}


def with_fault(text: str, name: str) -> bytes:
    """The case file with one fault."""
    for old, new in FAULTS[name][:-1]:
        text, number = re.subn(old, new, text)
        assert number, f"{name}: nothing is replaced"
    return text.encode("latin-1")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Sandbox, str]:
    """The folder after the run, and what Snakemake printed."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("cases") / "checkout")
    studies, resources = sandbox.folder / "config/studies", sandbox.folder / "resources"
    sound = (REPOSITORY / "resources" / CASE).read_text()
    (resources / "sound.m").write_text(sound)
    for name in FAULTS:
        (resources / f"{name}.m").write_bytes(with_fault(sound, name))
    for name in ("sound", *FAULTS):
        (studies / f"{name}.yaml").write_text(STUDY.format(name=name, values=VALUES.get(name, AS_IN_CASE)))
    return sandbox, sandbox.run("--keep-going", "faults", fails=True)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_case_is_told_in_one_line_and_leaves_nothing(run, name):
    sandbox, text = run
    lines = [line for line in text.splitlines() if line.startswith(f"Error in {name}, ")]
    assert len(lines) == 1, text
    found = re.fullmatch(rf"Error in {name}, prepare: ValueError: (.*) \(details: logs/{name}/prepare.log\)", lines[0])
    assert found, lines[0]
    words = FAULTS[name][-1] if name in VALUES else [f"{name}.m: ", *FAULTS[name][-1]]
    assert [word for word in words if word not in found[1]] == [], found[1]
    assert len(found[1]) < 300 and found[1].isprintable()
    assert [file for file in sandbox.results() if file.startswith(f"{name}/")] == []


def test_the_faults_of_others_do_not_stop_a_sound_study(run):
    sandbox, text = run
    assert "Traceback" not in text and "Error in sound" not in text
    assert sorted(sandbox.results()) == ["sound/cleared.nc", "sound/data.nc"]


def test_a_missing_list_of_sources_stops_the_run_before_a_job(tmp_path):
    sandbox = Sandbox.create(tmp_path / "checkout")
    (sandbox.folder / "resources/sources.yaml").unlink()
    text = sandbox.run("plain", fails=True)
    assert "resources/sources.yaml" in text and "Traceback" not in text
    assert sandbox.results() == {}
