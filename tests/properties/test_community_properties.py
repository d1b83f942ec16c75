"""The checks of a community: they pass on its own results, and each of them can fail."""

import numpy as np
import pytest

from communities import cleared, community
from sharegrid.properties.community_properties import PROPERTIES, check

NAMES = list(PROPERTIES)
FAMILIES = {
    "energy": {"label": "energy"},
    "capacity": {"label": "capacity", "capacity_price": [10]},
    "limit": {"label": "limit", "network": ["limits"], "network_rights": ["shared"], "interface_kw": [280]},
}


@pytest.fixture(scope="module")
def made():
    data = community(FAMILIES, users=6, pv_share=1)
    return data, cleared(data)


def failed(data, result) -> set[str]:
    found = check(data, result, None, None)
    return {name for name in NAMES if (found["community_passed"].sel(community_property=name) == 0).any()}


def test_every_property_holds(made):
    found = check(*made, None, None)
    assert failed(*made) == set()
    assert found["community_unit"].values.tolist() == ["CAD/kWh", "CAD/kWh", "kW", "kW", "CAD/day", "CAD/day"]
    assert float(found["community_residual"].max()) < 1e-6


def test_the_band_is_not_told_where_a_limit_has_a_price(made):
    data, result = made
    unknown = check(*made, None, None)["community_residual"].sel(community_property=NAMES[:2]).isnull().all(
        "community_property"
    )  # fmt: skip
    assert unknown.values.tolist() == [False, False, True]
    assert float(result["network_rent"].sel(scenario="limit")) > 1
    high = data["price_buy"] + result["capacity_price_signal"] / data["day_weight"]
    assert float((result["price"] - high).sel(scenario="limit").max()) > 0.01  # above the band indeed


def test_price_outside_the_band(made):
    data, result = made
    assert NAMES[0] in failed(data, result.assign(price=result["price"] + 1.0))
    assert NAMES[0] in failed(data, result.assign(price=result["price"] - 1.0))


def test_price_inside_the_band_while_trading(made):
    """The middle of the band is within it, but not where the community imports or exports."""
    data, result = made
    middle = (data["price_buy"] + data["price_sell"]) / 2
    price = middle.expand_dims(scenario=data["scenario"].values)
    assert failed(data, result.assign(price=price)) == {NAMES[1]}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda c: {"grid_export": c["grid_export"] + 1.0, "grid_import": c["grid_import"] + 1.0}, NAMES[2]),
        (lambda c: {"grid_import": c["grid_import"] + 1.0}, NAMES[3]),
        (lambda c: {"price_revenue": c["price_revenue"] * 1.001}, NAMES[4]),
        (lambda c: {"capacity_payment": c["capacity_payment"] + 0.1}, NAMES[5]),
    ],
)
def test_each_property_can_fail(made, change, name):
    data, result = made
    assert name in failed(data, result.assign(change(result)))


def test_the_capacity_price_lifts_the_band(made):
    data, result = made
    above = (result["price"] - data["price_buy"]).sel(scenario="capacity")
    assert float(above.max()) > 0.01
    assert float(np.abs(above.where(data["peak_hour"] == 0)).min()) < 1e-9
