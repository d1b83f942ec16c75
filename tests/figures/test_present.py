"""The stage present: figures and tables by name, in the order of the study, with errors that name the culprit."""

import subprocess
import sys

import pytest

from sharegrid.plugins import UnknownPlugin
from sharegrid.stages import present


def entry(kind, **options):
    return {"kind": kind, "title": "A title", "options": options}


def test_figures_and_tables_come_in_the_order_of_the_study(network):
    config = {
        "figures": {"fig_b": entry("sorted-prices"), "fig_a": entry("congestion", scale="symlog")},
        "tables": {"tab_z": entry("balance"), "tab_y": entry("allocation-generators", scenario="0.8")},
    }
    figures, tables = list(present.figures(network, config)), list(present.tables(network, config))
    assert [stem for stem, _ in figures] == ["fig_b", "fig_a"]
    assert [stem for stem, _ in tables] == ["tab_z", "tab_y"]
    assert figures[1][1].axes[0].get_yscale() == "symlog"


def test_a_figure_without_title_keeps_its_numbers(network):
    config = {"figures": {"stem": entry("sorted-prices") | {"title": ""}}}
    ((_, figure),) = present.figures(network, config)
    assert figure._suptitle is None
    assert figure.subfigs[0]._suptitle.get_text().startswith("LMP,")


@pytest.mark.parametrize("product", ["figures", "tables"])
def test_an_error_names_the_figure_or_table(network, product):
    config = {product: {"stem_of_it": entry("allocation", scenario="0.5")}}
    with pytest.raises(ValueError, match="option scenario: no '0.5'") as caught:
        list(getattr(present, product)(network, config))
    assert caught.value.__notes__ == [f"while making the {product[:-1]} 'stem_of_it' (kind allocation)"]


def test_an_unknown_kind_names_the_nearest(network):
    with pytest.raises(UnknownPlugin, match="did you mean 'congestion'"):
        list(present.figures(network, {"figures": {"stem": entry("congestoin")}}))


def test_presenting_loads_neither_linopy_nor_pyplot():
    code = (
        "import sys\n"
        "from sharegrid import plugins\n"
        "for kind in ('figures', 'tables'):\n"
        "    for name in plugins.available(kind):\n"
        "        plugins.load(kind, name)\n"
        "print(sorted({'linopy', 'matplotlib.pyplot', 'highspy'} & set(sys.modules)))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
