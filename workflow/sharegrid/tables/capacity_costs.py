"""Table: what each user of a community pays for energy and for capacity, alone and with sharing."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.community_costs import owned
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

SEPARATE = "separate-schedules"
MONEY = ("alone_energy", "alone_capacity", "shared_energy", "shared_capacity", "saving", "pv_capacity_value",
         "battery_capacity_value")  # fmt: skip


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and user that takes part, in the study's money; what a user gets is negative.

    `alone_*` and `shared_*`: the bill in two parts, shared at the internal price; `saving`: alone less shared;
    `pv_capacity_value`, `battery_capacity_value`: what PV and the battery earn by the multiplier of the peak hours. The
    sums of the bills are unique; how they split into energy and capacity depends on the optimal schedule that was found.
    """
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios, data["scenario"].values)
    frame = pd.concat([of_scenario(results, name) for name in scenarios], ignore_index=True)
    return selection.tidy(frame.rename(columns={name: in_money(name, data) for name in MONEY}))


def of_scenario(results: Results, scenario: str) -> pd.DataFrame:
    """The rows of one scenario, with plain names of the columns."""
    data, here = selection.stage(results, "data"), selection.stage(results, "cleared").sel(scenario=scenario)
    present = data["taking_part"].sel(scenario=scenario).values == 1
    price = float(data["capacity_charge"].sel(scenario=scenario))
    alone = separate(results, "cost", scenario).values
    alone_capacity = price * separate(results, "peak", scenario).values
    bill, capacity = -here["price_revenue"].values, -here["capacity_payment"].values
    signal = here["capacity_price_signal"]
    columns = {
        "user": data["participant"].values.astype(str),
        "owns": owned(data, scenario),
        "alone_energy": alone - alone_capacity,
        "alone_capacity": alone_capacity,
        "shared_energy": bill - capacity,
        "shared_capacity": capacity,
        "saving": alone - bill,
        "pv_capacity_value": (signal * here["pv"]).sum(["day", "time"]).values,
        "battery_capacity_value": (signal * here["battery_output"]).sum(["day", "time"]).values,
    }
    frame = pd.DataFrame(columns)[present]
    frame.insert(0, "scenario", scenario)
    return frame


def separate(results: Results, name: str, scenario: str):
    """separate_cost or separate_peak (participant) of users alone; ValueError if the study does not plan it."""
    return selection.read(results, "plan", f"separate_{name}", method=SEPARATE, scenario=scenario)
