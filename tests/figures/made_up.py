"""Results to draw and list without a solver: a made-up three-bus study and the five PJM units on one bus."""

import numpy as np
import xarray as xr

from one_node import PJM, Case, datasets, deviations, paid
from sharegrid.mechanisms import lmp, pay_as_bid, vcg
from sharegrid.optimise import coalitions

VARIANTS = ["none", "1", "0.9", "0.8"]
UNITS, BUSES = ["0", "1", "2"], [10, 20, 30]
MULTIPLIERS = [0.8, 1.25]
FINE = [0.9, 1.1]
MECHANISMS = ["lmp", "pay-as-bid", "vcg", "core-selecting"]
RULES = ["energy", "lmp_proportional", "beneficiary", "generator_scaling", "mixed"]
ENGINES = ["rebuild", "warm", "reduced"]
OUTPUT = [50.0, 30.0, 0.0]  # MW; unit 2 stays idle


def network() -> dict[str, xr.Dataset]:
    """Three units on three buses, random numbers that keep the identities of the contract.

    core-selecting is known for the variants none and 1 only, the comparison of engines too.
    """
    rng = np.random.default_rng(7)
    data = _data()
    cleared = _cleared(data, rng)
    values = _values(data, cleared, rng)
    return {"data": data, "cleared": cleared, "values": values, "payments": _payments(data, cleared, values, rng)}


def wholesale() -> dict[str, xr.Dataset]:
    """The five units at 900 and 1000 MW with misreports, a sweep of demand and one of the price of lost load."""
    bases = [Case(f"D{demand}", *PJM, demand) for demand in (900, 1000)]
    cases = bases + [case for base in bases for unit in range(5) for case in deviations(base, unit, [0.8, 1.1, 1.25])]
    cases += [Case(f"sweep|D{demand}", *PJM, demand, family="demand") for demand in (450, 850, 950, 1450)]
    cases += [Case(f"V{voll}|D1000", *PJM, 1000, voll, family="voll") for voll in (100, 1000, 10000)]
    data, cleared, values = datasets(cases, coalitions.removals(5))
    mechanisms = {"lmp": lmp.pay, "pay-as-bid": pay_as_bid.pay, "vcg": vcg.pay}
    payments = paid(data, cleared, values, mechanisms)
    return {"data": data, "cleared": cleared, "values": values, "payments": payments}


def _scenarios() -> list[dict]:
    rows = [{"scenario": name, "family": "variants", "variant": name, "base": name} for name in VARIANTS]
    for family, factors in {"misreport": MULTIPLIERS, "best-response": FINE}.items():
        rows += [
            {
                "scenario": f"{base}|{unit}|x{m:g}",
                "family": family,
                "variant": base,
                "base": base,
                "deviator": unit,
                "price_multiplier": m,
            }
            for base in ("none", "0.8")
            for unit in UNITS
            for m in factors
        ]
    return rows


def _data() -> xr.Dataset:
    rows = _scenarios()
    default = {
        "deviator": "",
        "price_multiplier": 1.0,
        "quantity_multiplier": 1.0,
        "distortion": "truthful",
        "n1_rule": "voll",
    }
    columns = {name: ("scenario", [(default | row)[name] for row in rows]) for name in default | rows[0]}
    shape = (len(rows), len(BUSES))
    return xr.Dataset(
        {
            "demand": (("scenario", "bus"), np.broadcast_to([40.0, 40.0, 0.0], shape)),
            "demand_mw": ("scenario", np.full(len(rows), 80.0)),
            "voll": ("scenario", np.full(len(rows), 1000.0)),
            "generator_bus": ("generator", BUSES),
            "owner": ("generator", UNITS),
            "offer_quantity": (("scenario", "generator", "block"), np.full((len(rows), 3, 2), 30.0)),
        },
        coords=columns | {"bus": BUSES, "generator": UNITS, "participant": UNITS},
    )


def _cleared(data: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    count = data.sizes["scenario"]
    output = np.broadcast_to(OUTPUT, (count, 3))
    price = rng.uniform(20, 40, (count, 3))
    cost = output * rng.uniform(5, 15, (count, 3))
    served = np.broadcast_to([40.0, 40.0, 0.0], (count, 3))
    revenue, paid = price * output, (price * served).sum(1)
    participant, bus = ("scenario", "participant"), ("scenario", "bus")
    return xr.Dataset(
        {
            "objective": ("scenario", cost.sum(1)),
            "output": (participant, output),
            "true_cost": (participant, cost),
            "reported_cost": (participant, cost),
            "price_revenue": (participant, revenue),
            "price": (bus, price),
            "served": (bus, served),
            "lost_load": ("scenario", np.zeros(count)),
            "load_payment": ("scenario", paid),
            "congestion_rent": ("scenario", paid - revenue.sum(1)),
        },
        coords=data.coords,
    )


def _values(data: xr.Dataset, cleared: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    coalitions = ["all", "all-0", "all-1", "all-2"]
    count, engine = len(VARIANTS), ("scenario", "engine")
    rise = np.insert(rng.uniform(1500, 3000, (count, 3)) * (np.array(OUTPUT) > 0), 0, 0.0, axis=1)
    lost = np.zeros((count, 4))
    lost[2:, 1] = [1.5, 4.0]
    dj = np.full((count, 3), 2e-9)
    iterations = np.tile([900.0, 20.0, 15.0], (count, 1))
    iterations[2:] = dj[2:] = np.nan
    return xr.Dataset(
        {
            "cost": (("scenario", "coalition"), cleared["objective"].values[:count, None] + rise),
            "lost_load": (("scenario", "coalition"), lost),
            "member": (("coalition", "participant"), 1 - np.vstack([np.zeros(3), np.eye(3)]).astype(np.int8)),
            "engine_counterfactuals": (engine, np.where(np.isnan(dj), np.nan, 3.0)),
            "engine_lp_solves": (engine, np.where(np.isnan(dj), np.nan, 4.0)),
            "engine_iterations": (engine, iterations),
            "engine_lines_generated": (engine, np.where(np.isnan(dj), np.nan, [0.0, 0.0, 2.0])),
            "engine_max_abs_dj": (engine, dj),
        },
        coords={"scenario": VARIANTS, "coalition": coalitions, "participant": UNITS, "engine": ENGINES},
    )


def _payments(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    count = data.sizes["scenario"]
    active = np.array(OUTPUT) > 0
    vcg = (cleared["price_revenue"] + rng.uniform(10, 90, (count, 3)) * active).values
    core = np.where(np.arange(count)[:, None] < 2, vcg - 5 * active, np.nan)
    payment = np.stack([cleared["price_revenue"].values, cleared["true_cost"].values, vcg, core], axis=1)
    premium = vcg - cleared["price_revenue"].values
    missing = vcg.sum(1) - cleared["load_payment"].values
    charge = rng.dirichlet([1.0, 1.0], (count, len(RULES))) * missing[:, None, None]
    adjusted = np.stack([vcg - share * premium for share in (0, 0, 0, 0.4, 0.2)], axis=1)
    dims = ("scenario", "mechanism", "participant")
    return xr.Dataset(
        {
            "payment": (dims, payment),
            "profit": (dims, payment - cleared["true_cost"].values[:, None]),
            "premium": (("scenario", "participant"), premium),
            "revenue_inadequacy": ("scenario", missing),
            "alpha": ("scenario", np.full(count, 0.4)),
            "uniform_adder": ("scenario", missing / 80),
            "load_charge": (("scenario", "deficit_rule", "bus"), np.append(charge, np.zeros_like(charge[..., :1]), -1)),
            "adjusted_payment": (("scenario", "deficit_rule", "participant"), adjusted),
            "best_multiplier": (dims, rng.uniform(1, 1.5, payment.shape)),
            "best_gain": (dims, rng.uniform(0, 20, payment.shape)),
            **_complements(),
        },
        coords=dict(data.coords) | {"mechanism": MECHANISMS, "deficit_rule": RULES},
    )


def _complements() -> dict[str, tuple]:
    columns = {
        "scenario": ["0.8", "0.8"],
        "first": ["0", "0"],
        "second": ["2", "1"],
        "joint_saving": [95.0, 150.0],
        "first_saving": [60.0, 60.0],
        "second_saving": [40.0, 105.0],
        "gap": [-5.0, -15.0],
    }
    return {f"complement_{name}": ("complement", column) for name, column in columns.items()}
