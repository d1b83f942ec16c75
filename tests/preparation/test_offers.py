"""From costs to offers: blocks, misreports, withholding, splits, owners, and what is refused."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sharegrid.options.spot import SpotMarket
from sharegrid.preparation import offers
from spot import cleared, spot_market

VARIANTS = {"label": "{limits}", "limits": ["none"]}


def options(**more):
    return SpotMarket.model_validate({"market": "spot", "network": {"path": "x"}, "scenarios": {"v": VARIANTS}} | more)


def unit(p_max, linear, quadratic, p_min=0.0, points=None):
    network = xr.Dataset(
        {name: ("generator", [float(value)]) for name, value in
         {"p_max": p_max, "p_min": p_min, "cost_linear": linear, "cost_quadratic": quadratic}.items()},
        {"generator": ["0"]},
    ).assign(generator_bus=("generator", [1]))  # fmt: skip
    if points:
        for name, column in zip(("cost_point_mw", "cost_point_usd"), zip(*points, strict=True), strict=True):
            network[name] = (("generator", "point"), [list(map(float, column))])
    return network


@settings(deadline=None, derandomize=True)
@given(st.floats(1, 500), st.floats(-50, 100), st.floats(1e-4, 1), st.integers(1, 20))
def test_blocks_are_exact_at_their_edges_dear_between_and_never_decrease(p_max, linear, quadratic, blocks):
    found = offers.true_offers(unit(p_max, linear, quadratic), options(blocks=blocks))
    width, price = found["cost_quantity"].values[0], found["cost_price"].values[0]
    edges = np.cumsum(width)
    np.testing.assert_allclose(np.cumsum(width * price), quadratic * edges**2 + linear * edges, rtol=1e-9, atol=1e-9)
    assert len(width) == blocks
    assert (np.diff(price) > 0).all()
    middle = edges[0] / 2
    assert price[0] * middle >= quadratic * middle**2 + linear * middle


def test_piecewise_costs_are_used_as_they_are():
    found = offers.true_offers(unit(100, 0, 0, points=[(10, 50), (40, 200), (120, 1000)]), options())
    np.testing.assert_allclose(found["cost_quantity"].values[0], [10, 30, 60])
    total = (found["cost_quantity"] * found["cost_price"]).sum().item()
    assert total == pytest.approx(10 * 5 + 30 * 5 + 60 * 10)


def test_must_run_keeps_the_forced_part_apart():
    found = offers.true_offers(unit(100, 2, 0.01, p_min=40), options(pmin="keep"))
    assert found["must_run"].item() == 40
    assert found["must_run_cost"].item() == pytest.approx(0.01 * 1600 + 80)
    total = found["must_run_cost"] + (found["cost_quantity"] * found["cost_price"]).sum()
    assert total.item() == pytest.approx(0.01 * 1e4 + 200)


def test_must_run_with_an_exact_quadratic_offer():
    data = spot_market("case30", bid_mode="quadratic", pmin="keep", limits=["none"])
    free = cleared(spot_market("case30", bid_mode="quadratic")).isel(scenario=0)
    half = free["dispatch"].values / 2  # forcing units to half of what they would do changes nothing
    network = unit(100, 2, 0.01, p_min=40)
    found = offers.true_offers(network, options(pmin="keep", bid_mode="quadratic"))
    assert found["cost_price"].item() == pytest.approx(2 + 2 * 0.01 * 40)
    linear, quadratic = data["cost_price"].values[:, 0], data["cost_quadratic"].values
    data["must_run"][:], data["must_run_cost"][:] = half, linear * half + quadratic * half**2
    data["offer_quantity"][0, :, 0] -= half
    data["offer_price"][0, :, 0] += 2 * quadratic * half
    forced = cleared(data).isel(scenario=0)
    assert forced["objective"].item() == pytest.approx(free["objective"].item(), rel=1e-9)
    np.testing.assert_allclose(forced["price"], free["price"], rtol=1e-7)


def test_negative_capacity_cannot_be_at_zero():
    with pytest.raises(ValueError, match="generator 0: p_max is negative"):
        offers.true_offers(unit(-5, 2, 0, p_min=-10), options())


def test_misreports_move_the_deviators_offers_only():
    misreport = {"base": "{limits}", "price_multiplier": [1.1], "quantity_multiplier": [0.5], "participants": ["2"]}
    families = {"v": VARIANTS, "m": {"label": "{deviator}", "limits": ["none"], "misreport": misreport}}
    data = spot_market("case30", families)
    truth, lie = (data.sel(scenario=name) for name in ("none", "2"))
    moved = data["generator"].values == "2"
    np.testing.assert_allclose(lie["offer_price"][moved], 1.1 * truth["offer_price"][moved])
    np.testing.assert_allclose(lie["offer_quantity"][moved], 0.5 * truth["offer_quantity"][moved])
    for name in ("offer_price", "offer_quantity"):
        np.testing.assert_array_equal(lie[name][~moved], truth[name][~moved])


def test_a_split_unit_has_a_twin_of_half_its_capacity_in_that_family_only():
    data = spot_market(
        "case5", {"v": VARIANTS, "s": {"label": "split", "limits": ["none"], "split": "4"}}, copperplate=True
    )
    assert data["participant"].values.tolist() == ["0", "1", "2", "3", "4", "4b"]
    capacity = data["offer_quantity"].sum("block").sel(generator=["4", "4b"])
    np.testing.assert_allclose(capacity.values, [[600, 0], [300, 300]])


@pytest.mark.parametrize("bid_mode", ["blocks", "quadratic"])
def test_two_halves_cost_what_the_whole_does(bid_mode):
    families = {"v": VARIANTS, "s": {"label": "split", "limits": ["none"], "split": "3"}}
    found = cleared(spot_market("case30", families, bid_mode=bid_mode))
    assert found["objective"][1].item() == pytest.approx(found["objective"][0].item(), rel=1e-9)
    halves = found["true_cost"].sel(participant=["3", "3b"]).sum("participant")
    np.testing.assert_allclose(halves, halves[0].item(), rtol=1e-6)
    np.testing.assert_allclose(found["true_cost"], found["reported_cost"], rtol=1e-9, atol=1e-9)


def test_copper_plate_has_one_bus_and_all_demand():
    data = spot_market("case5", {"v": VARIANTS | {"demand_mw": [900]}}, copperplate=True)
    assert (data.sizes["bus"], data.sizes["branch"]) == (1, 0)
    assert data["demand"].values.tolist() == [[900.0]]


def test_owners_of_several_generators():
    data = spot_market("case30", participants={"a": ["0", "1"], "b": ["2", "3", "4", "5"]})
    assert data["owner"].values.tolist() == ["a", "a", "b", "b", "b", "b"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"participants": {"a": ["0", "9"]}}, "participants.a: no generator '9'"),
        ({"participants": {"a": ["0"]}}, "generator '1' has no owner"),
        ({"participants": {"a": ["0", "1", "2", "3", "4", "5"], "b": ["0"]}}, "belongs to a and to b"),
        ({"voll": 4.0}, r"generator 0: offer price exceeds voll: 4\.08 .* lost load costs 4 \$/MWh"),
        ({"scenarios": {"f": VARIANTS | {"without": ["77"]}}}, r"scenarios\.f\.without: no generator '77'"),
        ({"scenarios": {"f": VARIANTS | {"offer_price": {"77": 5}}}}, r"scenarios\.f\.offer_price: no generator '77'"),
        ({"scenarios": {"f": VARIANTS | {"distortion": {"x": {"77": 2}}}}}, r"distortion\.x: no generator '77'"),
        ({"network": {"path": "networks/facts/case30", "reader": "facts",
                      "ratings": "networks/pglib/pglib_opf_case118_ieee.m"}}, "other branches"),
        ({"network": {"path": "networks/pglib_hvdc/case5_3_he.m"}}, "dcline"),
    ],
)  # fmt: skip
def test_bad_inputs_are_named(more, words):
    with pytest.raises(ValueError, match=words):
        spot_market("case30", **more)


def test_an_offer_that_decreases_is_refused():
    data = spot_market("case30")
    data["offer_price"][0, 3, 5] = 0.0
    with pytest.raises(ValueError, match="generator 3: non-convex offer: its price changes by -3"):
        offers.checked(data)


def test_piecewise_and_polynomial_units_side_by_side():
    network = xr.concat([unit(100, 2, 0.01), unit(120, 0, 0, points=[(10, 50), (40, 200), (120, 1000)]), unit(7, 3, 0)],
                        xr.DataArray(["0", "1", "2"], dims="generator", name="generator"), join="outer")  # fmt: skip
    found = offers.true_offers(network, options(blocks=2))
    np.testing.assert_allclose(found["cost_quantity"], [[50, 50, 0], [10, 30, 80], [7, 0, 0]])
    np.testing.assert_allclose(found["cost_price"], [[2.5, 3.5, 3.5], [5, 5, 10], [3, 3, 3]])


def test_piecewise_must_run_and_no_capacity():
    points = [(10, 50), (40, 200), (120, 1000)]
    kept = offers.true_offers(unit(120, 0, 0, p_min=60, points=points), options(pmin="keep"))
    assert kept["must_run_cost"].item() == pytest.approx(40 * 5 + 20 * 10)
    np.testing.assert_allclose(kept["cost_price"], [[10]])
    none = offers.true_offers(unit(0, 0, 0, points=points), options())
    assert none["cost_quantity"].values.tolist() == [[0.0]]
    assert none["cost_price"].values.tolist() == [[5.0]]
