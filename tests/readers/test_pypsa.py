"""PyPSA networks. The conversion itself runs only where the optional extra PyPSA is installed (make env-pypsa)."""

import sys

import numpy as np
import pytest

from sharegrid.readers import network
from sharegrid.readers import pypsa as reader
from sharegrid.stages.prepare import prepare
from spot import RESOURCES


def test_without_pypsa_the_error_names_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypsa", None)
    path = tmp_path / "grid.nc"
    path.write_text("")
    with pytest.raises(ImportError, match="grid.nc: .* make its environment with `make env-pypsa`"):
        reader.read(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="grid.nc: no such PyPSA network"):
        reader.read(tmp_path / "grid.nc")


@pytest.fixture
def grid():
    pypsa = pytest.importorskip("pypsa")
    import pandas as pd

    grid = pypsa.Network(snapshots=pd.date_range("2030-01-01", periods=3, freq="h"))
    grid.add("Bus", ["north", "west", "south", "island"], v_nom=[380, 380, 110, 380])
    grid.add("Line", "a", bus0="north", bus1="west", x=20, r=2, s_nom=100, s_max_pu=0.7)
    grid.add("Line", "off", bus0="north", bus1="west", x=20, r=2, s_nom=100, active=False)
    grid.add("Transformer", "t", bus0="west", bus1="south", x=0.1, r=0.01, s_nom=200, tap_ratio=1.05, phase_shift=3)
    grid.add("Link", "dc", bus0="south", bus1="island", p_nom=50, efficiency=0.97, p_min_pu=-1, marginal_cost=1)
    grid.add("Generator", "coal", bus="west", p_nom=100, marginal_cost=10, marginal_cost_quadratic=0.05, p_min_pu=0.1)
    grid.add("Generator", "wind", bus="island", p_nom=40, p_max_pu=pd.Series([0.5, 0.2, 1.0], index=grid.snapshots))
    grid.add("Load", "town", bus="south", p_set=pd.Series([50.0, 60.0, 70.0], index=grid.snapshots))
    grid.add("Load", "mill", bus="south", p_set=5)
    grid.add("ShuntImpedance", "shunt", bus="south", g=1e-4)
    return grid


def export(grid, folder):
    path = folder / "grid.nc"
    grid.export_to_netcdf(path)
    return path


def test_conversion(grid, tmp_path):
    data = reader.read(export(grid, tmp_path))
    assert network.check(data) is data
    assert data.attrs == {"name": "grid", "source": "grid.nc"}
    assert dict(data.sizes) == {"bus": 4, "branch": 2, "generator": 2, "dcline": 1}
    assert data["load"].values.tolist() == [0, 0, 55, 0]
    assert data.shunt.values == pytest.approx([0, 0, 1e-4 * 110**2, 0])
    assert data.bus_type.values.tolist() == [3, 2, 1, 3]  # without a slack bus the first one of each component
    assert data.reactance.values == pytest.approx([20 / 380**2, 0.1 / 200])  # base 1 MVA
    assert data.resistance.values == pytest.approx([2 / 380**2, 0.01 / 200])
    assert data.rate.values == pytest.approx([70, 200])
    assert data.tap.values.tolist() == [1, 1.05] and data["shift"].values == pytest.approx([0, np.deg2rad(3)])
    assert data.p_min.values.tolist() == [10, 0] and data.p_max.values.tolist() == [100, 20]
    assert data.cost_linear.values.tolist() == [10, 0] and data.cost_quadratic.values.tolist() == [0.05, 0]
    assert data.dcline_from.values.tolist() == ["south"] and data.dcline_loss_linear.values == pytest.approx([0.03])
    assert data.dcline_p_min.values.tolist() == [-50] and data.dcline_cost_linear.values.tolist() == [1]
    assert float(data.base_mva) == 1


def test_the_slack_bus_is_the_reference(grid, tmp_path):
    grid.generators.loc["coal", "control"] = "Slack"
    assert reader.read(export(grid, tmp_path)).bus_type.values.tolist() == [1, 3, 1, 3]


def test_another_snapshot(grid, tmp_path):
    path = export(grid, tmp_path)
    data = reader.read(path, snapshot="2030-01-01 02:00:00")
    assert data["load"].values.tolist() == [0, 0, 75, 0] and data.p_max.values.tolist() == [100, 40]
    with pytest.raises(ValueError, match="grid.nc: snapshots, 2031: is not in the network; choose from 2030-01-01"):
        reader.read(path, snapshot="2031")


def test_what_a_one_hour_market_cannot_represent_is_refused(grid, tmp_path):
    grid.add("StorageUnit", "pump", bus="north", p_nom=3)
    path = export(grid, tmp_path)
    with pytest.raises(ValueError, match="StorageUnit, Store, pump: storage is not part"):
        reader.read(path)
    assert reader.read(path, storage="drop").sizes["bus"] == 4
    grid.remove("StorageUnit", "pump")
    grid.generators.loc["coal", "p_nom_extendable"] = True
    with pytest.raises(ValueError, match="Generator.p_nom_extendable, coal: the capacity is not decided"):
        reader.read(export(grid, tmp_path))


def test_a_file_that_is_not_a_network(tmp_path):
    pytest.importorskip("pypsa")
    path = tmp_path / "grid.nc"
    path.write_text("garbage")
    with pytest.raises(ValueError, match="grid.nc: not a readable PyPSA network"):
        reader.read(path)


def test_generators_keep_their_names_in_the_spot_market(grid, tmp_path):
    grid.remove("Link", "dc")
    grid.generators.loc["wind", "bus"] = "north"
    grid.remove("Bus", "island")
    network = {"reader": "pypsa", "path": str(export(grid, tmp_path))}
    names = list(grid.generators.index)
    families = {"v": {"label": "{limits}"}, "w": {"label": "without", "without": [names[0]]}}
    data = prepare({"market": "spot", "network": network, "scenarios": families, "voll": 1e4}, RESOURCES)
    assert data["participant"].values.tolist() == names
    assert data["offer_quantity"].sum("block").sel(scenario="without", generator=names[0]).item() == 0
