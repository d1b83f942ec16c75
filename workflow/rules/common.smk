"""Everything that the rules look up. All of it is worked out while parsing: an error inside an input function is swallowed
by Snakemake when the outputs exist, and stale results would pass for new ones."""

import importlib.metadata
import os
import re
from pathlib import Path

from sharegrid import config as configuration
from sharegrid import pages, plugins

HOME = plugins.PACKAGE.parents[1]
SCRIPTS = HOME / "workflow" / "scripts"
PRESENTED = ("figures", "tables", "about.html")
# Memory [MB] and time [minutes] of a first attempt; a study's file may ask for more.
RESOURCES = {
    "prepare": (1500, 10),
    "clear": (2000, 20),
    "value": (2000, 60),
    "pay": (1500, 20),
    "plan": (3000, 120),
    "coordinate": (3000, 120),
    "present": (2000, 20),
}
# The code inputs see this package only, so the libraries that decide a result are named as parameters.
LIBRARIES = {
    "solve": ("linopy", "highspy"),
    "pay": ("highspy", "numpy", "scipy", "xarray"),
    "present": ("contourpy", "docutils", "fonttools", "pillow"),  # besides those that about.html prints
}
VERSIONS = {use: {name: importlib.metadata.version(name) for name in names} for use, names in LIBRARIES.items()}
VERSIONS["present"] |= pages.versions()


def checked_configuration():
    """The configuration; whatever is wrong with it stops here with one text and no traceback."""
    try:
        return configuration.load(config, HOME)
    except configuration.ConfigError as error:
        raise WorkflowError(str(error)) from None


def check_package():
    """Scripts and code inputs are those of the installed package: refuse to run the rules of another checkout with them."""
    here = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).resolve()
    if here.is_dir() and here != HOME / "workflow" / "rules":
        raise WorkflowError(
            f"This is the workflow of {here.parents[1]}, but Python imports the package of {HOME}. "
            "Run `make env` here and use .venv/bin/snakemake, or install this one: pip install --no-deps -e ."
        )


def own(path):
    """A file of this checkout as an input: relative, and not moved by the `prefix:` of a workflow that uses this as a module."""
    return local(os.path.relpath(path))


check_package()
CONFIGURATION = checked_configuration()
STUDIES = CONFIGURATION.studies
RAW_FILES = {name: [own(CONFIGURATION.resources / file) for file in CONFIGURATION.raw_files(name)] for name in STUDIES}
CODE = {
    (script, name): [own(file) for file in plugins.code_files(SCRIPTS / f"{script}.py", study.plugin_modules(stage))]
    for name, study in STUDIES.items()
    for stage in study.stages
    for script in ([stage, "value_gather"] if stage == "value" else [stage])
}


def having(stage):
    """Wildcard constraint: the studies that have the stage."""
    return any_of(name for name, study in STUDIES.items() if stage in study.stages)


def valued(in_chunks):
    """Wildcard constraint: the studies whose values are made in one job, or in chunks."""
    return any_of(name for name, study in STUDIES.items() if study.value and (study.value.chunks > 1) == in_chunks)


def any_of(names):
    """Regular expression for one of the names; one that matches nothing if there are none."""
    return "|".join(map(re.escape, sorted(names))) or "(?!)"


def earlier(*stages):
    """Input function: those Datasets of the stages that the study has, by name."""
    names = {stage: configuration.DATASETS[stage] for stage in stages}

    def datasets(wildcards):
        owned = STUDIES[wildcards.study].stages
        return {name: f"results/{wildcards.study}/{name}.nc" for stage, name in names.items() if stage in owned}

    return datasets


def used(wildcards):
    """Input function: results of the other studies that this one shows: payments as of_<study>, the market's as
    data_of_<study> and cleared_of_<study>."""
    prefixes = {"data": "data_of", "cleared": "cleared_of", "payments": "of"}
    return {
        f"{prefix}_{plugins.snake(name)}": f"results/{name}/{dataset}.nc"
        for name in STUDIES[wildcards.study].uses
        for dataset, prefix in prefixes.items()
    }


def priced_by(wildcards):
    """Input function: the cleared markets of other studies whose prices this one takes, as cleared_of_<study>."""
    return {
        f"cleared_of_{plugins.snake(name)}": f"results/{name}/cleared.nc"
        for name in STUDIES[wildcards.study].prepare.studies
    }


def code(script):
    """Input function: the script and the modules that it runs for this study."""

    def files(wildcards):
        return CODE[script, wildcards.study]

    return files


def raw_files(wildcards):
    """Input function: the raw data of the study."""
    return RAW_FILES[wildcards.study]


def chunks(wildcards):
    """Input function: the parts of a study's values."""
    number = STUDIES[wildcards.study].value.chunks
    return [f"results/{wildcards.study}/values/{chunk}-of-{number}.nc" for chunk in range(number)]


def settings(stage):
    """Params function: the branch of the study's configuration that the stage uses."""

    def branch_of(wildcards):
        return CONFIGURATION.params(wildcards.study, stage)

    return branch_of


def memory(stage):
    """Resource function: memory in MB, more with each attempt."""

    def megabytes(wildcards, attempt):
        return attempt * asked(wildcards.study, stage, "mem_mb", RESOURCES[stage][0])

    return megabytes


def time_limit(stage):
    """Resource function: time in minutes, more with each attempt."""

    def minutes(wildcards, attempt):
        return attempt * asked(wildcards.study, stage, "runtime", RESOURCES[stage][1])

    return minutes


def asked(study, stage, resource, default):
    """What the study's file asks for, or the default of the stage."""
    return getattr(STUDIES[study].resources.get(stage), resource, None) or default


def chapter(wildcards):
    """Report category: the chapter of the study."""
    return re.sub(r"^ch(\d+)$", r"Chapter \1", STUDIES[wildcards.study].chapter).capitalize()


def finding(kind):
    """Report labels of a figure or table: its stem and what it shows."""

    def labels(wildcards):
        item = getattr(STUDIES[wildcards.study].present, f"{kind}s").get(wildcards.name)
        title = item.title if item else ""
        # Braces would be taken for wildcards.
        return {"kind": kind, "name": wildcards.name, "finding": re.sub("[{}]", "", title)}

    return labels


def products(studies, only=None):
    """Final files of the studies, all of them or those of one kind: data, cleared, ..., figures, tables."""
    made = {
        name: [f"{configuration.DATASETS[stage]}.nc" for stage in study.stages if stage in configuration.DATASETS]
        + [file for file in PRESENTED if "present" in study.stages]
        for name, study in ((name, STUDIES[name]) for name in studies)
    }
    return [
        f"results/{name}/{file}" for name, files in made.items() for file in files if only in (None, Path(file).stem)
    ]
