"""Table: what each participant produces, costs, is paid and earns, per variant."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import SHORT_NAMES, Results, by_mechanism


def table(results: Results, *, variants: list[str] | None = None, families: list[str] | None = None) -> pd.DataFrame:
    """One row per variant and participant; money in $/h, `lmp` in $/MWh (of several generators: weighted by output), `p_mw` and `shed_without` in MW.

    `shed_without`: lost load if this participant is absent. `variants` defaults to all of `families` (default: variants).
    """
    data = results["data"]
    labels = selection.chosen(data, "variants", variants, families or ["variants"])
    return selection.tidy(pd.concat([_of_scenario(results, label) for label in labels], ignore_index=True))


def _of_scenario(results: Results, scenario: str) -> pd.DataFrame:
    data, here = results["data"], results["cleared"].sel(scenario=scenario)
    columns = {
        "variant": scenario,
        "gen": data["participant"].values.astype(str),
        "bus": selection.bus_of(data),
        "p_mw": here["output"].values,
        "cost": here["true_cost"].values,
        "lmp": selection.price_of(data, here),
        "lmp_revenue": here["price_revenue"].values,
        "pab_payment": by_mechanism(results, "payment", scenario, "pay-as-bid"),
        "vcg_payment": by_mechanism(results, "payment", scenario, "vcg"),
        "core_payment": by_mechanism(results, "payment", scenario, "core-selecting"),
        "premium": selection.read(results, "payments", "premium", scenario=scenario).values,
        "shed_without": selection.lost_load_without(results, scenario),
    }
    profits = {
        f"profit_{short}": by_mechanism(results, "profit", scenario, name) for name, short in SHORT_NAMES.items()
    }
    return pd.DataFrame(columns | profits)[selection.capacity(data, scenario) > 0]
