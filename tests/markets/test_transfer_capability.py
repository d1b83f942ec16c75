"""Transfer capability: against programs with every row, its laws, its prices against small changes, its games."""

from functools import cache

import numpy as np
import pytest
import xarray as xr

import secure_by_hand
import transfers
from sharegrid.games.core import least_core
from sharegrid.games.table import game_of
from sharegrid.markets import transfer_capability
from sharegrid.markets.transfer_security import of_system
from sharegrid.optimise import coalitions
from sharegrid.options.transfer_capability import TransferMarket

MEASURED = {  # 2020-01-15 18:00, with and without outages
    "1->2": (358.22, 518.16), "2->3": (0, 400.00), "3->1": (1088.85, 1215.46),
    "2->1": (627.24, 762.18), "3->2": (562.67, 898.69), "1->3": (0, 328.68),
}  # fmt: skip
LEVELS = [0, 0.05, 0.1, 0.15, 0.2]


@cache
def evening():
    """All directions of a winter evening, with and without outages."""
    family = {"label": "{transfer} {contingencies}", "transfer": list(transfers.TRANSFERS), "date": ["2020-01-15"],
              "hour": [18], "contingencies": ["n-1", "none"]}  # fmt: skip
    return transfers.prepared({"evening": family})


@cache
def night():
    """A transfer on a summer night, with demand response at all buses at several levels."""
    family = {"label": "{transfer} {reduction_level}", "transfer": ["2->1", "1->2"], "reduction_level": LEVELS}
    return transfers.prepared({"night": family | transfers.HOURS})


@cache
def case5():
    """Levels and budgets on five buses."""
    both = {"transfer": ["case5 3->4", "case5 4->3"]}
    budgets = [0, 500, 1000, 1500, 2000]
    return transfers.prepared({
        "levels": {"label": "{transfer} {reduction_level}", "reduction_level": LEVELS} | both,
        "budgets": {"label": "{transfer} budget {budget}", "reduction_level": [0.2], "budget": budgets} | both,
    })  # fmt: skip


@cache
def found_in(make) -> xr.Dataset:
    """What make() clears to."""
    return transfers.cleared(make())


def one_of(data: xr.Dataset, label: str) -> tuple[xr.Dataset, xr.Dataset]:
    """The system of a scenario, and the scenario."""
    one = data.sel(scenario=label)
    return of_system(one, one["system"].item()), one


@pytest.mark.parametrize("name", MEASURED)
def test_the_transfers_of_a_winter_evening_are_those_measured(name):
    found = found_in(evening)["transfer_mw"]
    for contingencies, value in zip(("n-1", "none"), MEASURED[name], strict=True):
        assert found.sel(scenario=f"{name} {contingencies}") == pytest.approx(value, abs=0.005)


@pytest.mark.parametrize("label", ["1->2 n-1", "2->3 none"])
def test_an_hour_of_rts_is_the_optimum_of_a_program_with_every_row(label):
    system, one = one_of(evening(), label)
    found = found_in(evening)["transfer_mw"].sel(scenario=label).item()
    assert found == pytest.approx(secure_by_hand.transfer(system, one), abs=1e-6)


@pytest.mark.parametrize("label", ["1->2 0.2"])
def test_demand_response_of_rts_is_the_optimum_of_a_program_with_every_row(label):
    system, one = one_of(night(), label)
    found = found_in(night)["transfer_mw"].sel(scenario=label).item()
    assert found == pytest.approx(secure_by_hand.transfer(system, one), abs=1e-5)


@pytest.mark.parametrize("label", case5()["scenario"].values.tolist())
def test_five_buses_are_the_optimum_of_a_program_with_every_row(label):
    system, one = one_of(case5(), label)
    found = found_in(case5)["transfer_mw"].sel(scenario=label).item()
    assert found == pytest.approx(secure_by_hand.transfer(system, one), abs=1e-6)


def test_every_coalition_has_the_optimum_of_a_program_with_every_row():
    data = night().sel(scenario=["2->1 0.1"])
    system, one = one_of(data, "2->1 0.1")
    values = transfers.valued(data)
    absent = coalitions.absent(values)
    rng = np.random.default_rng(1)
    for k in rng.choice(len(absent), 3, replace=False):
        gone = tuple(values["participant"].values[absent[k]])
        by_hand = secure_by_hand.transfer(system, one, gone)
        assert -values["cost"].values[0, k] == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize("label", ["case5 3->4 0.2", "case5 4->3 budget 1000"])
def test_every_coalition_of_five_buses_is_exact(label):
    data = case5().sel(scenario=[label])
    system, one = one_of(data, label)
    values = transfers.valued(data)
    for k, gone in enumerate(coalitions.absent(values)):
        by_hand = secure_by_hand.transfer(system, one, tuple(values["participant"].values[gone]))
        assert -values["cost"].values[0, k] == pytest.approx(by_hand, abs=1e-6)
    np.testing.assert_allclose(transfers.valued(data, "rebuild")["cost"], values["cost"], atol=1e-6)


def test_the_number_of_rows_is_small_and_no_row_is_beyond_reach_of_the_base():
    rows = transfer_capability.security_rows(evening())
    assert np.isfinite(rows["room"]).sum("row").max() < 200
    assert (rows["room"] >= 0).all()


def test_outages_never_raise_the_transfer():
    found = found_in(evening)["transfer_mw"]
    for name in MEASURED:
        assert found.sel(scenario=f"{name} n-1") <= found.sel(scenario=f"{name} none") + 1e-9


@pytest.mark.parametrize("make", [night, case5])
def test_the_transfer_is_concave_in_the_level(make):
    found = found_in(make)["transfer_mw"]
    for name in dict.fromkeys(make()["transfer"].values.tolist()):
        steps = np.diff([found.sel(scenario=f"{name} {level:g}").item() for level in LEVELS])
        assert (steps >= -1e-6).all() and (np.diff(steps) <= 1e-6).all()


@pytest.mark.parametrize("name", ["case5 3->4", "case5 4->3"])
def test_the_transfer_is_concave_in_the_budget_and_none_buys_nothing(name):
    found = found_in(case5)["transfer_mw"]
    values = [found.sel(scenario=f"{name} budget {budget}").item() for budget in (0, 500, 1000, 1500, 2000)]
    steps = np.diff(values)
    assert (steps >= -1e-6).all() and (np.diff(steps) <= 1e-6).all()
    assert values[0] == pytest.approx(found.sel(scenario=f"{name} 0").item(), abs=1e-9)


def test_on_five_buses_the_gain_is_the_demand_response_of_the_sink():
    data, found = case5(), found_in(case5)["transfer_mw"]
    for level in LEVELS:
        at_sink = data["reduction_limit"].sel(scenario=f"case5 3->4 {level:g}", site="case5:4").item()
        assert found.sel(scenario=f"case5 3->4 {level:g}") == pytest.approx(63.131313 + at_sink, abs=1e-6)
    assert found.sel(scenario="case5 3->4 budget 1000") == pytest.approx(96.465, abs=5e-4)


def test_no_transfer_is_left_in_any_direction_of_a_summer_afternoon_where_a11_after_ab1_is_full():
    family = {"label": "{transfer} {reduction_level}", "transfer": list(transfers.TRANSFERS), "date": ["2020-07-15"],
              "hour": [17], "reduction_level": [0, 0.1], "reduction_at": ["sink"]}  # fmt: skip
    data = transfers.prepared({"afternoon": family})
    found = transfers.cleared(data)["transfer_mw"]
    assert np.abs(found.sel(scenario=[f"{name} 0" for name in MEASURED])).max() < 1e-6
    measured = {"1->2": 241, "2->3": 282, "3->1": 254}
    for name, value in measured.items():
        assert found.sel(scenario=f"{name} 0.1") == pytest.approx(value, abs=0.5)
    base = next(transfer_capability.bases(data))
    lines = [label.partition(":")[2] for label in base.data["branch"].values]
    outage = np.flatnonzero(base.data["outage"].values).tolist().index(lines.index("AB1")) + 1
    assert abs(base.security.excess(base.injection)[lines.index("A11"), outage]) < 1e-6


def test_location_matters_on_a_summer_night():
    sink = {"label": "sink", "transfer": ["2->1"], "reduction_level": [0.1], "reduction_at": ["sink"]} | transfers.HOURS
    everywhere = sink | {"label": "everywhere", "reduction_at": ["everywhere"]}
    found = transfers.transfer(transfers.prepared({"sink": sink, "everywhere": everywhere}))
    np.testing.assert_allclose(found, [145.1, 954.5], atol=0.05)


def test_the_reference_bus_does_not_matter():
    """The first bus of a system is its reference."""
    data = evening().sel(scenario=["1->2 n-1", "3->1 n-1", "2->1 none"])
    other = data.isel(bus=np.arange(data.sizes["bus"])[::-1])
    found, turned = transfers.cleared(data), transfers.cleared(other)
    np.testing.assert_allclose(turned["transfer_mw"], found["transfer_mw"], atol=1e-6)
    assert (turned["binding_line"] == found["binding_line"]).all()


@pytest.mark.parametrize(("reliability", "benefit"), [(0.0, 0.0), (0.05, 20.0), (1.0, 5.0)])
def test_the_parts_of_the_total_add_up(reliability, benefit):
    data = evening().copy()
    data["reliability_margin"].values[...], data["benefit_margin"].values[...] = reliability, benefit
    one = transfers.cleared(data)
    total = one["existing"] + one["available_capability"] + one["reliability"] + one["benefit"]
    np.testing.assert_allclose(total, one["total"], atol=1e-9)
    np.testing.assert_allclose(one["total"], one["existing"] + one["transfer_mw"], atol=1e-9)
    for part in ("available_capability", "reliability", "benefit"):
        assert (one[part] >= 0).all()
    if not reliability and not benefit:
        np.testing.assert_allclose(one["available_capability"], one["transfer_mw"], atol=1e-9)


def test_counterflow_does_not_do_away_with_the_reliability_margin():
    """The base flows from 1 to 2 on the summer night, so the total of the other direction is negative."""
    family = {"label": "x", "transfer": ["2->1"], "reduction_level": [0.1], "reduction_at": ["sink"]}
    data = transfers.prepared({"x": family | transfers.HOURS}, reliability_margin=0.05)
    one = transfers.cleared(data).isel(scenario=0)
    assert one["total"] < 0 < one["transfer_mw"]
    assert one["reliability"] == pytest.approx(0.05 * one["transfer_mw"].item())
    assert one["available_capability"] == pytest.approx(0.95 * one["transfer_mw"].item())


def test_the_existing_commitment_is_the_flow_between_the_ends():
    one = found_in(evening)["existing"]
    for there, back in (("1->2", "2->1"), ("2->3", "3->2"), ("3->1", "1->3")):
        assert one.sel(scenario=f"{there} n-1") == pytest.approx(-one.sel(scenario=f"{back} n-1").item())
    data = evening().sel(scenario="1->2 n-1")
    system = of_system(data, "rts")
    flow = next(transfer_capability.bases(evening())).security.flows(system["injection"].values)[:, 0]
    ties = {"AB1": 1, "AB2": 1, "AB3": 1}
    lines = [label.partition(":")[2] for label in system["branch"].values]
    assert one.sel(scenario="1->2 n-1") == pytest.approx(sum(flow[lines.index(tie)] for tie in ties))


def test_the_binding_line_and_outage_have_the_value_of_a_wider_limit():
    data = evening().sel(scenario=["1->2 n-1"])
    one, step = transfers.cleared(data), 0.01
    line, outage = one["binding_line"].item(), one["binding_outage"].item()
    assert (line, outage) == ("AB1", "C35")
    wider = data["emergency_limit"].copy()
    wider[0, data["branch"].values.tolist().index(f"rts:{line}")] += step
    gain = transfers.transfer(data.assign(emergency_limit=wider))[0] - one["transfer_mw"].item()
    assert gain / step == pytest.approx(one["binding_value"].item(), rel=1e-4)


def test_the_marginal_value_is_what_a_first_mw_at_the_bus_adds():
    family = {"label": "x", "transfer": ["1->2"], "date": ["2020-01-15"], "hour": [18]}
    data, step = transfers.prepared({"x": family}), 0.01
    one = transfers.cleared(data)
    for bus in ("rts:203", "rts:220", "rts:318", "rts:107"):
        limit = data["reduction_limit"].copy()
        limit.loc[{"site": bus}] = step
        gain = (transfers.transfer(data.assign(reduction_limit=limit)) - one["transfer_mw"].values)[0]
        value = one["marginal_value"].sel(site=bus).item()
        assert gain / step == pytest.approx(max(value, 0.0), abs=1e-4)


@pytest.mark.parametrize("label", ["2->1 0.2", "1->2 0.2"])
def test_no_less_demand_response_reaches_the_transfer(label):
    """A price of 1 makes the budget a limit on the sum of demand response: 1 MW less than what is used loses
    transfer."""
    one = found_in(night).sel(scenario=label)
    data = night().sel(scenario=[label]).copy()
    data["site_price"].values[...] = 1.0
    found = []
    for more in (-1.0, 1e-4):
        data["budget"] = data["budget"].copy(data=[one["used"].item() + more])
        found.append(transfers.transfer(data)[0])
    assert found[0] < one["transfer_mw"].item() - 1e-4
    assert found[1] == pytest.approx(one["transfer_mw"].item(), abs=1e-6)
    assert one["increase"].sum() + one["used"] == pytest.approx(one["transfer_mw"].item(), abs=1e-6)


def test_no_result_is_a_negative_zero():
    for name, values in found_in(case5).data_vars.items():
        if values.dtype.kind == "f":
            assert not (np.signbit(values.values) & (values.values == 0)).any(), name


def test_scaling_a_provider_scales_its_capability_only():
    data = case5()
    scaled = transfer_capability.scaled(data, "case5:4", 0.5)
    changed = scaled["reduction_limit"] / data["reduction_limit"].where(data["reduction_limit"] > 0)
    assert set(np.unique(changed.sel(site="case5:4").values[1:4])) == {0.5}
    assert (scaled["reduction_limit"].sel(site="case5:2") == data["reduction_limit"].sel(site="case5:2")).all()
    np.testing.assert_allclose(scaled["source_room"], data["source_room"])


def test_nobody_has_the_transfer_of_the_base_schedule_alone():
    data = night().sel(scenario=["2->1 0", "2->1 0.1"])
    values = transfers.valued(data.sel(scenario=["2->1 0.1"]))
    assert coalitions.nobody_cost(values, data.sel(scenario=["2->1 0.1"])).item() == pytest.approx(
        -transfers.transfer(data)[0]
    )
    gain = coalitions.total_value(values, data.sel(scenario=["2->1 0.1"])).item()
    assert gain == pytest.approx(954.52, abs=0.005)


def test_providers_who_can_replace_each_other_leave_no_core():
    """With a budget for one of them only, two providers together add no more than each alone."""
    data = case5().sel(scenario=["case5 4->3 budget 1000"])
    values = transfers.valued(data)
    game = game_of(data, values, data["scenario"].item())
    assert game.alone.sum() > game.total + 1
    assert least_core(game).epsilon > 1


def test_a_base_schedule_that_is_overloaded_is_refused_by_line_and_outage():
    data = evening().sel(scenario=["1->2 n-1"])
    data["emergency_limit"] = 0.8 * data["emergency_limit"]
    with pytest.raises(
        ValueError, match=r"scenario 1->2 n-1: the base schedule already overloads line \S+ after the outage of"
    ):
        transfers.cleared(data)


def test_a_scenario_that_can_bind_nowhere_has_no_rows():
    data = evening().sel(scenario=["1->2 none"])
    wide = data.assign(limit=data["limit"] * 100)
    one = transfers.cleared(wide)
    assert one["binding_line"].item() == "" and one["binding_value"] == 0 and one["security_rows"] == 0
    assert one["transfer_mw"] == pytest.approx(data["source_room"].sum().item())


def test_options_name_what_does_not_exist():
    with pytest.raises(ValueError, match="no transfer is called 'there'; known: case5 3->4"):
        TransferMarket.model_validate(transfers.TOY | {"transfer": "there"})
    with pytest.raises(ValueError, match="providers: none for system 'case5' of the transfer case5 3->4"):
        TransferMarket.model_validate(transfers.TOY | {"providers": {}})
