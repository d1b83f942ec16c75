"""The joint offer: its optimum against a program written down by hand, its prices against small changes, its games."""

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import LinearConstraint, milp

import offering
from sharegrid.games.core import max_excess
from sharegrid.games.table import game_of, superadditivity
from sharegrid.markets import wind_csp
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import clear, solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram

LINEAR = ["summer", "winter", "summer|beta0", "winter|beta0", "summer|beta1", "winter|beta1", "summer|rho2",
          "winter|rho2", "csp3"]  # fmt: skip


class ByHand:
    """max (1-b) sum pi R + b CVaR of some members, written column by column without the variables R and K.

    CVaR is the smallest mean profit over the densities 0 <= w <= 1/(1-a): one row per vertex of that set would do, here
    it is z - sum pi h / (1-a) with h_s >= z - R_s put in directly.
    """

    def __init__(self, data: xr.Dataset, members: list[str]):
        self.d, self.members = data.isel(scenario=0), members
        self.cost, self.lower, self.upper, self.integer, self.rows = [], [], [], [], []
        self.hours, self.outcomes = self.d["time"].values, self.d["outcome"].values

    def column(self, lower, upper, integer=False):
        for to, value in zip(
            (self.lower, self.upper, self.integer, self.cost), (lower, upper, integer, 0.0), strict=True
        ):
            to.append(value)
        return len(self.cost) - 1

    def row(self, terms, low, high):
        self.rows.append((terms, low, high))

    def value(self) -> float:
        d, profit = self.d, {s: {} for s in self.outcomes}
        capacity = float(d["capacity"].sel(participant=self.members).sum())
        power = {(t, s): {} for t in self.hours for s in self.outcomes}
        for name in self.members:
            (self.wind if name in d["wind"].values else self.plant)(name, power, profit)
        for t in self.hours:
            offer = self.column(0, capacity)
            for s in self.outcomes:
                over, under = self.column(0, np.inf), self.column(0, np.inf)
                prices = [float(d[f"price_{k}"].sel(time=t, outcome=s)) for k in ("surplus", "shortage")]
                profit[s] |= {offer: float(d["price_da"].sel(time=t)), over: prices[0], under: -prices[1]}
                self.row({offer: 1, over: 1, under: -1} | {c: -1 for c in power[t, s]}, 0, 0)
        at_risk, weight, level = self.column(-np.inf, np.inf), float(d["beta"]), float(d["alpha"])
        self.cost[at_risk] -= weight
        for s in self.outcomes:
            probability, short = float(d["probability"].sel(outcome=s)), self.column(0, np.inf)
            self.cost[short] += weight * probability / (1 - level)
            self.row({short: 1, at_risk: -1} | profit[s], 0, np.inf)
            for column, value in profit[s].items():
                self.cost[column] -= (1 - weight) * probability * value
        return self.solved()

    def wind(self, name, power, profit):
        for t, s in power:
            power[t, s][self.column(0, float(self.d["wind_available"].sel(wind=name, time=t, outcome=s)))] = 1

    def plant(self, name, power, profit):
        p = {key: float(v) for key, v in self.d.sel(csp=name).data_vars.items() if v.dims == ()}
        size = float(self.d["capacity"].sel(participant=name))
        fixed = str(self.d["commitment"].item()) != "integer"
        on = {t: self.column(1.0 if fixed else 0.0, 1, True) for t in self.hours}
        begin = {t: self.column(0, 1, True) for t in self.hours}
        for t in self.hours:
            self.row({begin[t]: 1, on[t]: -1} | ({on[t - 1]: 1} if t else {}), 0, np.inf)
        for s in self.outcomes:
            before = None
            for t in self.hours:
                heat = float(self.d["heat_available"].sel(csp=name, time=t, outcome=s))
                out, field = self.column(0, size), self.column(0, heat)
                charge, discharge = self.column(0, p["charge_limit"]), self.column(0, p["discharge_limit"])
                stored = self.column(p["initial_storage"] if t == self.hours[-1] else 0, p["storage_limit"])
                heat_row = {out: 1 / p["block_efficiency"], field: -1, charge: 1, discharge: -1}
                self.row(heat_row | {begin[t]: p["startup_heat"]}, 0, 0)
                self.row({charge: 1, field: -1}, -np.inf, 0)
                kept = (1 - p["storage_loss"]) * p["initial_storage"] if before is None else 0.0
                terms = {stored: 1, charge: -p["charge_efficiency"], discharge: 1 / p["discharge_efficiency"]}
                self.row(terms | ({} if before is None else {before: p["storage_loss"] - 1}), kept, kept)
                self.row({out: 1, on[t]: -p["minimum_power"]}, 0, np.inf)
                self.row({out: 1, on[t]: -size}, -np.inf, 0)
                power[t, s][out] = 1
                profit[s][out] = -p["variable_cost"]
                before = stored

    def solved(self) -> float:
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for k, (terms, _, _) in enumerate(self.rows):
            for column, coefficient in terms.items():
                matrix[k, column] += coefficient
        limits = LinearConstraint(matrix, *np.array([row[1:] for row in self.rows]).T)
        result = milp(self.cost, integrality=self.integer, bounds=(self.lower, self.upper), constraints=limits,
                      options={"mip_rel_gap": 1e-10})  # fmt: skip
        assert result.success, result.message
        return -result.fun


SWITCHED = {"commitment": "integer", "minimum_power": 45.0, "startup_heat": 30.0}


@pytest.mark.parametrize(
    "changes", [{}, {"beta": 0.0}, {"beta": 1.0}, SWITCHED], ids=["", "beta 0", "beta 1", "on-off"]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_coalition_has_the_value_of_a_program_written_by_hand(seed, changes):
    data = offering.made_up(seed, **changes)
    game = game_of(data, offering.values_of(data), "s")
    assert game.value[0] == 0
    for number in range(1, 16):
        members = game.named(number).split("+")
        assert game.value[number] == pytest.approx(ByHand(data, members).value(), rel=1e-7), members


@pytest.mark.parametrize("changes", [{}, SWITCHED], ids=["linear", "on-off"])
def test_warm_values_are_those_of_models_built_anew(changes):
    data = offering.made_up(3, wind=1, csp=1, **changes)
    warm, rebuilt = (offering.values_of(data, backend)["cost"] for backend in ("warm", "rebuild"))
    np.testing.assert_allclose(warm.values, rebuilt.values, rtol=1e-8, atol=1e-6)


@pytest.fixture(scope="module")
def cleared():
    return offering.cleared()


@pytest.fixture(scope="module")
def games():
    return {name: game_of(offering.cases(), offering.valued(), name) for name in offering.cases()["scenario"].values}


@pytest.mark.parametrize("seed", [4, 5])
def test_internal_price_is_the_value_of_one_more_megawatt(seed):
    data = offering.made_up(seed)
    price = clear(wind_csp, data)["price_internal"].isel(scenario=0).transpose("time", "outcome").values
    _compare_with_changes(data, "power_balance", price)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_risk_probability_is_the_value_of_one_more_dollar(weight):
    data = offering.made_up(6, beta=weight)
    cleared = clear(wind_csp, data)
    _compare_with_changes(data, "profit", cleared["risk_probability"].isel(scenario=0).values)
    if weight == 0:
        np.testing.assert_allclose(cleared["risk_probability"], data["probability"], atol=1e-9)


def test_capacity_price_is_the_value_of_one_more_megawatt_to_offer():
    data = offering.made_up(7, capacity=np.array([30.0, 30.0, 60.0, 60.0]))
    rent = clear(wind_csp, data)["capacity_price"].isel(scenario=0).values
    assert rent.max() > 1, "the limit binds"
    _compare_with_changes(data, "offer_limit", rent)


def _compare_with_changes(data, family, price):
    """One more unit on the right-hand side is worth the price at most, one less costs it at least; a little more, it."""
    split = split_model(wind_csp, data)
    program, rows = split.program(0), split.constraints[family].position.values
    engine, base = LiveProgram(program), -solve_priced(program, split, "base").objective
    for row, worth in zip(rows.ravel(), price.ravel(), strict=True):
        gain = {}
        for step in (1.0, -1.0, 1e-4, -1e-4):
            low, high = (bounds[[row]] + step for bounds in (program.row_lower, program.row_upper))
            engine.set_row_bounds([row], low, high)
            gain[step] = (-engine.solve().objective - base) / step
        engine.set_row_bounds([row], program.row_lower[[row]], program.row_upper[[row]])
        assert gain[1.0] <= worth + 1e-6 and gain[-1.0] >= worth - 1e-6
        assert gain[1e-4] - 1e-4 <= worth <= gain[-1e-4] + 1e-4


def test_payoffs_share_the_value_exactly_and_nobody_objects(cleared, games):
    payoff = cleared["price_revenue"] - cleared["reported_cost"]
    np.testing.assert_allclose(payoff.sum("participant"), -cleared["objective"], rtol=1e-10)
    split = cleared["contribution_da"] + cleared["contribution_balancing"]
    np.testing.assert_allclose(split, payoff, atol=1e-6)
    for name in LINEAR:
        game, own = games[name], payoff.sel(scenario=name).values
        own = own[: game.count] if game.count == 4 else own
        assert max_excess(game, own)[0] <= 1e-6 * game.total, name
        assert (own >= game.alone - 1e-6 * game.total).all()


def test_payoffs_share_the_value_where_the_offer_is_limited():
    data = offering.made_up(7, capacity=np.array([30.0, 30.0, 60.0, 60.0]))
    cleared = clear(wind_csp, data)
    payoff = (cleared["price_revenue"] - cleared["reported_cost"]).isel(scenario=0).values
    game = game_of(data, offering.values_of(data), "s")
    assert payoff.sum() == pytest.approx(game.total, rel=1e-10)
    assert max_excess(game, payoff)[0] <= 1e-6 * game.total


def test_the_linear_game_is_superadditive(games):
    assert all(superadditivity(games[name]).violations == 0 for name in LINEAR)


def test_on_off_decisions_cost_value(games):
    for day in ("summer", "winter"):
        gap = 1e-6 * games[day].total
        assert (games[f"{day}|on-off"].value <= games[day].value + gap).all()
        assert games[f"{day}|on-off"].total < games[day].total - 100


def test_without_least_output_and_starts_integers_change_nothing():
    changes = {"minimum_power": 0.0, "startup_heat": 0.0}
    linear, switched = (clear(wind_csp, offering.made_up(8, commitment=kind, **changes))["objective"].item()
                        for kind in ("linear", "integer"))  # fmt: skip
    assert switched == pytest.approx(linear, rel=1e-7)


def test_commitment_is_the_same_in_all_outcomes_and_limits_the_output(cleared):
    data = offering.cases().sel(scenario=["summer|on-off", "winter|on-off"])
    here = cleared.sel(scenario=data["scenario"].values)
    on, power = here["committed"], here["power"].sel(participant=data["csp"].values).rename(participant="csp")
    assert set(np.unique(on.values.round(9))) == {0.0, 1.0}
    assert (power >= data["minimum_power"] * on - 1e-6).all()
    assert (power <= data["capacity"].sel(participant=data["csp"].values).rename(participant="csp") * on + 1e-6).all()


def test_more_risk_aversion_never_raises_the_value(games):
    for day in ("summer", "winter"):
        values = [games[name].total for name in (f"{day}|beta0", day, f"{day}|beta1")]
        assert values == sorted(values, reverse=True)


def test_more_storage_never_lowers_the_value(games):
    for day in ("summer", "winter"):
        values = [games[f"{day}|tes{hours}"].total for hours in (0, 6, 12)]
        assert values[0] < values[1] <= values[2] + 1e-6


@pytest.mark.parametrize("who", ["W0", "C1"])
def test_splitting_a_member_changes_neither_the_value_nor_its_payoff(who):
    data = offering.made_up(9)
    whole, halves = clear(wind_csp, data), clear(wind_csp, _split(data, who))
    assert halves["objective"].item() == pytest.approx(whole["objective"].item(), rel=1e-9)
    payoff = [(one["price_revenue"] - one["reported_cost"]).isel(scenario=0) for one in (whole, halves)]
    clones = payoff[1].sel(participant=[who, f"{who}b"])
    assert float(clones.sum()) == pytest.approx(float(payoff[0].sel(participant=who)), rel=1e-6)
    assert clones.values[0] == pytest.approx(clones.values[1], rel=1e-6)


def _split(data: xr.Dataset, who: str) -> xr.Dataset:
    """The data with `who` registered as two members of half its size."""
    half = wind_csp.scaled(data, who, 0.5)
    dim = "wind" if who in data["wind"].values else "csp"
    for name in ("participant", dim):
        twin = half.sel({name: [who]}).assign_coords({name: [f"{who}b"]})
        half = xr.concat([half, twin], name, data_vars="minimal", coords="minimal", compat="override", join="exact")
    return half


def test_value_grows_with_the_size_of_all_members():
    data = offering.made_up(10)
    double = data
    for name in data["participant"].values:
        double = wind_csp.scaled(double, name, 2.0)
    one, two = (clear(wind_csp, each)["objective"].item() for each in (data, double))
    assert two == pytest.approx(2 * one, rel=1e-9)


def test_payoff_is_the_marginal_value_of_a_members_size(cleared):
    """The Owen payoff is the derivative of v(N) in the member's size; where it is not unique, it lies between."""
    values = offering.valued()["scaled_cost"].sel(scenario=["summer", "winter"])
    here = cleared.sel(scenario=["summer", "winter"])
    payoff = (here["price_revenue"] - here["reported_cost"]).sel(participant=["W1", "W2", "C1", "C2"])
    up, down = ((here["objective"] - values.sel(side=side)) / 1e-5 for side in ("up", "down"))
    members = {"participant": payoff["participant"].values}
    assert (up.sel(members) <= payoff + 1.0).all() and (payoff <= -down.sel(members) + 1.0).all()


@pytest.mark.parametrize("level", [0.0, 0.5, 0.9])
def test_conditional_value_at_risk_is_the_mean_of_the_worst(level):
    rng = np.random.default_rng(11)
    profit = xr.DataArray(rng.normal(size=(1, 20)), dims=("scenario", "outcome"), coords={"outcome": np.arange(20)})
    probability = xr.full_like(profit, 1 / 20)
    found = wind_csp.conditional_value_at_risk(profit, probability, xr.DataArray([level], dims="scenario"))
    worst = np.sort(profit.values[0])[: round(20 * (1 - level))]
    assert found.item() == pytest.approx(worst.mean(), rel=1e-9)


def test_objective_is_the_mix_of_the_two_measures(cleared):
    data = offering.cases()
    mix = (1 - data["beta"]) * cleared["expected_profit"] + data["beta"] * cleared["cvar"]
    np.testing.assert_allclose(mix, -cleared["objective"], rtol=1e-9)


def test_who_does_not_take_part_brings_and_gets_nothing(cleared):
    absent = ~coalitions.taking_part(offering.cases())
    for name in ("output", "price_revenue", "reported_cost", "capacity", "active"):
        assert not cleared[name].where(absent, 0.0).any(), name


def test_energy_and_heat_are_conserved(cleared):
    data = offering.cases()
    power = cleared["power"]
    np.testing.assert_allclose(
        cleared["offer"] + cleared["surplus"] - cleared["shortage"], power.sum("participant"), atol=1e-6
    )
    heat = power.sel(participant=data["csp"].values).rename(participant="csp") / data["block_efficiency"]
    net = cleared["field_heat"] - cleared["charge"] + cleared["discharge"]
    linear = data["commitment"].values == "linear"
    np.testing.assert_allclose(
        *(x.transpose("scenario", "csp", "time", "outcome")[linear] for x in (heat, net)), atol=1e-6
    )
