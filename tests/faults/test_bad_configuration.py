"""A configuration that cannot run: one text that names file, key, value and cure, before anything is run or written."""

import shutil

import pytest

from sandbox import Sandbox

STUDY = "config/studies/small.yaml"
# What is replaced in the study's file by what, and words that the message must hold.
FAULTS = {
    "unknown key": ("pay:", "pya:", ["small.yaml", "pya", "did you mean 'pay'"]),
    "unknown nested key": (
        "  mechanisms:",
        "  mechansims:",
        ["small.yaml", "pay.mechansims", "did you mean 'mechanisms'"],
    ),
    "unknown mechanism": ("vcg: {}", "vgc: {}", ["small.yaml", "pay.mechanisms.vgc", "did you mean 'vcg'"]),
    "unknown option": ("lmp: {}", "lmp: {colour: red}", ["small.yaml", "pay.mechanisms.lmp", "colour"]),
    "unknown figure": (
        "kind: sorted_prices",
        "kind: sorted_price",
        ["small.yaml", "present.figures.prices", "sorted-prices"],
    ),
    "unknown reader": ("reader: facts", "reader: fact", ["small.yaml", "prepare.network.reader", "facts"]),
    "unknown market": ("market: spot", "market: spto", ["small.yaml", "prepare", "spot"]),
    "text for a number": ("voll: 1000", "voll: dear", ["small.yaml", "prepare.voll", "dear", "number"]),
    "negative price": ("voll: 1000", "voll: -1000", ["small.yaml", "prepare.voll", "-1000", "greater than 0"]),
    "a list for a mapping": ("clear: {}", "clear: [1]", ["small.yaml", "clear"]),
    "missing key": ("title: A small market with a network\n", "", ["small.yaml", "title", "required"]),
    "missing file": ("facts/case30", "facts/case31", ["small", "networks/facts/case31_bus.csv"]),
    "not YAML": ("clear: {}", "clear: {", ["small.yaml", "line"]),
    "values without clearing": ("clear: {}\n", "", ["small.yaml", "clear"]),
}


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Sandbox:
    return Sandbox.create(tmp_path_factory.mktemp("intact") / "checkout")


@pytest.fixture
def sandbox(intact, tmp_path) -> Sandbox:
    return intact.clone(tmp_path / "checkout")


def assert_refused(sandbox: Sandbox, words: list[str], *arguments: str) -> None:
    """The run fails with all the words in its message, no traceback, and nothing written."""
    text = sandbox.run("--cores", "1", *arguments, fails=True)
    assert [word for word in words if word not in text] == [], text
    assert "Traceback" not in text
    assert not {"results", "logs", "benchmarks"} & {path.name for path in sandbox.folder.iterdir()}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_study_file(sandbox, fault):
    old, new, words = FAULTS[fault]
    sandbox.edit(STUDY, old, new)
    assert_refused(sandbox, words)


def test_a_fault_in_one_study_stops_a_run_of_another(sandbox):
    """An exception that comes while jobs are looked up would be swallowed, and stale results pass for new ones."""
    sandbox.edit(STUDY, "vcg: {}", "vgc: {}")
    assert_refused(sandbox, ["pay.mechanisms.vgc"], "plain")


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("studies: [smal]", ["config.yaml", "studies", "smal", "did you mean 'small'"]),
        ("studies: some", ["config.yaml", "studies", "some"]),
        ("studies: all\nsolvr: {}", ["config.yaml", "solvr", "did you mean 'solver'"]),
        ("studies: all\nresources_folder: raw", ["no file networks/pglib/pglib_opf_case5_pjm.m in", "/raw/"]),
    ],
)
def test_a_fault_in_the_global_configuration(sandbox, new, words):
    sandbox.edit("config/config.yaml", "studies: all", new)
    assert_refused(sandbox, words)


def test_an_unknown_study_on_the_command_line(sandbox):
    assert_refused(sandbox, ["No rule to produce smal"], "smal")


def test_a_study_with_the_name_of_a_stage_or_of_a_chapter_with_others(sandbox):
    studies = sandbox.folder / "config/studies"
    for name in ("prepare", "trial"):
        shutil.copy(studies / "small.yaml", studies / f"{name}.yaml")
        assert_refused(sandbox, [f"study '{name}'", "rename"])
        (studies / f"{name}.yaml").unlink()


def test_a_study_file_that_would_be_passed_over(sandbox):
    studies = sandbox.folder / "config/studies"
    (studies / "small.yaml").rename(studies / "small.yml")
    assert_refused(sandbox, ["studies/small.yml", "rename it to small.yaml"])
