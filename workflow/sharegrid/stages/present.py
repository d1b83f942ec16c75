"""The stage present: figures and tables of a study by its plug-ins. They select and arrange; nothing is computed here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sharegrid import plugins

if TYPE_CHECKING:  # a study with tables only need not import Matplotlib
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

Results = Mapping[str, "xr.Dataset"]
Config = Mapping[str, Any]


def figures(results: Results, config: Config) -> Iterator[tuple[str, "Figure"]]:
    """(stem, figure) of each entry of config["figures"], {stem: {kind, title, options}}, in their order.

    The title of an entry, the finding in words, stands in bold above the figure; the numbers below it are the figure's own.
    """
    for stem, item in config["figures"].items():
        with _named(f"figure '{stem}' (kind {item['kind']})"):
            figure = plugins.load("figures", item["kind"])(results, **item["options"])
            _headline(figure, item["title"])
        yield stem, figure


def tables(results: Results, config: Config) -> Iterator[tuple[str, "pd.DataFrame"]]:
    """(stem, table) of each entry of config["tables"], {stem: {kind, options}}, in their order."""
    for stem, item in config["tables"].items():
        with _named(f"table '{stem}' (kind {item['kind']})"):
            frame = plugins.load("tables", item["kind"])(results, **item["options"])
        yield stem, frame


def _headline(figure: "Figure", title: str) -> None:
    from sharegrid.figures import style

    style.headline(figure, title)


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Say in the traceback of an error which figure or table it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while making the {what}")
        raise
