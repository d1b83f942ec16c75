"""Check: the properties R1 to R8 of the retail mechanism (chapter 2.5.4), on the study's communities and random ones.

What is a theorem passes within 1e-6 max(1, |J|) $. What is none is measured: the share of random cases that violate it.
Rules: externality = `vcg`, SCR = `sharing-contribution` of the marginal contributions, dual price = `lmp` or `owen`.
R2 and R3 are tested on all communities that were valued, R8 on those with a flexible resource or a base load, and the
others, which are about the closed forms, on those with neither: the plain ones.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from sharegrid.games.shapley import shapley
from sharegrid.games.table import Game, members
from sharegrid.markets.retail_bills import best_output, value_of_sharing
from sharegrid.optimise import coalitions
from sharegrid.properties import checks
from sharegrid.properties import retail_contributions as closed
from sharegrid.properties.retail_contributions import Prices

EXTERNALITY, RATE, PRICE = "vcg", "sharing-contribution", ("lmp", "owen")
LARGEST = 3.0  # kWh; random net loads are between minus and plus this
OWN = np.linspace(0, 6, 61)  # kWh; the surplus that a random seller could offer
VIOLATION = 1e-9  # $; a smaller fall or excess is rounding


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset,
    payments: xr.Dataset,
    *,
    seed: int = 2024,
    cases: int = 300,
    withholding: list[str] | None = None,
) -> xr.Dataset:
    """proposition_residual, proposition_passed (property), and by hour what the figures show of the sharing.

    Residuals are the worst violation in $ over all scenarios, 0 or more; those called "share" are the share [1] of
    `cases` random communities, drawn with `seed`, that violate the property, which passes if none does. withholding:
    families in which a seller's surplus varies, withholding if not given. NaN, not passed, where nothing tells.
    """
    outcome = Outcome(data, cleared, values, payments, seed, cases, withholding or ["withholding"])
    residual = np.array([float(test(outcome)) for test in PROPERTIES.values()])
    residual = np.where(residual < 0, 0.0, residual) + 0.0
    limit = float(checks.tolerance(cleared).max())
    names = list(PROPERTIES)
    passed = np.where([name.endswith("share") for name in names], residual == 0, residual <= limit)
    found = xr.Dataset(
        {
            "proposition_residual": ("property", residual, {"units": "$ (share: 1)", "long_name": "worst violation"}),
            "proposition_passed": ("property", passed, {"units": "1", "long_name": "whether the property holds"}),
        },
        {"property": ("property", names, {"units": "1", "long_name": "property"})},
    )
    return found.merge(outcome.by_hour())


@dataclass(frozen=True)
class Outcome:
    """What the properties are tested on. Arrays of `plain` scenarios: no flexible resource, no base load."""

    data: xr.Dataset
    cleared: xr.Dataset
    values: xr.Dataset
    payments: xr.Dataset
    seed: int
    cases: int
    withholding: list[str]

    @cached_property
    def is_plain(self) -> xr.DataArray:
        """(scenario)."""
        plain = (self.data["base_load"] == 0).all("time")
        if "flexible_capacity" in self.data:
            plain = plain & (self.data["flexible_capacity"] == 0).all(("participant", "time"))
        return plain.reset_coords(drop=True)

    @cached_property
    def plain(self) -> xr.Dataset:
        """Data of the plain scenarios."""
        return self.data.isel(scenario=np.flatnonzero(self.is_plain.values))

    @cached_property
    def net_load(self) -> np.ndarray:
        """(scenario, user, hour) kWh."""
        return self.plain["net_load"].transpose("scenario", "participant", "time").values

    @cached_property
    def prices(self) -> Prices:
        """(scenario, hour) $/kWh."""
        return closed.prices_of(self.plain)

    @cached_property
    def contribution(self) -> np.ndarray:
        """m_it (scenario, user, hour) by (2.c)."""
        return closed.contribution(self.net_load, self.prices)

    @cached_property
    def value(self) -> np.ndarray:
        """v_t (scenario, hour)."""
        return closed.sharing_value(self.net_load, self.prices)

    @cached_property
    def saved(self) -> np.ndarray:
        """Value of sharing (scenario) $/day of the optimum, of all scenarios."""
        return value_of_sharing(self.data, self.cleared).values

    @cached_property
    def kept(self) -> np.ndarray:
        """What the agent keeps under SCR (scenario) $/day; NaN where it was not valued or not asked for."""
        unknown = np.full(self.data.sizes["scenario"], np.nan)
        return self.payments["aggregator_surplus"].values if "aggregator_surplus" in self.payments else unknown

    @cached_property
    def commission(self) -> float:
        """kappa [1] of the mechanism: what the agent keeps of all value of the plain scenarios; NaN if the study does not
        pay by SCR there, 0 where nothing is shared."""
        kept = self.kept[self.is_plain.values]
        known = ~np.isnan(kept)
        if not known.any():
            return np.nan
        value = self.value[known].sum()
        return float(kept[known].sum() / value) if value > VIOLATION else 0.0

    @cached_property
    def share(self) -> np.ndarray:
        """pi_it (scenario, user, hour) under SCR; NaN if the study does not pay by it."""
        return closed.rate_share(self.contribution, self.value, self.commission)

    def gain_everywhere(self, mechanism: str) -> xr.DataArray:
        """Profit above staying out (scenario, user) $/day; NaN where it was not valued or not asked for."""
        profit = self.payments["profit"].reindex(mechanism=[mechanism]).isel(mechanism=0, drop=True)
        return (profit - self.cleared["outside_option"]).transpose("scenario", "participant")

    def gain(self, mechanism: str) -> np.ndarray:
        """The same (plain scenario, user)."""
        return self.gain_everywhere(mechanism).sel(scenario=self.plain["scenario"].values).values

    @cached_property
    def externality(self) -> xr.DataArray:
        """Payment (scenario, user) $/day of the externality rule; NaN if it was not asked for."""
        return self.payments["payment"].reindex(mechanism=[EXTERNALITY]).isel(mechanism=0, drop=True)

    def by_hour(self) -> xr.Dataset:
        """The closed forms of the plain scenarios, NaN elsewhere."""
        user, hour = ("scenario", "participant", "time"), ("scenario", "time")
        money = {"units": "$"}
        found = xr.Dataset(
            {
                "value_by_time": (hour, self.value, money | {"long_name": "value of sharing in the hour"}),
                "contribution_by_time": (
                    user,
                    self.contribution,
                    money | {"long_name": "marginal contribution in the hour"},
                ),
                "share_by_time": (user, self.share, money | {"long_name": "share of the value in the hour under SCR"}),
            },
            {name: self.plain[name].values for name in user},
        )
        return found.reindex(scenario=self.data["scenario"].values)

    def random_hours(self, users: int) -> tuple[np.ndarray, Prices]:
        """Net loads (case, user, 1 hour) in kWh and prices (case, 1 hour) of random communities with equal prices."""
        rng = np.random.default_rng(self.seed)
        net_load = rng.uniform(-LARGEST, LARGEST, (self.cases, users, 1))
        buy, feed_in = rng.uniform(0.1, 0.3, (self.cases, 1)), rng.uniform(0, 0.1, (self.cases, 1))
        return net_load, Prices(buy, feed_in, buy, feed_in)


def _worst(*residuals: np.ndarray | float) -> float:
    """The largest of all numbers, NaN entries left out; NaN if there is none."""
    known = np.concatenate([[], *(np.ravel(np.asarray(one, float)) for one in residuals)])
    known = known[~np.isnan(known)]
    return float(known.max()) if len(known) else np.nan


def closed_form_is_marginal(outcome: Outcome) -> float:
    """R1: (2.c) is v(N) - v(N without i) of the optimum in every hour, and (2.d) at equal prices; SCR shares it."""
    bills = outcome.values["grid_bill"].reindex(scenario=outcome.plain["scenario"].values)
    users = outcome.plain["participant"].values
    without = bills.reindex(coalition=[coalitions.label([name]) for name in users])
    without = without.transpose("scenario", "coalition", "time").values
    together = bills.sel(coalition=coalitions.EVERYBODY).transpose("scenario", "time").values[:, None]
    alone = closed.standalone_bill(outcome.net_load, outcome.prices)
    matched = closed.matched_contribution(outcome.net_load, outcome.prices)
    equal = np.where(outcome.prices.equal[:, None], np.abs(matched - outcome.contribution), np.nan)
    paid = [np.abs(outcome.share.sum(axis=-1) - outcome.gain(RATE))]
    paid += [np.abs(outcome.contribution.sum(axis=-1) - outcome.gain(EXTERNALITY))]
    return _worst(np.abs(alone + without - together - outcome.contribution), equal, *paid)


def nobody_loses(outcome: Outcome) -> float:
    """R2: nobody gets less than under its own contract, under any mechanism of the study."""
    return _worst(*(-outcome.gain_everywhere(name) for name in outcome.payments["mechanism"].values))


def budget_is_balanced(outcome: Outcome) -> float:
    """R3: under SCR the bills cover the grid bill and what the agent keeps exactly, which is the same part of every value
    (with a base load more where nobody contributes); the externality leaves a gap.

    A base load pays under SCR as if it were alone, under the externality the internal price: then sum_i r_i >=
    sum_t (price_t d_t - G_t(X_t)), because r_i >= sum_t price_t (p_it - n_it) and price_t X_t = G_t(X_t).
    """
    gain = outcome.gain_everywhere(RATE).sum("participant", skipna=False).values
    lacking = outcome.commission * outcome.saved - outcome.kept
    apart = np.where(outcome.is_plain, np.abs(lacking), lacking)
    cleared, paid = outcome.cleared, outcome.externality.sum("participant", skipna=False)
    collected = (cleared["price"] * outcome.data["base_load"] - cleared["grid_bill"]).sum("time")
    return _worst(np.abs(gain + outcome.kept - outcome.saved), apart, collected - paid)


def equal_users_get_equal_pay(outcome: Outcome) -> float:
    """R4: who contributes nothing gets nothing, equal users get the same, 2 x energy at 3 x prices pays 6 x."""
    idle = (np.abs(outcome.contribution) <= closed.NOTHING).all(axis=-1)
    dummy = np.where(idle, np.abs(outcome.gain(RATE)), np.nan)
    same = (outcome.net_load[:, :, None] == outcome.net_load[:, None]).all(axis=-1)
    pay = [outcome.gain(name) for name in (RATE, EXTERNALITY)]
    apart = [np.where(same, np.abs(one[:, :, None] - one[:, None]), np.nan) for one in pay]
    net_load, prices = 2 * outcome.net_load, outcome.prices.times(3)
    scaled = closed.rate_share(closed.contribution(net_load, prices), closed.sharing_value(net_load, prices),
                               outcome.commission)  # fmt: skip
    return _worst(dummy, *apart, np.abs(scaled - 6 * outcome.share))


def short_side_takes_the_spread(outcome: Outcome) -> float:
    """R5: without a pivotal user on the long side SCR, dual price and externality agree; in balance both get half. What is
    paid at the dual price is its closed form."""
    net_load, prices = outcome.random_hours(6)
    sold, bought = (np.maximum(sign * net_load, 0).sum(axis=-2, keepdims=True) for sign in (-1, 1))
    mixed = (sold > 0) & (bought > 0)
    balanced = np.where(
        net_load < 0, net_load * np.divide(bought, sold, out=np.ones_like(sold), where=sold > 0), net_load
    )
    half = prices.spread[:, None] * np.abs(balanced) / 2
    share = closed.rate_share(closed.contribution(balanced, prices), closed.sharing_value(balanced, prices))
    halves = np.where(mixed, np.abs(share - half), np.nan)
    short_side = closed.price_share(outcome.net_load, outcome.prices).sum(axis=-1)
    known = outcome.prices.equal.all(axis=-1, keepdims=True)
    paid = [np.where(known, np.abs(outcome.gain(name) - short_side), np.nan) for name in PRICE]
    return _worst(halves, *paid, _apart(outcome.net_load, outcome.prices), _apart(net_load, prices))


def _apart(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """Largest difference of the three rules (..., hour) with equal prices where nobody of the long side is pivotal."""
    excess = net_load.sum(axis=-2)
    long_side = np.where(excess[..., None, :] > 0, np.maximum(net_load, 0), np.maximum(-net_load, 0))
    quiet = (long_side <= np.abs(excess)[..., None, :]).all(axis=-2) & (excess != 0) & prices.equal
    contribution, value = closed.contribution(net_load, prices), closed.sharing_value(net_load, prices)
    rules = np.stack([contribution, closed.rate_share(contribution, value), closed.price_share(net_load, prices)])
    shared = value > VIOLATION
    return np.where(quiet & shared, np.ptp(rules, axis=0).max(axis=-2), np.nan)


def withholding_never_pays(outcome: Outcome) -> float:
    """R6: under the externality income never falls as the own surplus grows; the largest fall, also at random."""
    data, falls = outcome.plain, []
    for family in outcome.withholding:
        here = data.isel(scenario=np.flatnonzero((data["family"] == family).values))
        groups = dict.fromkeys(zip(here["community"].values, here["seller"].values, strict=True))
        for community, seller in groups:
            rows = np.flatnonzero(((here["community"] == community) & (here["seller"] == seller)).values)
            order = here.isel(scenario=rows[np.argsort(here["surplus_factor"].values[rows])])["scenario"].values
            income = outcome.externality.sel(participant=seller, scenario=order).values
            falls.append(-np.diff(income))
    return _worst(*falls, -np.diff(_incomes(outcome, rate=False), axis=-1))


def withholding_pays_under_the_rate(outcome: Outcome) -> float:
    """R6 for SCR: the share of random communities of five in which income falls as the own surplus grows."""
    falls = -np.diff(_incomes(outcome, rate=True), axis=-1)
    return float((falls.max(axis=-1) > VIOLATION).mean())


def _incomes(outcome: Outcome, rate: bool) -> np.ndarray:
    """Income feed_in b + pi (case, own surplus) of the first of five users whose surplus b runs through OWN."""
    net_load, prices = outcome.random_hours(5)
    swept = np.repeat(net_load[:, None], len(OWN), axis=1)
    swept[:, :, 0, 0] = -OWN
    wide = Prices(*(price[:, None] for price in prices))
    share = closed.contribution(swept, wide)
    if rate:
        share = closed.rate_share(share, closed.sharing_value(swept, wide))
    return wide.tariff_feed_in[..., 0] * OWN + share[:, :, 0, 0]


def dual_price_is_in_the_core(outcome: Outcome) -> float:
    """R7: in no hour can a valued coalition do better alone than at the internal price, which gives all value."""
    scenarios = [name for name in outcome.plain["scenario"].values if name in outcome.values["scenario"].values]
    bills, data = outcome.values["grid_bill"].sel(scenario=scenarios), outcome.plain.sel(scenario=scenarios)
    at_price = outcome.cleared["price"].sel(scenario=scenarios) * data["net_load"]
    inside = xr.DataArray(~coalitions.absent(outcome.values), dims=("coalition", "participant")).astype(float)
    excess = xr.dot(at_price, inside, dim="participant") - bills
    return _worst(excess, np.abs(excess.sel(coalition=coalitions.EVERYBODY)))


def rate_leaves_the_core(outcome: Outcome) -> float:
    """R7 for SCR: the share of random hours of six users in which some coalition does better alone."""
    net_load, prices = outcome.random_hours(6)
    share = closed.rate_share(closed.contribution(net_load, prices), closed.sharing_value(net_load, prices))
    return _share_outside(_coalition_values(net_load, prices), share[..., 0])


def shapley_leaves_the_core(outcome: Outcome) -> float:
    """R7 for the Shapley value: as for SCR."""
    net_load, prices = outcome.random_hours(6)
    value = _coalition_values(net_load, prices)
    names = tuple(str(k) for k in range(net_load.shape[1]))
    return _share_outside(value, np.array([shapley(Game(names, one)) for one in value]))


def _coalition_values(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """v(S) (case, coalition by bitmask) of random hours."""
    inside = members(net_load.shape[1]).astype(float)
    alone = closed.standalone_bill(net_load, prices)[..., 0]
    value = alone @ inside.T - closed.grid_bill(net_load[..., 0] @ inside.T, prices)
    value[:, 0] = 0.0
    return value


def _share_outside(value: np.ndarray, payoff: np.ndarray) -> float:
    excess = value - payoff @ members(payoff.shape[1]).astype(float).T
    return float((excess.max(axis=-1) > VIOLATION).mean())


def posted_price_is_the_externality(outcome: Outcome) -> float:
    """R8: where the community buys whoever leaves (or feeds in whoever does), the payment is the grid's price
    times the best own output, and the budget is balanced; in between it is never below the pay at the price."""
    known = outcome.values["scenario"].values
    others = [name for name in outcome.data["scenario"].values[~outcome.is_plain.values] if name in known]
    return _worst(*(_posted_price(outcome, name) for name in others))


def _posted_price(outcome: Outcome, scenario: str) -> np.ndarray:
    data, cleared = outcome.data.sel(scenario=scenario), outcome.cleared.sel(scenario=scenario)
    payment = outcome.externality.sel(scenario=scenario)
    below = (cleared["price_revenue"] - payment).values
    asked = [coalitions.EVERYBODY, *(coalitions.label([name]) for name in data["participant"].values)]
    bills = outcome.values["grid_bill"].sel(scenario=scenario).reindex(coalition=asked).dropna("coalition", how="all")
    buys, feeds_in = (bills > 0).all("coalition"), (bills < 0).all("coalition")
    price = xr.where(buys, data["grid_buy"], data["grid_feed_in"])
    idle = (data["grid_buy"] == 0) & (bills == 0).all("coalition")  # an hour that the community does not have
    if not bool((buys | feeds_in | idle).all()):
        return below
    posted = (price * (best_output(data, price) - data["net_load"])).sum("time")
    paid = payment.sum(skipna=False) + cleared["grid_bill"].sum() - (price * data["base_load"]).sum()
    return np.concatenate([below, np.abs(posted - payment).values, [abs(float(paid))]])


PROPERTIES = {
    "R1": closed_form_is_marginal,
    "R2": nobody_loses,
    "R3": budget_is_balanced,
    "R4": equal_users_get_equal_pay,
    "R5": short_side_takes_the_spread,
    "R6": withholding_never_pays,
    "R6 scr share": withholding_pays_under_the_rate,
    "R7": dual_price_is_in_the_core,
    "R7 scr share": rate_leaves_the_core,
    "R7 shapley share": shapley_leaves_the_core,
    "R8": posted_price_is_the_externality,
}
