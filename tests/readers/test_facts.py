"""Networks as three CSV tables."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sharegrid.readers import facts, matpower

NETWORKS = Path(__file__).parents[2] / "resources" / "networks"


@pytest.fixture
def prefix(tmp_path):
    for table in ("bus", "branch", "generator"):
        shutil.copy(NETWORKS / "facts" / f"case30_{table}.csv", tmp_path)
    return tmp_path / "case30"


def edit(prefix, table, row, column, value):
    path = prefix.with_name(f"{prefix.name}_{table}.csv")
    frame = pd.read_csv(path, dtype=object)
    frame.loc[row, column] = value
    frame.to_csv(path, index=False)


def test_case30():
    network = facts.read(NETWORKS / "facts" / "case30")
    assert dict(network.sizes) == {"bus": 30, "branch": 41, "generator": 6}
    assert float(network["load"].sum()) == pytest.approx(189.2)
    assert float(network.p_max.sum()) == 335
    assert network.cost_quadratic.values.tolist() == [0.02, 0.0175, 0.0625, 0.00834, 0.025, 0.025]
    assert float(network.base_mva) == 100
    assert network.attrs == {"name": "case30", "source": "case30_*.csv"}


def test_case118_has_no_limits_and_the_network_of_pglib():
    network = facts.read(NETWORKS / "facts" / "case118")
    pglib = matpower.read(NETWORKS / "pglib" / "pglib_opf_case118_ieee.m")
    assert np.isinf(network.rate).all()
    for name in ("load", "from_bus", "to_bus", "reactance", "tap", "shift"):
        np.testing.assert_allclose(network[name], pglib[name], err_msg=name)


def test_a_feeder_in_kw_and_ohm():
    network = facts.read(NETWORKS / "facts" / "case33bw")
    assert float(network["load"].sum()) == pytest.approx(3.715)  # 3715 kW
    assert dict(network.sizes) == {"bus": 33, "branch": 32, "generator": 1}  # 5 tie switches are open
    assert float(network.reactance[0]) == pytest.approx(0.0470 / (12.66**2 / 100))


@pytest.mark.parametrize("table", ["bus", "branch", "generator"])
def test_a_missing_table(prefix, table):
    prefix.with_name(f"case30_{table}.csv").unlink()
    with pytest.raises(FileNotFoundError, match=f"case30_{table}.csv: no such table"):
        facts.read(prefix)


def test_the_tables_of_another_kind_of_network_are_refused():
    with pytest.raises(FileNotFoundError, match="garver6_branch.csv"):
        facts.read(NETWORKS / "facts" / "garver6")


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "message"),
    [
        ("bus", 4, "pd_mw", "much", "case30_bus.csv: column pd_mw, row 5: `much` is not a number"),
        ("bus", 4, "pd_mw", "", "case30_bus.csv: column pd_mw, row 5: .* is not a number"),
        ("bus", 4, "type", "7", "case30_bus.csv, row 5: BUS_TYPE is not 1, 2, 3 or 4"),
        ("bus", 4, "bus", "5.5", "case30_bus.csv, row 5: BUS_I is not a whole number"),
        ("bus", 4, "bus", "4", r"case30_\*.csv: bus, 4: occurs more than once"),
        ("branch", 0, "x_pu", "0", r"reactance, branch 0 \(1 to 2\): is zero"),
        ("branch", 0, "rate_a_mva", "-1", r"rate, branch 0 \(1 to 2\): is negative"),
        ("branch", 0, "tbus", "99", r"to_bus, branch 0 \(1 to 99\): unknown bus 99"),
        ("generator", 2, "c2_usd_per_mw2h", "-1", r"generator 2 \(bus 22\): non-convex offer"),
        ("generator", 2, "pmax_mw", "-5", r"p_max, generator 2 \(bus 22\): negative capacity"),
        ("generator", 2, "bus", "77", r"generator_bus, generator 2 \(bus 77\): unknown bus 77"),
    ],
)
def test_bad_values_are_named(prefix, table, row, column, value, message):
    edit(prefix, table, row, column, value)
    with pytest.raises(ValueError, match=message):
        facts.read(prefix)


def test_a_missing_column(prefix):
    path = prefix.with_name("case30_branch.csv")
    pd.read_csv(path).drop(columns="x_pu").to_csv(path, index=False)
    with pytest.raises(ValueError, match="case30_branch.csv: column x_pu is missing"):
        facts.read(prefix)


def test_an_empty_file(prefix):
    prefix.with_name("case30_bus.csv").write_text("")
    with pytest.raises(ValueError, match="case30_bus.csv: not a CSV table"):
        facts.read(prefix)
