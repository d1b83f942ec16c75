"""How much storage users buy alone and when they share it (section 5.4, closed form).

In the peak period user i needs X_i kWh. Peak energy costs pi_h, off-peak energy pi_l, storage pi_s [money/kWh] per day, and
pi_d = pi_h - pi_l > pi_s. Stored energy that is left is worth pi_l. With gamma = (pi_d - pi_s) / pi_d:

    alone     C_i = F_i^-1(gamma)
    sharing   the spot price is pi_l if X_N <= C_N, else pi_h; Q = F_N^-1(gamma) and C_i = E[X_i | X_N = Q], the one Nash
              equilibrium if E[X_i | X_N = b] does not fall in b, and the optimum of all together: C_N = Q
    cost      (pi_s + pi_l) C_i + E[price (X_i - C_i)]; in the equilibrium (pi_s + pi_l) m_i + pi_d Cov(X_i, X_N) phi(z) / sigma_N
              for Gaussian users, z = Phi^-1(gamma); alone (pi_l + pi_s) m_i + pi_d sigma_i phi(z)

(Kalathil, Wu, Poolla and Varaiya, IEEE Trans. Smart Grid 10(1):556-567, 2019.) X_i is the energy of the peak period of one day,
which storage that is filled once a day can serve: the sum of a participant's load over the peak hours, kWh per day. The users are
Gaussian with the mean and covariance of that energy over the weighted days of the study, or as given. Three days give a
covariance of rank 2 at most: the numbers illustrate the closed form, they are no estimate of a year.

That E[X_i | X_N = b] does not fall in b, for Gaussian users Cov(X_i, X_N) >= 0, is what the source's theorem needs. Where it does
fall the formulas still sum to the optimum and are in the core, but that they are an equilibrium is not proved.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm

from sharegrid.optimise.coalitions import taking_part

log = logging.getLogger(__name__)

SAMPLES = 20_000  # draws of the best responses
DEVIATIONS = (-0.5, -0.2, -0.05, 0.05, 0.2, 0.5)  # tried changes of a user's storage, relative to its equilibrium
NOT_PRICES = "storage-sharing: {name} is {value:g}; {cure}"


@dataclass(frozen=True)
class Prices:
    """peak pi_h, off_peak pi_l and storage pi_s in money/kWh; ValueError unless 0 <= pi_l and 0 < pi_s < pi_h - pi_l."""

    peak: float
    off_peak: float
    storage: float

    def __post_init__(self):
        if not self.off_peak >= 0:
            raise ValueError(NOT_PRICES.format(name="off_peak", value=self.off_peak, cure="it must not be negative"))
        if not 0 < self.storage < self.difference:
            cure = f"it must be above 0 and below peak - off_peak = {self.difference:g}"
            raise ValueError(NOT_PRICES.format(name="a price of storage", value=self.storage, cure=cure))

    @property
    def difference(self) -> float:
        """pi_d = pi_h - pi_l."""
        return self.peak - self.off_peak

    @property
    def gamma(self) -> float:
        """(pi_d - pi_s) / pi_d: the probability with which storage covers the demand."""
        return (self.difference - self.storage) / self.difference


@dataclass(frozen=True)
class GaussianUsers:
    """mean (user) kWh and covariance (user, user) kWh^2 of what the users need in the peak period.

    ValueError if the shapes differ, a number is missing, a variance is 0, or the covariance is not symmetric and semidefinite.
    """

    mean: np.ndarray
    covariance: np.ndarray

    def __post_init__(self):
        n, covariance = len(self.mean), self.covariance
        if covariance.shape != (n, n):
            raise ValueError(f"storage-sharing: covariance has the shape {covariance.shape} for {n} users")
        if not (np.isfinite(self.mean).all() and np.isfinite(covariance).all()):
            raise ValueError("storage-sharing: a mean or covariance is not a finite number")
        scale = max(float(np.abs(covariance).max(initial=0)), 1e-300)
        if np.abs(covariance - covariance.T).max() > 1e-9 * scale or np.linalg.eigvalsh(covariance)[0] < -1e-9 * scale:
            raise ValueError("storage-sharing: the covariance must be symmetric with no negative eigenvalue")
        if not (np.diag(covariance) > 0).all() or not covariance.sum() > 0:
            raise ValueError(
                "storage-sharing: a user's demand, or that of all, does not vary; every quantile is the mean"
            )

    @property
    def deviation(self) -> np.ndarray:
        """sigma_i (user) kWh."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def with_total(self) -> np.ndarray:
        """Cov(X_i, X_N) (user) kWh^2."""
        return self.covariance.sum(axis=1)

    @property
    def rises_with_total(self) -> np.ndarray:
        """(user) whether E[X_i | X_N = b] does not fall in b, Cov(X_i, X_N) >= 0; the theorem needs it of all users."""
        return self.with_total >= 0

    @property
    def total_deviation(self) -> float:
        """sigma_N kWh."""
        return float(np.sqrt(self.covariance.sum()))

    def storage_alone(self, prices: Prices) -> np.ndarray:
        """C_i = m_i + sigma_i z (user) kWh."""
        return self.mean + self.deviation * norm.ppf(prices.gamma)

    def storage_shared(self, prices: Prices) -> np.ndarray:
        """C_i = m_i + Cov(X_i, X_N) / sigma_N z (user) kWh; the sum is Q."""
        return self.mean + self.with_total / self.total_deviation * norm.ppf(prices.gamma)

    def cost_alone(self, prices: Prices) -> np.ndarray:
        """(pi_l + pi_s) m_i + pi_d sigma_i phi(z) (user) money."""
        return self._cost(prices, self.mean, self.deviation)

    def cost_shared(self, prices: Prices) -> np.ndarray:
        """pi_s C_i + pi_l C_i + E[price (X_i - C_i)] in the equilibrium (user) money."""
        return self._cost(prices, self.mean, self.with_total / self.total_deviation)

    def cost_of_group(self, prices: Prices, members: np.ndarray) -> float:
        """(pi_l + pi_s) m_S + pi_d sigma_S phi(z) money: the least cost of the users `members` (bool) together."""
        deviation = np.sqrt(self.covariance[np.ix_(members, members)].sum())
        return float(self._cost(prices, self.mean[members].sum(), deviation))

    @staticmethod
    def _cost(prices: Prices, mean, spread):
        return (prices.off_peak + prices.storage) * mean + prices.difference * spread * norm.pdf(norm.ppf(prices.gamma))

    def core_excess(self, prices: Prices) -> float:
        """The most that a proper subset of users would save by leaving the equilibrium, money; not above 0 in the core."""
        cost, n = self.cost_shared(prices), len(self.mean)
        groups = [(number >> np.arange(n)) & 1 == 1 for number in range(1, 2**n - 1)]
        return max(float(cost[group].sum() - self.cost_of_group(prices, group)) for group in groups)


def cost_of(prices: Prices, storage: np.ndarray, demand: np.ndarray) -> np.ndarray:
    """Mean cost (user) money of users with `storage` (user) kWh that share it, over the sampled `demand` (sample, user)."""
    price = np.where(demand.sum(axis=1) <= storage.sum(), prices.off_peak, prices.peak)
    return (prices.storage + prices.off_peak) * storage + (price[:, None] * (demand - storage)).mean(axis=0)


def best_gain(users: GaussianUsers, prices: Prices, draws: np.random.Generator) -> float:
    """The most that one user gains, relative to its cost, by another storage than in the equilibrium, the others keeping
    theirs; sampled, with the same demands for every deviation."""
    demand = draws.multivariate_normal(users.mean, users.covariance, SAMPLES, method="eigh")
    storage = users.storage_shared(prices)
    equilibrium = cost_of(prices, storage, demand)
    gains = []
    for user, factor in ((k, f) for k in range(len(storage)) for f in DEVIATIONS):
        changed = storage.copy()
        changed[user] = max(0.0, storage[user] * (1 + factor))
        gains.append((equilibrium[user] - cost_of(prices, changed, demand)[user]) / abs(equilibrium[user]))
    return max(gains)


def sampled_shares(demand: np.ndarray, gamma: float, bins: int = 50) -> tuple[np.ndarray, bool]:
    """E[X_i | X_N = Q] (user) kWh for any distribution, and whether E[X_i | X_N = b] never falls in b.

    demand: (sample, user) kWh. The samples are sorted by their sum and the means of `bins` groups of equal size are the
    conditional means; Q is the sampled gamma-quantile of the sum, between the two groups around it. So the equilibrium exists
    where the answer is True. A fall within twice its standard error does not count. ValueError for fewer than two samples per group.
    """
    if not 0 < gamma < 1:
        raise ValueError(f"storage-sharing: gamma is {gamma:g}; it must be above 0 and below 1")
    if len(demand) < 2 * bins:
        raise ValueError(
            f"storage-sharing: {len(demand)} samples are too few for {bins} groups; give at least {2 * bins}"
        )
    total = demand.sum(axis=1)
    groups = np.array_split(np.argsort(total, kind="stable"), bins)
    mean = np.array([demand[group].mean(axis=0) for group in groups])
    error = np.array([demand[group].std(axis=0, ddof=1) / np.sqrt(len(group)) for group in groups])
    quantile = np.quantile(total, gamma)
    at = mean.sum(axis=1)
    shares = np.array([np.interp(quantile, at, of_user) for of_user in mean.T])
    allowed = 2 * np.hypot(error[1:], error[:-1])
    shares *= quantile / shares.sum()  # the means of the groups sum to theirs, not to Q beyond the first and last group
    return shares, bool((np.diff(mean, axis=0) >= -allowed).all())


DESCRIBED = {
    "storage_alone": ("kWh", "storage that the user buys alone"),
    "storage_shared": ("kWh", "storage that the user buys in the equilibrium of sharing"),
    "storage_cost_alone": ("money", "cost of the user alone, per day"),
    "storage_cost_shared": ("money", "cost of the user in the equilibrium, per day"),
    "storage_grand_cost": ("money", "least cost of all users together, per day"),
    "storage_core_excess": ("money", "most that a group of users would save by leaving; not above 0 in the core"),
    "storage_best_gain": ("1", "largest sampled gain of one user from another storage, relative to its cost"),
    "storage_gamma": ("1", "probability with which storage covers the demand"),
    "demand_mean": ("kWh", "mean demand of the user in the peak period of a day"),
    "demand_deviation": ("kWh", "standard deviation of that demand over the days"),
    "demand_covariance": ("kWh^2", "covariance of the demands of two users"),
    "demand_rises": (
        "1",
        "1 if the user's demand does not fall where that of all rises; the theorem needs it of all",
    ),
}


def plan(
    results: Mapping[str, xr.Dataset],
    *,
    scenario: str,
    users: list[str],
    storage_price: list[float],
    peak: float,
    off_peak: float,
    seed: int = 2024,
) -> xr.Dataset:
    """DESCRIBED along storage_price and storage_user, for the participants `users` of a scenario of the community.

    Demand: that of users_of. Prices in money/kWh per day. demand_rises is 0 for a user whose demand falls where that of all
    rises; a warning names it, as the theorem is not met then. ValueError names an unknown scenario, users that cannot be, prices
    that are none, and a user whose storage would be below 0.
    """
    known = results["data"]["scenario"].values.astype(str).tolist()
    if scenario not in known:
        raise ValueError(f"storage-sharing: no scenario '{scenario}'; known: {', '.join(known[:20])}")
    if not storage_price:
        raise ValueError("storage-sharing: storage_price is empty; give at least one price of storage")
    gaussian = users_of(results["data"].sel(scenario=scenario), users)
    falling = [name for name, rises in zip(users, gaussian.rises_with_total, strict=True) if not rises]
    if falling:
        log.warning(
            "storage-sharing: the equilibrium is not proved: the demand of %s falls where that of all rises",
            ", ".join(falling),
        )
    rows = [_at(gaussian, users, Prices(peak, off_peak, price), seed) for price in storage_price]
    by_user = {name: (("storage_price", "storage_user"), [row[name] for row in rows]) for name in list(DESCRIBED)[:4]}
    in_all = {name: ("storage_price", [row[name] for row in rows]) for name in list(DESCRIBED)[4:8]}
    demand = {"demand_mean": ("storage_user", gaussian.mean), "demand_deviation": ("storage_user", gaussian.deviation),
              "demand_covariance": (("storage_user", "other_user"), gaussian.covariance),
              "demand_rises": ("storage_user", gaussian.rises_with_total.astype("i1"))}  # fmt: skip
    labels = {"storage_price": storage_price, "storage_user": users, "other_user": users}
    result, money = xr.Dataset(by_user | in_all | demand, labels), results["data"].attrs["money"]
    for name, (unit, meaning) in DESCRIBED.items():
        result[name].attrs = {"units": money if unit == "money" else unit, "long_name": meaning}
    return result


def users_of(data: xr.Dataset, users: list[str]) -> GaussianUsers:
    """Mean and covariance of the energy that participants need in the peak period of a day, kWh per day; data of one scenario.

    The energy of a day is the sum over the peak hours; the days count by their weights. It is the total load, with the flexible
    part at the hours of the rest of the user's load, as before anything is moved. ValueError for fewer than two users, one named
    twice, and a name that is no participant of the scenario.
    """
    _check_users(data, users)
    mine = data[["load", "flexible_energy"]].sel(participant=users)
    whole = mine["load"].sum("time")
    total = mine["load"] * (1 + mine["flexible_energy"] / whole.where(whole > 0, 1.0))
    energy = total.where(data["peak_hour"] == 1, 0.0).sum("time").transpose("participant", "day").values
    weight = data["day_weight"].values / data["day_weight"].values.sum()
    return GaussianUsers(energy @ weight, np.cov(energy, aweights=weight, ddof=0))


def _check_users(data: xr.Dataset, users: list[str]) -> None:
    present = taking_part(data.expand_dims("scenario")).values[0] == 1
    known = data["participant"].values.astype(str)[present].tolist()
    for name in users:
        if name not in known:
            raise ValueError(f"storage-sharing: users: no participant '{name}'; known: {', '.join(known[:20])}")
        if users.count(name) > 1:
            raise ValueError(f"storage-sharing: users: '{name}' is named twice; name every user once")
    if len(users) < 2:
        raise ValueError(f"storage-sharing: users: {len(users)} named; sharing needs at least two")


def _check_storage(names: list[str], storage: np.ndarray, prices: Prices, how: str) -> None:
    for name, size in zip(names, storage, strict=True):
        if size < 0:
            raise ValueError(
                f"storage-sharing: user '{name}' would buy {size:g} kWh {how} at the storage price {prices.storage:g}: its demand "
                "varies too much for a Gaussian one; leave out the user or the price"
            )


def _at(users: GaussianUsers, names: list[str], prices: Prices, seed: int) -> dict:
    """The results at one price of storage."""
    draws = np.random.Generator(np.random.PCG64(seed))
    _check_storage(names, users.storage_alone(prices), prices, "alone")
    _check_storage(names, users.storage_shared(prices), prices, "with sharing")
    return {
        "storage_alone": users.storage_alone(prices),
        "storage_shared": users.storage_shared(prices),
        "storage_cost_alone": users.cost_alone(prices),
        "storage_cost_shared": users.cost_shared(prices),
        "storage_grand_cost": users.cost_of_group(prices, np.ones(len(users.mean), bool)),
        "storage_core_excess": users.core_excess(prices),
        "storage_best_gain": best_gain(users, prices, draws),
        "storage_gamma": prices.gamma,
    }
