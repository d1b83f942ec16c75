"""Payments in several areas: the toy by hand, the theorems of VCG on random instances, and who covers its deficit."""

import logging
from functools import cache

import numpy as np
import pytest
import xarray as xr

import multi_area
from sharegrid import schema
from sharegrid.mechanisms import area_deficit, vcg
from sharegrid.properties import area_deficit as check_area_deficit
from sharegrid.stages import clear, pay, value

RULES = ["demand", "location", "benefit"]
MISREPORTS = {"energy_bid": [0.5, 0.8, 1.0, 1.25, 2.0], "reserve_bid": [0.5, 1.0, 2.0, 5.0, 20.0]}
PGLIB = {"reader": "facts", "path": "networks/facts/case118", "ratings": "networks/pglib/pglib_opf_case118_ieee.m"}


def stages(data: xr.Dataset, areas=("*",), valued=("*",), **pay_options) -> dict[str, xr.Dataset]:
    """data, cleared, values and payments under LMP and VCG with the check of the deficit."""
    cleared = clear.clear(data, {"market": "multi-area"})
    requests = [{"scenarios": list(valued), "coalitions": "removals"}]
    game = {"areas": {"scenarios": list(areas)}} if areas else {}
    values = value.value(data, {"market": "multi-area", "backend": "warm", "requests": requests} | game)
    config = {"mechanisms": {"lmp": {}, "vcg": {}}, "deficit": None, "checks": {"area-deficit": pay_options}}
    return {"data": data, "cleared": cleared, "values": values, "payments": pay.pay(data, cleared, values, config)}


@cache
def toy() -> dict[str, xr.Dataset]:
    return stages(multi_area.data("toy", {"ties": {"label": "tie {tie_factor}", "tie_factor": [1.0, 0.0]}}))


@cache
def two_areas() -> dict[str, xr.Dataset]:
    caps = {"label": "{tie_capacity_mw}", "tie_capacity_mw": [0.0, 20.0, 40.0, 60.0, 80.0]}
    return stages(multi_area.data("two-area", {"caps": caps}))


def random_market(seed: int, count: int, load=(0.7, 1.15), ramp10=(0.1, 0.3), **options) -> xr.Dataset:
    """Two areas of 30 buses with random tie capacities, ten-minute ramps, loads and costs, `count` scenarios."""
    rng, base = np.random.default_rng(seed), multi_area.data("two-area", **options)
    made = []
    for k in range(count):
        one = base.assign_coords(scenario=[str(k)], base=("scenario", [str(k)]))
        cost = xr.DataArray(rng.uniform(0.7, 1.3, one.sizes["generator"]), dims="generator")
        prices = {name: one[name] * cost for name in ("block_price", "true_block_price")}
        made.append(one.assign(
            tie_capacity=one["tie_capacity"] * 0 + rng.uniform(20, 100, one.sizes["tie"]),
            reserve_limit=one["reserve_limit"] * rng.uniform(*ramp10) / 0.15,
            demand=one["demand"] * rng.uniform(*load, (one.sizes["bus"], 1)),
            **{name: price.transpose(*one[name].dims) for name, price in prices.items()},
        ))  # fmt: skip
    together = xr.concat(made, "scenario", data_vars="minimal", coords="minimal", compat="override", join="exact")
    return schema.described(together, "data")


@cache
def random_markets(kind: str) -> dict[str, xr.Dataset]:
    if kind == "quadratic":
        return stages(random_market(4101, 6))
    blocks = {"cost_model": "blocks", "tie_break": 0.01}
    if kind == "blocks":
        return stages(random_market(4102, 6, **blocks))
    return stages(
        random_market(4103, 6, load=(1.0, 1.8), ramp10=(0.01, 0.05), **blocks)
    )  # load is lost, reserve is missing


KINDS = ["quadratic", "blocks", "scarce"]


# ----------------------------------------------------------------------------------------------------------------- toy


def test_the_toy_by_hand():
    cleared, payments = (toy()[name].sel(scenario="tie 1") for name in ("cleared", "payments"))
    by_rule = payments["payment"].transpose("mechanism", "participant"), payments["profit"]
    assert float(cleared["objective"]) == pytest.approx(1855)
    assert cleared["reported_cost"].values == pytest.approx([600, 1230, 25])
    assert by_rule[0].sel(mechanism="lmp").values == pytest.approx([600, 1275, 25])
    assert by_rule[0].sel(mechanism="vcg").values == pytest.approx([870, 2050, 200])
    assert by_rule[1].sel(mechanism="lmp").values == pytest.approx([0, 45, 0], abs=1e-9)
    assert by_rule[1].sel(mechanism="vcg").values == pytest.approx([270, 820, 175])
    assert payments["removal_cost"].values == pytest.approx([2125, 2675, 2030])
    assert cleared["area_load_payment"].values == pytest.approx([1000, 3600])
    assert float(cleared["paid_to_others"]) == pytest.approx(2000)
    assert cleared["tie_rent"].values == pytest.approx([700])


def test_the_deficit_of_the_toy_by_area():
    here = toy()["payments"].sel(scenario="tie 1")
    assert float(here["revenue_inadequacy"]) == pytest.approx(3120 + 2000 - 4600) == pytest.approx(1220 - 700)
    shared = here["area_deficit"].transpose("deficit_rule", "area")
    assert shared.sel(deficit_rule="demand").values == pytest.approx([520 * 5 / 17, 520 * 12 / 17])
    assert shared.sel(deficit_rule="location").values == pytest.approx([-80, 600])
    assert shared.sel(deficit_rule="benefit").values == pytest.approx([260, 260])
    assert here["area_benefit"].values == pytest.approx([1945 / 2, 1945 / 2])
    net = here["area_net_benefit"].transpose("deficit_rule", "area")
    assert net.sel(deficit_rule="location").values == pytest.approx([972.5 + 80, 972.5 - 600])
    inadequacy = here["mechanism_inadequacy"]
    assert inadequacy.sel(mechanism=["lmp", "vcg"]).values == pytest.approx([-700, 520])
    assert float(here["benefit_fallback"]) == 0


def test_without_ties_the_benefit_rule_is_that_of_demand_and_units_are_pivotal(caplog):
    with caplog.at_level(logging.WARNING):
        stages(multi_area.data("toy", {"ties": {"label": "closed", "tie_factor": [0.0]}}))
    assert "no benefit of the ties in closed: 'demand' is used" in caplog.text
    payments = toy()["payments"].sel(scenario="tie 0")
    shared = payments["area_deficit"].transpose("deficit_rule", "area")
    np.testing.assert_allclose(shared.sel(deficit_rule="benefit"), shared.sel(deficit_rule="demand"))
    assert float(payments["benefit_fallback"]) == 1
    assert payments["profit"].sel(mechanism="vcg").values == pytest.approx([0, 20200, 19200])
    assert payments["pivotal"].values.tolist() == [0, 1, 1]
    assert toy()["payments"]["pivotal"].sel(scenario="tie 1").values.tolist() == [0, 0, 0]
    isolated = toy()["payments"]["isolated_inadequacy"]
    assert isolated.values == pytest.approx([38400, 38400])


def test_plants_as_participants_get_vcg_and_nothing_is_paid_to_others():
    made = stages(multi_area.data("toy", participants="all"))
    cleared, payments = (made[name].sel(scenario="base") for name in ("cleared", "payments"))
    assert made["data"]["participant"].values.tolist() == ["G1", "G2", "G3", "W"]
    assert float(cleared["paid_to_others"]) == 0
    assert cleared["price_revenue"].values == pytest.approx([600, 1275, 25, 2000])
    paid = payments["payment"].sel(mechanism="vcg")
    without = float(made["values"]["cost"].sel(scenario="base", coalition="all-W"))
    assert paid.values == pytest.approx([870, 2050, 200, without - 1855])
    assert without - 1855 > 2000, "more than at the price"
    assert float(payments["revenue_inadequacy"]) == pytest.approx(float(paid.sum()) - 4600)
    shared = payments["area_deficit"].transpose("deficit_rule", "area")
    assert shared.sum("area").values == pytest.approx([float(payments["revenue_inadequacy"])] * 3)
    premium = paid.values - [600, 1275, 25, 2000]
    assert shared.sel(deficit_rule="location").values == pytest.approx([premium[0] + premium[3] - 350, 600])


def test_what_solvers_leave_of_no_saving_is_no_benefit():
    values, cost = toy()["values"], np.array([1e6, 1e6 + 1e-4, 1e6 - 3e-4, 1e6])  # no ties, A1, both, A2
    same = values.assign(interconnection_cost=(("scenario", "area_set"), np.array([cost, cost - [0, 0, 4, 0]])))
    assert area_deficit.benefit(toy()["data"], same).values.tolist() == [[0, 0], pytest.approx([2.00015, 2.00015])]


NO_LOAD = multi_area.changed(multi_area.TOY, areas__A1__load_mw=0, areas__A2__load_mw=0)


def test_without_demand_nothing_is_shared():
    made = stages(multi_area.data(NO_LOAD, {"ties": {"label": "tie {tie_factor}", "tie_factor": [1.0, 0.0]}}))
    assert made["payments"]["revenue_inadequacy"].values.tolist() == [0, 0]
    assert (made["payments"]["area_deficit"] == 0).all()


def test_a_deficit_without_demand_is_refused_by_the_rules_that_share_by_it():
    section = multi_area.changed(NO_LOAD, ties__T__constant_loss_mw=10, renewables={})
    data = multi_area.data(section)
    with pytest.raises(ValueError, match=r"area-deficit: scenario base: no demand to share \d.* by; leave demand"):
        stages(data)
    with pytest.raises(ValueError, match="no demand to share"):  # the ties cost more than they save
        stages(data, rules=["benefit"])
    kept = stages(data, rules=["location"])["payments"]
    assert float(kept["area_deficit"].sum()) == pytest.approx(float(kept["revenue_inadequacy"].item()))


def test_an_area_that_costs_the_interconnection_receives_from_the_others():
    settled = area_deficit.Settled(
        deficit=xr.DataArray([30.0], {"scenario": ["x"]}, "scenario"),
        premium=xr.DataArray([[0.0, 0.0, 0.0]], {"scenario": ["x"], "area": ["A", "B", "C"]}, ("scenario", "area")),
        rent=xr.DataArray(0.0),
        demand=xr.DataArray([[1.0, 1.0, 1.0]], {"scenario": ["x"], "area": ["A", "B", "C"]}, ("scenario", "area")),
        benefit=xr.DataArray([[20.0, 20.0, -10.0]], {"scenario": ["x"], "area": ["A", "B", "C"]}, ("scenario", "area")),
        none=xr.DataArray([1e-6], {"scenario": ["x"]}, "scenario"),
    )
    assert area_deficit.allocate(settled, ["benefit"]).values.tolist() == [[[20, 20, -10]]]


def test_core_selecting_pays_nothing_where_nobody_takes_part():
    section = multi_area.changed(multi_area.TOY, areas__A2={"load_mw": 20})
    data = multi_area.data(section)
    cleared = clear.clear(data, {"market": "multi-area"})
    requests = [{"scenarios": ["*"], "coalitions": "core"}]
    values = value.value(data, {"market": "multi-area", "backend": "warm", "requests": requests})
    config = {"mechanisms": {"vcg": {}, "core-selecting": {}}, "deficit": None, "checks": {}}
    paid = pay.pay(data, cleared, values, config)["payment"]
    assert cleared["output"].values.tolist() == [[0]] and (paid == 0).all()


def kept_minimum() -> xr.Dataset:
    """The toy with a lower limit of 40 MW of G3, which then displaces G2: 2255 $/h instead of 1855, 2030 without G3."""
    data = multi_area.data("toy")
    return data.assign(p_min=data["p_min"].copy(data=[0.0, 0.0, 40.0]))


def test_who_is_in_the_way_of_the_others_is_paid_less_than_its_cost_and_that_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        made = stages(kept_minimum())
    payments = made["payments"].sel(scenario="base")
    assert float(made["cleared"]["objective"].item()) == pytest.approx(2255)
    assert payments["profit"].sel(mechanism="vcg", participant="G3").item() == pytest.approx(-225)
    assert payments["individually_rational"].sel(mechanism=["lmp", "vcg"]).values.tolist() == [0, 0]
    told = "VCG: scenario base: 1 paid less than their cost, as the others save without them [$/h]: G3 by 225.00"
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.parametrize("coalitions", ["core", "all"])
def test_core_selecting_does_not_pay_less_than_the_cost_in_silence(coalitions):
    data = kept_minimum()
    cleared = clear.clear(data, {"market": "multi-area"})
    request = {"scenarios": ["*"], "coalitions": coalitions}
    config = {"mechanisms": {"core-selecting": {}}, "deficit": None, "checks": {}}
    words = r"core-selecting: scenario base: the others save 225 without 'G3', .*pmin: zero"
    with pytest.raises(ValueError, match=words):
        values = value.value(data, {"market": "multi-area", "backend": "warm", "requests": [request]})
        pay.pay(data, cleared, values, config)


# ------------------------------------------------------------------------------------------------------------ theorems


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_loses_and_vcg_pays_at_least_the_marginal_prices(kind):
    made = random_markets(kind)
    profit = made["payments"]["profit"]
    scale = float(made["cleared"]["objective"].max())
    assert float(profit.sel(mechanism="vcg").min()) >= -1e-9 * scale
    assert float((profit.sel(mechanism="vcg") - profit.sel(mechanism="lmp")).min()) >= -1e-9 * scale
    assert float((profit.sel(mechanism="vcg") - profit.sel(mechanism="lmp")).max()) > 1
    saving = vcg.of_removals(made["values"], "cost") - made["values"]["cost"].sel(coalition="all")
    np.testing.assert_allclose(profit.sel(mechanism="vcg"), saving, atol=1e-9 * scale)


@pytest.mark.parametrize("kind", KINDS)
def test_all_rules_share_the_whole_deficit(kind):
    payments = random_markets(kind)["payments"]
    shared = payments["area_deficit"].transpose("scenario", "deficit_rule", "area")
    assert shared["deficit_rule"].values.tolist() == RULES
    inadequacy = payments["revenue_inadequacy"]
    near = 1e-8 * float(random_markets(kind)["cleared"]["load_payment"].max())
    for rule in RULES:
        np.testing.assert_allclose(shared.sel(deficit_rule=rule).sum("area"), inadequacy, atol=near)
    useful = payments["area_benefit"].sum("area") > 1
    assert ((payments["benefit_fallback"] == 0) == useful).all(), "without reserve for imports ties are of no use"
    assert useful.all() or kind == "scarce"
    net = payments["area_net_benefit"]
    np.testing.assert_allclose(net + payments["area_deficit"], payments["area_benefit"].broadcast_like(net))


@pytest.mark.parametrize("kind", KINDS)
def test_loads_pay_units_plants_and_rents(kind):
    made = random_markets(kind)
    assert (made["payments"]["settlement_residual"] <= 1e-9).all()
    cleared = made["cleared"]
    for lacking in (cleared["lost_load"], cleared["shortfall_rent"].sum("area")):
        assert bool((lacking > 1).any()) == (kind == "scarce")


@cache
def three_areas() -> dict[str, xr.Dataset]:
    return stages(multi_area.data("three-area", {"ties": {"label": "{tie_factor}", "tie_factor": [1.0, 0.0]}}))


@pytest.mark.parametrize("kind", [*KINDS, "three areas"])
def test_the_location_rule_by_a_plain_sum(kind):
    made = three_areas() if kind == "three areas" else random_markets(kind)
    payments, data = made["payments"], made["data"]
    rule = payments["area_deficit"].sel(deficit_rule="location")
    ends = list(zip(data["tie_from_area"].values, data["tie_to_area"].values, strict=True))
    for scenario in data["scenario"].values:
        cleared = made["cleared"].sel(scenario=scenario)
        paid = payments["payment"].sel(scenario=scenario).transpose("mechanism", "participant").to_pandas()
        rents = cleared["tie_rent"].values
        for area in data["area"].values:
            own = sum(paid.loc["vcg", name] - paid.loc["lmp", name] for name in paid if name.startswith(area))
            local = float(cleared["line_rent"].sel(area=area) + cleared["shortfall_rent"].sel(area=area))
            ties = sum(rent / 2 for rent, both in zip(rents, ends, strict=True) if area in both)
            assert float(rule.sel(scenario=scenario, area=area)) == pytest.approx(own - local - ties, abs=1e-6)


def test_missing_reserve_earns_a_rent():
    made = stages(multi_area.data("two-area", ramp10=0.02))
    assert float(made["cleared"]["shortfall_rent"].sum()) == pytest.approx(1656.0, abs=0.05)
    assert float(made["payments"]["settlement_residual"].max()) <= 1e-9
    needed = made["payments"]["pivotal"].sel(scenario="base")
    lacking = made["cleared"]["shortfall"].sum("direction").squeeze().to_series()
    assert lacking["A1"] > 1 and lacking["A2"] > 1 and (needed == 1).any()


@pytest.mark.parametrize("who", ["A1:g2", "A2:g1", "A2:g4"])
def test_no_single_unit_gains_by_another_offer(who):
    family = {"label": "x{energy_bid} x{reserve_bid}", "bidder": [who]} | MISREPORTS
    data = multi_area.data("two-area", {"base": {"label": "base"}, "bids": family})
    made = stages(data, areas=None, valued=["base"], rules=["demand"])
    profit = made["payments"]["profit"].sel(participant=who).transpose("mechanism", "scenario")
    honest = profit.sel(scenario="base", mechanism="vcg").item()
    gains = profit.sel(mechanism="vcg").drop_sel(scenario="base") - honest
    assert gains.size == 25 and float(gains.max()) <= 1e-6
    assert float(gains.min()) < -0.1, "some offers lose"
    at_prices = profit.sel(mechanism="lmp") - profit.sel(mechanism="lmp", scenario="base")
    assert float(at_prices.max()) > 1e-3, "at marginal prices some offers gain"


# ------------------------------------------------------------------------------------------------------ measured before


def test_numbers_of_two_areas_by_tie_capacity():
    payments = two_areas()["payments"]
    found = payments["revenue_inadequacy"].sel(scenario=["0", "20", "40", "60", "80"]).values
    assert found == pytest.approx([73.4, -68.2, -130.6, 57.8, 278.5], abs=0.05)
    assert payments["isolated_inadequacy"].values == pytest.approx([found[0]] * 5)


def test_numbers_of_three_areas():
    here = three_areas()["payments"].sel(scenario="1")
    assert float(here["revenue_inadequacy"]) == pytest.approx(4612.7, abs=0.05)
    assert float(here["isolated_inadequacy"]) == pytest.approx(7700.6, abs=0.05)
    assert float(here["area_benefit"].sum()) == pytest.approx(2250.1, abs=0.05)


def test_numbers_of_three_areas_with_line_limits():
    areas = {name: area | PGLIB for name, area in multi_area.THREE_AREA["areas"].items()}
    family = {"ties": {"label": "{tie_factor}", "tie_factor": [1.0, 0.0]}}
    made = stages(multi_area.data("three-area", family, areas=areas))
    here = made["payments"].sel(scenario="1")
    assert float(made["cleared"]["objective"].sel(scenario="1")) == pytest.approx(369136.0559, abs=1e-3)
    assert float(here["revenue_inadequacy"]) == pytest.approx(7268.112, abs=1e-3)
    assert float(here["isolated_inadequacy"]) == pytest.approx(9094.659, abs=1e-3)
    rent = made["cleared"]["line_rent"].sel(scenario="1")
    assert float(rent.sel(area="A3")) > 1


# ------------------------------------------------------------------------------------------- what is found, what is not


def test_scenarios_that_were_not_valued_have_no_numbers():
    family = {
        "ties": {"label": "tie {tie_factor} {ramp10_factor}", "tie_factor": [1.0, 0.0], "ramp10_factor": [1.0, 1.1]}
    }
    data = multi_area.data("toy", family)
    made = stages(data, areas=["tie 1 1"], valued=["tie 1 1", "tie 1 1.1", "tie 0 1.1"])["payments"]
    assert made["revenue_inadequacy"].isnull().values.tolist() == [False, False, True, False]
    for name in ("area_deficit", "pivotal"):
        assert made[name].isnull().all([dim for dim in made[name].dims if dim != "scenario"]).values.tolist() == [
            False, False, True, False,
        ]  # fmt: skip
    benefit = made["area_deficit"].sel(deficit_rule="benefit").isnull().all("area")
    assert benefit.values.tolist() == [False, True, True, True]
    assert made["benefit_fallback"].isnull().values.tolist() == [False, True, True, True]
    isolated = made["isolated_inadequacy"]
    assert isolated.isnull().values.tolist() == [True, False, True, False], "of the same ramps only"
    assert float(isolated.sel(scenario="tie 1 1.1")) == float(made["revenue_inadequacy"].sel(scenario="tie 0 1.1"))
    assert made["settlement_residual"].notnull().all()


def test_the_removal_of_who_bids_is_that_of_the_base():
    data = multi_area.data(
        "toy", {"base": {"label": "base"}, "bid": {"label": "bid", "bidder": ["G3"], "reserve_bid": [3]}}
    )
    made = stages(data, areas=None, valued=["base"], rules=["demand"])
    needed = made["payments"]["pivotal"].sel(scenario="bid")
    assert needed.values.tolist()[2] == 0 and needed.isnull().values.tolist() == [True, True, False]


def test_what_is_paid_to_others_is_not_left_for_the_participants():
    loads = xr.Dataset({"load_payment": ("scenario", [100.0, 50.0])})
    assert vcg.collected(xr.Dataset(), loads, None).values.tolist() == [100, 50]
    plants = loads.assign(paid_to_others=("scenario", [30.0, 0.0]))
    assert vcg.collected(xr.Dataset(), plants, None).values.tolist() == [70, 50]


def test_prices_that_do_not_balance_are_an_error():
    wrong = toy()["cleared"].copy(deep=True)
    wrong["price_revenue"].loc[{"scenario": "tie 0", "participant": "G2"}] += 0.1
    with pytest.raises(RuntimeError, match=r"area-deficit: scenario tie 0: payments and rents .* by 2\.1e-05 of"):
        area_deficit.settlement_residual(wrong)
    wrong["tie_rent"][:] = np.nan
    with pytest.raises(RuntimeError, match="do not balance"):
        area_deficit.settlement_residual(wrong.where(False))


def test_refusals():
    made = toy()
    data, cleared, values, payments = (made[name] for name in ("data", "cleared", "values", "payments"))
    check = check_area_deficit.check
    with pytest.raises(ValueError, match="this market has no areas; take it out of pay: checks"):
        check(data, cleared.drop_vars("tie_rent"), values, payments)
    with pytest.raises(ValueError, match="needs the mechanism vcg; add it to pay: mechanisms"):
        check(data, cleared, values, payments.sel(mechanism=["lmp"]))
    with pytest.raises(ValueError, match="needs the mechanism vcg"):
        check(data, cleared, None, payments)
    with pytest.raises(ValueError, match=r"add value: \{areas: \{scenarios: \[\.\.\.\]\}\}, or leave the rule out"):
        check(data, cleared, values.drop_vars("interconnection_cost"), payments)
    both = data.assign(owner=("generator", ["G1", "G2", "G2"]), generator_area=("generator", ["A1", "A1", "A2"]))
    with pytest.raises(ValueError, match="'G2' owns units in the areas A1 and A2; make it one participant per area"):
        area_deficit.participant_area(both)
