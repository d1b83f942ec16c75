"""Table: what reliable demand response over unreliable links costs, whom it calls how often, and how often it falls short."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families, cost in the money of the study.

    `epsilon` is empty where the requirement holds in expectation, `link_success` where each link has its own, `burst_length`
    where losses are independent. `options`: a digit for each user called, its retransmissions, a dot for the others.
    `attempts` expected, `slots_used` reserved; `called_kw`, and `delivered_kw` in expectation; `missed_share` of the drawn
    outcomes, `missed_probability` over all losses, if independent; `price_usd_per_kwh` of a kW more, retransmissions fixed.
    """
    data = selection.stage(results, "data")
    labels = selection.scenarios(data, families)
    data, cleared = data.sel(scenario=labels), selection.stage(results, "cleared").sel(scenario=labels)
    price = cleared["delivery_price"] + cleared["outcome_price"].sum("outcome")
    columns = {name: data[name].values for name in ("delivery", "requirement_kw", "slots")}
    columns |= {
        "epsilon": data["epsilon"].where(data["delivery"] == "chance").values,
        "link_success": data["link_success"].values,
        "burst_length": data["burst_length"].values,
        "cost": cleared["objective"].values,
        "relative_gap": cleared["relative_gap"].values,
        "options": options(cleared["chosen"].transpose("scenario", "participant", "option").values),
        "users_called": cleared["active"].sum("participant").values,
        "attempts": cleared["expected_attempts"].sum("participant").values,
        "slots_used": cleared["slots_used"].values.astype(int),
        "called_kw": cleared["called"].sum("participant").values,
        "delivered_kw": cleared["output"].sum("participant").values,
        "missed_share": cleared["missed_share"].values,
        "missed_probability": cleared["missed_probability"].values,
        "price_usd_per_kwh": price.values,
    }
    frame = selection.tidy(pd.DataFrame({"scenario": labels} | columns))
    return frame.rename(columns={"cost": in_money("cost", data)})


def options(chosen: np.ndarray) -> list[str]:
    """Retransmissions of each user as a digit, a dot for who is not called; chosen (scenario, user, option)."""
    return ["".join(str(int(user.argmax())) if user.any() else "." for user in one) for one in chosen]
