"""Tables of the capacity market against its Datasets."""

import numpy as np
import pytest

import capacity
from sharegrid.tables import capacity_costs, capacity_peaks
from whole_study import study

COSTS = (
    "scenario, user, owns, alone_energy_cad_per_day, alone_capacity_cad_per_day, shared_energy_cad_per_day,"
    " shared_capacity_cad_per_day, saving_cad_per_day, pv_capacity_value_cad_per_day, battery_capacity_value_cad_per_day"
)
PEAKS = (
    "scenario, users, capacity_price, battery_share, coincident_peak_kw, sum_of_peaks_kw, capacity_charge_cad_per_day,"
    " alone_cad_per_day, shared_cad_per_day, saving_cad_per_day, pv_value_pv_only_cad_per_day, battery_value_cad_per_day,"
    " pv_peak_kw, battery_peak_kw"
)


@pytest.fixture(scope="module")
def costs():
    return capacity_costs.table(capacity.results(), scenarios=capacity.LABELS)


@pytest.fixture(scope="module")
def peaks():
    return capacity_peaks.table(capacity.results(), families=["capacity"])


def test_columns(costs, peaks):
    assert ", ".join(costs.columns) == COSTS and ", ".join(peaks.columns) == PEAKS
    shown = study("ch5-der-capacity").params("present")["tables"]
    kinds = {stem: item["kind"] for stem, item in shown.items()}
    assert kinds == {"tab_5_5_3_costs": "capacity-costs", "tab_5_5_3_peaks": "capacity-peaks",
                     "tab_5_5_3_methods": "allocation-properties",
                     "tab_5_5_3_properties": "tested-properties"}  # fmt: skip


def test_a_row_per_user_that_takes_part(costs):
    assert len(costs) == 3 * 10
    assert costs["user"].tolist()[:10] == [str(k) for k in range(10)]


@pytest.mark.parametrize("scenario", capacity.LABELS)
def test_bills_and_capacity_charges_sum_to_those_of_the_community(costs, scenario):
    here = costs[costs["scenario"] == scenario]
    cleared = capacity.results()["cleared"].sel(scenario=scenario)
    charge = capacity.results()["data"]["capacity_charge"].sel(scenario=scenario).item()
    bills = (here["shared_energy_cad_per_day"] + here["shared_capacity_cad_per_day"]).sum()
    assert bills == pytest.approx(cleared["objective"].item(), abs=1e-4)
    paid = charge * cleared["charged_peak"].item()
    assert here["shared_capacity_cad_per_day"].sum() == pytest.approx(paid, abs=1e-4)
    assert (here["saving_cad_per_day"] >= -1e-5).all()
    alone = (here["alone_energy_cad_per_day"] + here["alone_capacity_cad_per_day"]).sum()
    assert here["saving_cad_per_day"].sum() == pytest.approx(alone - bills, abs=1e-4)


def test_nothing_is_paid_for_capacity_without_a_price(costs):
    here = costs[costs["scenario"] == "capacity 0"]
    capacity_columns = [name for name in here if "capacity" in name]
    assert (here[capacity_columns] == 0).all().all()


def test_only_owners_earn_for_capacity(costs):
    pv = costs["owns"].str.contains("PV")
    battery = costs["owns"].str.contains("battery")
    assert (costs["pv_capacity_value_cad_per_day"][~pv] == 0).all()
    assert (costs["battery_capacity_value_cad_per_day"][~battery] == 0).all()
    assert costs["battery_capacity_value_cad_per_day"].max() > 0


def test_peaks_do_not_rise_with_the_price(peaks):
    """The least cost is concave in the capacity price, and the peak is its slope: of the community and of each user."""
    charged = peaks[peaks["capacity_price"] > 0]
    for name in ("coincident_peak_kw", "sum_of_peaks_kw"):
        assert (np.diff(charged[name]) <= 1e-6).all()
    assert (np.diff(peaks["saving_cad_per_day"]) > 0).all()
    np.testing.assert_allclose(peaks["alone_cad_per_day"] - peaks["shared_cad_per_day"], peaks["saving_cad_per_day"],
                               atol=2e-6)  # fmt: skip


def test_what_is_missing_is_named():
    results = {name: found for name, found in capacity.results().items() if name != "plan"}
    with pytest.raises(ValueError, match="there are no plan in this study"):
        capacity_costs.table(results, scenarios=["capacity 2"])
    with pytest.raises(ValueError, match="scenarios: no 'capacity 3'"):
        capacity_costs.table(capacity.results(), scenarios=["capacity 3"])
