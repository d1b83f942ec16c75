"""CO2 emissions of the merit order of the thermal units of RTS-GMLC (gen.csv).

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127, 2020.
"""

import numpy as np
import pandas as pd

from sharegrid.readers.rts_forecasts import THERMAL, average_cost

TONNES_PER_POUND = 0.45359237 / 1000
EMISSIONS, FUEL_PRICE = "Emissions CO2 Lbs/MMBTU", "Fuel Price $/MMBTU"


def unit_factors(units: pd.DataFrame) -> pd.DataFrame:
    """factor [t/MWh] and capacity [MW] of the thermal units in merit order, index GEN UID; ValueError names a unit
    without a number for its emissions or with a fuel that costs nothing.

    The factor is the average heat rate at full output times the emissions of the fuel.
    """
    fleet = units[units["Fuel"].isin(THERMAL)]
    fleet = fleet.assign(cost=average_cost(fleet)).sort_values(["cost", "GEN UID"]).set_index("GEN UID")
    for column, right in ((EMISSIONS, fleet[EMISSIONS] >= 0), (FUEL_PRICE, fleet[FUEL_PRICE] > 0)):
        if not right.all():
            raise ValueError(f"gen.csv: column '{column}', unit '{right.idxmin()}': enter a number above 0")
    heat_rate = (fleet["cost"] - fleet["VOM"]) / fleet[FUEL_PRICE]
    return pd.DataFrame({"factor": heat_rate * fleet[EMISSIONS] * TONNES_PER_POUND, "capacity": fleet["PMax MW"]})


def emissions(units: pd.DataFrame, net_load: np.ndarray) -> np.ndarray:
    """E(x) in t/h (time): emissions of the merit order that serves a net load of x MW; 0 where there is none.

    ValueError for a net load above the capacity of all units.
    """
    stack = unit_factors(units)
    capacity = stack["capacity"].to_numpy(float)
    if (net_load > capacity.sum()).any():
        most = f"{capacity.sum():.10g} MW of all thermal units"
        raise ValueError(f"the net load of {net_load.max():.10g} MW is above the {most}")
    below = np.concatenate([[0.0], np.cumsum(capacity)[:-1]])
    served = np.clip(np.maximum(net_load, 0)[:, None] - below, 0, capacity)
    return served @ stack["factor"].to_numpy()


def marginal_factor(units: pd.DataFrame, net_load: np.ndarray) -> np.ndarray:
    """[E(x + 1 MW) - E(x - 1 MW)] / 2 MW in t/MWh (time): the unit that serves one more MW, the mean of both sides."""
    return (emissions(units, net_load + 1) - emissions(units, net_load - 1)) / 2


def average_factor(units: pd.DataFrame, net_load: np.ndarray) -> np.ndarray:
    """E(x) / x in t/MWh (time): emissions of a MWh of thermal power; 0 without a net load."""
    return np.where(net_load > 0, emissions(units, net_load) / np.where(net_load > 0, net_load, 1), 0.0)
