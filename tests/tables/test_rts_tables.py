"""Tables of the areas of RTS-GMLC: their columns, and their numbers against the Datasets they come from."""

import numpy as np
import pytest

import rts_days
from sharegrid.tables import area_summary, area_ties

COLUMNS = {
    "summary": "scenario, cost, import_mwh, export_mwh, curtailed_mwh, mp_total, vcg_total, vcg_profit_total,"
    " revenue_inadequacy, shed_mwh, shortfall_mwh",
    "ties": "scenario, tie, from_area, to_area, capacity_mw, forward_mwh, backward_mwh, loss_mwh, hours_full,"
    " worth_of_capacity, rent",
}


@pytest.fixture(scope="module")
def results():
    return rts_days.results()


@pytest.fixture(scope="module")
def tables(results):
    return {"summary": area_summary.table(results), "ties": area_ties.table(results, scenarios=rts_days.DAYS)}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tables, name):
    assert ", ".join(tables[name].columns) == COLUMNS[name]


def test_one_row_per_scenario_of_the_families(results, tables):
    assert tables["summary"]["scenario"].tolist() == results["data"]["scenario"].values.tolist()
    few = area_summary.table(results, families=["ties"])
    assert few["scenario"].tolist() == ["windy|ties0"]
    with pytest.raises(ValueError, match="option scenarios: no 'calm'"):
        area_summary.table(results, scenarios=["calm"])
    with pytest.raises(ValueError, match="option scenarios: no 'calm'"):
        area_ties.table(results, scenarios=["calm"])


def test_cost_is_that_of_the_truth(results, tables):
    """The objective of truthful scenarios; of strategic ones what output and reserve truly cost, without penalties here."""
    frame = tables["summary"].set_index("scenario")
    assert frame.loc["windy", "cost"] == pytest.approx(results["cleared"]["objective"].sel(scenario="windy").item())
    data, here = (results[name].sel(scenario="windy|bid10") for name in ("data", "cleared"))
    below = data["block_quantity"].cumsum("block") - data["block_quantity"]
    used = np.minimum((here["dispatch"] - below).clip(min=0), data["block_quantity"])  # cheap blocks first
    energy = (data["true_block_price"] * used).sum()
    reserve = (data["true_reserve_cost"] * here["reserve"]).sum()
    assert frame.loc["windy|bid10", "cost"] == pytest.approx(float(energy + reserve), rel=1e-9)
    assert here["objective"] > frame.loc["windy|bid10", "cost"] > frame.loc["windy", "cost"]


def test_energy_is_conserved(results, tables):
    """Units + plants = demand + losses of the ties; the losses are what is sent less what is delivered."""
    frame, data = tables["summary"].set_index("scenario"), results["data"]
    for label, row in frame.iterrows():
        here = results["cleared"].sel(scenario=label)
        made = here["dispatch"].sum() + here["renewable_output"].sum() + here["shed"].sum()
        lost = float(made - data["demand"].sel(scenario=label).sum())
        assert row["export_mwh"] - row["import_mwh"] == pytest.approx(lost, abs=1e-4)
        assert row["import_mwh"] == pytest.approx(0.98 * row["export_mwh"], abs=1e-4)
        spare = data["available"].sel(scenario=label).sum() - here["renewable_output"].sum()
        assert row["curtailed_mwh"] == pytest.approx(float(spare), abs=1e-4)


def test_totals_are_those_of_the_payments(results, tables):
    frame, payments = tables["summary"].set_index("scenario"), results["payments"]
    for label in ("windy", "high load", "windy|ties0"):
        paid = payments["payment"].sel(scenario=label).sum("participant")
        assert frame.loc[label, "mp_total"] == pytest.approx(paid.sel(mechanism="lmp").item())
        assert frame.loc[label, "vcg_total"] == pytest.approx(paid.sel(mechanism="vcg").item())
        cost = results["cleared"]["true_cost"].sel(scenario=label).sum().item()
        profit = frame.loc[label, "vcg_total"] - cost
        assert frame.loc[label, "vcg_profit_total"] == pytest.approx(profit)
    assert frame.loc["windy|bid10", ["vcg_total", "vcg_profit_total", "revenue_inadequacy"]].isna().all()
    assert frame.loc["windy|bid10", "mp_total"] > 0, "it was cleared"


def test_ties_carry_what_the_areas_exchange(results, tables):
    frame, cleared = tables["ties"], results["cleared"]
    summary = tables["summary"].set_index("scenario")
    for day, rows in frame.groupby("scenario"):
        sent = rows["forward_mwh"] + rows["backward_mwh"]
        assert sent.sum() == pytest.approx(summary.loc[day, "export_mwh"])
        np.testing.assert_allclose(rows["loss_mwh"], 0.02 * sent, atol=1e-6)
        for area in ("1", "2", "3"):
            out = rows.loc[rows["from_area"] == area, "forward_mwh"].sum()
            back = rows.loc[rows["to_area"] == area, "backward_mwh"].sum()
            assert out + back == pytest.approx(
                cleared["area_export"].sel(scenario=day, area=area).sum().item(), abs=1e-4
            )
        assert rows["rent"].sum() == pytest.approx(cleared["tie_rent"].sel(scenario=day).sum().item(), abs=1e-4)


def test_only_full_ties_earn(tables):
    frame = tables["ties"]
    idle = frame["hours_full"] == 0
    assert idle.any() and (~idle).any()
    assert (frame.loc[idle, ["worth_of_capacity", "rent"]].abs() < 1e-4).all(axis=None)
    np.testing.assert_allclose(frame["rent"], frame["worth_of_capacity"] * frame["capacity_mw"], rtol=1e-6, atol=1e-3)
    assert frame["rent"].max() > 1000
