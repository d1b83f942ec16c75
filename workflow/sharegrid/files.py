"""Reading and whole-or-nothing writing of results: everything is built under a temporary name beside its place and then renamed.

The temporary name carries the process id, as a job whose workflow was killed may still be writing. The bytes depend on the
content and the libraries only: no time, host or path is in them.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sharegrid import pages

if TYPE_CHECKING:  # each writer needs another heavy library, and a job pays for importing it
    import matplotlib.figure
    import pandas as pd
    import xarray as xr

# A library upgrade that draws the same picture must not change a byte.
FIGURE_METADATA = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` (a file or a folder) if the block succeeds, else remove it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_orphans(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        if path.is_dir():  # a folder cannot be renamed onto one that holds files
            shutil.rmtree(path)
        os.replace(part, path)
    except BaseException:
        _remove(part)
        raise


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder under a temporary name that becomes `path` if the block succeeds."""
    with replacing(path) as part:
        part.mkdir()
        yield part


def read_datasets(inputs: Mapping[str, object]) -> "dict[str, xr.Dataset]":
    """The Datasets among the named inputs of a job, by name, loaded."""
    import xarray as xr

    paths = {name: str(path) for name, path in inputs.items() if str(path).endswith(".nc")}
    return {name: xr.load_dataset(path, engine="netcdf4") for name, path in paths.items()}


def write_dataset(dataset: "xr.Dataset", path: Path) -> None:
    """Write `dataset` as compressed netCDF-4, variables and attributes in alphabetical order."""
    ordered = _in_order(dataset)
    encoding = {name: _encoding(variable) for name, variable in ordered.variables.items()}
    with replacing(path) as part:
        ordered.to_netcdf(part, engine="netcdf4", format="NETCDF4", encoding=encoding)


def write_text(text: str, path: Path) -> None:
    """Write `text` as UTF-8 with its line ends as they are."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_table(frame: "pd.DataFrame", folder: Path, stem: str, title: str = "", caption: str = "") -> None:
    """Write `stem`.csv (10 significant digits, no index) and beside it `stem`.html, the same as a page that a browser shows."""
    text = frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    write_text(text, Path(folder) / f"{stem}.csv")
    write_text(pages.table_page(frame, title or stem, caption), Path(folder) / f"{stem}.html")


def write_figure(figure: "matplotlib.figure.Figure", folder: Path, stem: str) -> None:
    """Write `figure` as `stem`.svg, `stem`.pdf and `stem`.png, at the size and resolution that it has."""
    import matplotlib as mpl

    for suffix, metadata in FIGURE_METADATA.items():
        path = Path(folder) / f"{stem}.{suffix}"
        with replacing(path) as part, mpl.rc_context({"svg.hashsalt": stem}):
            figure.savefig(part, format=suffix, metadata=metadata)


def _in_order(dataset: "xr.Dataset") -> "xr.Dataset":
    import xarray as xr

    def plain(variable: xr.Variable) -> xr.Variable:
        values = variable.values.astype(object) if variable.dtype.kind in "UT" else variable.values
        return xr.Variable(variable.dims, values, dict(sorted(variable.attrs.items())))

    coords = {name: plain(dataset[name].variable) for name in sorted(dataset.coords)}
    data = {name: plain(dataset[name].variable) for name in sorted(dataset.data_vars)}
    return xr.Dataset(data, coords, dict(sorted(dataset.attrs.items())))


def _encoding(variable: "xr.Variable") -> dict:
    # netCDF cannot filter strings of variable length, and a scalar has no chunks to filter
    return {} if variable.dtype.kind == "O" or variable.ndim == 0 else {"zlib": True, "complevel": 4, "shuffle": True}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_orphans(path: Path) -> None:
    """Remove what killed processes left of `path`."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        pid = part.name.removesuffix(".part").rpartition(".")[2]
        if pid.isdecimal() and not _alive(int(pid)):
            _remove(part)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
