"""The two-stage market: against a program written down by hand, its prices against small changes, its removals."""

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import linprog

import multi_area
import two_stage
from sharegrid.markets import multi_area as multi_area_market
from sharegrid.markets import two_stage as market
from sharegrid.mechanisms import lmp, vcg
from sharegrid.optimise.clear import clear
from sharegrid.optimise.values import Engine
from sharegrid.stages import pay, value

SPREAD = [0, 0.15, 0.3, 0.6]
COST = {  # $/h
    "toy": [2132.5, 2202.5],
    "two-area": [1018.20274, 1023.838315, 1032.754359, 1070.364224, 1018.20274, 1023.838315, 1032.754359, 1072.735223],
}


class ByHand:
    """The toy column by column: p, up, down and, by outcome, energy, up and down of a unit; wind; lost load; net tie flow.

    One row per balance of an area; the tie is one free column, so that losses and directions play no part.
    """

    def __init__(self, wind: list[float], probability: list[float], redispatch: bool, without: str = ""):
        self.cost, self.bounds, self.rows = [], [], []
        self.units = {"G1": ("A1", 20, 1, 0.5), "G2": ("A2", 30, 2, 1), "G3": ("A2", 40, 5, 2.5)}
        self.units.pop(without, None)
        held = {name: [self.column(0, 100), self.column(up, 15), self.column(down, 15)]
                for name, (_, _, up, down) in self.units.items()}  # fmt: skip
        tie = self.column(0, 80, -80)
        for p, up, down in held.values():
            self.row({p: 1, up: 1}, most=100)
            self.row({p: 1, down: -1}, least=0)
        mean = float(np.dot(wind, probability))
        self.balance({name: p for name, (p, _, _) in held.items()}, self.column(0, mean), tie, [])
        for power, chance in zip(wind, probability, strict=True):
            energy = {name: self.column(chance * unit[1], 100) for name, unit in self.units.items()}
            for name, (p, up, down) in held.items():
                more, less = self.column(0, 15), self.column(0, 15)
                self.row({more: 1, up: -1}, most=0)
                self.row({less: 1, down: -1}, most=0)
                self.row({energy[name]: 1, p: -1, more: -1, less: 1}, least=0, most=0)
            flow = self.column(0, 80, -80)
            if not redispatch:
                self.row({flow: 1, tie: -1}, least=0, most=0)
            lost = [self.column(1000 * chance, 50), self.column(1000 * chance, 120)]
            self.balance(energy, self.column(0, power), flow, lost)

    def column(self, cost: float, upper: float, lower: float = 0) -> int:
        self.cost.append(cost), self.bounds.append((lower, upper))
        return len(self.cost) - 1

    def row(self, terms: dict, least: float = -np.inf, most: float = np.inf) -> None:
        self.rows.append((terms, least, most))

    def balance(self, energy: dict, wind: int, tie: int, lost: list[int]) -> None:
        for k, (area, load, own, flow) in enumerate((("A1", 50, {wind: 1}, -1), ("A2", 120, {}, 1))):
            units = {column: 1 for name, column in energy.items() if self.units[name][0] == area}
            self.row(units | own | {tie: flow} | {column: 1 for column in lost[k : k + 1]}, load, load)

    def solve(self) -> float:
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for row, (terms, _, _) in zip(matrix, self.rows, strict=True):
            row[list(terms)] = list(terms.values())
        least, most = (np.array([one[k] for one in self.rows]) for k in (1, 2))
        high, low = np.isfinite(most), np.isfinite(least)
        solved = linprog(self.cost, np.vstack([matrix[high], -matrix[low]]), np.r_[most[high], -least[low]],
                         bounds=self.bounds, method="highs")  # fmt: skip
        assert solved.status == 0
        return solved.fun


@pytest.mark.parametrize("case", COST)
def test_the_cost_is_the_one_of_the_book(case):
    assert two_stage.cleared(case)["objective"].values == pytest.approx(COST[case], abs=1e-5)


@pytest.mark.parametrize("without", ["", "G1", "G2", "G3"])
@pytest.mark.parametrize("scenario", ["redispatch", "fixed"])
def test_the_cost_of_the_toy_is_that_of_a_program_by_hand(scenario, without):
    cost = ByHand([100, 80, 60], [0.5, 0.3, 0.2], scenario == "redispatch", without).solve()
    coalition = f"all-{without}" if without else "all"
    assert float(two_stage.valued("toy")["cost"].sel(scenario=scenario, coalition=coalition)) == pytest.approx(cost)


@pytest.mark.parametrize("seed", range(4))
def test_other_outcomes_cost_what_the_program_by_hand_says(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    probability, shape = rng.dirichlet(np.ones(4)), rng.uniform(-1, 0.3, 4)
    prepared = two_stage.changed(probability=probability.tolist(), shape=shape.tolist(), wind_spread=0.7)
    cost = [ByHand(100 * (1 + 0.7 * shape), probability, redispatch).solve() for redispatch in (True, False)]
    assert two_stage.clear(prepared)["objective"].values == pytest.approx(cost, rel=1e-9)


def test_profits_of_vcg_are_those_of_the_book():
    cleared, values = two_stage.cleared("toy"), two_stage.valued("toy")
    profit = vcg.pay(two_stage.data("toy"), cleared, values)["payment"] - cleared["true_cost"]
    expected = [[477.5, 435, 0], [1197.5, 400, 0]]
    assert profit.values == pytest.approx(np.array(expected), abs=1e-9)


def test_fixed_ties_never_help_and_cost_more_when_outcomes_differ_much():
    cost = two_stage.cleared("two-area")["objective"].values.reshape(2, len(SPREAD))
    extra = cost[1] - cost[0]
    assert (extra >= -1e-9).all() and extra[-1] == pytest.approx(2.370999, abs=1e-5)
    toy = two_stage.cleared("toy")["objective"]
    assert float(toy.sel(scenario="fixed") - toy.sel(scenario="redispatch")) == pytest.approx(70)


def test_ties_follow_the_schedule_where_they_are_fixed():
    cleared = two_stage.cleared("toy")
    change = (cleared["outcome_sent"] - cleared["scheduled_sent"]).sel(scenario="fixed")
    assert float(np.abs(change).max()) == pytest.approx(0, abs=1e-9)
    moved = (cleared["outcome_sent"] - cleared["scheduled_sent"]).sel(scenario="redispatch")
    assert float(np.abs(moved).max()) > 1


def test_the_cost_does_not_fall_in_a_spread_that_keeps_the_mean():
    data = two_stage.data("two-area")
    assert np.ptp(data["available"].values, axis=0) == pytest.approx(0, abs=1e-9)
    cost = two_stage.cleared("two-area")["objective"].values.reshape(2, len(SPREAD))
    assert (np.diff(cost, axis=1) > 1).all()


@pytest.mark.parametrize("case", COST)
def test_reported_costs_and_lost_load_are_the_expected_cost(case):
    cleared = two_stage.cleared(case)
    total = cleared["reported_cost"].sum("participant") + two_stage.data(case)["voll"] * cleared["lost_load"]
    assert total.values == pytest.approx(cleared["objective"].values, rel=1e-9)


def scarce() -> xr.Dataset:
    """The toy with more load than its units can serve, losses and a plant as participant."""
    ties = {"T": two_stage.TOY["ties"]["T"] | {"linear_loss": 0.05, "constant_loss_mw": 1}}
    return two_stage.changed(load_factor=2.6, ties=ties, participants="all")


SETTLED = {"toy": lambda: two_stage.data("toy"), "two-area": lambda: two_stage.data("two-area"), "scarce": scarce}


@pytest.mark.parametrize("case", SETTLED)
def test_what_loads_pay_is_what_units_plants_ties_and_lines_get(case):
    cleared = two_stage.clear(SETTLED[case]())
    rents = cleared["tie_rent"].sum("tie") + cleared["line_rent"].sum("area") + cleared["shortfall_rent"].sum("area")
    paid = cleared["price_revenue"].sum("participant") + cleared["paid_to_others"]
    assert (cleared["load_payment"] - paid).values == pytest.approx(rents.values, abs=1e-7)
    assert case != "scarce" or (cleared["lost_load"] > 1).all()
    if case != "scarce":  # without standby losses a tie earns its price
        earned = (cleared["tie_price"] * two_stage.data(case)["tie_capacity"]).sum("time")
        assert earned.values == pytest.approx(cleared["tie_rent"].values, abs=1e-7)


def check_slopes(data: xr.Dataset, name: str, price: xr.DataArray, sign: float = 1.0) -> None:
    """Prices (scenario, place) are between the slopes of the convex cost for 1 MW less and more of `name` at the places."""
    (dim,) = set(price.dims) - {"scenario"}
    changes = [(where, step) for where in price[dim].values for step in (0.0, 1.0, -1.0)]
    copies = []
    for where, step in changes:
        copy = data.assign_coords(scenario=[f"{label}, {where} {step:+}" for label in data["scenario"].values])
        copies.append(copy.assign({name: (copy[name] + step * (copy[dim] == where)).transpose(*data[name].dims)}))
    everything = xr.concat(copies, "scenario", data_vars="minimal", coords="minimal", compat="override")
    cost = clear(market, everything)["objective"].values.reshape(-1, 3, data.sizes["scenario"])
    base, more, less = cost[:, 0], cost[:, 1], cost[:, 2]
    low, high = np.sort([sign * (base - less), sign * (more - base)], axis=0)
    found = price.transpose(dim, "scenario").values
    assert ((low - 1e-6 <= found) & (found <= high + 1e-6)).all()


def test_the_price_is_the_cost_of_one_more_mw_in_schedule_and_outcomes():
    data, cleared = two_stage.data("toy"), two_stage.cleared("toy").isel(time=0)
    parts = cleared["scheduled_price"] + cleared["outcome_price"].sum("outcome")
    assert cleared["price"].values == pytest.approx(parts.values)
    check_slopes(data, "demand", cleared["price"])


def test_prices_of_the_network_are_the_cost_of_one_more_mw():
    data = two_stage.data("two-area").isel(scenario=[3, 7])
    cleared = two_stage.cleared("two-area").isel(scenario=[3, 7], time=0)
    check_slopes(data, "demand", cleared["price"].sel(bus=["A1:1", "A1:8", "A2:2", "A2:30"]))
    check_slopes(data, "tie_capacity", cleared["tie_price"], sign=-1)
    assert float(cleared["tie_price"].min()) > 1


def test_the_price_of_an_outcome_is_the_cost_of_one_more_mw_of_its_wind():
    price = two_stage.cleared("toy")["outcome_price"].sel(bus="A1").isel(time=0)
    assert float(price.max()) > 1
    check_slopes(two_stage.data("toy"), "outcome_available", price, sign=-1)


@pytest.mark.parametrize("case", COST)
def test_nobody_loses_at_the_price_and_vcg_pays_at_least_as_much(case):
    data, cleared = two_stage.data(case), two_stage.cleared(case)
    values = two_stage.valued(case, "removals")
    at_price = lmp.pay(data, cleared, values)["payment"]
    assert ((at_price - cleared["true_cost"]) >= -1e-8).all()
    assert ((vcg.pay(data, cleared, values)["payment"] - at_price) >= -1e-8).all()


def test_removals_by_a_warm_start_are_those_of_models_built_anew():
    warm, rebuilt = (two_stage.valued("toy", "removals", backend) for backend in ("warm", "rebuild"))
    for name in ("cost", "lost_load"):
        assert warm[name].values == pytest.approx(rebuilt[name].values, rel=1e-8, abs=1e-8), name


def test_removals_in_the_network_are_those_of_models_built_anew():
    data = two_stage.data("two-area").isel(scenario=[7])
    gone = np.eye(data.sizes["participant"], dtype=bool)[[0, 1, 5, 8]]
    warm, rebuilt = (Engine(market, data, backend).solve(0, gone).cost for backend in ("warm", "rebuild"))
    assert warm == pytest.approx(rebuilt, rel=1e-8)


def test_who_cannot_be_served_is_planned_to_be_shed_at_its_cost():
    values = two_stage.valued("toy").sel(coalition="all-G1-G2-G3")
    assert values["lost_load"].values == pytest.approx([91, 91])  # 84 MW planned; 6 and 26 more in the poor outcomes
    assert values["cost"].values == pytest.approx([91000, 91000])


def test_quadratic_costs_are_near_those_of_many_blocks():
    units = {
        name: unit | {"quadratic": 0.05}
        for area in two_stage.TOY["areas"].values()
        for name, unit in area["units"].items()
    }
    areas = {
        "A1": {"load_mw": 50, "units": {"G1": units["G1"]}},
        "A2": {"load_mw": 120, "units": {name: units[name] for name in ("G2", "G3")}},
    }
    exact = two_stage.clear(two_stage.changed(areas=areas, cost_model="quadratic"))
    blocks = two_stage.clear(two_stage.changed(areas=areas, blocks=400))
    assert exact["objective"].values == pytest.approx(blocks["objective"].values, rel=1e-5)
    assert exact["reported_cost"].sum("participant").values == pytest.approx(exact["objective"].values, rel=1e-8)


@pytest.mark.parametrize("loss_model", ["linear", "tangents"])
def test_losses_of_outcomes_are_on_their_curve(loss_model):
    losses = {"linear_loss": 0.02, "quadratic_loss": 0.001 * (loss_model == "tangents")}
    ties = {"T": two_stage.TOY["ties"]["T"] | losses}
    data = two_stage.changed(ties=ties, loss_model=loss_model)
    cleared = two_stage.clear(data)
    sent, delivered = (cleared[f"outcome_{name}"] for name in ("sent", "delivered"))
    lost = (data["loss_slope"] * sent - data["loss_credit"]).max("loss_point")
    assert float(sent.max()) > 1
    assert (sent - delivered - lost).values == pytest.approx(np.zeros(sent.shape), abs=1e-6)
    assert (cleared["objective"] > two_stage.cleared("toy")["objective"]).all()


def test_the_form_with_certain_power_and_free_reserve_is_the_multi_area_market():
    areas = {
        area: one
        | {"units": {name: unit | {"reserve_up": 0, "reserve_down": 0} for name, unit in one["units"].items()}}
        for area, one in two_stage.TOY["areas"].items()
    }
    certain = two_stage.clear(two_stage.changed(areas=areas, wind_spread=0))
    section = {name: value for name, value in multi_area.TOY.items() if name != "requirements"} | {"areas": areas}
    plain = clear(multi_area_market, multi_area.data(section))["objective"].item()
    assert certain["objective"].values == pytest.approx(plain)


def test_areas_share_what_vcg_lacks():
    data, cleared = two_stage.data("toy"), two_stage.cleared("toy")
    everything = {"scenarios": ["*"]}
    asked = {"market": "two-stage", "backend": "warm", "requests": [everything | {"coalitions": "removals"}]}
    values = value.value(data, asked | {"areas": everything})
    found = pay.pay(data, cleared, values, {"mechanisms": {"vcg": {}}, "deficit": None, "checks": {"area-deficit": {}}})
    assert found["settlement_residual"].values == pytest.approx([0, 0], abs=1e-9)
    shares = found["area_deficit"].sum("area") - found["revenue_inadequacy"]
    assert shares.values == pytest.approx(np.zeros(shares.shape), abs=1e-6)
    assert (found["pivotal"] == 0).all() and (np.abs(found["revenue_inadequacy"]) > 1).all()


def test_converters_limit_the_ties_in_schedule_and_outcomes():
    rating = 80 / np.cos(np.pi / 12)  # a polygon of twelve sides then leaves 80 MW beside little reactive power
    tie = {"from_bus": "A1", "to_bus": "A2", "rating_mva": rating, "reactive_range_mvar": [-10, 10]}
    cleared = two_stage.clear(two_stage.changed(ties={"T": tie}))
    assert cleared["objective"].values == pytest.approx(COST["toy"])
    assert float(cleared["outcome_sent"].max()) == pytest.approx(80)


def test_hours_that_nothing_couples_cost_what_they_cost_alone():
    wave = {"mean": 1, "swing": 0.1, "zero_hour": 0}  # hour 0 is the toy's
    cost = two_stage.clear(two_stage.changed(hours=2, load_profile=wave))["objective"].values
    more = 1 + 0.1 * np.sin(2 * np.pi / 24)
    second = two_stage.clear(two_stage.changed(load_factor=more))["objective"].values
    assert cost == pytest.approx(COST["toy"] + second)
    assert (second > np.array(COST["toy"]) + 1).all()


def test_ramps_bind_within_each_outcome():
    wave = {"mean": 0.9, "swing": 0.3, "zero_hour": 0}
    slow = two_stage.changed(hours=3, load_profile=wave, ramp=0.05)
    cleared = two_stage.clear(slow)
    for name in ("scheduled_dispatch", "outcome_dispatch"):
        assert float(np.abs(cleared[name].diff("time")).max()) == pytest.approx(5), name
    assert (
        cleared["objective"] > two_stage.clear(two_stage.changed(hours=3, load_profile=wave))["objective"] + 1
    ).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"probability": [0.5, 0.3, 0.1]}, "probability: the sum is 0.9; give probabilities that sum to 1"),
        ({"shape": [0, 1]}, "shape: 2 values for 3 outcomes; give one for each"),
        ({"requirements": {"load_up": 0.1}}, "requirements: the outcomes tell how much reserve is needed"),
        (
            {"wind_spread": 3},
            "scenario 'redispatch': the renewable power of outcome 3 is -0.2 x available; lower wind_spread",
        ),
    ],
)
def test_faults_name_the_field_and_the_cure(fields, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        two_stage.changed(**fields)
