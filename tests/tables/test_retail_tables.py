"""Tables of the study ch2-retail: columns, totals, and what each column must be of the others."""

import numpy as np
import pandas as pd
import pytest

from retail import FLEXIBLE, bill, contributions, rate_gain, retail_market, settled, toy_prices, value
from sharegrid.tables import properties, retail_communities, retail_flexible, retail_users
from whole_study import results, tables

COLUMNS = {
    "tab_2_retail_users": "user, standalone_cost, mc, scr, pi_scr, pi_externality, pi_dual_price, pi_shapley, bill",
    "tab_2_retail_communities": "scenario, community, day, pv_kw, standalone_cost, community_cost, value,"
    " contributions, sellers_share",
    "tab_2_retail_flexible": "scenario, user, price, price_payment, externality_payment, difference",
    "tab_2_retail_properties": "property, residual, pass",
}
LAST_DIGIT = 1e-6  # of what tables show


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    return tables("ch2-retail")["tab_2_retail_users"].set_index("user")


def test_columns():
    shown = tables("ch2-retail")
    assert {stem: ", ".join(frame.columns) for stem, frame in shown.items()} == COLUMNS


def test_users_are_those_of_the_community_without_a_total(users):
    assert users.index.tolist() == ["1", "2", "3", "4", "5", "6"]


def test_totals_of_the_toy_community(users):
    total = users.sum()
    assert total["standalone_cost"] == pytest.approx(12.526852, abs=4e-6)
    assert total["bill"] == pytest.approx(9.531227, abs=4e-6)
    assert total["mc"] == pytest.approx(3.523593, abs=4e-6)
    for rule in ("scr", "dual_price", "shapley"):
        assert total[f"pi_{rule}"] == pytest.approx(2.995626, abs=4e-6)


def test_gains_and_bills_of_the_toy_community_are_those_of_the_closed_forms(users):
    net_load, prices = retail_market()["net_load"].isel(scenario=0).values, toy_prices()
    alone, gain = bill(net_load, *prices[:2]).sum(axis=1), rate_gain(net_load, *prices).sum(axis=1)
    total, spread = value(net_load, *prices, range(6)).sum(), prices[0] - prices[1]
    sold, bought = np.maximum(-net_load, 0), np.maximum(net_load, 0)
    short = np.where(sold.sum(axis=0) < bought.sum(axis=0), sold, bought)  # no hour is balanced
    wanted = {"standalone_cost": alone, "mc": contributions(net_load, *prices).sum(axis=1), "scr": gain / total,
              "pi_scr": gain, "pi_dual_price": (spread * short).sum(axis=1), "bill": alone - gain}  # fmt: skip
    wanted["pi_externality"] = wanted["mc"]
    for column, values in wanted.items():
        np.testing.assert_allclose(users[column], values, atol=LAST_DIGIT, err_msg=column)
    assert (users.filter(like="pi_") >= 0).all(axis=None)


def test_shares_and_the_agents_commission_sum_to_the_value():
    data = retail_market()
    frame = retail_users.table(settled(data, commission=0.2))
    net_load, prices = data["net_load"].isel(scenario=0).values, toy_prices()
    wanted = 0.8 * rate_gain(net_load, *prices).sum(axis=1) / value(net_load, *prices, range(6)).sum()
    np.testing.assert_allclose(frame["scr"], wanted, atol=LAST_DIGIT)
    assert frame["scr"].sum() == pytest.approx(0.8, abs=6 * LAST_DIGIT)


def test_users_of_another_scenario_and_rules_that_were_not_asked_for():
    frame = retail_users.table(results("ch2-retail"), scenario="2020-07-15|8").set_index("user")
    assert len(frame) == 20
    assert frame["pi_shapley"].isna().all()  # not all of its coalitions were valued
    assert frame["pi_scr"].sum() == pytest.approx(23.841868, abs=1e-5)
    nothing = retail_users.table(results("ch2-retail"), scenario="2020-07-15|1")
    assert nothing["scr"].isna().all()  # 0/0
    assert (nothing["pi_scr"] == 0).all()


def test_communities():
    frame = tables("ch2-retail")["tab_2_retail_communities"].set_index("scenario")
    assert len(frame) == 1 + 14
    np.testing.assert_allclose(frame["value"], frame["standalone_cost"] - frame["community_cost"], atol=2 * LAST_DIGIT)
    assert (frame["contributions"] >= frame["value"] - LAST_DIGIT).all()
    assert frame["sellers_share"].isna().equals(frame["value"] < 1e-9)
    assert frame.loc["toy", ["community", "day"]].tolist() == ["toy", ""]
    assert np.isnan(frame.loc["toy", "pv_kw"])
    winter = frame[frame["day"] == "2020-01-15"]["sellers_share"].dropna()
    assert len(winter) == 5 and (winter == 1).all()


def test_flexible_communities_have_no_shares_by_hour():
    frame = retail_communities.table(results("ch2-retail"), families=["flexible"])
    assert frame[["contributions", "sellers_share"]].isna().all(axis=None)
    # who exports anyway gains only by serving the base load of 1 kWh: 0.2 instead of 0.05 $/kWh
    assert frame.set_index("scenario").loc["X1", "value"] == pytest.approx(0.15)


def least_cost(load: float, users: list[str]) -> tuple[float, float, dict[str, float]]:
    """J, price and outputs of flexible users that serve `load` in one hour, by bisection of the price."""

    def outputs(price: float) -> dict[str, float]:
        return {name: min(price / (2 * FLEXIBLE[name]["quadratic"]), FLEXIBLE[name]["capacity_kwh"]) for name in users}

    low, high = 0.05, 0.2
    if load >= sum(outputs(high).values()):
        low = high
    if load <= sum(outputs(low).values()):
        high = low
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(outputs(middle).values()) < load else (low, middle)
    output = outputs(low)
    exchange = load - sum(output.values())
    grid = bill(exchange, 0.2, 0.05) if abs(exchange) > 1e-9 else 0.0
    return grid + sum(FLEXIBLE[name]["quadratic"] * kwh**2 for name, kwh in output.items()), low, output


def test_flexible_users_get_the_price_or_more():
    frame = tables("ch2-retail")["tab_2_retail_flexible"].set_index(["scenario", "user"])
    assert frame.index.tolist() == [(f"X{load}", name) for load in (12, 6, 1) for name in FLEXIBLE]
    for load in (12, 6, 1):
        together, price, output = least_cost(load, list(FLEXIBLE))
        for name in FLEXIBLE:
            without, _, _ = least_cost(load, [other for other in FLEXIBLE if other != name])
            externality = FLEXIBLE[name]["quadratic"] * output[name] ** 2 + without - together
            at_price = price * output[name]
            wanted = [price, at_price, externality, externality - at_price]
            np.testing.assert_allclose(frame.loc[(f"X{load}", name)], wanted, atol=LAST_DIGIT)
            assert (externality - at_price > 1e-3) == (load == 6)  # the finding of the caption


def test_who_delivers_nothing_has_no_price():
    frame = retail_flexible.table(results("ch2-retail"), families=["withholding"])
    assert len(frame) == 19 * 6
    assert frame["price"].isna().tolist() == [True] + [False] * (len(frame) - 1)  # the seller without surplus
    assert retail_flexible.table(made_without("vcg"))["difference"].isna().all()


def made_without(mechanism: str) -> dict:
    made = results("ch2-retail")
    return made | {"payments": made["payments"].drop_sel(mechanism=mechanism)}


def test_properties_list_the_theorems_and_the_measured_shares():
    frame = tables("ch2-retail")["tab_2_retail_properties"]
    assert frame["property"].tolist() == ["R1", "R2", "R3", "R4", "R5", "R6", "R6 scr share", "R7", "R7 scr share",
                                          "R7 shapley share", "R8"]  # fmt: skip
    theorem = frame["property"].str.fullmatch(r"R\d")
    assert frame.loc[theorem, "pass"].all() and not frame.loc[~theorem, "pass"].any()


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda r: retail_users.table(r, scenario="toys"), "option scenario: no 'toys'; did you mean 'toy'"),
        (lambda r: retail_communities.table(r, families=["day"]), "option families: no 'day'; did you mean 'days'"),
        (lambda r: retail_flexible.table(r, families=["flex"]), "option families: no 'flex'; did you mean 'flexible'"),
        (
            lambda r: retail_communities.table(r | {"payments": r["payments"][["payment"]]}),
            "there is no 'contribution_by_time' among the payments of this study",
        ),
        (lambda r: properties.table({"payments": r["payments"][["payment"]]}), "there is no 'proposition_residual'"),
        (lambda r: retail_users.table({key: r[key] for key in ("data", "cleared")}), "there are no payments"),
    ],
)
def test_errors_name_the_option_or_what_is_missing(draw, words):
    with pytest.raises(ValueError, match=words):
        draw(results("ch2-retail"))
