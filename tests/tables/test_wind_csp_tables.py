"""Tables of the joint offer: their columns, and their numbers against the Datasets they come from."""

import numpy as np
import pytest

import offering
from sharegrid.games.table import game_of
from sharegrid.tables import (
    coalition_values,
    offer_contributions,
    offer_imbalance,
    offer_sweeps,
    tested_properties,
)

DAYS = ["summer", "winter"]
COLUMNS = {
    "coalitions": "scenario, coalition, v_lp_usd_per_day, v_milp_usd_per_day",
    "contributions": "scenario, member, payoff_usd_per_day, payoff_unique, day_ahead_usd_per_day, balancing_usd_per_day,"
    " balancing_low_usd_per_day, balancing_high_usd_per_day",
    "imbalance": "scenario, who, offer_mwh, imbalance_mwh",
    "sweeps": "scenario, day, rho_minus, beta, storage_hours, csp_count, commitment, value_usd_per_day,"
    " surplus_usd_per_day, expected_profit_usd_per_day, cvar_usd_per_day, imbalance_mwh, csp_power, csp_energy,"
    " payoffs_unique,"
    " max_excess_owen_usd_per_day, max_excess_nash_equal_usd_per_day, max_excess_shapley_usd_per_day",
    "prices": "property, scenarios, holds_in, largest_residual, unit",
}
FAMILIES = ["base", "on-off", "risk", "spread", "storage", "plants"]


@pytest.fixture(scope="module")
def results():
    return offering.results()


@pytest.fixture(scope="module")
def tables(results):
    return {
        "coalitions": coalition_values.table(results, scenarios=DAYS, integer=[f"{day}|on-off" for day in DAYS]),
        "contributions": offer_contributions.table(results, scenarios=DAYS),
        "imbalance": offer_imbalance.table(results, scenarios=DAYS),
        "sweeps": offer_sweeps.table(results, families=FAMILIES),
        "prices": tested_properties.table(results, of="offering"),
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tables, name):
    assert ", ".join(tables[name].columns) == COLUMNS[name]
    assert len(tables[name])


def test_coalitions_are_named_by_their_members_small_ones_first(results, tables):
    frame = tables["coalitions"]
    names = frame.loc[frame["scenario"] == "winter", "coalition"].tolist()
    assert names[:5] == ["W1", "W2", "C1", "C2", "W1+W2"] and names[-1] == "W1+W2+C1+C2" and len(names) == 15
    row = frame.set_index(["scenario", "coalition"]).loc[("winter", "W2+C1")]
    for column, scenario in (("v_lp_usd_per_day", "winter"), ("v_milp_usd_per_day", "winter|on-off")):
        game = game_of(results["data"], results["values"], scenario)
        assert row[column] == pytest.approx(game.value[0b0110], abs=1e-5)


def test_contributions_add_up_to_the_payoff(results, tables):
    frame = tables["contributions"]
    np.testing.assert_allclose(
        frame["day_ahead_usd_per_day"] + frame["balancing_usd_per_day"], frame["payoff_usd_per_day"], atol=1e-5
    )
    total = frame.groupby("scenario", sort=False)["payoff_usd_per_day"].sum()
    np.testing.assert_allclose(total, -results["cleared"]["objective"].sel(scenario=DAYS), rtol=1e-9)
    assert frame["member"].tolist() == ["W1", "W2", "C1", "C2"] * 2
    assert (frame["balancing_low_usd_per_day"] <= frame["balancing_high_usd_per_day"] + 1e-6).all()


def test_imbalances_add_up(results, tables):
    frame = tables["imbalance"].set_index(["scenario", "who"])
    for day in DAYS:
        alone = frame.loc[[(day, name) for name in ("W1", "W2", "C1", "C2")]].sum()
        np.testing.assert_allclose(frame.loc[(day, "sum of separate")], alone, rtol=1e-6)
        joint = results["cleared"]["expected_imbalance"].sel(scenario=day).item()
        assert frame.loc[(day, "joint"), "imbalance_mwh"] == pytest.approx(joint, abs=1e-5)
        assert joint < alone["imbalance_mwh"], "what is short of one is left over of another"


def test_sweeps_are_read_off_the_games(results, tables):
    frame = tables["sweeps"].set_index("scenario")
    assert len(frame) == results["data"].sizes["scenario"]
    for scenario in ("winter", "summer|beta1", "csp3"):
        game, row = game_of(results["data"], results["values"], scenario), frame.loc[scenario]
        surplus = game.total - game.alone.sum()
        assert row["value_usd_per_day"] == pytest.approx(game.total, rel=1e-8)
        assert row["surplus_usd_per_day"] == pytest.approx(surplus, rel=1e-6)
        profit = results["payments"]["profit"].sel(scenario=scenario, mechanism="owen").values[: game.count]
        assert row["csp_power"] == pytest.approx((profit - game.alone)[2:].sum() / surplus, abs=1e-5)
        output = results["cleared"]["output"].sel(scenario=scenario).values
        assert row["csp_energy"] == pytest.approx(output[2:].sum() / output.sum(), abs=1e-5)
    assert frame["csp_count"].tolist().count(3) == 1 and np.isnan(frame.loc["winter", "storage_hours"])


def test_profit_and_risk_are_those_of_the_frontier(results, tables):
    """At risk weights 0 and 1 the optimum that was cleared is one of several, and not the one that is drawn."""
    frame, planned = tables["sweeps"].set_index("scenario"), results["plan"].sel({"method": "risk-frontier"})
    weights = [f"{day}{weight}" for day in DAYS for weight in ("|beta0", "", "|beta1")]
    for name in ("expected_profit", "cvar"):
        drawn = planned[f"frontier_{name}"].sel(scenario=weights)
        np.testing.assert_allclose(frame.loc[weights, f"{name}_usd_per_day"], drawn, atol=1e-6)
        rest = frame.index.difference(weights)
        np.testing.assert_allclose(
            frame.loc[rest, f"{name}_usd_per_day"], results["cleared"][name].sel(scenario=rest), atol=1e-6
        )
    cleared = results["cleared"]["expected_profit"].sel(scenario="winter|beta1").item()
    assert frame.loc["winter|beta1", "expected_profit_usd_per_day"] > cleared + 1
    without = offer_sweeps.table({name: one for name, one in results.items() if name != "plan"}, families=["risk"])
    assert without.set_index("scenario").loc["winter|beta1", "expected_profit_usd_per_day"] == pytest.approx(cleared)


def test_payoffs_are_unique_where_the_slopes_agree(results, tables):
    flags = results["payments"]["owen_unique"]
    sweeps = tables["sweeps"].set_index("scenario")["payoffs_unique"]
    assert (flags.sel(scenario=DAYS, participant=["W1", "W2", "C1", "C2"]) == 1).all()
    assert (sweeps[DAYS] == "yes").all() and (sweeps.drop(DAYS) == "").all(), "asked of the base scenarios"
    assert (tables["contributions"]["payoff_unique"] == "yes").all()
    two = flags.where(flags["participant"] != "C2", 0.0)
    changed = results | {"payments": results["payments"].assign(owen_unique=two)}
    rows = offer_contributions.table(changed, scenarios=["winter"]).set_index("member")["payoff_unique"]
    assert rows.to_dict() == {"W1": "yes", "W2": "yes", "C1": "yes", "C2": "no"}
    assert offer_sweeps.table(changed, families=["base"])["payoffs_unique"].tolist() == ["no", "no"]
    never = results | {"payments": results["payments"].drop_vars("owen_unique")}
    assert set(offer_contributions.table(never, scenarios=["winter"])["payoff_unique"]) == {""}


def test_a_property_counts_only_the_scenarios_that_tell(results):
    payments, names = results["payments"], results["payments"]["offering_property"].values
    here = (payments["scenario"] == "summer") & (payments["offering_property"] == names[1])
    fewer = payments.assign(
        offering_residual=payments["offering_residual"].where(~here),
        offering_passed=payments["offering_passed"].where(~here, 0),
    )
    frame = tested_properties.table(results | {"payments": fewer}, of="offering")
    count = results["data"].sizes["scenario"]
    assert frame["scenarios"].tolist() == frame["holds_in"].tolist() == [count, count - 1, *[count] * 4]


def test_the_internal_price_is_never_blocked(tables):
    frame = tables["sweeps"]
    frame = frame[frame["commitment"] == "linear"]
    assert (frame["max_excess_owen_usd_per_day"] <= 1e-6 * frame["value_usd_per_day"]).all()
    assert (frame["max_excess_nash_equal_usd_per_day"] > 1).any(), "equal bargaining powers are"


def test_a_mechanism_that_the_study_lacks_has_no_excess(results):
    fewer = results["payments"].sel(mechanism=["owen"])
    frame = offer_sweeps.table(results | {"payments": fewer}, families=["base"])
    assert frame["max_excess_shapley_usd_per_day"].isna().all()
    assert frame["max_excess_owen_usd_per_day"].notna().all()


def test_every_property_is_listed_and_holds(results, tables):
    frame = tables["prices"]
    assert frame["property"].tolist() == results["payments"]["offering_property"].values.tolist()
    assert (frame["holds_in"] == results["data"].sizes["scenario"]).all()
    assert (frame["scenarios"] == frame["holds_in"]).all()


def test_options_are_checked(results):
    with pytest.raises(ValueError, match="option integer: 1 scenarios; name one for each of the 2"):
        coalition_values.table(results, scenarios=DAYS, integer=["summer|on-off"])
    with pytest.raises(ValueError, match="option scenarios: no 'spring'"):
        coalition_values.table(results, scenarios=["spring"], integer=["summer"])
    with pytest.raises(ValueError, match="option families: no 'none'"):
        offer_sweeps.table(results, families=["none"])
    with pytest.raises(ValueError, match="option scenario: no 'spring'"):
        offer_contributions.table(results, scenarios=["spring"])
