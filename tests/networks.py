"""Random small spot markets, as Datasets of the contract."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.preparation.offers import checked


def random_market(buses: int, seed: int = 0, scenarios: int = 1, generators: int | None = None, blocks: int = 2):
    """A meshed network with random taps, limits and offers; each scenario has its own demand and limits."""
    rng = np.random.default_rng(seed)
    ring = [(k, (k + 1) % buses) for k in range(buses)]
    extra = [tuple(rng.choice(buses, 2, replace=False)) for _ in range(buses // 2)]
    ends = np.array(ring + (extra if buses > 3 else [])) + 1
    count = generators or buses
    names = [str(k) for k in range(count)]
    labels = [f"s{k}" for k in range(scenarios)]
    data = xr.Dataset(
        {
            "from_bus": ("branch", ends[:, 0]),
            "to_bus": ("branch", ends[:, 1]),
            "susceptance": ("branch", 100 / rng.uniform(0.02, 0.3, len(ends))),
            "shift": ("branch", np.zeros(len(ends))),
            "reference_bus": 1,
            "generator_bus": ("generator", rng.integers(1, buses + 1, count)),
            "owner": ("generator", names),
            "demand": (("scenario", "bus"), rng.uniform(0, 60, (scenarios, buses))),
            "voll": ("scenario", np.full(scenarios, 1000.0)),
            "line_limit": (("scenario", "branch"), rng.uniform(15, 80, (scenarios, len(ends)))),
            "cost_quantity": (("generator", "block"), rng.uniform(5, 40, (count, blocks))),
            "cost_price": (("generator", "block"), np.sort(rng.uniform(5, 90, (count, blocks)), axis=1)),
            "cost_quadratic": ("generator", np.zeros(count)),
        },
        coords={
            "bus": np.arange(1, buses + 1),
            "branch": np.arange(len(ends)),
            "generator": names,
            "participant": names,
            "block": np.arange(blocks),
            "scenario": labels,
            "base": ("scenario", labels),
            "family": ("scenario", ["variants"] * scenarios),
            "deviator": ("scenario", [""] * scenarios),
            "n1_rule": ("scenario", ["voll"] * scenarios),
            "variant": ("scenario", labels),
        },
    )
    everywhere = {"offer_quantity": "cost_quantity", "offer_price": "cost_price"}
    reported = {name: data[true].expand_dims(scenario=labels) for name, true in everywhere.items()}
    data = checked(data.assign(reported)).assign_attrs(market="spot", money="$/h", energy="MW", centre="loads")
    return schema.described(data, "data")
