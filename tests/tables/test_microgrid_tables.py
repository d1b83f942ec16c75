"""Tables of the microgrid and of the market for energy and ancillary services: columns, and numbers that agree."""

import numpy as np
import pytest

import ancillary
import microgrids
from sharegrid.stages.pay import pay
from sharegrid.stages.value import value
from sharegrid.tables import ancillary_days, ancillary_loads, microgrid_revenue, microgrid_robust

REVENUE = (
    "scenario week products bid battery_mwh energy_usd_per_day regu_usd_per_day regd_usd_per_day spin_usd_per_day "
    "fru_usd_per_day frd_usd_per_day cost_usd_per_day profit_usd_per_day cvar_usd_per_day risk_adjusted_profit_usd_per_day "
    "missing_margin_mw"
)
ROBUST = (
    "scenario week gamma risk_adjusted_profit_usd_per_day profit_usd_per_day fru_mw frd_mw missing_margin_mw "
    "violated_hours_percent violated_days_percent largest_violation_mw missed_up_day_mwh missed_down_day_mwh"
)
DAYS = (
    "scenario price_mean price_low price_high fru_price_high fru_missing_mwh profit_usd_per_day vcg_premium_usd_per_day "
    "deviation_gain_usd_per_day adequacy_usd_per_day prices_unique"
)
LOADS = (
    "scenario load allocation energy_mwh energy_usd_per_day regu_usd_per_day regd_usd_per_day spin_usd_per_day "
    "fru_usd_per_day frd_usd_per_day fru_share"
)


@pytest.fixture(scope="module")
def market():
    data = ancillary.made(ancillary.TOY)
    cleared = ancillary.cleared_of(data)
    requests = [{"scenarios": ["energy"], "coalitions": "removals"}]
    values = value(data, {"market": ancillary.MARKET, "backend": "warm", "requests": requests, "compare": None})
    checks = {"price-taking": {"unique": ["energy"]}}
    payments = pay(data, cleared, values, {"mechanisms": {"lmp": {}, "vcg": {}}, "deficit": None, "checks": checks})
    return {"data_of_toy": data, "cleared_of_toy": cleared, "of_toy": payments}


def test_revenue_less_cost_is_the_profit():
    frame = microgrid_revenue.table(microgrids.results(), families=["products", "risk"])
    assert frame.columns.tolist() == REVENUE.split()
    parts = [f"{name}_usd_per_day" for name in ("energy", "regu", "regd", "spin", "fru", "frd")]
    total = frame[parts].sum(axis=1) - frame["cost_usd_per_day"]
    np.testing.assert_allclose(total, frame["profit_usd_per_day"], atol=1e-5)
    only_energy = frame.set_index("scenario").loc["E"]
    assert not only_energy[parts[1:]].any() and only_energy["battery_mwh"] == 8


def test_budgets_have_profits_and_violations():
    frame = microgrid_robust.table(microgrids.results(), families=["budget"])
    assert frame.columns.tolist() == ROBUST.split()
    assert frame["gamma"].tolist() == [0, 1, 2]
    assert frame["risk_adjusted_profit_usd_per_day"].is_monotonic_decreasing
    assert frame["violated_hours_percent"].tolist()[-1] == 0
    with pytest.raises(ValueError, match="there are no plan in this study"):
        microgrid_robust.table({k: v for k, v in microgrids.results().items() if k != "plan"}, families=["budget"])


def test_days_of_the_market(market):
    frame = ancillary_days.table(market, market="toy", families=["energy", "scarce"])
    assert frame.columns.tolist() == DAYS.split()
    assert frame["prices_unique"].tolist()[1] == "" and frame["prices_unique"].tolist()[0] in ("yes", "no")
    assert np.isnan(frame["vcg_premium_usd_per_day"][1]) and frame["vcg_premium_usd_per_day"][0] >= -1e-6
    assert frame["adequacy_usd_per_day"].abs().max() < 1e-5 and frame["deviation_gain_usd_per_day"].abs().max() < 1e-5
    assert frame["fru_missing_mwh"][0] == 0 and frame["fru_missing_mwh"][1] > 1


def test_loads_pay_what_units_get(market):
    frame = ancillary_loads.table(market, market="toy", scenarios=["energy", "causer"])
    assert frame.columns.tolist() == LOADS.split()
    units = market["cleared_of_toy"].sel(participant=["A", "B", "res"])["price_revenue"].sum("participant")
    paid = frame.set_index(["scenario", "load"]).filter(like="usd_per_day").sum(axis=1).groupby("scenario").sum()
    for name in ("energy", "causer"):
        assert paid[name] == pytest.approx(float(units.sel(scenario=name)))
    assert frame.set_index(["scenario", "load"]).loc[("causer", "mill"), "fru_share"] == pytest.approx(0.75)


def test_a_study_that_is_not_used_is_named(market):
    with pytest.raises(ValueError, match="option market: data_of_other is not here; add other to uses of the study"):
        ancillary_days.table(market, market="other", families=["energy"])
    with pytest.raises(ValueError, match="option scenarios: no 'none'"):
        ancillary_loads.table(market, market="toy", scenarios=["none"])
