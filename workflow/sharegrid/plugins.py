"""Plug-ins by name, and which files of this package a piece of code needs. Nothing is imported to find out: sources are read with ast.

A plug-in is a module of one of the packages in ``FUNCTIONS`` that defines that package's function: the mechanism
``core-selecting`` is ``mechanisms/core_selecting.py`` with its function ``pay``. Its options are the keyword-only arguments
of that function.
"""

import ast
import difflib
import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parent
NAME = PACKAGE.name
FUNCTIONS = {
    "contracts": "variables",
    "readers": "read",
    "preparation": "prepare",
    "markets": "build",
    "mechanisms": "pay",
    "properties": "check",
    "planning": "plan",
    "coordination": "coordinate",
    "figures": "draw",
    "tables": "table",
}


class UnknownPlugin(ValueError):
    """A name for which no plug-in module exists."""


@dataclass(frozen=True)
class Option:
    """One keyword-only argument of a plug-in: its annotation as text, and its default if it has one."""

    name: str
    annotation: str
    required: bool
    default: object = None


def snake(name: str) -> str:
    """A name with dashes as an identifier."""
    return name.replace("-", "_")


def module_of(kind: str, name: str) -> str:
    """Dotted module of the plug-in `name` (dashes or underscores) of the package `kind`; UnknownPlugin names the nearest one.

    What follows an @ is a label of the study, which tells apart the uses of one plug-in with different options.
    """
    known = available(kind)
    dashed = name.partition("@")[0].replace("_", "-")
    if dashed not in known:
        near = difflib.get_close_matches(dashed, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        raise UnknownPlugin(f"no {kind} plug-in is called '{name}'; {hint}")
    return f"{NAME}.{kind}.{snake(dashed)}"


@cache
def available(kind: str) -> tuple[str, ...]:
    """Names, with dashes, of the plug-ins in the package `kind`: the modules that define the function of FUNCTIONS."""
    function = FUNCTIONS[kind]
    modules = (path.stem for path in sorted((PACKAGE / kind).glob("*.py")) if path.stem != "__init__")
    return tuple(stem.replace("_", "-") for stem in modules if _function(f"{NAME}.{kind}.{stem}", function))


def load(kind: str, name: str) -> Callable:
    """Import the plug-in `name` of the package `kind` and return its function."""
    return getattr(load_module(kind, name), FUNCTIONS[kind])


def load_module(kind: str, name: str) -> ModuleType:
    """Import the plug-in `name` of the package `kind` and return its module."""
    return importlib.import_module(module_of(kind, name))


@cache
def options(module: str, function: str) -> dict[str, Option]:
    """Keyword-only arguments of `function` in the dotted `module`, by name. Each needs an annotation and at most a literal default."""
    found = _function(module, function)
    if found is None:
        raise UnknownPlugin(f"{module} defines no function '{function}'")
    pairs = zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True)
    return {argument.arg: _option(module, argument, default) for argument, default in pairs}


@cache
def constant(module: str, name: str) -> object:
    """Literal value of a constant of the dotted `module`, None if it has none of that name."""
    for node in _tree(module_file(module)).body:
        if isinstance(node, ast.Assign) and any(isinstance(at, ast.Name) and at.id == name for at in node.targets):
            return ast.literal_eval(node.value)
    return None


def code_files(script: Path, modules: Iterable[str] = ()) -> list[Path]:
    """Sorted files that running `script` with the plug-in `modules` (dotted) may load: itself, modules, parent packages, data files."""
    files, waiting = {Path(script).resolve()}, set(modules) | imports(Path(script))
    seen = set()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        path = module_file(module)
        if path is None:
            raise UnknownPlugin(f"{script} needs the module {module}, which is not in {PACKAGE}")
        files |= {path, *_data_files(path)}
        parents = {module.rpartition(".")[0]} - {""}
        waiting |= (imports(path) | parents) - seen
    return sorted(files)


@cache
def imports(path: Path) -> frozenset[str]:
    """Dotted modules of this package that the source file imports anywhere in it. Relative imports are refused: they hide the name."""
    return frozenset(module for node in ast.walk(_tree(path)) for module in _imported(node, path))


@cache
def module_file(module: str) -> Path | None:
    """Source file of a dotted module or package of this package, None if there is none."""
    base = PACKAGE.parent.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _imported(node: ast.AST, path: Path) -> Iterator[str]:
    """Modules of this package named by one import statement: `from sharegrid.x import y` means x, and x.y if that is a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _is_ours(alias.name))
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            raise ValueError(f"{path}, line {node.lineno}: relative import; write the full name, {NAME}.…")
        if _is_ours(node.module):
            yield node.module
            deeper = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (module for module in deeper if module_file(module))


def _is_ours(module: str) -> bool:
    return module == NAME or module.startswith(f"{NAME}.")


@cache
def _data_files(path: Path) -> frozenset[Path]:
    """Data files that a module reads: its string constants that name a file lying beside it, such as a figure style."""
    beside = _no_code(path.parent)
    if not beside:
        return frozenset()
    words = (node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant))
    return frozenset(beside[word] for word in words if isinstance(word, str) and word in beside)


@cache
def _no_code(folder: Path) -> dict[str, Path]:
    """The files of a folder that are no Python, by name."""
    names = (other for other in folder.iterdir() if other.suffix not in (".py", ".pyc"))
    return {other.name: other for other in names if other.is_file()}


def _function(module: str, name: str) -> ast.FunctionDef | None:
    path = module_file(module)
    body = _tree(path).body if path else []
    return next((node for node in body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _option(module: str, argument: ast.arg, default: ast.expr | None) -> Option:
    where = f"{module}, argument '{argument.arg}'"
    if argument.annotation is None:
        raise ValueError(f"{where}: an option of a plug-in needs a type annotation")
    try:
        value = None if default is None else ast.literal_eval(default)
    except ValueError:
        raise ValueError(f"{where}: the default of a plug-in option must be a literal") from None
    return Option(argument.arg, ast.unparse(argument.annotation), default is None, value)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
