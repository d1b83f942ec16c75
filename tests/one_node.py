"""A one-node market in a few lines of NumPy, independent of the library: the reference for mechanisms and properties.

Units offer blocks on one bus; lost load is worth `voll`. Everything is found by sorting the blocks by price.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions


@dataclass
class Case:
    """One scenario: factors on the true prices and quantities of each unit, demand MW, voll $/MWh."""

    label: str
    demand: float
    voll: float = 1000.0
    price_factor: dict[int, float] = field(default_factory=dict)
    quantity_factor: dict[int, float] = field(default_factory=dict)
    base: str = ""
    deviator: str = ""
    family: str = "cases"
    n1_rule: str = "voll"
    distortion: str = "truthful"


PJM = np.array([[40.0], [170.0], [520.0], [200.0], [600.0]]), np.array([[14.0], [15.0], [30.0], [40.0], [10.0]])
# the five units of pglib_opf_case5_pjm.m: capacity MW, price $/MWh


def dispatch(quantity, price, demand: float, voll: float, dual: float = 0.5) -> tuple[np.ndarray, float, float]:
    """(output (unit, block), lost load, price); at the edge of two blocks the price is `dual` of the way between them."""
    order = np.lexsort((np.arange(price.size), price.ravel()))
    before = np.cumsum(quantity.ravel()[order]) - quantity.ravel()[order]
    output = np.zeros(price.size)
    output[order] = np.clip(demand - before, 0, quantity.ravel()[order])
    lost = demand - output.sum()
    used = (output > 1e-12) & (quantity.ravel() > 0)
    free = output < quantity.ravel() - 1e-12
    floor = max(price.ravel()[used], default=min(price.ravel()))
    ceiling = min([*price.ravel()[free], voll])
    at = voll if lost > 1e-12 else floor + dual * (max(ceiling, floor) - floor)
    return output.reshape(price.shape), max(lost, 0.0), at


def cost(quantity, price, demand: float, voll: float) -> tuple[float, float]:
    """(minimised cost J $/h, lost load MW)."""
    output, lost, _ = dispatch(quantity, price, demand, voll)
    return float((output * price).sum() + voll * lost), lost


def datasets(quantity, price, cases: list[Case], names=None, dual: float = 0.5, absent=None):
    """data, cleared, values of the true offers (unit, block) under each case; `absent` defaults to all coalitions."""
    names = names or [str(k + 1) for k in range(len(quantity))]
    absent = coalitions.subsets(len(names)) if absent is None else absent
    reports = [_reported(quantity, price, case) for case in cases]
    data = _data(quantity, price, cases, names, reports)
    cleared = xr.concat([_cleared(quantity, price, case, names, report, dual) for case, report in
                         zip(cases, reports, strict=True)], data["scenario"].reset_coords(drop=True))  # fmt: skip
    valued = [np.array([cost(q * ~row[:, None], p, case.demand, case.voll) for row in absent])
              for case, (q, p) in zip(cases, reports, strict=True)]  # fmt: skip
    values = xr.Dataset(
        {
            "cost": (("scenario", "coalition"), [pairs[:, 0] for pairs in valued]),
            "lost_load": (("scenario", "coalition"), [pairs[:, 1] for pairs in valued]),
            "member": (("coalition", "participant"), (~absent).astype(np.int8)),
            "core_complete": ("scenario", np.full(len(cases), len(absent) == 2 ** len(names))),
            "price_without": (("scenario", "participant", "bus"), [_prices_without(case, q, p, dual)[:, None] for
                                                                   case, (q, p) in zip(cases, reports, strict=True)]),
        },
        coords={"scenario": data["scenario"].values, "coalition": coalitions.labels(names, absent),
                "participant": names, "bus": [1]},
    )  # fmt: skip
    return data, cleared, values


def _reported(quantity, price, case: Case):
    q, p = np.array(quantity, float), np.array(price, float)
    for k, factor in case.price_factor.items():
        p[k] *= factor
    for k, factor in case.quantity_factor.items():
        q[k] *= factor
    return q, p


def _prices_without(case: Case, q, p, dual: float) -> np.ndarray:
    rows = np.eye(len(q), dtype=bool)
    return np.array([dispatch(q * ~row[:, None], p, case.demand, case.voll, dual)[2] for row in rows])


def _data(quantity, price, cases: list[Case], names, reports) -> xr.Dataset:
    moved = [(names.index(case.deviator) if case.deviator else None) for case in cases]
    columns = {
        "base": [case.base or case.label for case in cases],
        "price_multiplier": [c.price_factor.get(k, 1.0) if k is not None else 1.0 for c, k in zip(cases, moved, strict=True)],
        "quantity_multiplier": [c.quantity_factor.get(k, 1.0) if k is not None else 1.0
                                for c, k in zip(cases, moved, strict=True)],
        "variant": ["none"] * len(cases),
        "demand_mw": [case.demand for case in cases],
    } | {name: [getattr(case, name) for case in cases] for name in ("deviator", "family", "n1_rule", "distortion")}  # fmt: skip
    unit = "generator", "block"
    return xr.Dataset(
        {
            "demand": (("scenario", "bus"), [[case.demand] for case in cases]),
            "voll": ("scenario", [case.voll for case in cases]),
            "offer_quantity": (("scenario", *unit), [q for q, _ in reports]),
            "offer_price": (("scenario", *unit), [p for _, p in reports]),
            "cost_quantity": (unit, np.array(quantity, float)),
            "cost_price": (unit, np.array(price, float)),
            "owner": ("generator", names),
        },
        coords={"scenario": [case.label for case in cases], "bus": [1], "generator": names, "participant": names}
        | {name: ("scenario", column) for name, column in columns.items()},
    )


def _cleared(quantity, price, case: Case, names, report, dual: float) -> xr.Dataset:
    q, p = report
    output, lost, at = dispatch(q, p, case.demand, case.voll, dual)
    below = np.cumsum(quantity, axis=1) - quantity
    true = (np.clip(output.sum(1, keepdims=True) - below, 0, quantity) * price).sum(1)
    served = case.demand - lost
    by_participant = {"output": output.sum(1), "reported_cost": (output * p).sum(1), "true_cost": true,
                      "price_revenue": at * output.sum(1)}  # fmt: skip
    scalars = {"objective": (output * p).sum() + case.voll * lost, "lost_load": lost, "load_payment": at * served,
               "congestion_rent": 0.0}  # fmt: skip
    return xr.Dataset(
        {name: ("participant", value) for name, value in by_participant.items()}
        | scalars
        | {"price": ("bus", [at]), "served": ("bus", [served]), "shed": ("bus", [lost])},
        coords={"participant": names, "bus": [1]},
    )


def random_market(rng: np.random.Generator, units: tuple[int, int] = (2, 6), blocks: int = 1):
    """(quantity, price, demand): a third with negative offers, demand up to 1.3 x capacity; no two prices are equal."""
    shape = rng.integers(units[0], units[1], endpoint=True), rng.integers(1, blocks, endpoint=True)
    quantity = rng.uniform(10, 100, shape)
    price = np.sort(rng.uniform(-20 if rng.random() < 1 / 3 else 5, 60, shape), axis=1)
    return quantity, price, rng.uniform(0.05, 1.3) * quantity.sum()


def deviations(base: Case, unit: int, price_factors, quantity_factors=(1.0,), family: str = "misreport") -> list[Case]:
    """`base` with one unit (number, named number + 1) reporting other prices and quantities on top of the base's."""
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
    """payment and profit (scenario, mechanism, participant) of plug-in functions by name, and VCG's own variables."""
    results = {name: pay(data, cleared, values) for name, pay in mechanisms.items()}
    index = xr.DataArray(list(results), dims="mechanism", name="mechanism")
    payment = xr.concat([one["payment"] for one in results.values()], index)
    payments = xr.Dataset({"payment": payment, "profit": payment - cleared["true_cost"]})
    return payments.merge(results["vcg"].drop_vars("payment")) if "vcg" in results else payments
