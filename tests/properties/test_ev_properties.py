"""The check of the fleets: it passes what is right and finds what is not."""

import pytest
import xarray as xr

import carbon
from sharegrid.properties.ev_properties import PROPERTIES, check

NAMES = list(PROPERTIES)


@pytest.fixture(scope="module")
def data():
    return carbon.cases().sel(scenario=["v2g", "v2g 40", "ratio 0.8"])


@pytest.fixture(scope="module")
def cleared(data):
    return carbon.cleared().sel(scenario=data["scenario"].values)


def passed(data, cleared):
    return check(data, cleared, None, None)["ev_passed"]


def test_what_is_right_passes(data, cleared):
    found = check(data, cleared, None, None)
    assert (found["ev_passed"] == 1).all() and found["ev_property"].values.tolist() == NAMES
    assert found["ev_unit"].values.tolist() == ["MW", "MW", "MWh", "t", "$/t", "$"]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda c: c.assign(charge=c["charge"] + 0.1, discharge=c["discharge"] + 0.1), NAMES[:3]),
        (lambda c: c.assign(charge=c["charge"] * 3), NAMES[1:3]),
        (lambda c: c.assign(energy=c["energy"] + 0.1), NAMES[2:3]),
        (lambda c: c.assign(allowances_bought=c["allowances_bought"] + 0.1), NAMES[3:4]),
        (lambda c: c.assign(carbon_price_internal=c["carbon_price_internal"] + 1), NAMES[4:5]),
        (lambda c: c.assign(carbon_price_internal=c["carbon_price_internal"] - 1), NAMES[4:5]),
        (lambda c: c.assign(price_revenue=c["price_revenue"] + 1), NAMES[5:]),
    ],
)
def test_what_is_wrong_is_found(data, cleared, change, broken):
    found = passed(data, change(cleared))
    assert not found.sel(scenario="v2g 40", ev_property=broken).any()
    rest = [name for name in NAMES if name not in broken]
    assert (found.sel(scenario="v2g 40", ev_property=rest) == 1).all()


def test_charging_and_discharging_at_once_is_found_where_energy_is_worth_less_than_nothing():
    data = carbon.real(carbon_price=-60, sell_ratio=1)
    cleared = carbon.cleared_of(data)
    assert (passed(data, cleared) == 1).all()
    hour = {"participant": "home", "time": 22}
    both = xr.zeros_like(cleared["charge"])
    both.loc[hour] = 0.5  # of 4.2 MW: the hour has room for both
    small = cleared.assign(charge=both, discharge=both)
    found = passed(data, small).isel(scenario=0)
    assert found.sel(ev_property=NAMES[:2]).values.tolist() == [0, 1]
