"""Energy and ancillary services: prices against small changes, deliverability, scarcity, and what everybody pays."""

import numpy as np
import pytest
import xarray as xr

import ancillary
from sharegrid.markets import ancillary_services

FREE = {"ramp_60_mw": 600, "products": []}


STEPS = (1.0, -1.0, 1e-3, -1e-3)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", ["uncertainty", "total"])
def test_one_more_and_one_less_megawatt_cost_the_price(seed, kind):
    """The cost is convex: a MW more costs the price at least, a MW less saves it at most; small steps lie between."""
    data = ancillary.random_system(seed, frp_requirement=kind)
    cleared, changed, price = ancillary.cleared_of(data).isel(scenario=0), [], []
    for good in ["energy", *data["product"].values]:
        for hour in (0, 3):
            place = {"time": hour} if good == "energy" else {"time": hour, "product": good}
            needed = data["demand" if good == "energy" else "requirement"].sel(load="x").isel(scenario=0).sel(place)
            if float(needed) < 1:
                continue
            price.append(float(cleared["price" if good == "energy" else "product_price"].sel(place)))
            for step in STEPS:
                other = data.copy(deep=True).assign_coords(scenario=[f"{good} {hour} {step}"])
                other["demand" if good == "energy" else "requirement"].loc[{"load": "x"} | place] += step
                changed.append(other)
    together = xr.concat(changed, "scenario", data_vars="minimal", coords="minimal", compat="override", join="exact")
    cost = ancillary.cleared_of(together)["objective"].values.reshape(-1, len(STEPS)) - float(cleared["objective"])
    more, less, little_more, little_less = (cost / STEPS).T
    for low, high in ((less, little_less), (little_less, price), (price, little_more), (little_more, more)):
        assert (np.asarray(low) <= np.asarray(high) + 1e-5).all()


@pytest.mark.parametrize("seed", range(4))
def test_sold_products_can_be_delivered(seed):
    data = ancillary.random_system(seed)
    cleared = ancillary.cleared_of(data).isel(scenario=0)
    here = data.isel(scenario=0)
    award = {name: cleared["award"].sel(product=name).fillna(0) for name in here["product"].values}
    power, near = cleared["power"], 1e-6
    assert (power + award["regU"] + award["spin"] + award["FRU"] <= here["available"] + near).all()
    assert (power - award["regD"] - award["FRD"] >= here["minimum"] - near).all()
    assert (award["regU"] + award["spin"] <= here["ramp_10"] + near).all()
    assert (award["regU"] <= here["ramp_5"] + near).all() and (award["regD"] <= here["ramp_5"] + near).all()
    now, after = power.isel(time=slice(None, -1)), power.shift(time=-1).isel(time=slice(None, -1))
    up, down = (award[name].isel(time=slice(None, -1)) for name in ("FRU", "FRD"))
    room = here["available"].shift(time=-1).isel(time=slice(None, -1))
    assert (after - now + up <= here["ramp_60"] + near).all() and (now - after + down <= here["ramp_60"] + near).all()
    assert (after + up <= room + near).all() and (after - down >= here["minimum"] - near).all()
    assert (cleared["award"].sum("unit") + cleared["shortage"] >= here["requirement"].sum("load") - near).all()
    assert (cleared["product_price"] <= here["penalty"] + near).all()


def test_ramping_is_scarce_where_the_load_rises_and_prices_split():
    """Units that rise by 165 MW in all and a load that rises by 96 MW leave 69 MW, the case of the specification."""
    units = {
        "A": {"blocks": [[220, 20]], "ramp_60_mw": 75},
        "B": {"blocks": [[190, 44]], "ramp_60_mw": 65},
        "C": {"blocks": [[180, 55]], "ramp_60_mw": 25},
    }
    sweep = {"sweep": {"label": "{fru_factor}", "fru_factor": [0.5, 0.6, 0.69, 0.75]}}
    data = ancillary.numbered(units, [280, 280, 376, 370], requirements={"FRU": [0, 100, 0, 0]}, scenarios=sweep)
    cleared = ancillary.cleared_of(data).sel(time=[1, 2])
    fru = cleared["product_price"].sel(product="FRU", time=1).values
    np.testing.assert_allclose(fru[[0, 1, 3]], [24, 35, 247], atol=1e-6)
    np.testing.assert_allclose(cleared["price"].values[[0, 3]], [[20, 68], [-192, 291]], atol=1e-6)
    np.testing.assert_allclose(cleared["shortage"].sel(product="FRU", time=1), [0, 0, 0, 6], atol=1e-6)


def test_output_that_nobody_takes_costs_the_penalty():
    units = {"A": {"blocks": [[100, 20]], "minimum_mw": 60, "ramp_60_mw": 600}}
    cleared = ancillary.cleared_of(ancillary.numbered(units, [50, 70])).isel(scenario=0)
    np.testing.assert_allclose(cleared["excess"], [10, 0], atol=1e-9)
    np.testing.assert_allclose(cleared["price"], [-3000, 20], atol=1e-9)
    assert float(cleared["price_revenue"].sum()) == pytest.approx(0, abs=1e-6)
    assert float(cleared["reported_cost"].sum()) == pytest.approx(float(cleared["objective"]))


def test_energy_may_have_a_negative_price_before_a_steep_ramp():
    """One more MW now lets the cheap unit run 1 MW higher in the next hour: 20 - (54 - 20) = -14 $/MWh."""
    units = {"slow": {"blocks": [[200, 20]], "ramp_60_mw": 50, "products": []}, "fast": {"blocks": [[200, 54]]} | FREE}
    data = ancillary.numbered(units, [100, 100, 200, 150])
    cleared = ancillary.cleared_of(data)
    np.testing.assert_allclose(cleared["price"].isel(scenario=0).values[1:3], [-14, 54], atol=1e-9)
    assert float(ancillary.paid(data, cleared, ["base"])["price_unique"].sel(good="energy")[0, 1]) == 1


def test_a_falling_unit_sells_more_ramping_than_its_ramp():
    units = {"A": {"blocks": [[100, 20]], "ramp_60_mw": 30, "products": ["FRU"]}, "B": {"blocks": [[100, 90]]} | FREE}
    data = ancillary.numbered(units, [90, 60, 60], requirements={"FRU": [40, 0, 0]})
    cleared = ancillary.cleared_of(data).isel(scenario=0)
    assert float(cleared["award"].sel(unit="A", product="FRU", time=0)) == pytest.approx(40)
    assert float(cleared["shortage"].sum()) == pytest.approx(0, abs=1e-9)
    assert float(cleared["power"].sel(unit="A", time=1)) <= float(cleared["power"].sel(unit="A", time=0)) - 10 + 1e-9


def test_a_requirement_with_the_movement_in_it_is_held_within_the_ramp():
    """Then 70 MW of movement and 20 MW of uncertainty are 90 MW of ramping beside no step of the schedule."""
    units = {"A": {"blocks": [[300, 20]], "ramp_60_mw": 80, "products": ["FRU"]}, "B": {"blocks": [[300, 90]]} | FREE}
    required = {"FRU": [20, 0, 0]}
    data = ancillary.numbered(units, [100, 170, 170], requirements=required, frp_requirement="total")
    np.testing.assert_allclose(data["requirement"].sel(product="FRU").sum("load")[0], [90, 0, 0])
    cleared = ancillary.cleared_of(data)
    assert float(cleared["shortage"].sum()) == pytest.approx(10)
    alone = ancillary.cleared_of(ancillary.numbered(units, [100, 170, 170], requirements=required))
    assert float(alone["shortage"].sum()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("scenario", ["energy", "causer", "scarce"])
def test_loads_pay_what_units_get_also_where_something_is_missing(scenario):
    data = ancillary.made(ancillary.TOY)
    cleared = ancillary.cleared_of(data).sel(scenario=scenario)
    assert float(cleared["price_revenue"].sum()) == pytest.approx(0, abs=1e-6)
    assert float(cleared["reported_cost"].sum()) == pytest.approx(float(cleared["objective"]), rel=1e-9)
    assert (float(cleared["shortage"].sum()) > 1) == (scenario == "scarce")


def test_causers_pay_for_ramping_and_nothing_else_changes():
    data = ancillary.made(ancillary.TOY)
    cleared = ancillary.cleared_of(data)
    by_energy, by_cause = (-cleared["product_revenue"].sel(scenario=name) for name in ("energy", "causer"))
    loads = {"participant": ["city", "mill"]}
    fru = by_cause.sel(loads | {"product": "FRU"}).values
    assert fru[1] == pytest.approx(3 * fru[0])
    total = [one.sel(loads | {"product": "FRU"}).sum() for one in (by_energy, by_cause)]
    assert float(total[0]) == pytest.approx(float(total[1]))
    others = {"product": ["regU", "regD", "spin"]}
    np.testing.assert_allclose(by_energy.sel(others), by_cause.sel(others), atol=1e-9)


def test_a_larger_load_costs_what_its_scaled_data_cost():
    data = ancillary.made(ancillary.TOY).sel(scenario=["energy"])
    double = ancillary_services.scaled(data, "mill", 2.0)
    np.testing.assert_allclose(double["demand"].sel(load="mill"), 60)
    np.testing.assert_allclose(double["demand"].sel(load="city"), data["demand"].sel(load="city"))
    assert float(ancillary.cleared_of(double)["objective"][0]) > float(ancillary.cleared_of(data)["objective"][0])
