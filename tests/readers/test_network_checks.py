"""Every fault of a network is refused with one message that names file, field, label and cure."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sharegrid.readers import facts, matpower, network

NETWORKS = Path(__file__).parents[2] / "resources" / "networks"


@pytest.fixture
def sound():
    return matpower.read(NETWORKS / "pglib" / "pglib_opf_case5_pjm.m")


def changed(dataset, name, index, value):
    values = dataset[name].values.copy()
    values[index] = value
    return dataset.assign({name: (dataset[name].dims, values, dataset[name].attrs)})


def refused(dataset, message):
    with pytest.raises(ValueError, match=message) as error:
        network.check(dataset)
    assert str(error.value).startswith("pglib_opf_case5_pjm.m: ")
    assert ";" in str(error.value), "the cure is missing"


def test_a_sound_network_passes_and_survives_netcdf(sound, tmp_path):
    assert network.check(sound) is sound
    sound.to_netcdf(tmp_path / "network.nc", engine="netcdf4")
    with xr.open_dataset(tmp_path / "network.nc", engine="netcdf4") as again:
        network.check(again.load())
        xr.testing.assert_equal(again, sound)
        assert again.attrs == sound.attrs


def test_every_variable_has_units_and_a_long_name(sound):
    for variable in sound.variables.values():
        assert variable.attrs["units"] and variable.attrs["long_name"]


@pytest.mark.parametrize(
    ("name", "index", "value", "message"),
    [
        ("load", 1, np.nan, "load, bus 2: is not a finite number"),
        ("rate", 1, np.nan, r"rate, branch 1 \(1 to 4\): is not a finite number"),
        ("p_max", 3, np.inf, r"p_max, generator 3 \(bus 4\): is not a finite number"),
        ("cost_linear", 0, np.nan, r"cost_linear, generator 0 \(bus 1\): is not a finite number"),
        ("base_mva", (), 0.0, "base_mva, whole network: is 0"),
        ("from_bus", 2, 77, r"from_bus, branch 2 \(77 to 5\): unknown bus 77"),
        ("generator_bus", 2, 77, r"generator_bus, generator 2 \(bus 77\): unknown bus 77"),
        ("to_bus", 0, 1, r"to_bus, branch 0 \(1 to 1\): equals the from bus"),
        ("reactance", 5, 0.0, r"reactance, branch 5 \(4 to 5\): is zero"),
        ("tap", 5, -1.0, r"tap, branch 5 \(4 to 5\): is not positive"),
        ("rate", 5, -240.0, r"rate, branch 5 \(4 to 5\): is negative"),
        ("angle_min", 5, 3.0, r"angle_min, branch 5 \(4 to 5\): is above angle_max"),
        ("p_min", 1, 500.0, r"p_min, generator 1 \(bus 1\): is above p_max"),
        ("p_max", 1, -500.0, r"p_max, generator 1 \(bus 1\): negative capacity"),
        ("cost_quadratic", 4, -0.1, r"generator 4 \(bus 5\): non-convex offer"),
        ("bus_type", 3, 1, "bus_type, whole network: no reference bus"),
    ],
)
def test_one_fault(sound, name, index, value, message):
    refused(changed(sound, name, index, value), message)


def test_duplicate_bus(sound):
    refused(sound.assign_coords(bus=[1, 2, 3, 4, 4]), "bus, 4: occurs more than once")


def test_wrong_types(sound):
    refused(sound.assign(p_max=("generator", list("abcde"))), "p_max, whole column: has the type <U1")
    refused(sound.assign(from_bus=sound.from_bus.astype(str)), "from_bus, whole column: .* give integers")
    refused(sound.assign(bus_type=sound.bus_type * 1.0), "bus_type, whole column: has the type float64")


def test_missing_variable_and_wrong_dims(sound):
    refused(sound.drop_vars("reactance"), "reactance, whole network: is missing")
    refused(sound.assign(tap=("generator", np.ones(5))), "tap, whole network: has dims")


def test_island_without_reference(sound):
    # bus 5 hangs on branches 2 (1-5) and 5 (4-5); a second pair of buses replaces them
    island = sound.isel(branch=[0, 1, 3, 4])
    refused(island, "bus, 5: bus without in-service branch")
    ends = {"from_bus": [1, 1, 3, 3], "to_bus": [2, 2, 4, 5]}
    two = island.assign({name: ("branch", values) for name, values in ends.items()})
    refused(two, r"bus, 1, 2: disconnected island without a reference bus \(2 components\)")
    both = changed(two, "bus_type", 0, 3)
    assert network.check(both) is both


def test_negative_reactance_load_and_output_are_legal(sound):
    for name, index, value in (("reactance", 0, -0.01), ("load", 1, -20.0), ("p_min", 0, -10.0)):
        network.check(changed(sound, name, index, value))
    network.check(changed(changed(sound, "p_min", 0, -10.0), "p_max", 0, -10.0))


def test_one_bus_needs_no_branch(sound):
    single = sound.isel(bus=[3], branch=[], generator=[3])
    assert network.check(single) is single


def test_the_first_of_several_references_of_a_component_stays(tmp_path):
    text = (NETWORKS / "pglib" / "pglib_opf_case5_pjm.m").read_text()
    path = tmp_path / "two.m"
    path.write_text(text.replace("\t1\t 2\t 0.0\t 0.0", "\t1\t 3\t 0.0\t 0.0", 1))
    dataset = matpower.read(path)
    assert dataset.bus_type.values.tolist() == [3, 1, 2, 2, 2]
    assert dataset.attrs["further_references"] == "4"


@pytest.mark.parametrize(
    ("mw", "usd", "message"),
    [
        ([0, 50, 40], [0, 1, 2], "does not rise from point to point"),
        ([0, 50, 100], [0, 500, 900], "non-convex offer: decreasing slopes"),
    ],
)
def test_piecewise_costs_are_convex(sound, mw, usd, message):
    points = np.full((2, 5, 3), np.nan)
    points[:, 2] = mw, usd
    names = ("cost_point_mw", "cost_point_usd")
    dataset = sound.assign({name: (("generator", "point"), points[k]) for k, name in enumerate(names)})
    refused(dataset, r"generator 2 \(bus 3\): " + message)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("dcline_p_min", 20.0, "dcline_p_min, dcline 0: is above p_max"),
        ("dcline_loss_linear", 1.0, r"dcline_loss_linear, dcline 0: outside \[0, 1\)"),
        ("dcline_to", 9, "dcline_to, dcline 0: unknown bus 9"),
    ],
)
def test_dclines(sound, name, value, message):
    values = {"from": 1, "to": 3, "p_min": 0.0, "p_max": 10.0, "loss_constant": 0.0, "loss_linear": 0.1}
    dataset = sound.assign({f"dcline_{key}": ("dcline", [number]) for key, number in values.items()})
    dataset = dataset.assign_coords(dcline=[0])
    network.check(dataset)
    refused(changed(dataset, name, 0, value), message)


def test_many_labels_are_shortened():
    dataset = facts.read(NETWORKS / "facts" / "case30")
    with pytest.raises(ValueError, match=r"branch 4 \(.*\) and 36 more: is zero"):
        network.check(dataset.assign(reactance=dataset.reactance * 0))


def test_positions():
    labels = np.array([7, 3, 9])
    assert network.positions(labels, np.array([9, 9, 7])).tolist() == [2, 2, 0]
