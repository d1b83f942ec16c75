"""Studies and the global configuration, read and checked at every parse: imports pydantic and yaml only."""

import difflib
import fnmatch
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from sharegrid import plugins
from sharegrid.options import stages as options
from sharegrid.options.base import Market, Positive, Section
from sharegrid.options.markets import MARKETS
from sharegrid.options.spot import SpotMarket
from sharegrid.scenarios import expand
from sharegrid.sweeps import variants

STAGES = ("prepare", "clear", "value", "pay", "plan", "coordinate", "present")
SOLVING = ("clear", "value", "plan", "coordinate")
DATASETS = {  # stage -> the Dataset that it makes
    "prepare": "data",
    "clear": "cleared",
    "value": "values",
    "pay": "payments",
    "plan": "plan",
    "coordinate": "coordination",
}
BRANCH = re.compile(r"literal\[.*\]|constrained-\w+|list\[.*\]")  # how pydantic names the kinds of a union
STUDY_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# stage, its field that names plug-ins, the package that holds them
PLUGINS = [
    ("pay", "mechanisms", "mechanisms"),
    ("pay", "checks", "properties"),
    ("plan", "methods", "planning"),
    ("coordinate", "methods", "coordination"),
    ("present", "figures", "figures"),
    ("present", "tables", "tables"),
]


class _StudyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without repeated keys: the last one would win in silence."""

    def construct_mapping(self, node, deep=False):
        """As the parent's; YAMLError for a repeated key."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"key '{key.value}' stands twice, in line {key.start_mark.line + 1} again")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names file, key, value and cure."""


class Study(Section):
    """One case study: what its file says, checked."""

    id: Annotated[str, Field(pattern=STUDY_ID.pattern)]
    """Name of the file, of the target and of the results folder."""
    title: str
    """Title of the study."""
    chapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")]
    """Group of studies, such as ch3; a target of its own."""
    section: str = ""
    """Section of the book."""
    text: str = ""
    """What the study is about, its choices of reading and its limits."""
    uses: list[str] = Field(default_factory=list)
    """Other studies whose data, cleared market and payments the figures and tables also show."""
    prepare: Annotated[Union[tuple(MARKETS.values())], Field(discriminator="market")]  # noqa: UP007
    """The market and its data."""
    clear: options.Clear | None = None
    """The optimum with everybody."""
    value: options.Value | None = None
    """The optima of coalitions."""
    pay: options.Pay | None = None
    """Payments."""
    plan: options.Method | None = None
    """Investment."""
    coordinate: options.Method | None = None
    """The same optimum by messages."""
    present: options.Present | None = None
    """Figures and tables."""
    resources: dict[Literal[STAGES], options.Resources] = Field(default_factory=dict)
    """Memory and time of the study's cluster jobs by stage."""

    @property
    def stages(self) -> list[str]:
        """The stages that the study has, in their order."""
        return [stage for stage in STAGES if getattr(self, stage) is not None]

    @property
    def market(self) -> str:
        """Name of the market plug-in."""
        return self.prepare.market

    def params(self, stage: str) -> dict[str, Any]:
        """The part of the configuration that one job may depend on, defaults filled in, plain types."""
        section = getattr(self, stage).model_dump(mode="json")
        if stage in SOLVING:
            section["market"] = self.market
        if stage == "present":
            section |= self.model_dump(mode="json", include={"id", "title", "chapter", "section", "text"})
        return section

    def plugin_modules(self, stage: str) -> list[str]:
        """Dotted names of the modules that this study's plug-ins add to a stage."""
        modules = {
            plugins.module_of(kind, name)
            for at, field, kind in PLUGINS
            if at == stage
            for _, name, _ in self.named_plugins(stage, field)
        }
        if stage == "prepare":
            modules.add(plugins.module_of("preparation", self.market))
            modules |= {plugins.module_of("readers", reader) for reader in self.prepare.readers}
        if stage in SOLVING:  # plans and coordination work on the market's own model
            modules.add(plugins.module_of("markets", self.market))
        if stage != "present":
            modules.add(plugins.module_of("contracts", self.market))
        return sorted(modules)

    def named_plugins(self, stage: str, field: str) -> list[tuple[str, str, dict]]:
        """(key in the file, plug-in, its options) for one field of one stage."""
        section = getattr(self, stage)
        entries = getattr(section, field) if section else {}
        return [
            (key, item.kind, item.options) if isinstance(item, options.Item) else (key, key, item)
            for key, item in entries.items()
        ]


class Solver(Section):
    """How programs are solved, on one thread each: parallel work is that of --cores or of the cluster."""

    name: Literal["highs"] = "highs"
    """The solver; HiGHS is the only one."""
    time_limit_s: Positive | None = None
    """Longest time of a single solve [s]; a longer one is an error. No limit if not given."""


class Global(Section):
    """config/config.yaml."""

    studies: Literal["all"] | list[str] = "all"
    """Which studies are run."""
    studies_folder: str | None = None
    """Folder of a user's own studies, beside or instead of config/studies."""
    resources_folder: str = "resources"
    """Folder of the raw data."""
    solver: Solver = Solver()
    """The solver."""
    seed: Annotated[int, Field(ge=0)] = 2024
    """Seed of everything random: of every plug-in with an option `seed` whose study gives none."""


class Configuration(BaseModel):
    """The global configuration and the studies that it names."""

    settings: Global
    studies: dict[str, Study]
    resources: Path

    def params(self, study: str, stage: str) -> dict[str, Any]:
        """What one job may depend on: the study's part, and the solver's settings where it solves."""
        solver = {"solver": self.settings.solver.model_dump()} if stage in SOLVING else {}
        return self.studies[study].params(stage) | solver

    @cached_property
    def chapters(self) -> dict[str, list[str]]:
        """Chapter -> its studies."""
        groups: dict[str, list[str]] = {}
        for name, study in self.studies.items():
            groups.setdefault(study.chapter, []).append(name)
        return groups

    def raw_files(self, study: str) -> list[str]:
        """Paths of the raw files that a study reads, relative to the resources folder."""
        return self.studies[study].prepare.raw_files(self.resources)


def load(config: dict, here: Path) -> Configuration:
    """The checked configuration: `config` as Snakemake holds it, `here` the folder of the workflow (of the Snakefile).

    Raises ConfigError with one clear text for anything that could not run: unknown keys and values, unknown plug-ins
    and options, missing raw files, names in use.
    """
    settings = _checked(Global, config, "config/config.yaml")
    resources = Path(settings.resources_folder)
    if not resources.is_absolute() and not resources.exists():
        resources = here / resources
    folders = [Path(settings.studies_folder)] if settings.studies_folder else [here / "config/studies"]
    files = {path.stem: path for folder in folders for path in _study_files(folder)}
    if settings.studies != "all":
        for name in settings.studies:
            if name not in files:
                hint = nearest(name, files)
                raise ConfigError(f"config/config.yaml: studies: no study '{name}' in {folders[0]}{hint}")
    studies = _read_with_used(files if settings.studies == "all" else settings.studies, files)
    for study in studies.values():
        _seed(study, settings.seed)
    configuration = Configuration(settings=settings, studies=studies, resources=resources)
    _check_names(configuration)
    _check_raw_files(configuration)
    return configuration


def _study_files(folder: Path) -> list[Path]:
    """Study files of a folder; ConfigError for a file that would be passed over in silence."""
    for path in sorted(folder.glob("*.yml")):
        raise ConfigError(f"{path}: a study file ends in .yaml; rename it to {path.stem}.yaml, or move it elsewhere")
    return sorted(folder.glob("*.yaml"))


def _read_with_used(names, files: dict[str, Path]) -> dict[str, Study]:
    """The named studies and those that they use."""
    studies, waiting = {}, list(names)
    while waiting:
        name = waiting.pop(0)
        studies[name] = read_study(files[name])
        needed = {"uses": studies[name].uses, "prepare": studies[name].prepare.studies}
        for field, used in ((field, used) for field, names in needed.items() for used in names):
            if used not in files or used == name:
                raise ConfigError(f"{files[name]}: {field}: no other study '{used}'{nearest(used, files)}")
            if used not in studies:
                waiting.append(used)
    for name, study in studies.items():
        for used in study.uses:
            if studies[used].pay is None:
                raise ConfigError(f"{files[name]}: uses: study '{used}' has no payments")
        for used in study.prepare.studies:
            if studies[used].clear is None:
                raise ConfigError(
                    f"{files[name]}: prepare: study '{used}' clears no market, so it has no prices to take"
                )
    return dict(sorted(studies.items()))


def read_study(path: Path) -> Study:
    """One study file, checked; ConfigError otherwise."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StudyLoader)  # a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: a study file is a mapping of keys; this one holds {type(content).__name__}")
    study = _checked(Study, {"id": path.stem} | content, str(path))
    _check_plugins(study, path)
    _check_requests(study, path)
    return study


def _checked(model: type[BaseModel], content: dict, file: str):
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found: dict[str, list[str]] = {}  # a value of a union fails once for each kind that it could be
        for problem in error.errors():
            where, what = _explain(model, problem, file)
            found.setdefault(where, []).append(what)
        raise ConfigError("\n".join(f"{where}: {', or '.join(what)}" for where, what in found.items())) from None


def _explain(model: type[BaseModel], problem: dict, file: str) -> tuple[str, str]:
    """(file and key path, what is wrong there)."""
    place = [part for part in problem["loc"] if part not in MARKETS and not BRANCH.fullmatch(str(part))]
    where = f"{file}: {'.'.join(map(str, place))}"
    if problem["type"] == "extra_forbidden":
        return where, f"unknown key{nearest(str(place[-1]), _keys_at(model, problem['loc'][:-1]))}"
    if problem["type"] == "union_tag_invalid":
        return (
            f"{where}.market",
            f"no market '{problem['ctx']['tag']}'{nearest(problem['ctx']['tag'], MARKETS)}",
        )
    message, shown = problem["msg"].removeprefix("Value error, "), problem.get("input")
    return where, message + ("" if isinstance(shown, dict | list) else f" (got {shown!r})")


def _keys_at(model: Any, place: tuple) -> list[str]:
    """Keys that are allowed at a place of a model."""
    for part in place:
        if isinstance(model, type) and issubclass(model, BaseModel):
            if part in MARKETS:
                model = MARKETS[part]
            else:
                model = model.model_fields[part].annotation
        else:  # a list or a dictionary: go to what it holds
            model = get_args(model)[-1]
        while get_origin(model) is not None and get_origin(model) not in (list, dict):
            kinds = [kind for kind in get_args(model) if kind is not type(None)]
            model = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), kinds[0])
            if part == "prepare":
                break
    fields = getattr(model, "model_fields", {})
    return list(fields)


def nearest(name: str, known) -> str:
    """The nearest of the known names as a question, or the list of all of them."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; known: {', '.join(known) or 'none'}"


def _check_plugins(study: Study, path: Path) -> None:
    for stage, field, kind in PLUGINS:
        for key, name, given in study.named_plugins(stage, field):
            where = f"{path}: {stage}.{field}.{key}"
            _check_label(key, where)
            try:
                module = plugins.module_of(kind, name)
            except plugins.UnknownPlugin as error:
                raise ConfigError(f"{where}: {error}") from None
            _check_options(given, plugins.options(module, plugins.FUNCTIONS[kind]), where)


def _check_label(key: str, where: str) -> None:
    """What follows an @ becomes part of the names of variables."""
    _, at, label = key.partition("@")
    if at and not STUDY_ID.fullmatch(label):
        raise ConfigError(
            f"{where}: the label after @ is made of small letters, digits and single dashes, such as @owen"
        )


def _seed(study: Study, seed: int) -> None:
    """Give the seed to every plug-in and request that takes one and whose study gives none."""
    if study.value:
        drawn = [one if one.seed is not None else one.model_copy(update={"seed": seed}) for one in study.value.requests]
        study.value.requests[:] = drawn
    for stage, field, kind in PLUGINS:
        for _, name, given in study.named_plugins(stage, field):
            if "seed" in plugins.options(plugins.module_of(kind, name), plugins.FUNCTIONS[kind]):
                given.setdefault("seed", seed)


def _check_options(given: dict, allowed: dict[str, plugins.Option], where: str) -> None:
    _checked(_option_model(allowed), given, where)


class _Options(Section):
    """Base of the models of plug-ins' options, which have no docstrings to look for: reading sources takes most of the time."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _option_model(allowed: dict[str, plugins.Option]) -> type[Section]:
    """The keyword-only arguments of a plug-in as a model; eval sees annotations of this package only."""
    fields = {
        name: (
            eval(option.annotation, {"Literal": Literal, "Annotated": Annotated, "Field": Field}),
            ... if option.required else option.default,
        )
        for name, option in allowed.items()
    }
    return create_model("Options", __base__=_Options, **fields)


def _check_requests(study: Study, path: Path) -> None:
    """What one stage needs of another, and that every scenario asked for can exist."""
    for stage in ("value", "pay"):
        if getattr(study, stage) and not study.clear:
            raise ConfigError(f"{path}: {stage}: needs the stage clear; add 'clear: {{}}'")
    if study.value and hasattr(study.prepare, "scenarios"):
        asked = [*study.value.requests, study.value.compare, study.value.scaled, study.value.areas]
        for pattern in (pattern for request in asked if request for pattern in request.scenarios):
            _check_pattern(pattern, study.prepare, path)
    if study.pay:
        _check_mechanisms(study, path)


def _check_pattern(pattern: str, prepare: Market, path: Path) -> None:
    """Labels of misreports need the participants, which the network names: there only a plain label is compared."""
    families = prepare.scenarios
    try:
        labels = _labels(prepare)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    misreports = [family for family in families.values() if getattr(family, "misreport", None)]
    templates = [re.sub(r"{\w+}", "*", family.label) for family in misreports]
    known = pattern in families or any(fnmatch.fnmatchcase(label, pattern) for label in labels)
    if templates and set(pattern) & set("*?["):
        return
    if not known and not any(fnmatch.fnmatchcase(pattern, template) for template in templates):
        names = nearest(pattern, [*families, *labels])
        raise ConfigError(f"{path}: value: scenarios: '{pattern}' is no family, label or pattern of one{names}")


def _labels(prepare: Market) -> list[str]:
    """Labels of the scenarios that do not need the data to be known."""
    if isinstance(prepare, SpotMarket):
        return [one.label for one in expand({k: one for k, one in prepare.scenarios.items() if not one.misreport}, [])]
    return [one.label for one in variants(prepare)]


PROVIDES = {  # kind of coalitions -> needs of mechanisms that it serves
    "removals": {"removals"},
    "pairs": {"removals"},
    "core": {"removals", "core"},
    "alone": {"alone"},
    "sampled": {"removals", "alone", "sampled"},
    "random": set(),
    "least-core": {"removals", "alone", "least-core"},
    "all": {"removals", "alone", "core", "least-core", "sampled", "all"},
}


def _check_mechanisms(study: Study, path: Path) -> None:
    """That the coalitions which a mechanism reads are valued, and that its market allows it."""
    valued = {request.coalitions for request in study.value.requests} if study.value else set()
    served = set().union(*(PROVIDES[kind] for kind in valued))
    for name in study.pay.mechanisms:
        needs = plugins.constant(plugins.module_of("mechanisms", name), "NEEDS")
        where = f"{path}: pay.mechanisms.{name}"
        if needs and not valued:
            raise ConfigError(f"{where}: needs the values of coalitions; add 'value: {{requests: [...]}}'")
        if needs and not any(set(together.split("+")) <= served for together in needs.split("|")):
            raise ConfigError(f"{where}: needs a value request with coalitions: {_cures(needs)}")
        if needs and study.prepare.optional_if:
            raise ConfigError(f"{where}: values need 0 in every feasible set; use {study.prepare.optional_if}")
        if needs == "core" and (cure := study.prepare.never_in_the_way_if):
            raise ConfigError(
                f"{where}: would pay some less than their cost, whom the others can do without; use {cure}"
            )
    if "core" in valued and (cure := study.prepare.never_in_the_way_if):
        raise ConfigError(
            f"{path}: value: coalitions: core: the others may save by an absence; use {cure}, or removals"
        )
    if valued & {"core", "least-core"} and (cure := study.prepare.linear_if):
        raise ConfigError(
            f"{path}: value: coalitions: core and least-core need linear costs; use {cure}, or coalitions: all"
        )
    if study.pay.deficit and "vcg" not in study.pay.mechanisms:
        raise ConfigError(f"{path}: pay.deficit: shares the deficit of VCG; add vcg to pay.mechanisms")
    if study.pay.deficit and study.market != "spot":
        raise ConfigError(
            f"{path}: pay.deficit: is for the spot market; see the checks of this one, such as area-deficit"
        )


def _cures(needs: str) -> str:
    """The kinds of coalitions that serve "a+b|c": both a and b, or c."""
    kinds = {need: [kind for kind, serves in PROVIDES.items() if need in serves] for need in re.split(r"[+|]", needs)}
    if "+" in needs:
        return needs.replace("+", " and ").replace("|", " or ") + ", or all"
    return " or ".join(dict.fromkeys(kind for served in kinds.values() for kind in served))


def _check_names(configuration: Configuration) -> None:
    taken = {"all", *STAGES, *(f"all_{name}" for name in DATASETS.values()), "all_figures", "all_tables"}
    for name, study in configuration.studies.items():
        if name in taken or (name in configuration.chapters and configuration.chapters[name] != [name]):
            raise ConfigError(f"study '{name}': the name of a stage, a target or a chapter; rename its file")
        if study.chapter in taken:
            raise ConfigError(f"study '{name}': chapter '{study.chapter}' is the name of a stage or a target")


def _check_raw_files(configuration: Configuration) -> None:
    for name in configuration.studies:
        for raw in configuration.raw_files(name):
            if not (configuration.resources / raw).is_file():
                raise ConfigError(f"study '{name}': prepare: no file {raw} in {configuration.resources}/")


def json_schema() -> dict:
    """JSON schema of a study file, for editors, with the names and options of the plug-ins that exist."""
    schema = Study.model_json_schema()
    schema["properties"].pop("id")  # the file's name
    schema["required"].remove("id")
    schema["title"] = "sharegrid study"
    for field, kind in (("mechanisms", "mechanisms"), ("checks", "properties")):
        place = schema["$defs"]["Pay"]["properties"][field]
        place |= {"additionalProperties": False, "patternProperties": _plugin_schemas(kind)}
    return schema


def _plugin_schemas(kind: str) -> dict:
    schemas = {}
    for name in plugins.available(kind):
        allowed = plugins.options(plugins.module_of(kind, name), plugins.FUNCTIONS[kind])
        schemas[f"^{name}(@.+)?$"] = _option_model(allowed).model_json_schema() | {"title": name}
    return schemas
