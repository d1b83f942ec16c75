"""Plug-ins by name, their options, and the walk over imports, on the package itself and on a made-up one."""

import ast
import subprocess
import sys

import pytest

from sharegrid import plugins

# Each package may import from itself and from those further down; what stands in one row does not know each other.
LAYERS = [
    {"stages"},
    {"figures"},
    {"tables"},
    {"properties"},
    {"planning"},
    {"coordination"},
    {"markets", "mechanisms"},
    {"games"},
    {"optimise"},
    {"preparation"},
    {"readers"},
    {"config", "files", "logs"},
    {"pages", "scenarios", "schema", "sweeps"},
    {"contracts"},
    {"options", "plugins"},
]
LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}
SOURCES = sorted(plugins.PACKAGE.rglob("*.py"))
OUTSIDE = {"linopy": {"optimise", "markets"}, "highspy": {"optimise"}}


def package_of(module: str) -> str:
    """First part below the package: `sharegrid.markets.spot` is in markets."""
    return (module.split(".") + [""])[1]


def home_of(path) -> str:
    return path.relative_to(plugins.PACKAGE).with_suffix("").parts[0]


def outside_imports(path) -> set[str]:
    """Top names of everything that a source file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found


def needs(script: str, *modules: str) -> set[str]:
    """Top names of all that an adapter and its plug-ins import, directly or through the package."""
    files = plugins.code_files(plugins.PACKAGE.parent / "scripts" / f"{script}.py", modules)
    return {name for file in files if file.suffix == ".py" for name in outside_imports(file)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(plugins.PACKAGE)))
def test_imports_go_down_the_layers(path):
    home = home_of(path)
    if home == "__init__":
        return
    used = {package_of(module) for module in plugins.imports(path)} - {"", home}
    assert {package for package in used if LEVEL[package] <= LEVEL[home]} == set()


def test_the_solver_is_called_in_its_place_only():
    for library, homes in OUTSIDE.items():
        assert {home_of(path) for path in SOURCES if library in outside_imports(path)} <= homes


def test_package_files_are_empty():
    assert [path for path in SOURCES if path.name == "__init__.py" and path.read_text().strip()] == []


def test_cheap_stages_do_not_need_linopy():
    mechanisms = [plugins.module_of("mechanisms", name) for name in plugins.available("mechanisms")]
    checks = [plugins.module_of("properties", name) for name in plugins.available("properties")]
    shown = [plugins.module_of(kind, name) for kind in ("figures", "tables") for name in plugins.available(kind)]
    assert "linopy" not in needs("pay", *mechanisms, *checks)
    assert "linopy" not in needs("present", *shown)
    assert "linopy" in needs("clear", plugins.module_of("markets", "spot"))


def test_parsing_loads_no_heavy_library():
    script = "import sys, sharegrid.config; print(sorted({'numpy', 'pandas', 'xarray', 'linopy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_a_name_with_dashes_is_a_module_with_underscores():
    assert plugins.module_of("mechanisms", "core-selecting") == "sharegrid.mechanisms.core_selecting"
    assert plugins.load("mechanisms", "core-selecting").__module__ == "sharegrid.mechanisms.core_selecting"
    assert "core-selecting" in plugins.available("mechanisms")


def test_modules_that_are_no_plugins_are_not_offered():
    assert "style" not in plugins.available("figures")
    assert "deficit" not in plugins.available("mechanisms")
    with pytest.raises(plugins.UnknownPlugin, match="no mechanisms plug-in is called 'lpm'; did you mean 'lmp'"):
        plugins.module_of("mechanisms", "lpm")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `sharegrid` of the test's own making; write(name, text) adds a file and returns its path."""
    root = tmp_path / "sharegrid"
    monkeypatch.setattr(plugins, "PACKAGE", root)
    cached = (plugins.available, plugins.options, plugins.imports, plugins.module_file, plugins._tree)
    for function in cached:
        function.cache_clear()

    def write(name: str, text: str = ""):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    write("__init__.py")
    write("mechanisms/__init__.py")
    yield write
    for function in cached:
        function.cache_clear()


def test_options_are_the_keyword_only_arguments(package):
    package(
        "mechanisms/split.py",
        "def pay(data, cleared, *, share: float = -0.5, rules: list[str], cap: float | None = None): ...",
    )
    found = plugins.options("sharegrid.mechanisms.split", "pay")
    assert found == {
        "share": plugins.Option("share", "float", False, -0.5),
        "rules": plugins.Option("rules", "list[str]", True),
        "cap": plugins.Option("cap", "float | None", False, None),
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [("share=0.5", "argument 'share': .* annotation"), ("share: float = HALF", "argument 'share': .* literal")],
)
def test_options_without_a_type_or_with_a_computed_default_are_refused(package, arguments, message):
    package("mechanisms/split.py", f"def pay(data, *, {arguments}): ...")
    with pytest.raises(ValueError, match=message):
        plugins.options("sharegrid.mechanisms.split", "pay")


def test_the_walk_finds_parents_lazy_imports_and_data_files(package, tmp_path):
    package("figures/__init__.py")
    package("figures/house.mplstyle")
    package("figures/other.mplstyle")
    package("figures/style.py", "FILE = 'house.mplstyle'")
    package("schema.py", "import numpy")
    package("unused.py")
    package(
        "figures/bars.py",
        "def draw(results):\n    from sharegrid.figures import style\n    from sharegrid.schema import check",
    )
    package("mechanisms/lmp.py", "import sharegrid.schema")
    script = tmp_path / "present.py"
    script.write_text("from sharegrid.figures.bars import draw\n")
    inside = {str(path.relative_to(tmp_path)) for path in plugins.code_files(script, ["sharegrid.mechanisms.lmp"])}
    assert inside == {
        "present.py",
        "sharegrid/__init__.py",
        "sharegrid/figures/__init__.py",
        "sharegrid/figures/bars.py",
        "sharegrid/figures/house.mplstyle",
        "sharegrid/figures/style.py",
        "sharegrid/mechanisms/__init__.py",
        "sharegrid/mechanisms/lmp.py",
        "sharegrid/schema.py",
    }


def test_relative_imports_and_missing_modules_are_refused(package, tmp_path):
    package("mechanisms/split.py", "from . import lmp")
    relative, missing = tmp_path / "relative.py", tmp_path / "missing.py"
    relative.write_text("import sharegrid.mechanisms.split\n")
    missing.write_text("import sharegrid.nowhere\n")
    with pytest.raises(ValueError, match=r"split.py, line 1: relative import"):
        plugins.code_files(relative)
    with pytest.raises(plugins.UnknownPlugin, match=r"needs the module sharegrid.nowhere"):
        plugins.code_files(missing)


def test_the_walk_finds_what_python_really_loads():
    """Whatever of the package is loaded when a stage and a plug-in are imported must be among its code files."""
    script = plugins.PACKAGE.parent / "scripts/pay.py"
    modules = ["sharegrid.mechanisms.core_selecting", "sharegrid.stages.pay", "sharegrid.files", "sharegrid.logs"]
    code = (
        f"import sys, {', '.join(modules)}\n"
        "print(*(module.__file__ for name, module in sys.modules.items() if name.partition('.')[0] == 'sharegrid'))"
    )
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert loaded <= {str(path) for path in plugins.code_files(script, modules[:1])}
