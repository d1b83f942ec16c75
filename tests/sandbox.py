"""A copy of the workflow with a few small studies, in which tests may edit, break and kill."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
STUDIES = Path(__file__).parent / "workflow/studies"
COPIED = ("Snakefile", "workflow", "profiles", "config/config.yaml", "envs/environment.yaml", "resources/sources.yaml")
RAW = (
    *(f"networks/facts/case30_{table}.csv" for table in ("bus", "branch", "generator")),
    "networks/pglib/pglib_opf_case5_pjm.m",
)
RUN = ("results", "logs", "benchmarks", ".snakemake")
NOT_RESULTS = {".snakemake_timestamp"}


class Sandbox:
    """One folder with a runnable workflow."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    @classmethod
    def create(cls, folder: Path, studies: Path = STUDIES, raw: tuple[str, ...] = RAW) -> "Sandbox":
        """Copy the workflow, `studies` and the `raw` files, all below resources/, to the new `folder`."""
        for name in (*COPIED, *(f"resources/{file}" for file in raw)):
            _copy(REPOSITORY / name, Path(folder) / name)
        _copy(studies, Path(folder) / "config/studies")
        return cls(folder)

    def clone(self, folder: Path, results: bool = True) -> "Sandbox":
        """A second folder with the same files and times of change, with or without what was run."""
        _copy(self.folder, Path(folder), () if results else RUN)
        return Sandbox(folder)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """Start Snakemake in the folder, in a process group of its own."""
        own = {"PYTHONPATH": str(self.folder / "workflow"), "XDG_CACHE_HOME": str(self.folder / ".cache")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE_")}
        command = [sys.executable, "-m", "snakemake", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=kept | own | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """What Snakemake prints; asserts that it succeeds, or that it `fails`."""
        process = self.start(*arguments, **environment)
        text, _ = process.communicate(timeout=600)
        assert (process.returncode != 0) == fails, text
        return text

    def plan(self, *arguments: str) -> set[tuple[str, str]]:
        """(study, rule) of the jobs that would run."""
        text = self.run("--dry-run", *arguments)
        assert "This was a dry-run" in text or "Nothing to be done" in text, text
        return set(re.findall(r"^Job \d+: ([\w-]+), (\w+): ", text, flags=re.MULTILINE))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, in a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def results(self) -> dict[str, bytes]:
        """Content of all results by path."""
        root = self.folder / "results"
        files = sorted(path for path in root.rglob("*") if path.is_file() and path.name not in NOT_RESULTS)
        return {str(path.relative_to(root)): path.read_bytes() for path in files}


def _copy(source: Path, target: Path, without: tuple[str, ...] = ()) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", *without))
    else:
        shutil.copy2(source, target)
