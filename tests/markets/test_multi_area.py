"""The multi-area market: against a program written down by hand, prices against small changes, ties and their losses."""

import re

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import linprog

import multi_area
from multi_area import CASES, TWO_AREA, changed
from sharegrid.markets import multi_area as market
from sharegrid.markets import two_stage
from sharegrid.optimise import coalitions
from sharegrid.optimise.area_game import area_costs
from sharegrid.optimise.clear import clear, split_model
from sharegrid.optimise.dc_network import DcNetwork
from sharegrid.optimise.highs import LiveProgram
from sharegrid.optimise.quadratic import live
from sharegrid.optimise.values import Engine
from sharegrid.stages import clear as stages_clear
from sharegrid.stages.pay import pay
from sharegrid.tables import area_summary, area_ties

RANDOM = range(5)


def two_areas(**options) -> xr.Dataset:
    return multi_area.data("two-area", **({"cost_model": "blocks", "tie_break": 0.01} | options))


class ByHand:
    """The spec's form for one hour: balances of whole areas and transfer factors instead of angles, blocks only."""

    def __init__(self, data: xr.Dataset):
        self.d = data.isel(scenario=0, time=0)
        self.cost, self.upper, self.at, self.names = [], [], [], []
        d = self.d
        for g, (bus, area) in enumerate(zip(d["generator_bus"].values, d["generator_area"].values, strict=True)):
            for price, width in zip(d["block_price"].values[g], d["block_quantity"].values[g], strict=True):
                self.column(price, width, {bus: 1}, ("block", g, area))
            for k, direction in enumerate(d["direction"].values):
                self.column(d["reserve_offer"].values[g, k], d["reserve_limit"].values[g], {}, (direction, g, area))
        for w, bus in enumerate(d["renewable_bus"].values):
            self.column(0, d["available"].values[w], {bus: 1}, ("plant", w, d["renewable_area"].values[w]))
        for bus, load in zip(d["bus"].values, d["demand"].values, strict=True):
            self.column(float(d["voll"]), load, {bus: 1}, ("shed", 0, ""))
        for area in d["area"].values:
            for direction in d["direction"].values:
                self.column(float(d["reserve_penalty"]), np.inf, {}, (f"missing {direction}", 0, area))
        for k in range(d.sizes["tie"]):
            ends, loss = (d["tie_from"].values[k], d["tie_to"].values[k]), d["loss_slope"].values[k, 0]
            areas = d["tie_from_area"].values[k], d["tie_to_area"].values[k]
            for start, end in ((0, 1), (1, 0)):
                self.column(0, d["tie_capacity"].values[k], {ends[start]: -1, ends[end]: 1 - loss},
                            ("tie", 1 - loss, areas[end]))  # fmt: skip

    def column(self, cost, upper, at, name):
        self.cost.append(cost), self.upper.append(upper), self.at.append(at), self.names.append(name)

    def solve(self) -> tuple[float, np.ndarray]:
        """Cost and price (bus)."""
        d = self.d
        bus, area = d["bus"].values, d["bus_area"].values
        injection = np.zeros((len(bus), len(self.cost)))
        for j, at in enumerate(self.at):
            for where, amount in at.items():
                injection[np.flatnonzero(bus == where)[0], j] += amount
        factors = self.factors(bus, area)
        load, limit = d["demand"].values, d["line_limit"].values
        inside = area[None, :] == d["area"].values[:, None]
        rows, most = self.reserve_rows()
        flow = factors @ injection
        upper_rows = np.vstack([flow, -flow, *rows])
        rhs = np.concatenate([limit + factors @ load, limit - factors @ load, most])
        bounded = np.isfinite(rhs)
        solved = linprog(self.cost, upper_rows[bounded], rhs[bounded], inside @ injection, inside @ load,
                         [(0, one) for one in self.upper], method="highs")  # fmt: skip
        assert solved.status == 0
        multiplier = np.zeros(len(rhs))
        multiplier[bounded] = solved.ineqlin.marginals
        congestion = (multiplier[: len(limit)] - multiplier[len(limit) : 2 * len(limit)]) @ factors
        return solved.fun, inside.T @ solved.eqlin.marginals + congestion

    def factors(self, bus, area) -> np.ndarray:
        d, factors = self.d, np.zeros((self.d.sizes["branch"], len(bus)))
        for name in d["area"].values:
            own, lines = np.flatnonzero(area == name), np.flatnonzero(np.isin(d["from_bus"].values, bus[area == name]))
            branches = [d[key].values[lines] for key in ("from_bus", "to_bus", "susceptance")]
            network = DcNetwork(bus[own], *branches, np.zeros(len(lines)), bus[own][0])
            factors[np.ix_(lines, own)] = network.ptdf(np.arange(len(lines)))
        return factors

    def reserve_rows(self) -> tuple[list[np.ndarray], list[float]]:
        """Headroom of units, and requirements of areas, as rows <= most."""
        d, rows, most = self.d, [], []
        for g in range(d.sizes["generator"]):
            blocks = self.row(lambda kind, k, _, g=g: (kind == "block") * (k == g))
            up, down = (
                self.row(lambda kind, k, _, g=g, name=name: (kind == name) * (k == g)) for name in ("up", "down")
            )
            rows += [blocks + up, down - blocks]
            most += [d["block_quantity"].values[g].sum(), 0.0]
        for name in d["area"].values:
            load = d["demand"].values[d["bus_area"].values == name].sum()
            for k, direction in enumerate(d["direction"].values):
                held = self.row(
                    lambda kind, _, area, name=name, to=direction: (kind in (to, f"missing {to}")) * (area == name)
                )
                plants = self.row(lambda kind, _, area, name=name: (kind == "plant") * (area == name))
                imports = self.row(lambda kind, kept, area, name=name: (kind == "tie") * (area == name) * kept)
                rho = {of: d[f"{of}_requirement"].values[k] for of in ("load", "import", "renewable")}
                rows.append(rho["renewable"] * plants + rho["import"] * imports - held)
                most.append(-rho["load"] * load)
        return rows, most

    def row(self, of) -> np.ndarray:
        return np.array([of(*name) for name in self.names], dtype=float)


@pytest.mark.parametrize("seed", RANDOM)
def test_cost_and_prices_are_those_of_transfer_factors(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    data = two_areas(tie_capacity_mw=float(rng.uniform(20, 100)), ramp10=float(rng.uniform(0.1, 0.3)),
                     load_factor=float(rng.uniform(0.7, 1.15)))  # fmt: skip
    cleared, (cost, price) = clear(market, data), ByHand(data).solve()
    assert cleared["objective"].item() == pytest.approx(cost, rel=1e-9)
    assert cleared["price"].values.ravel() == pytest.approx(price, abs=1e-6)


def with_more(data: xr.Dataset, name: str, more: float, **place) -> float:
    changed_ = data.copy(deep=True)
    changed_[name].loc[place] += more
    return float(clear(market, changed_)["objective"][0])


def brackets(data: xr.Dataset, name: str, price: float, sign: float = 1.0, step: float = 1.0, **place) -> bool:
    """Whether the price lies between the slopes of the convex cost for one unit less and one more."""
    base = with_more(data, name, 0.0, **place)
    less, more = (
        (base - with_more(data, name, -step, **place)) / step,
        (with_more(data, name, step, **place) - base) / step,
    )
    low, high = sorted([sign * less, sign * more])
    return low - 1e-6 <= price <= high + 1e-6


def test_prices_are_the_cost_of_one_more_mw():
    data = multi_area.data("two-area")
    cleared = clear(market, data).isel(scenario=0, time=0)
    reserve = (data["load_requirement"] * cleared["reserve_price"]).sum("direction")  # held for one more MW of load
    for bus in ("A1:1", "A1:8", "A1:21", "A2:2", "A2:8", "A2:30"):
        price = float(cleared["price"].sel(bus=bus) + reserve.sel(area=bus[:2]))
        assert brackets(data, "demand", price, bus=bus), bus
    for tie in ("T1", "T2"):
        worth = float(cleared["tie_price"].sel(tie=tie))
        assert worth > 0.01 and brackets(data, "tie_capacity", worth, sign=-1, tie=tie), tie


def test_the_reserve_price_is_the_cost_of_one_more_mw_of_reserve():
    data = multi_area.data("two-area", ramp10=0.05)
    cleared = clear(market, data).isel(scenario=0, time=0)
    share = 1.0 / market.area_load(data).isel(scenario=0, time=0)  # the share of the load that is 1 MW
    price = float(cleared["reserve_price"].sel(area="A2", direction="up"))
    assert price == pytest.approx(12.4, abs=0.05)
    base = float(clear(market, data)["objective"][0])
    for step in (0.001, -0.001):
        more = data.copy(deep=True)
        load = more["demand"].where(more["bus_area"] == "A2", 0.0)
        more["load_requirement"] = more["load_requirement"] + step * share.sel(area="A2", drop=True) * (
            more["direction"] == "up"
        )
        slope = (float(clear(market, more)["objective"][0]) - base) / step
        of_others = float(
            cleared["reserve_price"].sel(area="A1", direction="up") * share.sel(area="A2") / share.sel(area="A1")
        )
        assert slope == pytest.approx(price + of_others, abs=2e-3), float(load.sum())


@pytest.mark.parametrize("loss_points", [3, 4, 9])
def test_tangents_are_below_the_losses_by_at_most_the_spec_says(loss_points):
    ties = {name: tie | {"quadratic_loss": 0.001} for name, tie in TWO_AREA["ties"].items()}
    data = multi_area.data("two-area", ties=ties, loss_model="tangents", loss_points=loss_points).isel(
        scenario=0, tie=0
    )
    flow = xr.DataArray(np.linspace(0, 60, 601), dims="flow")
    loss = 0.02 * flow + 0.001 * flow**2
    tangents = (data["loss_slope"] * flow - data["loss_credit"]).max("loss_point")
    assert float((loss - tangents).max()) <= 0.001 * (60 / (2 * loss_points)) ** 2 + 1e-12
    assert float((loss - tangents).min()) >= -1e-12 and float(tangents.min()) >= 0
    assert bool((data["chord_slope"] * flow >= loss - 1e-12).all())


@pytest.mark.parametrize("loss_model", ["linear", "tangents"])
def test_ties_send_one_way_and_lose_what_their_losses_say(loss_model):
    losses = {"quadratic_loss": 0.001 * (loss_model == "tangents"), "constant_loss_mw": 0.4}
    ties = {name: tie | losses for name, tie in TWO_AREA["ties"].items()}
    data = multi_area.data("two-area", ties=ties, loss_model=loss_model)
    cleared = clear(market, data)
    assert float(cleared["price"].min()) > 0
    assert float(np.minimum(*(cleared["sent"].sel(way=way) for way in ("forward", "backward"))).max()) < 1e-9
    lost = (data["loss_slope"] * cleared["sent"] - data["loss_credit"]).max("loss_point")
    assert (cleared["sent"] - cleared["delivered"]).values == pytest.approx(lost.values, abs=1e-9)
    supply = cleared["dispatch"].sum("generator") + cleared["renewable_output"].sum("renewable")
    used = data["demand"].sum("bus") + lost.sum(["tie", "way"]) + 2 * 0.4
    assert supply.values == pytest.approx(used.values, abs=1e-8)


def below_zero(loss_model: str = "linear") -> xr.Dataset:
    """A2 has a unit that pays to produce, and a tie that can lose power."""
    areas = {
        "A1": {"load_mw": 10, "units": {"G1": {"capacity_mw": 100, "linear": 20}}},
        "A2": {
            "load_mw": 50,
            "units": {"G2": {"capacity_mw": 100, "linear": 30}, "G3": {"capacity_mw": 100, "linear": -10}},
        },
    }
    quadratic = 1e-4 * (loss_model == "tangents")
    tie = {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80, "linear_loss": 0.05, "quadratic_loss": quadratic}
    section = {"market": "multi-area", "areas": areas, "ties": {"T": tie}, "blocks": 1, "loss_model": loss_model,
               "reserve_up_share": 0, "reserve_down_share": 0}  # fmt: skip
    return multi_area.data(section)


@pytest.mark.parametrize("loss_model", ["linear", "tangents"])
def test_at_negative_prices_no_tie_burns_power(caplog, loss_model):
    data = below_zero(loss_model)
    relaxed = split_model(market, data)
    cleared = clear(market, data)
    assert re.search(r"scenario base: the relaxation is not exact for T \([0-9.]+ MW lost beyond", caplog.text)
    assert len(caplog.records) == 1
    assert float(np.minimum(*(cleared["sent"].sel(way=way) for way in ("forward", "backward"))).max()) == 0
    lowest = clear(market, data.assign(one_way=data["one_way"] + 1))["objective"]
    assert cleared["objective"].item() == pytest.approx(lowest.item())
    assert LiveProgram(relaxed.program(0)).solve().objective < cleared["objective"].item() - 1
    if loss_model == "linear":  # 9.52.. MW delivered replace G1: G3 gets 10 $ for each MW sent
        assert cleared["objective"].item() == pytest.approx(-10 * (50 + 10 / 0.95))


def surplus(**options) -> xr.Dataset:
    """A1 is paid to produce and can send 80 MW, A2 takes no more than 30 MW."""
    tie = {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80, "linear_loss": 0.01, "quadratic_loss": 0.002}
    areas = {
        "A1": {"load_mw": 20, "units": {"G1": {"capacity_mw": 100, "linear": -25}}},
        "A2": {
            "load_mw": 30,
            "units": {"G2": {"capacity_mw": 100, "linear": -10}, "G3": {"capacity_mw": 100, "linear": 40}},
        },
    }
    section = {"market": "multi-area", "areas": areas, "ties": {"T": tie}, "blocks": 1, "loss_model": "tangents",
               "reserve_up_share": 0, "reserve_down_share": 0}  # fmt: skip
    return multi_area.data(section | options)


def envelope(data: xr.Dataset, sent: xr.DataArray) -> xr.DataArray:
    return (data["loss_slope"] * sent - data["loss_credit"]).max("loss_point")


@pytest.mark.parametrize("loss_points", [3, 4, 20])
def test_power_that_is_burnt_in_the_relaxation_is_on_the_curve_of_the_losses_in_the_exact_model(loss_points):
    data = surplus(loss_points=loss_points)
    cleared = clear(market, data)
    sent = cleared["sent"]
    lost = (sent - cleared["delivered"]).values
    assert lost == pytest.approx(envelope(data, sent).values, abs=1e-6)
    curve = 0.01 * sent + 0.002 * sent**2
    below = 0.002 * (80 / (2 * loss_points)) ** 2
    assert (lost <= curve.values + 1e-6).all() and (lost >= curve.values - below - 1e-6).all()
    flow = np.linspace(0, 80, 80_001)
    arrives = flow - 0.01 * flow - 0.002 * flow**2
    taken = arrives <= 30
    best = (-25 * (20 + flow) - 10 * (30 - arrives))[taken].min()
    assert best - 1e-2 <= cleared["objective"].item() <= best + 25 * 2 * below


def test_the_exact_model_refuses_nothing_that_the_relaxation_allows_and_costs_the_same_there():
    ties = {name: tie | {"quadratic_loss": 0.001} for name, tie in TWO_AREA["ties"].items()}
    data = two_areas(ties=ties, loss_model="tangents")
    relaxed, exact = clear(market, data), clear(market, market.exact(data))
    assert exact["objective"].item() == pytest.approx(relaxed["objective"].item(), rel=1e-9)
    for name in ("price", "tie_price", "sent"):
        assert exact[name].values == pytest.approx(relaxed[name].values, abs=1e-5), name


def test_all_coalitions_and_sets_of_areas_are_valued_on_the_same_curve():
    data = surplus()
    found = Engine(market, data, "warm").solve(0, coalitions.subsets(3))
    sent, delivered = (found.details[name] for name in ("sent", "delivered"))
    slope, credit = (data[name].values.ravel()[:, None, None, None, None] for name in ("loss_slope", "loss_credit"))
    assert sent - delivered == pytest.approx((slope * sent - credit).max(axis=0), abs=1e-4)
    everybody = clear(market, data)["objective"].item()
    assert found.cost[0] == pytest.approx(everybody, rel=1e-9)
    costs = area_costs(market, data)["interconnection_cost"].isel(scenario=0)
    assert costs.sel(area_set="A1+A2").item() == pytest.approx(everybody, rel=1e-9)
    assert costs.sel(area_set="").item() == pytest.approx(-25 * 20 - 10 * 30)


def test_a_schedule_with_outcomes_keeps_the_losses_on_their_curve_too():
    plant = {"renewables": {"W": {"bus": "A2", "power_mw": 4}}, "probability": [0.5, 0.5], "shape": [1, -1]}
    data = surplus(market="two-stage", wind_spread=0.5, **plant)
    cleared = clear(two_stage, data)
    for stage in ("scheduled", "outcome"):
        sent = cleared[f"{stage}_sent"]
        lost = sent - cleared[f"{stage}_delivered"]
        assert lost.values == pytest.approx(envelope(data, sent).transpose(*lost.dims).values, abs=1e-6)
    assert float(cleared["sent"].max()) > 20


@pytest.mark.parametrize(
    "valued", [clear, area_costs, lambda *of: Engine(*of, "warm").solve(0, coalitions.removals(3))]
)
def test_an_exact_model_that_is_not_exact_is_an_error(monkeypatch, valued):
    monkeypatch.setattr(market, "exact", lambda data: data)
    with pytest.raises(RuntimeError, match=r"scenario base.*the exact model is not exact for T \(.* MW"):
        valued(market, surplus())


def test_quadratic_costs_beside_integer_columns_are_refused():
    data = surplus(cost_model="quadratic")
    data["quadratic_offer"] = data["quadratic_offer"] + 0.01
    with pytest.raises(ValueError, match="scenario base: .*quadratic costs.*give the costs as blocks"):
        clear(market, data)


def test_a_market_without_ties():
    areas = {"A1": {"load_mw": 10, "units": {"G1": {"capacity_mw": 100, "linear": 20}}}}
    section = {"market": "multi-area", "areas": areas, "blocks": 1}
    assert clear(market, multi_area.data(section))["objective"].item() == pytest.approx(200)


def test_counterfactuals_do_not_burn_power_either(caplog):
    data = below_zero()
    absent = coalitions.subsets(3)
    found = Engine(market, data, "warm").solve(0, absent)
    assert "a coalition" in caplog.text
    slow = Engine(market, data.assign(one_way=data["one_way"] + 1), "rebuild").solve(0, absent)
    assert found.cost == pytest.approx(slow.cost, rel=1e-8)


@pytest.mark.parametrize(
    "case, options", [("two-area", {}), ("two-area", {"cost_model": "blocks"}), ("three-area", {})]
)
def test_removals_are_those_of_models_built_anew(case, options):
    data = multi_area.data(case, **options)
    rows = coalitions.removals(data.sizes["participant"])
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, 7).astype(int))]
    warm, slow = (Engine(market, data, backend).solve(0, rows) for backend in ("warm", "rebuild"))
    assert warm.cost == pytest.approx(slow.cost, rel=1e-8)


def test_a_unit_takes_its_lower_limit_with_it():
    units = {"G1": {"capacity_mw": 100, "linear": 20, "reserve_limit_mw": 0}}
    data = multi_area.data(changed(CASES["toy"], areas__A1__units=units), pmin="keep")
    data["p_min"] = ("generator", [20.0, 30.0, 10.0])
    cleared = clear(market, data).isel(scenario=0, time=0)
    assert bool((cleared["dispatch"] >= data["p_min"] - 1e-9).all())
    found = Engine(market, data, "warm").solve(0, coalitions.removals(3))
    alone = clear(market, data.sel(generator=["G1", "G2"], participant=["G1", "G2"]))
    assert found.cost[3] == pytest.approx(alone["objective"].item()) and (found.lost_load == 0).all()


def test_cost_is_convex_and_falls_with_the_capacity_of_ties():
    cost = clear(
        market,
        multi_area.data(
            "two-area", {"cap": {"label": "{tie_capacity_mw}", "tie_capacity_mw": list(range(0, 101, 10))}}
        ),
    )
    change = np.diff(cost["objective"].values)
    assert (change <= 1e-7).all() and (np.diff(change) >= -1e-7).all()


def test_the_polygon_keeps_converters_within_their_rating():
    tie = {"from_bus": "A1:2", "to_bus": "A2:2", "rating_mva": 60, "reactive_range_mvar": [30, 50], "linear_loss": 0.02}
    for sides in (12, 24):
        data = multi_area.data("two-area", ties={"T": tie}, polygon_sides=sides)
        solved = split_model(market, data)
        x = live(solved.program(0)).solve().x
        sent, reactive = (solved.variables[name].read(x) for name in ("sent", "reactive_power"))
        power = float(sent.sel(way="forward").squeeze())
        assert float(reactive.min()) >= 30 - 1e-7
        assert power**2 + float(reactive.sel(end="from").squeeze()) ** 2 <= 60**2 + 1e-6
        best = np.sqrt(60**2 - 30**2)
        assert best * np.cos(np.pi / sides) - 60 * np.sin(np.pi / sides) <= power <= best + 1e-7


def converters(rating: float = 80, scenarios: dict | None = None, **options) -> xr.Dataset:
    tie = {"from_bus": "A1", "to_bus": "A2", "rating_mva": rating, "reactive_range_mvar": [40, 60]}
    return multi_area.data("toy", scenarios, ties={"T": tie}, **options)


@pytest.mark.parametrize("sides", [5, 12])
def test_the_worth_of_a_rating_is_that_of_the_polygon_and_a_binding_side_is_full(sides):
    data = converters(polygon_sides=sides)
    cleared = clear(market, data)
    more, less = (clear(market, converters(80 + step, polygon_sides=sides))["objective"].item() for step in (0.1, -0.1))
    assert cleared["tie_price"].item() == pytest.approx((less - more) / 0.2, rel=1e-6)
    assert cleared["tie_price"].item() > 1 and cleared["sent"].max() < 79, "the polygon binds, the capacity does not"
    row = area_ties.table({"data": data, "cleared": cleared}, scenarios=["base"]).iloc[0]
    assert row["hours_full"] == 1 and row["worth_of_capacity"] == pytest.approx(cleared["tie_price"].item())
    spare = converters(300, polygon_sides=sides)
    assert (
        area_ties.table({"data": spare, "cleared": clear(market, spare)}, scenarios=["base"])["hours_full"].item() == 0
    )


def test_a_common_capacity_says_nothing_of_converters_with_a_reactive_range():
    sweep = {"cap": {"label": "{tie_capacity_mw}", "tie_capacity_mw": [0, None]}}
    assert clear(market, converters(scenarios=sweep))["sent"].sel(scenario="0").max() == 0
    with pytest.raises(ValueError, match="ties: 'T', scenario 'base': tie_capacity_mw 40 .*use tie_factor"):
        converters(tie_capacity_mw=40)


def test_what_circulates_among_ties_without_losses_is_no_exchange():
    """T and U are filled by 87 MW there and 29.5 MW back, or by any flows with this balance."""
    tie = {"from_bus": "A1", "to_bus": "A2"}
    ties = {"T": tie | {"capacity_mw": 37}, "U": tie | {"capacity_mw": 87}}
    fields = {"requirements": {"load_up": 0.05}, "areas__A2__load_mw": 150, "areas__A1__units__G1__linear": 31}
    data = multi_area.data(changed(CASES["toy"], ties=ties, **fields))
    cleared = stages_clear.clear(data, {"market": "multi-area"})
    exchange = cleared["exchange"].sum("tie").item()
    assert cleared["area_import"].sum().item() > exchange + 1, "the case has lost its sense: nothing circulates"
    paid = pay(data, cleared, None, {"mechanisms": {"lmp": {}}, "deficit": None, "checks": {}})
    summary = area_summary.table({"data": data, "cleared": cleared, "payments": paid}, scenarios=["base"]).iloc[0]
    assert summary["import_mwh"] == pytest.approx(exchange) and summary["export_mwh"] == pytest.approx(exchange)
    made = cleared["dispatch"].sel(generator=["G2", "G3"]).sum().item()
    assert exchange == pytest.approx(150 - made - cleared["shed"].sum().item())
    one = cleared["sent"].copy(deep=True)
    one.loc[{"tie": "T"}] = [[[10.0], [4.0]]]
    back = cleared.assign(sent=one, exchange=one.sel(way="forward") - one.sel(way="backward"))
    row = area_ties.table({"data": data, "cleared": back}, scenarios=["base"]).set_index("tie").loc["T"]
    assert row["forward_mwh"] == 6 and row["backward_mwh"] == 0


def test_ramps_limit_the_change_from_hour_to_hour():
    waves = {
        "load_profile": {"mean": 0.75, "swing": 0.25, "zero_hour": 9},
        "renewable_profile": {"mean": 0.6, "swing": 0.4, "zero_hour": -6},
    }
    data = two_areas(hours=24, ramp=0.05, **waves)
    cleared = clear(market, data)
    change = np.abs(cleared["dispatch"].diff("time").values)
    limit = data["ramp_limit"].values[..., None]
    assert (change <= limit + 1e-7).all() and (change >= limit - 1e-7).any()
    assert cleared["objective"].item() == pytest.approx(19613.03, abs=0.005)
