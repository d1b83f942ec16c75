"""Table: who pays and who is paid, per variant of the network: loads, generators, congestion rent and what is missing."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import IDLE, Results, by_mechanism, number


def table(results: Results, *, variants: list[str] | None = None, market_columns: bool = False) -> pd.DataFrame:
    """One row per variant (default: all), money in $/h, `uniform_adder` in $/MWh, `alpha` of the premium paid by congestion rent.

    `market_columns` adds the number of dispatched participants, the lowest and highest price ($/MWh) and the sum of VCG profits.
    """
    labels = selection.chosen(results["data"], "variants", variants, ["variants"])
    rows = [_row(results, label) | (_market(results, label) if market_columns else {}) for label in labels]
    return selection.tidy(pd.DataFrame(rows))


def _row(results: Results, scenario: str) -> dict[str, float | str]:
    cleared = results["cleared"].sel(scenario=scenario)
    return {
        "variant": scenario,
        "J": float(cleared["objective"]),
        "load_payment": float(cleared["load_payment"]),
        "lmp_gen": float(cleared["price_revenue"].sum()),
        "vcg_total": float(by_mechanism(results, "payment", scenario, "vcg").sum()),
        "core_total": float(by_mechanism(results, "payment", scenario, "core-selecting").sum()),
        "congestion_rent": float(cleared["congestion_rent"]),
        "premium": float(selection.read(results, "payments", "premium", scenario=scenario).sum(skipna=False)),
        "revenue_inadequacy": float(selection.read(results, "payments", "revenue_inadequacy", scenario=scenario)),
        "alpha": number(results, "alpha", scenario=scenario),
        "uniform_adder": number(results, "uniform_adder", scenario=scenario),
    }


def _market(results: Results, scenario: str) -> dict[str, float]:
    cleared = results["cleared"].sel(scenario=scenario)
    return {
        "dispatched": int((cleared["output"] > IDLE).sum()),
        "lmp_min": float(cleared["price"].min()),
        "lmp_max": float(cleared["price"].max()),
        "vcg_profit_total": float(by_mechanism(results, "profit", scenario, "vcg").sum()),
    }
