"""The repository as a whole: locks in step, nothing of one machine in it, rules and adapters in the house style."""

import ast
import re
import resource
import shutil
import statistics
import subprocess
import sys
import textwrap
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox import REPOSITORY, Sandbox
from sharegrid.config import read_study

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
CORE = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "requirements.txt": CORE + GROUPS["dev"],
    "build.txt": GROUPS["build"],
    "pypsa.txt": CORE + [line for line in (REPOSITORY / "envs/pypsa.in").read_text().splitlines() if line[0] != "#"],
}
STUDIES = sorted(path.stem for path in (REPOSITORY / "config/studies").glob("*.yaml"))
RULES = {
    name: body
    for path in sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), flags=re.MULTILINE)
}
# Rules whose results depend on more than this package, and on which libraries.
WITH_VERSIONS = {name: ["solve"] for name in ("clear", "value", "value_chunk", "plan", "coordinate")} | {
    "pay": ["pay"],
    "present": ["present"],
}
OF_ONE_MACHINE = {
    "package index": re.compile("(?<!emit-)index-url|find-links|pypi[.]org|pythonhosted|/simple/"),
    "absolute path": re.compile(r"(?<![\w.~$}{*])/(home|root|work|Users|opt|tmp|mnt)/\w"),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [REPOSITORY / name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def pins(lock: str) -> dict[str, list[tuple[str, Requirement]]]:
    """Package -> its pinned versions, each with the requirement that holds its marker."""
    found: dict[str, list[tuple[str, Requirement]]] = {}
    for line in (REPOSITORY / "envs" / lock).read_text().splitlines():
        if line and line[0] not in " #":
            requirement = Requirement(line.rstrip("\\").strip())
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            found.setdefault(canonicalize_name(requirement.name), []).append((pin.version, requirement))
    return found


def needed(requirements: list[str]) -> set[str]:
    """Names of all installed packages that the requirements need here, directly or not."""
    names, waiting = set(), [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        extras = {canonicalize_name(requirement.name), *((requirement.name, extra) for extra in requirement.extras)}
        if extras <= names:
            continue
        names |= extras
        for text in metadata.requires(requirement.name) or []:
            further = Requirement(text)
            if not further.marker or any(further.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)):
                waiting.append(further)
    return {name for name in names if isinstance(name, str)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_is_locked_within_its_range(lock):
    locked = pins(lock)
    for text in LOCKS[lock]:
        requirement = Requirement(text)
        versions = [version for version, _ in locked[canonicalize_name(requirement.name)]]
        assert all(requirement.specifier.contains(version) for version in versions), f"{text}, locked {versions}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock):
    blocks = re.split(r"\n(?=[a-z])", (REPOSITORY / "envs" / lock).read_text())
    assert [block for block in blocks if block and block[0] != "#" and "--hash=sha256:" not in block] == []


def test_the_lock_holds_all_that_is_needed_and_the_environment_is_the_lock():
    locked = {
        name: version
        for name, entries in pins("requirements.txt").items()
        for version, requirement in entries
        if not requirement.marker or requirement.marker.evaluate()
    }
    assert needed(LOCKS["requirements.txt"]) == set(locked)
    assert {name: metadata.version(name) for name in locked} == locked


def test_the_conda_environment_and_the_container_use_the_same_pins():
    environment = yaml.safe_load((REPOSITORY / "envs/environment.yaml").read_text())
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r build.txt", "-r requirements.txt"]}
    lowest = PROJECT["project"]["requires-python"]
    assert any(line.startswith(f"python {lowest}") for line in conda)
    container = (REPOSITORY / "envs/Containerfile").read_text()
    assert "--require-hashes -r envs/build.txt" in container
    assert "--require-hashes --no-build-isolation -r envs/requirements.txt" in container


def test_locks_with_index_addresses_are_ignored_by_git():
    ignored = ["uv.lock", "pylock.toml", ".venv/x", "results/x", "logs/x", "benchmarks/x", ".snakemake/x"]
    answer = subprocess.run(
        ["git", "check-ignore", *ignored], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert answer.stdout.split() == ignored


@pytest.mark.parametrize("what", OF_ONE_MACHINE)
def test_no_tracked_file_names_a_package_index_or_a_place_of_one_machine(what):
    pattern = OF_ONE_MACHINE[what]
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in tracked() if path != Path(__file__)}
    found = {path: pattern.search(text) for path, text in texts.items()}
    assert [f"{path.relative_to(REPOSITORY)}: {match.group()}" for path, match in found.items() if match] == []


def test_the_profiles_repeat_what_reruns_depend_on():
    profiles = {
        name: yaml.safe_load((REPOSITORY / f"profiles/{name}/config.yaml").read_text()) for name in ("default", "slurm")
    }
    for key in ("rerun-incomplete", "rerun-triggers", "max-checksum-file-size"):
        assert profiles["default"][key] == profiles["slurm"][key]
    largest = max(path.stat().st_size for path in (REPOSITORY / "resources").rglob("*") if path.is_file())
    assert profiles["default"]["max-checksum-file-size"] > largest
    assert "code" not in profiles["default"]["rerun-triggers"]


def test_the_snakefile_and_the_adapters_are_short():
    assert len((REPOSITORY / "Snakefile").read_text().splitlines()) <= 60
    adapters = {
        path.stem: len(path.read_text().splitlines()) for path in (REPOSITORY / "workflow/scripts").glob("*.py")
    }
    assert {name: length for name, length in adapters.items() if length > 30} == {}
    assert set(adapters) | {"value_chunk"} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_complete_and_calls_an_adapter(name):
    directives = set(re.findall(r"^    (\w+):", RULES[name], flags=re.MULTILINE))
    assert {
        "log",
        "benchmark",
        "threads",
        "resources",
        "message",
        "conda",
        "script",
        "wildcard_constraints",
    } <= directives
    assert not {"shell", "run"} & directives
    assert "threads: 1\n" in RULES[name]
    versions = re.findall(r'versions=VERSIONS\["(\w+)"\]', RULES[name])
    assert versions == WITH_VERSIONS.get(name, [])


def test_files_and_functions_stay_short():
    lengths = []
    for path in sorted((REPOSITORY / "workflow").rglob("*.py")):
        text = path.read_text()
        assert len(text.splitlines()) <= 500, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lengths.append(node.end_lineno - node.lineno + 1)
                assert lengths[-1] <= 60, f"{path}: {node.name}"
    assert statistics.median(lengths) <= 15


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--line-length", "120", "--check", "Snakefile", "workflow/rules"],
    ],
    ids=" ".join,
)
def test_the_code_is_in_style(command):
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Sandbox:
    """The workflow with the studies and the raw data of the repository."""
    folder = tmp_path_factory.mktemp("whole") / "checkout"
    sandbox = Sandbox.create(folder, studies=REPOSITORY / "config/studies", raw=())
    shutil.rmtree(folder / "resources")
    (folder / "resources").symlink_to(REPOSITORY / "resources")
    return sandbox


def test_snakemake_finds_nothing_to_blame(whole):
    assert "your workflow is in a good condition" in whole.run("--lint")


def test_all_studies_are_planned_in_few_jobs_and_little_time(whole):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = whole.plan()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert {study for study, _ in jobs} == {path.stem for path in (REPOSITORY / "config/studies").glob("*.yaml")}
    assert len(jobs) < 150
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5, "seconds of CPU"


def stages(study: str, *without: str) -> set[tuple[str, str]]:
    """(study, rule) of the stages that a study's file names, from the keys of the file."""
    content = yaml.safe_load((REPOSITORY / f"config/studies/{study}.yaml").read_text())
    in_parts = (content.get("value") or {}).get("chunks", 1) > 1
    named = {name for name in RULES if name in content and name not in without}
    return {(study, name) for name in named - ({"value"} if in_parts else set())} | (
        {(study, "value_chunk"), (study, "value_gather")} if in_parts and "value" in named else set()
    )


BEFORE = {  # stage -> the stages that it reads, where the study has them
    "prepare": (),
    "clear": ("prepare",),
    "value": ("prepare",),
    "pay": ("prepare", "clear", "value"),
    "plan": ("prepare", "clear", "value"),
    "coordinate": ("prepare", "clear", "plan"),
    "present": ("prepare", "clear", "value", "pay", "plan", "coordinate"),
}
OF_RULE = {"value_chunk": "value", "value_gather": "value"}


def rules_of(study: str, stage: str) -> set[tuple[str, str]]:
    return {(study, rule) for _, rule in stages(study) if OF_RULE.get(rule, rule) == stage}


def made(study: str, stage: str) -> set[tuple[str, str]]:
    """(study, rule) of a stage that the study has, and of all that it needs: earlier stages, the cleared markets whose prices the
    study takes, and for `present` the payments of the studies that it uses."""
    if not rules_of(study, stage):
        return set()
    asked = read_study(REPOSITORY / f"config/studies/{study}.yaml")
    needed = [made(study, earlier) for earlier in BEFORE[stage]]
    needed += [made(other, "clear") for other in asked.prepare.studies] if stage == "prepare" else []
    needed += [made(other, "pay") for other in asked.uses] if stage == "present" else []
    return rules_of(study, stage).union(*needed)


def everywhere(stage: str) -> set[tuple[str, str]]:
    """What the stage needs in all studies that have it."""
    return set().union(*(made(name, stage) for name in STUDIES))


def of(*studies: str) -> set[tuple[str, str]]:
    """All stages of some studies, and what they need of others."""
    return set().union(*(made(name, stage) for name in studies for stage in BEFORE))


TARGETS = {
    "ch2-wholesale": of("ch2-wholesale"),
    "ch3-ieee30": of("ch3-ieee30"),
    "ch3": of("ch3-ieee30", "ch3-ieee118", "ch3-polish2383"),
    "ch4": of(*(name for name in STUDIES if name.startswith("ch4-"))),
    "ch5": of("ch5-wind-csp", "ch5-der-energy", "ch5-der-capacity"),
    "ch7-microgrid": of("ch7-microgrid"),
    "reference": of("reference"),
    "all_data": everywhere("prepare"),
    "all_cleared": everywhere("clear"),
    "all_values": everywhere("value"),
    "all_payments": everywhere("pay"),
    "all_plan": everywhere("plan"),
    "all_coordination": everywhere("coordinate"),
    "all_figures": everywhere("present"),
    "all_tables": everywhere("present"),
}


@pytest.mark.parametrize("target", TARGETS)
def test_the_targets_of_the_readme_are_planned(whole, target):
    assert whole.plan(target) == TARGETS[target]


def test_a_case_put_beside_the_others_is_compared_by_the_reference_study(whole, tmp_path):
    """A case of the user's gets a row of its own, without a published value; the other rows stay."""
    sandbox = whole.clone(tmp_path / "checkout")
    table, cases = "reference/tables/pglib_dc.csv", sandbox.folder / "resources/networks/pglib"
    sandbox.run("reference")
    before = sandbox.results()[table].decode().splitlines()
    text = (cases / "pglib_opf_case5_pjm.m").read_text()
    (cases / "mine.m").write_text(text.replace("pglib_opf_case5_pjm", "mine"))
    sandbox.run("reference")
    after = sandbox.results()[table].decode().splitlines()
    (new,) = [dict(zip(after[0].split(","), row.split(","), strict=True)) for row in after if row not in before]
    assert [row for row in after if row in before] == before
    assert (new["case"], new["published_usd_per_h"], new["relative_difference"]) == ("mine", "", "")
    (pjm,) = [dict(zip(after[0].split(","), row.split(","), strict=True)) for row in after if "case5_pjm" in row]
    assert new["objective_usd_per_h"] == pjm["objective_usd_per_h"]


def test_the_readme_s_own_study_runs(whole, tmp_path):
    """The example of the README, taken from it, with a case of the user below resources/."""
    readme = (REPOSITORY / "README.md").read_text()
    example = re.search(r"(?:^    .*\n)+", readme[readme.index("    title: My market") :], flags=re.MULTILINE).group()
    sandbox = Sandbox.create(tmp_path / "checkout")
    raw = sandbox.folder / "resources/networks"
    shutil.copy(raw / "pglib/pglib_opf_case5_pjm.m", raw / "mine.m")
    (sandbox.folder / "config/studies/my-market.yaml").write_text(textwrap.dedent(example))
    sandbox.run("my-market")
    made = {name.removeprefix("my-market/") for name in sandbox.results() if name.startswith("my-market/")}
    datasets = {f"{dataset}.nc" for dataset in ("data", "cleared", "values", "payments")}
    figures = {f"figures/payment_per_mwh.{suffix}" for suffix in ("svg", "pdf", "png")}
    tables = {f"tables/{stem}.{suffix}" for stem in ("payments", "totals") for suffix in ("csv", "html")}
    assert made == datasets | figures | tables | {"about.html"}
