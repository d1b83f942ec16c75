"""The data of the multi-area market, against plain reading of the tables and of the chapter, and what is refused."""

import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import multi_area
from multi_area import TOY, changed
from sharegrid import files, schema
from sharegrid.preparation.area_requirements import unreachable_reserve
from sharegrid.stages.clear import clear

FACTS = multi_area.RESOURCES / "networks/facts"
CASE30 = {table: pd.read_csv(FACTS / f"case30_{table}.csv") for table in ("bus", "branch", "generator")}


# Networks


def test_buses_and_loads_of_two_areas():
    data, bus = multi_area.data("two-area"), CASE30["bus"]
    for area in ("A1", "A2"):
        own = data.sel(bus=[f"{area}:{number}" for number in bus["bus"]])
        assert (own["bus_area"] == area).all()
        np.testing.assert_array_equal(own["demand"].squeeze(["scenario", "time"]), bus["pd_mw"] + bus["gs_mw"])
    assert data.sizes["bus"] == 60


def test_branches_have_the_susceptance_of_their_reactance_and_tap():
    data, branch = multi_area.data("two-area"), CASE30["branch"]
    tap = branch["ratio"].where(branch["ratio"] != 0, 1)
    np.testing.assert_allclose(data["susceptance"], np.tile(100 / (branch["x_pu"] * tap), 2), rtol=1e-12)
    np.testing.assert_array_equal(data["line_limit"][0], np.tile(branch["rate_a_mva"], 2))
    assert data["from_bus"].values[41] == f"A2:{branch['fbus'][0]}"
    assert data["branch"].values[41] == "A2:b1"


def test_branches_without_rating_have_no_limit():
    assert np.isinf(multi_area.data("three-area")["line_limit"]).all()


def test_limits_none_lifts_the_ratings():
    data = multi_area.data("two-area", {"lines": {"label": "{limits}", "limits": ["case", "none"]}})
    assert np.isfinite(data["line_limit"].sel(scenario="case")).all()
    assert np.isinf(data["line_limit"].sel(scenario="none")).all()


def test_ratings_of_another_file():
    pglib = "networks/pglib/pglib_opf_case118_ieee.m"
    areas = {name: area | {"ratings": pglib} for name, area in multi_area.THREE_AREA["areas"].items()}
    data = multi_area.data("three-area", areas=areas)
    assert np.isfinite(data["line_limit"]).all()
    assert clear(data, {"market": "multi-area"})["objective"].item() == pytest.approx(369136.0559, abs=1e-4)


def test_area_factors_scale_loads_and_costs():
    data, generator = multi_area.data("three-area"), pd.read_csv(FACTS / "case118_generator.csv")
    total = data["demand"].groupby(data["bus_area"]).sum().squeeze()
    assert total.sel(bus_area="A3") / total.sel(bus_area="A2") == pytest.approx(1.05)
    assert total.sel(bus_area="A1") / total.sel(bus_area="A2") == pytest.approx(0.9)
    own = data["true_block_price"].sel(scenario="base", generator=[f"A3:g{k + 1}" for k in range(54)])
    c1, c2, width = generator["c1_usd_per_mwh"], generator["c2_usd_per_mw2h"], generator["pmax_mw"] / 10
    for block in (0, 9):
        expected = 1.13 * (c1 + c2 * (2 * block + 1) * width) + 0.01 * (np.arange(54) + 1)
        np.testing.assert_allclose(own.isel(block=block), expected, rtol=1e-12)


def test_blocks_cost_what_the_curve_costs_at_their_edges():
    data, generator = multi_area.data("two-area", cost_model="blocks", blocks=4), CASE30["generator"]
    cost = (data["block_quantity"] * data["true_block_price"]).sel(scenario="base").cumsum("block").values[:6]
    p = data["block_quantity"].sel(scenario="base").cumsum("block").values[:6]
    c1, c2 = (generator[name].values[:, None] for name in ("c1_usd_per_mwh", "c2_usd_per_mw2h"))
    np.testing.assert_allclose(cost, c1 * p + c2 * p**2, rtol=1e-12)
    assert not data["true_quadratic"].any()


def test_quadratic_costs_are_kept():
    data, generator = multi_area.data("two-area"), CASE30["generator"]
    assert data.sizes["block"] == 1
    np.testing.assert_array_equal(data["block_quantity"][0, :6, 0], generator["pmax_mw"])
    np.testing.assert_array_equal(
        data["true_block_price"][0, :, 0], np.outer([1, 2], generator["c1_usd_per_mwh"]).ravel()
    )
    np.testing.assert_array_equal(data["true_quadratic"][0], np.outer([1, 2], generator["c2_usd_per_mw2h"]).ravel())


def test_reserve_costs_are_shares_of_the_scaled_linear_cost_before_tie_break():
    data, c1 = multi_area.data("two-area", tie_break=0.5), CASE30["generator"]["c1_usd_per_mwh"]
    np.testing.assert_allclose(data["true_reserve_cost"][0, 6:, 0], 0.25 * 2 * c1)
    np.testing.assert_allclose(data["true_reserve_cost"][0, 6:, 1], 0.1 * 2 * c1)
    np.testing.assert_allclose(data["true_block_price"][0, 6:, 0], 2 * c1 + 0.5 * np.arange(1, 7))


def test_lower_limits_are_zero_or_kept():
    areas = {"A": {"path": "networks/pglib/pglib_opf_case24_ieee_rts.m", "reader": "matpower"}}
    section = {"market": "multi-area", "areas": areas}
    assert not multi_area.data(section)["p_min"].any()
    kept = multi_area.data(section, pmin="keep")
    assert kept["p_min"].max() == 140  # of the coal unit of 350 MW
    assert (kept["p_min"] <= kept["block_quantity"].sum("block").squeeze("scenario")).all()


def test_lower_limits_above_load_and_ties_are_refused():
    """1036 MW of lower limits; 2850 MW of load."""
    areas = {"A": {"path": "networks/pglib/pglib_opf_case24_ieee_rts.m", "reader": "matpower"}, "B": {"load_mw": 1e3}}
    tie = {"from_bus": "A:1", "to_bus": "B", "capacity_mw": 500, "constant_loss_mw": 20}
    section = {"market": "multi-area", "areas": areas, "ties": {"T": tie}, "pmin": "keep"}
    loads = {"load": {"label": "{load_factor}", "load_factor": [0.2, 0.18]}}
    words = (
        r"prepare.pmin: keep: scenario '0.18', area 'A', hour 0: the lower limits of its units are 1036 MW together, its "
        r"load is 513 MW, and 510 MW can go into its ties; use pmin: zero"
    )
    with pytest.raises(ValueError, match=words):
        multi_area.data(section, loads)
    assert multi_area.data(section, {"load": {"label": "x", "load_factor": [0.2]}})["p_min"].sum() == 1036


# Single-bus areas


def test_the_toy_is_what_the_options_say():
    data = multi_area.data("toy")
    assert data["bus"].values.tolist() == data["area"].values.tolist() == ["A1", "A2"]
    assert data["participant"].values.tolist() == data["owner"].values.tolist() == ["G1", "G2", "G3"]
    assert data["generator_area"].values.tolist() == ["A1", "A2", "A2"]
    assert data["true_reserve_cost"].sel(direction="up").values.tolist() == [[5, 2, 5]]
    assert data["reserve_limit"].values.tolist() == [[0, 15, 15]]
    assert data["demand"].values.ravel().tolist() == [50, 120]
    assert data["available"].item() == 100
    assert (data["import_requirement"].values == [0.25, 0]).all()
    assert data.attrs["money"] == "$/h" and data.attrs["energy"] == "MW" and data.attrs["centre"] == "loads"


def test_the_toy_costs_what_the_chapter_says():
    cleared = clear(multi_area.data("toy"), {"market": "multi-area"})
    assert cleared["objective"].item() == pytest.approx(1855, abs=1e-9)


def test_two_areas_cost_what_the_chapter_says():
    caps = {"cap": {"label": "{tie_capacity_mw}", "tie_capacity_mw": [0, 60]}}
    cost = clear(multi_area.data("two-area", caps), {"market": "multi-area"})["objective"]
    np.testing.assert_allclose(cost, [1394.2, 1065.6], atol=0.05)


def test_areas_without_branches_units_ties_and_plants_are_stored(tmp_path):
    section = {"market": "multi-area", "areas": {"A": TOY["areas"]["A1"], "B": {"load_mw": 3}}}
    data = multi_area.data(section)
    files.write_dataset(data, tmp_path / "data.nc")
    stored = files.read_datasets({"data": tmp_path / "data.nc"})["data"]
    xr.testing.assert_equal(schema.check(stored, "data"), data)


# Hours


def test_profiles_of_a_day():
    data = multi_area.data(
        "two-area",
        cost_model="blocks",
        hours=24,
        load_profile={"mean": 0.75, "swing": 0.25, "zero_hour": 9},
        renewable_profile={"mean": 0.6, "swing": 0.4, "zero_hour": -6},
    )
    hour = np.arange(24)
    load = CASE30["bus"]["pd_mw"].sum() * 2 * (0.75 + 0.25 * np.sin(2 * np.pi * (hour - 9) / 24))
    np.testing.assert_allclose(data["demand"].sum("bus").squeeze("scenario"), load)
    wind = 45 * (0.6 + 0.4 * np.cos(2 * np.pi * hour / 24))
    np.testing.assert_allclose(data["available"].sel(scenario="base", renewable="W4"), wind)
    assert data.attrs["money"] == "$/day" and data.attrs["energy"] == "MWh"


def test_a_profile_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"prepare.load_profile: the factor is -0.207107 in hour 15"):
        multi_area.data("toy", hours=24, load_profile={"mean": 0.5, "swing": 1})


# Ties


def test_tie_capacity_of_converters():
    section = changed(TOY, ties__T={"from_bus": "A1", "to_bus": "A2", "rating_mva": 100, "reactive_mvar": 60})
    assert multi_area.data(section)["tie_capacity"].item() == pytest.approx(80)


def test_common_capacity_and_factor():
    families = {
        "cap": {"label": "cap{tie_capacity_mw}", "tie_capacity_mw": [None, 0, 30]},
        "factor": {"label": "x{tie_factor}", "tie_factor": [0, 0.5]},
    }
    section = changed(TOY, ties__T__constant_loss_mw=2)
    data = multi_area.data(section, families)
    assert data["tie_capacity"].values.ravel().tolist() == [80, 0, 30, 0, 40]
    assert data["constant_loss"].values.ravel().tolist() == [2, 0, 2, 0, 2]
    np.testing.assert_array_equal(data["tie_capacity_mw"], [np.nan, 0, 30, np.nan, np.nan])


def tangents(points: int) -> xr.Dataset:
    section = changed(TOY, ties__T__linear_loss=0.02, ties__T__quadratic_loss=0.002)
    return multi_area.data(section, loss_model="tangents", loss_points=points).squeeze("scenario")


@pytest.mark.parametrize("points", [3, 4, 9])
def test_tangents_are_below_the_losses_by_no_more_than_the_bound(points):
    data, flow = tangents(points), np.linspace(0, 80, 2001)
    approximate = (data["loss_slope"] * xr.DataArray(flow, dims="f") - data["loss_credit"]).max("loss_point").squeeze()
    exact = 0.02 * flow + 0.002 * flow**2
    gap = exact - approximate.values
    assert gap.min() > -1e-12
    assert gap.max() <= 0.002 * (80 / (2 * points)) ** 2 + 1e-12
    assert approximate[0] == 0
    assert data["chord_slope"].item() * 80 == pytest.approx(exact[-1])


def test_linear_losses_have_one_slope():
    data = multi_area.data(changed(TOY, ties__T__linear_loss=0.02)).squeeze("scenario")
    assert data["loss_slope"].values.tolist() == [[0.02]] and data["loss_credit"].values.tolist() == [[0]]
    assert data["chord_slope"].item() == 0.02


# Limits of units


def test_ten_minute_ramps():
    families = {
        "share": {"label": "share{ramp10}", "ramp10": [None, 0.2]},
        "factor": {"label": "factor{ramp10_factor}", "ramp10_factor": [0, 0.5, 2]},
    }
    limit = multi_area.data(changed(TOY, areas__A1__units__G1__reserve_limit_mw=None), families)["reserve_limit"]
    expected = {"shareNone": [100, 15, 15], "share0.2": [20, 20, 20], "factor0": [0, 0, 0],
                "factor0.5": [50, 7.5, 7.5], "factor2": [100, 30, 30]}  # fmt: skip
    assert {label: limit.sel(scenario=label).values.tolist() for label in limit["scenario"].values} == expected


def test_hourly_ramps():
    data = multi_area.data("toy", {"ramp": {"label": "{ramp}", "ramp": [None, 0.05]}})
    assert np.isinf(data["ramp_limit"].sel(scenario="None")).all()
    assert data["ramp_limit"].sel(scenario="0.05").values.tolist() == [5, 5, 5]


def test_load_factor():
    data = multi_area.data("toy", {"load": {"label": "{load_factor}", "load_factor": [1, 1.5]}})
    assert data["demand"].sel(scenario="1.5").values.ravel().tolist() == [75, 180]


# Plants


def test_plants_are_participants_if_asked():
    own = multi_area.data("toy", participants="all")
    assert own["participant"].values.tolist() == ["G1", "G2", "G3", "W"]
    assert own["renewable_owner"].values.tolist() == ["W"]
    assert multi_area.data("toy")["renewable_owner"].values.tolist() == [""]


# Bids

BIDS = {
    "truth": {"label": "truth"},
    "unit": {
        "label": "{bidder}|{energy_bid}|{reserve_bid}",
        "bidder": ["G3"],
        "energy_bid": [1, 2],
        "reserve_bid": [1, 5],
    },
    "area": {"label": "{bidder}|{reserve_bid}", "bidder": ["A2"], "reserve_bid": [5]},
}


def test_bids_change_offers_but_not_costs():
    data = multi_area.data(TOY, BIDS, cost_model="quadratic")
    assert data["block_price"].sel(scenario="G3|2|5").values.ravel().tolist() == [20, 30, 80]
    assert data["reserve_offer"].sel(scenario="G3|2|5", direction="up").values.tolist() == [5, 2, 25]
    assert data["reserve_offer"].sel(scenario="A2|5", direction="up").values.tolist() == [5, 10, 25]
    for offered, true in (("block_price", "true_block_price"), ("reserve_offer", "true_reserve_cost")):
        assert (data[true] == data[offered].sel(scenario="truth")).all()


def test_energy_bids_scale_the_quadratic_part_and_not_the_downward_reserve():
    families = {"bid": {"label": "{bidder}", "bidder": ["", "A2"], "energy_bid": [3], "reserve_bid": [7]}}
    data = multi_area.data("two-area", families)
    change = {name: (data[name].sel(scenario="A2") / data[name].sel(scenario="")) for name in
              ("block_price", "quadratic_offer", "reserve_offer")}  # fmt: skip
    assert np.unique(change["block_price"][6:]).tolist() == pytest.approx([3], rel=1e-12)
    np.testing.assert_allclose(change["quadratic_offer"], np.repeat([1, 3], 6))
    np.testing.assert_allclose(change["reserve_offer"].sel(direction="up"), np.repeat([1, 7], 6))
    assert (change["reserve_offer"].sel(direction="down") == 1).all()


def test_only_false_bids_of_one_unit_have_a_deviator():
    data = multi_area.data(TOY, BIDS)
    seen = {str(one): (str(data["deviator"].sel(scenario=one).values), str(data["base"].sel(scenario=one).values))
            for one in data["scenario"].values}  # fmt: skip
    assert seen == {
        "truth": ("", "truth"),
        "G3|1|1": ("", "G3|1|1"),
        "G3|1|5": ("G3", "truth"),
        "G3|2|1": ("G3", "truth"),
        "G3|2|5": ("G3", "truth"),
        "A2|5": ("", "A2|5"),
    }


def test_the_base_has_all_other_values_of_the_deviation():
    families = {
        "sweep": {
            "label": "{tie_capacity_mw}|{bidder}|{reserve_bid}",
            "tie_capacity_mw": [40, 80],
            "bidder": ["G2", "G3"],
            "reserve_bid": [1, 5],
        }
    }
    data = multi_area.data("toy", families)
    base = dict(zip(data["scenario"].values.tolist(), data["base"].values.tolist(), strict=True))
    assert base["80|G3|5"].startswith("80|") and base["40|G3|5"].startswith("40|")
    truthful = {label for label in base if label.endswith("|1")}
    assert set(base.values()) <= truthful


def test_a_deviation_without_base_is_refused():
    families = {"bid": {"label": "{bidder}|{load_factor}", "bidder": ["G3"], "reserve_bid": [5], "load_factor": [1.1]}}
    with pytest.raises(ValueError, match=r"prepare.scenarios.bid: 'G3\|1.1': no scenario has the same values .* 'G3'"):
        multi_area.data("toy", {"truth": {"label": "truth"}} | families)


def test_a_bidder_that_is_neither_unit_nor_area_is_refused():
    with pytest.raises(ValueError, match=r"prepare.scenarios.bid.bidder: 'G4' is no unit and no area.*G1 to G3"):
        multi_area.data("toy", {"bid": {"label": "x", "bidder": ["G4"]}})


# Reserve that units cannot hold


def test_reserve_that_no_dispatch_can_hold_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        data = multi_area.data("toy", requirements={"load_up": 0.5, "load_down": 0.2})
    found = unreachable_reserve(data).set_index(["area", "direction"])["short_mw"]
    assert found.to_dict() == {("A1", "up"): 25, ("A1", "down"): 10, ("A2", "up"): 30}
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 3 and "area A2" in warnings[2] and "30 MW short in scenario base" in warnings[2]


@pytest.mark.parametrize(("tie", "power", "short"), [(0, 0, 15), (10, 0, 8), (10, 12, 0), (0, 12, 4.2)])
def test_reserve_without_headroom_above_the_load_is_told(tie, power, short):
    """(1 + 0.2) 100 - 105 = 15 MW are missing; imports and wind add what they do not ask for themselves."""
    section = changed(
        TOY,
        areas__A1={"load_mw": 100, "units": {"G1": {"capacity_mw": 105, "linear": 20}}},
        ties__T__capacity_mw=tie,
        renewables__W__power_mw=power,
        requirements={"load_up": 0.2, "import_up": 0.3, "renewable_up": 0.1},
    )
    data = multi_area.data(section)
    found = unreachable_reserve(data).set_index(["area", "direction"])["short_mw"]
    assert found.to_dict() == pytest.approx({("A1", "up"): short} if short else {})
    if short:
        shortfall = clear(data, {"market": "multi-area"})["shortfall"].sel(area="A1", direction="up")
        assert shortfall.item() >= short - 1e-9


def test_an_offer_above_the_penalty_is_told_and_only_where_reserve_is_asked_for(caplog):
    bids = {"base": {"label": "base"}, "bid": {"label": "x{reserve_bid}", "bidder": ["G3"], "reserve_bid": [99, 100]}}
    with caplog.at_level(logging.WARNING):
        multi_area.data("toy", bids)
        multi_area.data("toy", bids, requirements={"renewable_down": 0.1})
        multi_area.data("toy", requirements={}, reserve_penalty=1)
        multi_area.data(changed(TOY, areas__A2__units__G3__reserve_limit_mw=0), reserve_penalty=3)
    assert [record.getMessage() for record in caplog.records] == [
        "reserve_penalty 500: reserve offers are not below it, so nobody buys them, in x100"
    ]


def test_reachable_reserve_is_no_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert unreachable_reserve(multi_area.data("two-area", voll=999)).empty
    assert not caplog.records


# The RTS-GMLC system

RTS = {
    "market": "multi-area",
    "rts": {"days": {"wind": "2020-01-07", "load": "2020-07-27"}},
    "hours": 24,
    "tie_break": 0.01,
    "requirements": multi_area.THREE_AREA["requirements"],
}


def test_days_of_the_rts_differ_in_loads_and_plants_only():
    data = multi_area.data(RTS, {"days": {"label": "{day}", "day": ["wind", "load"]}})
    wind, load = (data.sel(scenario=day) for day in ("wind", "load"))
    assert data["day"].values.tolist() == ["wind", "load"]
    assert load["demand"].sum() > wind["demand"].sum()
    plants = data["renewable"].str.contains("WIND")
    assert wind["available"][plants].sum() > load["available"][plants].sum()
    for name in ("true_block_price", "reserve_limit", "ramp_limit", "line_limit", "tie_capacity"):
        xr.testing.assert_equal(wind[name].reset_coords(drop=True), load[name].reset_coords(drop=True))
    assert np.isfinite(data["ramp_limit"]).all()


def test_the_rts_costs_what_the_chapter_says():
    families = {"days": {"label": "{day}|{tie_factor}", "day": ["wind", "load"], "tie_factor": [0, 1]}}
    cost = clear(multi_area.data(RTS, families), {"market": "multi-area"})["objective"]
    np.testing.assert_allclose(cost, [804484.274, 591135.486, 2688348.113, 2668041.545], atol=1e-3)


def test_the_first_hours_of_a_day():
    families = {"days": {"label": "{day}", "day": ["load"]}}
    whole, part = (multi_area.data(RTS, families, hours=hours) for hours in (24, 3))
    xr.testing.assert_equal(part["demand"], whole["demand"].isel(time=slice(3)))
    xr.testing.assert_equal(part["available"], whole["available"].isel(time=slice(3)))
    assert part.attrs["money"] == "$ per 3 h"
