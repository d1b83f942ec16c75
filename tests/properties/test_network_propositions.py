"""T1-T9 of chapter 3.3.1 on the 30- and 118-bus networks and on random congested networks."""

import numpy as np
import pytest
import scipy.sparse as sp
import xarray as xr

import spot
from one_node import paid
from sharegrid import schema
from sharegrid.markets import spot as market
from sharegrid.mechanisms import core_selecting, deficit, lmp, pay_as_bid, vcg
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program
from sharegrid.properties import checks, complements, entry

PAYS = {"lmp": lmp.pay, "vcg": vcg.pay}
FULL = PAYS | {"pay-as-bid": pay_as_bid.pay, "core-selecting": core_selecting.pay}


def settled(data, request="removals", pays=PAYS, **patterns):
    cleared, values = spot.cleared(data), spot.valued(data, request, **patterns)
    return data, cleared, values, paid(data, cleared, values, pays)


def vcg_total(payments) -> xr.DataArray:
    return payments["payment"].sel(mechanism="vcg", drop=True).sum("participant", skipna=False)


@pytest.fixture(scope="module")
def case30():
    return settled(spot.spot_market("case30", limits=["none", 1, 0.9, 0.85, 0.76, 0.74, 0.72]), "all", FULL)


@pytest.fixture(scope="module")
def case118():
    limits = ["none", 1, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45, 0.4]
    return settled(spot.spot_market("case118", limits=limits))


def random_network(seed: int, scenarios: int) -> xr.Dataset:
    """A meshed network of 4 to 6 buses with a unit of three blocks at each; offers, demand and limits differ by scenario."""
    rng = np.random.default_rng(seed)
    buses = int(rng.integers(4, 6, endpoint=True))
    ends = [(k, (k + 1) % buses) for k in range(buses)] + [(0, buses // 2), (1, buses - 1)]
    names = [str(k) for k in range(buses)]
    labels = [f"r{seed}-{k}" for k in range(scenarios)]
    blocks = "scenario", "generator", "block"
    price = np.sort(rng.uniform(5, 80, (scenarios, buses, 3)), axis=2)
    quantity = rng.uniform(5, 40, (scenarios, buses, 3))
    limit = rng.uniform(5, 40, (scenarios, len(ends)))
    same = {name: ("scenario", [value] * scenarios) for name, value in
            {"variant": "random", "deviator": "", "n1_rule": "voll", "distortion": "truthful", "family": "variants",
             "price_multiplier": 1.0, "quantity_multiplier": 1.0, "demand_mw": 0.0}.items()}  # fmt: skip
    data = xr.Dataset(
        {
            "demand": (("scenario", "bus"), rng.uniform(0, 60, (scenarios, buses))),
            "voll": ("scenario", np.full(scenarios, 300.0)),
            "from_bus": ("branch", [start for start, _ in ends]),
            "to_bus": ("branch", [end for _, end in ends]),
            "susceptance": ("branch", rng.uniform(200, 900, len(ends))),
            "shift": ("branch", np.zeros(len(ends))),
            "line_limit": (("scenario", "branch"), limit),
            "reference_bus": 0,
            "generator_bus": ("generator", np.arange(buses)),
            "offer_quantity": (blocks, quantity),
            "offer_price": (blocks, price),
            "cost_quantity": (blocks[1:], quantity[0]),
            "cost_price": (blocks[1:], price[0]),
            "cost_quadratic": ("generator", np.zeros(buses)),
            "owner": ("generator", names),
        },
        same
        | {"base": ("scenario", labels), "scenario": labels, "bus": np.arange(buses), "branch": np.arange(len(ends))}
        | {"generator": names, "participant": names, "block": np.arange(3)},
    )
    return schema.described(data.assign_attrs(market="spot", money="$/h", energy="MW", centre="loads"), "data")


@pytest.fixture(scope="module")
def random_networks():
    """Four networks with 30 scenarios each."""
    return [settled(random_network(seed, 30), "all", FULL) for seed in range(4)]


def each(markets, request) -> list[tuple]:
    """data, cleared, values, payments of every market of a fixture."""
    found = request.getfixturevalue(markets)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("markets", ["case30", "case118", "random_networks"])
def test_t1_vcg_pays_at_least_the_price(markets, request):
    for _, _, _, payments in each(markets, request):
        assert float(payments["premium"].min()) >= -1e-6
        assert float(payments["premium"].max()) > 10


def test_t2_without_congestion_vcg_is_never_revenue_adequate(case30, case118):
    for market_settled, unlimited in ((case30, ["none", "1", "0.9", "0.85"]), (case118, ["none", "1"])):
        _, cleared, _, payments = (one.sel(scenario=unlimited) for one in market_settled)
        assert float(np.abs(cleared["congestion_rent"]).max()) < 1e-6
        inadequacy = payments["revenue_inadequacy"]
        np.testing.assert_allclose(inadequacy, payments["premium"].sum("participant"), atol=1e-6)
        assert float(inadequacy.min()) > 0


def test_t3_with_congestion_the_sign_of_the_inadequacy_is_open(case118):
    _, cleared, _, payments = case118
    expected = {"none": 2401.542, "1": 2601.852, "0.9": 2026.7, "0.8": 1693.4, "0.7": 2724.356, "0.6": 2012.5,
                "0.55": 1413.1, "0.5": 1904.2, "0.45": 16154.9, "0.4": -55841.2}  # fmt: skip
    found = payments["revenue_inadequacy"].to_series()
    for name, amount in expected.items():
        assert found[name] == pytest.approx(amount, abs=0.06), name
    rent, premium = cleared["congestion_rent"].sel(scenario="0.7"), payments["premium"].sel(scenario="0.7").sum()
    assert float(rent) == pytest.approx(3190.839, abs=1e-3) and float(premium) == pytest.approx(5915.2, abs=0.1)


def test_random_networks_are_congested(random_networks):
    rents = [float(rent) for _, cleared, _, _ in random_networks for rent in cleared["congestion_rent"]]
    assert sum(rent > 1 for rent in rents) > 60 and min(rents) >= -1e-6


@pytest.mark.parametrize("unit", ["4", "5"])
def test_t4_vcg_is_the_integral_of_the_price_over_the_output(case30, unit):
    """r_i = integral of the price at i's bus while its output goes from 0 to p_i: 400-point midpoint rule."""
    data, cleared, _, payments = (one.sel(scenario=["0.76"]) for one in case30)
    split = split_model(market, data)
    program, columns = split.program(0), split.owned[split.participants.index(unit)]
    live = LiveProgram(program)
    bus = data["generator_bus"].sel(generator=unit)
    row = int(split.constraints["nodal_balance"].position.sel(bus=bus))
    width, total = program.upper[columns], float(cleared["output"].sel(participant=unit).item())
    prices = []
    for share in (np.arange(400) + 0.5) / 400:
        fixed = np.clip(share * total - (np.cumsum(width) - width), 0, width)
        live.set_column_bounds(columns, fixed, fixed)
        prices.append(live.solve().row_dual[row])
    assert np.all(np.diff(prices) <= 1e-7)
    payment = float(payments["payment"].sel(mechanism="vcg", participant=unit).item())
    assert np.mean(prices) * total == pytest.approx(payment, rel=3e-3)


def test_t5_lines_that_bind_only_in_a_counterfactual_raise_vcg(case30):
    _, cleared, _, payments = case30
    np.testing.assert_allclose(cleared["price"].sel(scenario="1"), cleared["price"].sel(scenario="none"), atol=1e-8)
    totals = vcg_total(payments)
    assert float(totals.sel(scenario="none")) == pytest.approx(744.776, abs=1e-3)
    assert float(totals.sel(scenario="1")) == pytest.approx(745.735, abs=1e-3)


def test_t6_complements_put_vcg_outside_the_core():
    data = spot.spot_market("case118", limits=["none", 0.7])
    data, cleared, values, payments = settled(data, "pairs", scenarios=("0.7",))
    worst = complements.check(data, cleared, values, payments, scenarios=["0.7"]).isel(complement=0)
    assert [worst[f"complement_{name}"].item() for name in ("first", "second")] == ["20", "27"]
    numbers = [float(worst[f"complement_{name}"]) for name in ("joint_saving", "first_saving", "second_saving")]
    np.testing.assert_allclose(numbers, [5944.49, 2282.52, 3777.45], atol=0.01)
    assert float(worst["complement_gap"]) == pytest.approx(-115.48, abs=0.01)
    residual = checks.check_core(cleared, values, payments)["residual"].sel(scenario="0.7", mechanism="vcg")
    assert float(residual) <= float(worst["complement_gap"])


def test_t6_one_owner_of_complements_earns_more_as_two_bidders():
    singles = {str(k): [str(k)] for k in range(54) if k not in (20, 27)}
    together = spot.spot_market("case118", limits=[0.7], participants=singles | {"pair": ["20", "27"]})
    _, cleared, _, payments = settled(together)
    profit = payments["payment"].sel(mechanism="vcg") - cleared["true_cost"]
    assert float(profit.sel(participant="pair").item()) == pytest.approx(5944.49, abs=0.01)
    assert 2282.52 + 3777.45 == pytest.approx(6059.97)


@pytest.mark.parametrize("unit", [str(k) for k in range(6)])
def test_t6_splitting_a_unit_at_its_bus_never_pays(case30, unit):
    families = {"split": {"label": "split", "limits": [0.72], "split": unit}}
    _, cleared, _, payments = settled(spot.spot_market("case30", families))
    # each half has its own, steeper cost curve: the reported one
    profit = (payments["payment"].sel(mechanism="vcg") - cleared["true_cost"]).sel(scenario="split")
    both = float(profit.sel(participant=[unit, f"{unit}b"]).sum())
    whole = float(case30[3]["profit"].sel(scenario="0.72", mechanism="vcg", participant=unit))
    assert float(cleared["objective"].item()) == pytest.approx(
        float(case30[1]["objective"].sel(scenario="0.72")), rel=1e-9
    )
    assert both <= whole + 1e-6
    if unit == "3":
        np.testing.assert_allclose([whole, both], [5433.68, 3106.64], atol=0.01)


def test_without_limits_vcg_is_in_the_core_and_with_complements_it_is_not(case30):
    residual = checks.check_core(*case30[1:])["residual"].sel(mechanism="vcg")
    assert float(residual.sel(scenario="none")) >= -1e-6
    assert float(residual.sel(scenario="0.72")) < -1000


@pytest.mark.parametrize("markets", ["case30", "random_networks"])
def test_lmp_and_core_selecting_lie_in_the_core(markets, request):
    """Also: pay-as-bid <= LMP <= VCG and core <= VCG per unit, the total at LMP <= that of core-selecting."""
    for _, cleared, values, payments in each(markets, request):
        residual = checks.check_core(cleared, values, payments)["residual"]
        assert float(residual.sel(mechanism=["lmp", "core-selecting"]).min()) >= -1e-5
        by_name = {
            str(name): payments["payment"].sel(mechanism=name, drop=True) for name in payments["mechanism"].values
        }
        for low, high in (("pay-as-bid", "lmp"), ("lmp", "vcg"), ("core-selecting", "vcg")):
            assert float((by_name[high] - by_name[low]).min()) >= -1e-5, (low, high)
        totals = {name: amount.sum("participant") for name, amount in by_name.items()}
        assert float((totals["core-selecting"] - totals["lmp"]).min()) >= -1e-5


def test_t7_entry_can_raise_what_vcg_pays_although_it_lowers_the_cost():
    families = {
        "variants": {"label": "{limits}", "limits": [0.5]},
        "entry": {"label": "{limits}|without 6", "limits": [0.5], "without": ["6"]},
    }
    data, cleared, values, payments = settled(spot.spot_market("case118", families))
    result = entry.check(data, cleared, values, payments).sel(scenario="0.5|without 6")
    np.testing.assert_allclose(
        vcg_total(payments).sel(scenario=["0.5|without 6", "0.5"]), [171885.94, 172153.73], atol=0.01
    )
    assert float(result["entry_payment_change"]) == pytest.approx(267.79, abs=0.01)
    assert float(result["entry_cost_change"]) < 0 and float(result["entry_lost_load"]) <= 1e-9


def test_t8_no_balanced_efficient_truthful_rule_among_strategic_units_only():
    """Green and Laffont by a linear program: r_i = c_i - J + h_i(reports of the others) are the only efficient truthful
    rules; no h_i make sum r_i the same amount at every profile of two units with two costs each. With a third party
    that takes the residual (here the loads) every h_i does.
    """
    low, high = 10.0, 30.0
    profiles = [(a, b) for a in (low, high) for b in (low, high)]
    least = {(a, b): 100 * min(a, b) for a, b in profiles}  # each unit can serve 100 MW alone; sum c_i = J
    columns = {("first", b): k for k, b in enumerate((low, high))} | {
        ("second", a): 2 + k for k, a in enumerate((low, high))
    }
    matrix, rhs = np.zeros((4, 5)), np.zeros(4)
    for row, (a, b) in enumerate(profiles):  # sum r_i = J - 2 J + h_1(b) + h_2(a) = collected
        matrix[row, [columns["first", b], columns["second", a]]] = 1
        matrix[row, 4] = -1
        rhs[row] = least[a, b]
    free = np.full(5, np.inf)
    with pytest.raises(NotOptimal, match="infeasible"):
        LiveProgram(_equalities(matrix, rhs, free)).solve()
    loads_take_the_residual = np.hstack([matrix, -np.eye(4)])
    assert LiveProgram(_equalities(loads_take_the_residual, rhs, np.full(9, np.inf))).solve().objective == 0


def _equalities(matrix, rhs, free):
    return Program(np.zeros(len(free)), -free, free, sp.csr_matrix(matrix), rhs, rhs)


@pytest.fixture(scope="module")
def random_misreports():
    """Random networks; in each one unit at a time multiplies its prices or withholds; truth valued too."""
    parts = []
    for seed in range(10, 13):
        base = random_network(seed, 1)
        rng, units = np.random.default_rng(seed), base["participant"].values
        reports = [base]
        for k in range(24):
            unit, factor, share = str(rng.choice(units)), rng.uniform(0.5, 3), rng.choice([1.0, 1.0, 0.6])
            own = base["owner"] == unit
            label = f"{base['scenario'].values[0]}|{unit}|{k}"
            moved = base.assign_coords(scenario=[label], deviator=("scenario", [unit]))
            moved["offer_price"] = (moved["offer_price"] * xr.where(own, factor, 1.0)).clip(max=300)
            moved["offer_quantity"] = moved["offer_quantity"] * xr.where(own, share, 1.0)
            reports.append(moved)
        names = "offer_price", "offer_quantity", "demand", "line_limit"
        dims = {name: base[name].dims for name in names}
        data = xr.concat(reports, "scenario", data_vars="minimal", coords="minimal", compat="override", join="outer")
        parts.append(settled(data.assign({name: data[name].transpose(*dims[name]) for name in names}), "all", FULL))
    return parts


def test_t9_gains_are_bounded_by_what_vcg_pays_more(random_misreports):
    """Any individually rational rule that pays at most VCG: gain <= VCG profit - own profit, both at the truth."""
    met, largest = 0, 0.0
    for data, cleared, values, payments in random_misreports:
        shared = deficit.allocate(data, cleared, values, payments, rules=["generator_scaling"])
        scaling = shared["adjusted_payment"].rename(deficit_rule="mechanism")
        payment = xr.concat([payments["payment"], scaling], "mechanism", coords="minimal", compat="override")
        profit = xr.Dataset({"profit": payment - cleared["true_cost"]})
        gain = checks.misreport_gain(data, profit)
        truth = profit["profit"].isel(scenario=0, drop=True)
        allowed = (truth.sel(mechanism="vcg", drop=True) - truth).sel(
            mechanism=["lmp", "core-selecting", "generator_scaling"]
        )
        for k in np.flatnonzero(data["deviator"].values != ""):
            bound = allowed.sel(participant=data["deviator"].values[k])
            here = gain.isel(scenario=k).sel(mechanism=bound["mechanism"])
            assert float((here - bound).max()) <= 1e-5
            assert float(gain.isel(scenario=k).sel(mechanism="vcg")) <= 1e-6
            met, largest = met + 1, max(largest, float(here.max()))
    assert met == 72 and largest > 1


def test_prices_of_the_30_bus_network(case30):
    """The numbers that 3.5.1 says must show."""
    _, cleared, _, payments = case30
    here = cleared.sel(scenario="none")
    np.testing.assert_allclose(here["price"], 3.8125, atol=1e-8)
    assert float(here["objective"]) == pytest.approx(565.892, abs=1e-3)
    assert float(here["load_payment"]) == pytest.approx(721.325, abs=1e-3)
    assert float(payments["revenue_inadequacy"].sel(scenario="none")) == pytest.approx(23.451, abs=1e-3)
    assert float(vcg_total(payments).sel(scenario="0.76")) == pytest.approx(4718.48, abs=0.01)
    assert float(cleared["load_payment"].sel(scenario="0.76")) == pytest.approx(747.79, abs=0.01)
    profit = payments["profit"].sel(scenario="0.72").sum("participant")
    np.testing.assert_allclose(profit.sel(mechanism=["vcg", "core-selecting"]), [10273.49, 8431.67], atol=0.01)
    lost = vcg.lost_load_without(case30[2]).sel(scenario="0.76")
    assert float(lost.max()) == pytest.approx(3.84, abs=0.01) and int((lost > 1e-6).sum()) == 2


def test_referees_check_of_unit_0_without_limits():
    """True-bid LMP profit 40.92, best on the grid 41.852 at a factor of 1.1; VCG 47.079 at the truth and lower elsewhere."""
    grid = [0.7, 0.85, 1.1, 1.22, 1.35, 1.5, 1.75, 2]
    families = {
        "variants": {"label": "{limits}", "limits": ["none"]},
        "misreport": {
            "label": "none|{deviator}|x{price}",
            "limits": ["none"],
            "misreport": {"base": "none", "price_multiplier": grid, "participants": ["0"]},
        },
    }
    _, cleared, _, payments = settled(spot.spot_market("case30", families), scenarios=("none",))
    profit = (payments["payment"] - cleared["true_cost"]).sel(participant="0")
    at_price, pivotal = profit.sel(mechanism="lmp"), profit.sel(mechanism="vcg")
    assert float(at_price.sel(scenario="none")) == pytest.approx(40.92, abs=1e-3)
    assert float(at_price.max()) == float(at_price.sel(scenario="none|0|x1.1")) == pytest.approx(41.852, abs=1e-3)
    assert float(pivotal.sel(scenario="none")) == pytest.approx(47.079, abs=1e-3)
    assert float(pivotal.drop_sel(scenario="none").max()) < 47.079


def test_removals_are_named_like_coalitions(case30):
    values = case30[2]
    np.testing.assert_array_equal(
        coalitions.removal_cost(values).sel(participant="3"), values["cost"].sel(coalition="all-3")
    )
