"""One-node markets in a few lines of NumPy, independent of the library: the reference for mechanisms and properties.

Units offer blocks on one bus; lost load is worth `voll`. Everything is found by sorting the blocks by price.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions


@dataclass
class Case:
    """One scenario: true quantity MW and price $/MWh (unit, block), demand MW, voll $/MWh, and the factors on the true
    prices and quantities that units (numbers) report. `dual` places the price between two blocks where demand is at
    their edge. Unit k is the participant named k + 1."""

    label: str
    quantity: np.ndarray
    price: np.ndarray
    demand: float
    voll: float = 1000.0
    price_factor: dict[int, float] = field(default_factory=dict)
    quantity_factor: dict[int, float] = field(default_factory=dict)
    dual: float = 0.5
    base: str = ""
    deviator: str = ""
    family: str = "cases"
    n1_rule: str = "voll"
    distortion: str = "truthful"

    @property
    def reported(self) -> tuple[np.ndarray, np.ndarray]:
        """Quantity and price (unit, block) as offered."""
        quantity, price = self.quantity.copy(), self.price.copy()
        for unit, factor in self.price_factor.items():
            price[unit] *= factor
        for unit, factor in self.quantity_factor.items():
            quantity[unit] *= factor
        return quantity, price


PJM = np.array([[40.0], [170.0], [520.0], [200.0], [600.0]]), np.array([[14.0], [15.0], [30.0], [40.0], [10.0]])
# the five units of pglib_opf_case5_pjm.m: capacity MW, price $/MWh


def fill(quantity, price, demand: float, absent: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merit order for each row of `absent` (coalition, unit): output (coalition, sorted block), its prices, its order."""
    order = np.argsort(price, axis=None, kind="stable")
    width = quantity.ravel()[order] * ~np.repeat(absent, price.shape[1], axis=1)[:, order]
    before = np.cumsum(width, axis=1) - width
    return np.clip(demand - before, 0, width), price.ravel()[order], order


def costs(quantity, price, demand: float, voll: float, absent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minimised cost J $/h and lost load MW (coalition)."""
    output, at, _ = fill(quantity, price, demand, absent)
    lost = np.maximum(demand - output.sum(axis=1), 0)
    return output @ at + voll * lost, lost


def clear(case: Case) -> tuple[np.ndarray, float, float]:
    """(output (unit, block), lost load, price) with everybody, as reported."""
    quantity, price = case.reported
    filled, at, order = fill(quantity, price, case.demand, np.zeros((1, len(quantity)), bool))
    output = np.zeros(price.size)
    output[order] = filled[0]
    lost = max(case.demand - output.sum(), 0.0)
    used = at[filled[0] > 1e-12]
    free = at[(filled[0] < quantity.ravel()[order] - 1e-12)]
    floor = used.max() if len(used) else at.min()
    ceiling = min([*free, case.voll])
    level = case.voll if lost > 1e-12 else floor + case.dual * max(ceiling - floor, 0)
    if used.size and (np.abs(filled[0] - quantity.ravel()[order])[filled[0] > 1e-12] > 1e-12).any():
        level = floor  # a block is accepted in part: the price is its price
    return output.reshape(price.shape), lost, level


def datasets(cases: list[Case], absent: np.ndarray | None = None) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """data, cleared, values of all cases; `absent` (coalition, unit) defaults to all coalitions.

    The units of the largest case are the participants; smaller cases are padded with units of quantity 0.
    """
    units, blocks = (max(case.quantity.shape[axis] for case in cases) for axis in (0, 1))
    cases = [_padded(case, units, blocks) for case in cases]
    names = [str(unit + 1) for unit in range(units)]
    absent = coalitions.subsets(units) if absent is None else absent
    labels = {"scenario": [case.label for case in cases], "participant": names, "bus": [1]}
    return _data(cases, names, labels), _cleared(cases, labels), _values(cases, names, labels, absent)


def _padded(case: Case, units: int, blocks: int) -> Case:
    rows, columns = case.quantity.shape
    pad = (0, units - rows), (0, blocks - columns)
    return replace(case, quantity=np.pad(case.quantity, pad), price=np.pad(case.price, pad, mode="edge"))


def _data(cases: list[Case], names: list[str], labels: dict) -> xr.Dataset:
    reports = [case.reported for case in cases]
    moved = [int(case.deviator) - 1 if case.deviator else None for case in cases]
    columns = {
        "base": [case.base or case.label for case in cases],
        "price_multiplier": [case.price_factor.get(k, 1.0) for case, k in zip(cases, moved, strict=True)],
        "quantity_multiplier": [case.quantity_factor.get(k, 1.0) for case, k in zip(cases, moved, strict=True)],
        "variant": ["none"] * len(cases),
        "demand_mw": [case.demand for case in cases],
    }
    for name in ("deviator", "family", "n1_rule", "distortion"):
        columns[name] = [getattr(case, name) for case in cases]
    unit = "generator", "block"
    return xr.Dataset(
        {
            "demand": (("scenario", "bus"), [[case.demand] for case in cases]),
            "voll": ("scenario", [case.voll for case in cases]),
            "offer_quantity": (("scenario", *unit), [quantity for quantity, _ in reports]),
            "offer_price": (("scenario", *unit), [price for _, price in reports]),
            "cost_quantity": (unit, cases[0].quantity),
            "cost_price": (unit, cases[0].price),
            "owner": ("generator", names),
        },
        labels | {"generator": names} | {name: ("scenario", column) for name, column in columns.items()},
    )


def _cleared(cases: list[Case], labels: dict) -> xr.Dataset:
    solved = [(case, *clear(case)) for case in cases]
    by_unit, by_scenario = ("scenario", "participant"), "scenario"
    output = np.array([output.sum(axis=1) for _, output, _, _ in solved])
    reported = np.array([(output * case.reported[1]).sum(axis=1) for case, output, _, _ in solved])
    lost, price = (np.array(column, float) for column in list(zip(*solved, strict=True))[2:])
    served = np.array([case.demand for case in cases]) - lost
    return xr.Dataset(
        {
            "output": (by_unit, output),
            "reported_cost": (by_unit, reported),
            "true_cost": (by_unit, np.array([true_cost(case, output) for case, output, _, _ in solved])),
            "price_revenue": (by_unit, price[:, None] * output),
            "objective": (by_scenario, reported.sum(axis=1) + np.array([case.voll for case in cases]) * lost),
            "lost_load": (by_scenario, lost),
            "load_payment": (by_scenario, price * served),
            "congestion_rent": (by_scenario, price * (served - output.sum(axis=1))),
            "price": (("scenario", "bus"), price[:, None]),
            "served": (("scenario", "bus"), served[:, None]),
            "shed": (("scenario", "bus"), lost[:, None]),
        },
        labels,
    )


def true_cost(case: Case, output: np.ndarray) -> np.ndarray:
    """True cost (unit) $/h of an output (unit, block), cheapest blocks first."""
    below = np.cumsum(case.quantity, axis=1) - case.quantity
    return (np.clip(output.sum(axis=1, keepdims=True) - below, 0, case.quantity) * case.price).sum(axis=1)


def _values(cases: list[Case], names: list[str], labels: dict, absent: np.ndarray) -> xr.Dataset:
    solved = [costs(*case.reported, case.demand, case.voll, absent) for case in cases]
    complete = int(len(absent) == 2 ** len(names))
    return xr.Dataset(
        {
            "cost": (("scenario", "coalition"), np.array([cost for cost, _ in solved])),
            "lost_load": (("scenario", "coalition"), np.array([lost for _, lost in solved])),
            "member": (("coalition", "participant"), (~absent).astype("i1")),
            "core_complete": ("scenario", np.full(len(cases), complete)),
            "price_without": (("scenario", "participant", "bus"), np.array([_prices_without(case) for case in cases])),
        },
        labels | {"coalition": coalitions.labels(names, absent)},
    )


def _prices_without(case: Case) -> np.ndarray:
    units = range(len(case.quantity))
    return np.array([[clear(replace(case, quantity_factor=case.quantity_factor | {unit: 0.0}))[2]] for unit in units])


def random_case(rng: np.random.Generator, label: str = "base", blocks: int = 2) -> Case:
    """Two to six units; a third of the markets with negative offers, demand up to 1.3 x capacity; no two prices equal."""
    shape = rng.integers(2, 6, endpoint=True), rng.integers(1, blocks, endpoint=True)
    quantity = rng.uniform(10, 100, shape)
    price = np.sort(rng.uniform(-20 if rng.random() < 1 / 3 else 5, 60, shape), axis=1)
    return Case(label, quantity, price, rng.uniform(0.05, 1.3) * quantity.sum(), dual=rng.random())


def deviations(base: Case, unit: int, price_factors, quantity_factors=(1.0,), family: str = "misreport") -> list[Case]:
    """`base` with one unit (number) reporting other prices and quantities on top of the base's."""
    return [
        replace(
            base,
            label=f"{base.label}|{unit + 1}|x{factor:g}|q{share:g}",
            base=base.label,
            deviator=str(unit + 1),
            family=family,
            price_factor=base.price_factor | {unit: factor},
            quantity_factor=base.quantity_factor | {unit: share},
        )
        for factor in price_factors
        for share in quantity_factors
    ]


def paid(data, cleared, values, mechanisms: dict) -> xr.Dataset:
    """payment and profit (scenario, mechanism, participant) of `pay` functions by name, and VCG's own variables."""
    results = {name: pay(data, cleared, values) for name, pay in mechanisms.items()}
    index = xr.DataArray(list(results), dims="mechanism", name="mechanism")
    payment = xr.concat([one["payment"] for one in results.values()], index)
    payments = xr.Dataset({"payment": payment, "profit": payment - cleared["true_cost"]})
    return payments.merge(results["vcg"].drop_vars("payment")) if "vcg" in results else payments
