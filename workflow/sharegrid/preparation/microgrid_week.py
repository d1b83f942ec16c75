"""The price outcomes and profiles of a week: from days of a cleared market and of RTS-GMLC, or from numbers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sharegrid.options.ancillary_services import PRODUCTS
from sharegrid.options.microgrid import SERIES, MicrogridMarket, Week
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import rts_network
from sharegrid.readers.rts_gmlc import day_of, series_of


@dataclass(frozen=True)
class WeekData:
    """Price of energy (time, outcome) $/MWh and of products (product, time) $/MW, profiles of load and photovoltaic
    power (time) relative to the microgrids', probability (outcome)."""

    energy: np.ndarray
    products: np.ndarray
    load: np.ndarray
    pv: np.ndarray
    probability: np.ndarray


def week_data(options: MicrogridMarket, week: Week, inputs: Inputs) -> WeekData:
    """The outcomes and profiles of a week; ValueError names what the study of the market or a table lacks."""
    outcomes = len(week.days or week.energy)
    probability = np.array(week.probabilities or [1 / outcomes] * outcomes)
    if week.days is None:
        zero = [0.0] * len(week.load)
        products = np.array([week.products.get(name, zero) for name in PRODUCTS], dtype=float)
        return WeekData(np.array(week.energy).T, products, np.array(week.load), np.array(week.pv), probability)
    energy, products = _market_prices(options, week, probability, inputs)
    load, _ = _area_means(options, "load", week, probability, inputs)
    pv, most = _area_means(options, "pv", week, probability, inputs)
    for what, largest in (("load", load.max()), ("pv", most)):
        if not largest > 0:
            raise ValueError(
                f"{options.series_file(SERIES[what])}: {what} of area '{options.area}' is never above 0 MW, so that it gives no "
                "profile; choose another area"
            )
    return WeekData(energy, products, load / load.max(), pv / most, probability)


def _market_prices(options: MicrogridMarket, week: Week, probability: np.ndarray, inputs: Inputs) -> tuple:
    """Energy by day (time, outcome) and the mean of products over the days (product, time): products are sold before
    the outcome is known."""
    cleared = inputs.cleared(options.prices_of)
    labels, known = [day.isoformat() for day in week.days], cleared["scenario"].values.astype(str).tolist()
    if missing := [label for label in labels if label not in known]:
        raise ValueError(
            f"prices_of: the study {options.prices_of} has no scenario '{missing[0]}'; it has {', '.join(known)}"
        )
    here = cleared.sel(scenario=labels)
    energy = here["price"].transpose("time", "scenario").values
    by_day = here["product_price"].sel(product=list(PRODUCTS)).transpose("product", "time", "scenario").values
    return energy, np.maximum(by_day @ probability, 0.0)


def _area_means(
    options: MicrogridMarket, what: str, week: Week, probability: np.ndarray, inputs: Inputs
) -> tuple[np.ndarray, float]:
    """Mean over the days, weighted as the prices by their probability, (time) of the area's total in MW, and the
    largest total of the year."""
    path = options.series_file(SERIES[what])
    table = inputs.table(path)
    columns = [options.area] if what == "load" else _plants_of(options, table, inputs)
    if not columns or columns[0] not in table:
        raise ValueError(f"{path}: there is no column of area '{options.area}'; choose another area")
    days = [day_of(table, day.isoformat(), columns, path).sum(axis=1).to_numpy() for day in week.days]
    return probability @ np.array(days), float(table[columns].sum(axis=1).max())


def _plants_of(options: MicrogridMarket, table: pd.DataFrame, inputs: Inputs) -> list[str]:
    """Columns of the series whose unit stands in the area."""
    path = f"{options.tables}/bus.csv"
    area = rts_network.buses(inputs.table(path), path)["area"]
    units = inputs.table(f"{options.tables}/gen.csv").set_index("GEN UID")["Bus ID"].astype(str)
    here = set(units.index[units.map(area) == options.area])
    return [plant for plant in series_of(table) if plant in here]
