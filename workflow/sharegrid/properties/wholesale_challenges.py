"""Check: the challenges of VCG on one node, in numbers (chapter 2.4.4 and 2.4.5)."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.mechanisms import vcg
from sharegrid.optimise import coalitions, merit_order
from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.properties import checks

Row = tuple[str, str, float, str]  # challenge, quantity, value, unit
LOST_LOAD_PRICE = 1000.0  # $/MWh in the random markets
TWIN = "b"  # a unit that registers twice has a twin of this name


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset,
    payments: xr.Dataset,
    *,
    volls: list[float] | None = None,
    sizes: list[int] | None = None,
    seed: int = 2024,
) -> xr.Dataset:
    """challenge, quantity, value, unit (challenge_row): the budget deficit, the price of pivotality, collusion, shill
    bidding, entry, computation, and the rules for insufficient N-1 capacity.

    Read from the scenario families cases, demand, voll, collusion, split, entry (all coalitions) and n1; a family that
    the study lacks gives no rows. volls [$/MWh] at which the pivotal payment is shown: 100, 1000, 10000 if not given. sizes: numbers of units of
    the random markets, drawn with `seed`: 10, 30, 100, 300, 1000 if not given.
    """
    market = Market(data, cleared, values, payments)
    rows = [
        *deficit(market),
        *pivotality(market, [100.0, 1000.0, 10000.0] if volls is None else volls),
        *collusion(market),
        *shill_bidding(market),
        *non_monotone_revenue(market),
        *computation([10, 30, 100, 300, 1000] if sizes is None else sizes, seed),
        *n1_rules(market),
    ]
    challenge, quantity, value, unit = zip(*rows, strict=True)
    columns = {"challenge": list(challenge), "quantity": list(quantity), "value": np.array(value), "unit": list(unit)}
    texts = {"challenge": "challenge of VCG", "quantity": "what the value is", "value": "number", "unit": "its unit"}
    units = dict.fromkeys(texts, "1") | {"value": "see the variable unit"}
    return xr.Dataset(
        {name: ("challenge_row", columns[name], {"units": units[name], "long_name": texts[name]}) for name in columns}
    )


class Market:
    """Short ways to the numbers of a scenario; payments and profits are those of VCG."""

    def __init__(self, data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, payments: xr.Dataset):
        self.data, self.cleared, self.values, self.payments = data, cleared, values, payments
        self._by_family = {name: [] for name in data["family"].values.tolist()}
        for label, name in zip(data["scenario"].values.tolist(), data["family"].values.tolist(), strict=True):
            self._by_family[name].append(label)

    def family(self, name: str) -> list[str]:
        """Labels of a family's scenarios, none if the study lacks it."""
        return self._by_family.get(name, [])

    def demand(self, scenario: str) -> float:
        """MW."""
        return float(self.data["demand_mw"].sel(scenario=scenario))

    def voll(self, scenario: str) -> float:
        """$/MWh."""
        return float(self.data["voll"].sel(scenario=scenario))

    def case(self, scenario: str) -> str | None:
        """The truthful case with the scenario's demand."""
        return next((label for label in self.family("cases") if self.demand(label) == self.demand(scenario)), None)

    def amount(self, name: str, scenario: str, participant: str) -> float:
        """payment or profit of a participant under VCG, $/h."""
        return float(self.payments[name].sel(scenario=scenario, mechanism="vcg", participant=participant))

    def total(self, scenario: str) -> float:
        """Sum of the VCG payments, $/h."""
        return float(self.payments["payment"].sel(scenario=scenario, mechanism="vcg").sum(skipna=False))

    def load_payment(self, scenario: str) -> float:
        """$/h."""
        return float(self.cleared["load_payment"].sel(scenario=scenario))

    def lost_load_without(self, scenario: str) -> xr.DataArray:
        """MW (participant)."""
        return vcg.lost_load_without(self.values).sel(scenario=scenario)


def deficit(market: Market) -> Iterator[Row]:
    """What VCG pays and what the loads pay at the uniform price, by demand."""
    for scenario in market.family("cases"):
        total, collected = market.total(scenario), market.load_payment(scenario)
        where = f"D = {market.demand(scenario):g} MW"
        yield "budget deficit", f"VCG payments, {where}", total, "$/h"
        yield "budget deficit", f"load payment at the uniform price, {where}", collected, "$/h"
        yield "budget deficit", f"deficit, {where}", total - collected, "$/h"
    sweep = market.family("demand")
    if sweep:
        missing = np.array([market.total(scenario) - market.load_payment(scenario) for scenario in sweep])
        lost = [float(market.lost_load_without(scenario).max()) for scenario in sweep]
        yield "budget deficit", "largest deficit of the demand sweep", missing.max(), "$/h"
        yield "budget deficit", "demand of the largest deficit", market.demand(sweep[int(missing.argmax())]), "MW"
        short = [
            market.demand(scenario) for scenario, amount in zip(sweep, lost, strict=True) if amount > vcg.DISPATCHED
        ]
        yield "budget deficit", "lowest demand of the sweep without N-1 capacity", min(short, default=np.nan), "MW"


def pivotality(market: Market, volls: list[float]) -> Iterator[Row]:
    """The payment of the unit that is missed most against the value of lost load V, per demand of the sweep of V."""
    demands = sorted({market.demand(scenario) for scenario in market.family("voll")})
    for demand in demands:
        sweep = {market.voll(label): label for label in [*market.family("cases"), *market.family("voll")]
                 if market.demand(label) == demand}  # fmt: skip
        ordered = sorted(sweep)
        unit = str(market.lost_load_without(sweep[ordered[0]]).idxmax().item())
        where = f"D = {demand:g} MW"
        for voll in [voll for voll in volls if voll in sweep]:
            payment = market.amount("payment", sweep[voll], unit)
            yield "price of pivotality", f"payment of unit {unit}, V = {voll:g} $/MWh, {where}", payment, "$/h"
        ends = [market.amount("payment", sweep[voll], unit) for voll in (ordered[0], ordered[-1])]
        slope = (ends[1] - ends[0]) / (ordered[-1] - ordered[0])
        yield "price of pivotality", f"slope of the payment in V, unit {unit}, {where}", slope, "MW"


def collusion(market: Market) -> Iterator[Row]:
    """Several units that raise their offers together, and what each could gain alone."""
    honest = checks.truthful(market.data)
    gain = checks.misreport_gain(market.data, market.payments).sel(mechanism="vcg")
    for scenario in market.family("collusion"):
        case = market.case(scenario)
        where = f"D = {market.demand(scenario):g} MW"
        ring = honest["participant"].values[~honest.sel(scenario=scenario).values]
        for unit in ring:
            for label, text in ((case, "truthful"), (scenario, "colluding")):
                profit = market.amount("profit", label, unit)
                yield "collusion", f"profit of unit {unit}, {text}, {where}", profit, "$/h"
        for label, text in ((case, "truthful"), (scenario, "colluding")):
            yield "collusion", f"VCG payments, {text}, {where}", market.total(label), "$/h"
        for unit in ring:
            alone = (market.data["base"] == case) & (market.data["deviator"] == unit)
            alone = alone & (market.data["price_multiplier"] > 1)
            largest = float(gain.where(alone).max())
            yield "collusion", f"largest gain of unit {unit} that raises its offer alone, {where}", largest, "$/h"


def shill_bidding(market: Market) -> Iterator[Row]:
    """One owner that registers a unit as two bidders at the same bus."""
    offered = market.data["offer_quantity"].sum("block")
    for scenario in market.family("split"):
        case = market.case(scenario)
        names = market.data["participant"].values.tolist()
        twins = [name for name in names if name.endswith(TWIN) and name.removesuffix(TWIN) in names]
        where = f"D = {market.demand(scenario):g} MW"
        for twin in [twin for twin in twins if float(offered.sel(scenario=scenario, generator=twin)) > 0]:
            unit = twin.removesuffix(TWIN)
            both = market.amount("profit", scenario, unit) + market.amount("profit", scenario, twin)
            yield "shill bidding", f"profit of unit {unit} as one, {where}", market.amount("profit", case, unit), "$/h"
            yield "shill bidding", f"profit of unit {unit} as two, {where}", both, "$/h"


def non_monotone_revenue(market: Market) -> Iterator[Row]:
    """The entry of one unit into every set of the others: does the total VCG payment rise although load is served?"""
    for scenario in market.family("entry"):
        increases = entry_changes(market, scenario)
        where = f"D = {market.demand(scenario):g} MW"
        yield "non-monotone revenue", f"nested pairs of sets that serve all load, {where}", len(increases), "1"
        largest = max(increases, default=np.nan)
        yield "non-monotone revenue", f"largest increase of VCG payments by entry, {where}", largest, "$/h"


def entry_changes(market: Market, scenario: str) -> list[float]:
    """Change of the total VCG payment for every S and S with j in it that both serve all load; all subsets are valued.

    The total for the set S is  sum_{i in S} [J(S without i) - J(S)] + J(S), S serving all load.
    """
    offers = market.data["offer_quantity"].sel(scenario=scenario).sum("block")
    capacity = offers.groupby(market.data["owner"].rename("participant")).sum()
    names = [name for name in market.data["participant"].values.tolist() if float(capacity.sel(participant=name)) > 0]
    offering, here = frozenset(names), market.values.sel(scenario=scenario)
    everybody, cost, serving = here["participant"].values, {}, set()
    for k, gone in enumerate(coalitions.absent(here)):
        members = offering.intersection(everybody[~gone])
        cost[members] = float(here["cost"][k])
        if here["lost_load"][k] <= vcg.DISPATCHED:
            serving.add(members)
    total = {s: cost[s] + sum(cost[s - {unit}] - cost[s] for unit in s) for s in serving}
    return [total[s | {unit}] - total[s] for s in total for unit in offering - s]


def computation(sizes: list[int], seed: int) -> Iterator[Row]:
    """N + 1 linear programs against one sort, on random one-block units."""
    random = np.random.default_rng(seed)
    for size in sizes:
        quantity, price = random.uniform(10, 100, size), random.uniform(10, 60, size)
        demand = 0.6 * quantity.sum()
        solved = removal_costs_by_programs(quantity, price, demand)
        sorted_once = removal_costs_by_sorting(quantity, price, demand)
        yield "computation", f"linear programs, {size} units", len(solved), "1"
        difference = np.abs(solved - sorted_once).max()
        yield "computation", f"largest difference of the costs from one sort, {size} units", difference, "$/h"


def removal_costs_by_programs(quantity: np.ndarray, price: np.ndarray, demand: float) -> np.ndarray:
    """J(N), then J(N without i) for each unit, $/h, each a linear program that restarts from the last."""
    size = len(quantity)
    cost, upper = np.append(price, LOST_LOAD_PRICE), np.append(quantity, demand)
    balance = sp.csr_matrix(np.ones((1, size + 1)))
    program = LiveProgram(Program(cost, np.zeros(size + 1), upper, balance, np.array([demand]), np.array([demand])))
    solved = [program.solve("everybody", values=False).objective]
    for unit in range(size):
        program.set_column_bounds([unit], [0.0], [0.0])
        solved.append(program.solve(f"without unit {unit}", values=False).objective)
        program.set_column_bounds([unit], [0.0], [quantity[unit]])
    return np.array(solved)


def removal_costs_by_sorting(quantity: np.ndarray, price: np.ndarray, demand: float) -> np.ndarray:
    """The same from the merit order."""
    names = np.arange(len(quantity)).astype(str)
    data = xr.Dataset(
        {
            "demand": ("bus", [demand]),
            "voll": LOST_LOAD_PRICE,
            "line_limit": ("branch", np.zeros(0)),
            "offer_quantity": (("generator", "block"), quantity[:, None]),
            "offer_price": (("generator", "block"), price[:, None]),
            "generator_bus": ("generator", np.ones(len(names), int)),
            "owner": ("generator", names),
        },
        {"bus": [1], "generator": names, "participant": names},
    )
    return merit_order.counterfactuals(data, coalitions.removals(len(names))).cost


def n1_rules(market: Market) -> Iterator[Row]:
    """Profit of the unit that is missed most under the alternatives to the value of lost load."""
    for scenario in market.family("n1"):
        unit = str(market.lost_load_without(scenario).idxmax().item())
        rule = str(market.data["n1_rule"].sel(scenario=scenario).item())
        where = f"D = {market.demand(scenario):g} MW"
        yield (
            "insufficient N-1",
            f"profit of unit {unit}, {rule}, {where}",
            market.amount("profit", scenario, unit),
            "$/h",
        )
