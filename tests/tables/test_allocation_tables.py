"""Tables of allocations: columns, amounts, and what they say of a core."""

import numpy as np
import pytest
import xarray as xr

from coalition_costs import community_cost, cost_of, datasets
from game_tables import glove
from sharegrid.games.table import game_of
from sharegrid.mechanisms import nash_bargaining, shapley, sharing_contribution, vcg
from sharegrid.optimise import coalitions
from sharegrid.properties.allocations import allocation_properties
from sharegrid.tables import allocation_properties as properties_table
from sharegrid.tables import member_allocations

MECHANISMS = {"shapley": shapley.pay, "nash-bargaining@equal": nash_bargaining.pay, "vcg": vcg.pay}


def results(market, mechanisms=MECHANISMS) -> dict[str, xr.Dataset]:
    data, cleared, values = market
    index = xr.DataArray(list(mechanisms), dims="mechanism", name="mechanism")
    payment = xr.concat([pay(*market)["payment"] for pay in mechanisms.values()], index)
    payments = xr.Dataset({"payment": payment.transpose("scenario", "mechanism", "participant")})
    payments = payments.merge(allocation_properties(data, cleared, values, payments))
    return {"data": data, "cleared": cleared, "values": values, "payments": payments}


@pytest.fixture(scope="module")
def community():
    costs = {name: community_cost(np.random.default_rng(seed), 4) for name, seed in (("summer", 3), ("winter", 4))}
    return results(datasets(costs))


def test_members_and_what_they_get(community):
    frame = member_allocations.table(community, scenarios=["summer", "winter"])
    assert list(frame.columns) == [
        "scenario", "member", "stand_alone_usd_per_day", "shapley_usd_per_day", "nash_bargaining_equal_usd_per_day",
        "marginal_usd_per_day", "surplus_share_percent",
    ]  # fmt: skip
    assert frame["scenario"].tolist() == ["summer"] * 4 + ["winter"] * 4
    game = game_of(community["data"], community["values"], "summer")
    summer = frame[frame["scenario"] == "summer"]
    assert summer["member"].tolist() == ["A", "B", "C", "D"]
    np.testing.assert_allclose(summer["stand_alone_usd_per_day"], game.alone, atol=1e-6)
    np.testing.assert_allclose(summer["marginal_usd_per_day"], game.total - game.without, atol=1e-6)
    assert summer["shapley_usd_per_day"].sum() == pytest.approx(game.total, abs=1e-5)
    gain = summer["shapley_usd_per_day"] - summer["stand_alone_usd_per_day"]
    np.testing.assert_allclose(summer["surplus_share_percent"], 100 * gain / gain.sum(), atol=1e-2)


def test_shares_under_another_mechanism(community):
    frame = member_allocations.table(
        community, scenarios=["winter"], mechanisms=["vcg", "nash-bargaining@equal"], share_of="nash-bargaining@equal"
    )
    np.testing.assert_allclose(frame["surplus_share_percent"], 25)
    assert "shapley_usd_per_day" not in frame
    with pytest.raises(ValueError, match="option share_of: no 'shapley'"):
        member_allocations.table(community, scenarios=["winter"], mechanisms=["vcg"], share_of="shapley")
    with pytest.raises(ValueError, match="option scenarios: no 'spring'"):
        member_allocations.table(community, scenarios=["spring"])


def test_who_does_not_take_part_has_no_row():
    cost = cost_of(glove())
    market = datasets({"base": np.concatenate([cost, cost])}, taking_part=[[1, 1, 1, 0]])
    frame = member_allocations.table(results(market), scenarios=["base"])
    assert frame["member"].tolist() == ["A", "B", "C"]


def test_a_centre_has_what_is_left():
    frame = member_allocations.table(results(datasets({"base": cost_of(glove())}, centre="loads")), scenarios=["base"])
    assert frame["member"].tolist() == ["A", "B", "C", "loads"]
    np.testing.assert_allclose(frame["nash_bargaining_equal_usd_per_day"], 1 / 4)
    np.testing.assert_allclose(frame["marginal_usd_per_day"], [0, 0, 1, 0], atol=1e-9)


def test_properties_of_the_methods(community):
    frame = properties_table.table(community, scenarios=["winter"])
    assert list(frame.columns) == [
        "scenario", "method", "sum_usd_per_day", "deficit_usd_per_day", "max_excess_usd_per_day",
        "individually_rational", "in_core", "coalitions_tested", "superadditivity_violations",
    ]  # fmt: skip
    assert frame["method"].tolist() == ["shapley", "nash_bargaining_equal", "marginal"]
    total = game_of(community["data"], community["values"], "winter").total
    np.testing.assert_allclose(frame["sum_usd_per_day"], frame["deficit_usd_per_day"] + total, atol=1e-5)
    by_method = frame.set_index("method")
    assert by_method.loc["marginal", "deficit_usd_per_day"] > 0 and by_method.loc["marginal", "in_core"] == "no"
    assert by_method.loc["shapley", "deficit_usd_per_day"] == 0
    for name, row in by_method.iterrows():
        inside = row["max_excess_usd_per_day"] <= 1e-6 and abs(row["deficit_usd_per_day"]) <= 1e-6
        assert row["in_core"] == ("yes" if inside else "no"), name
    assert (frame["individually_rational"] == "yes").all() and (frame["coalitions_tested"] == 14).all()
    assert (frame["superadditivity_violations"] == 0).all()


def test_what_is_not_known_is_empty(community):
    payments = community["payments"].copy(deep=True)
    for name in ("in_core", "max_excess", "coalitions_tested"):
        payments[name].loc[{"scenario": "winter", "mechanism": "vcg"}] = np.nan
    frame = properties_table.table(community | {"payments": payments}, scenarios=["winter"], mechanisms=["vcg"])
    assert frame.loc[0, "in_core"] == "" and np.isnan(frame.loc[0, "max_excess_usd_per_day"])
    assert frame.loc[0, "coalitions_tested"] == 0


def test_what_the_coalitions_do_not_tell_is_unknown():
    few = np.unique(np.vstack([coalitions.removals(6), coalitions.alone(6)]), axis=0)
    market = datasets({"base": community_cost(np.random.default_rng(3), 6)}, absent=few)
    some = results(market, {"sharing-contribution": sharing_contribution.pay, "vcg": vcg.pay})
    frame = properties_table.table(some, scenarios=["base"])
    assert frame["in_core"].tolist() == ["unknown", "no"]
    assert frame["individually_rational"].tolist() == ["yes", "yes"]
    assert frame["superadditivity_violations"].isnull().all()


def test_a_study_without_properties_is_told_so(community):
    payments = community["payments"].drop_vars("deficit")
    with pytest.raises(ValueError, match="there is no 'deficit' among the payments of this study"):
        properties_table.table(community | {"payments": payments}, scenarios=["winter"])
