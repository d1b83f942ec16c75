"""The RTS-GMLC series, the fleets and a study's options -> the data of the fleets' bids, all scenarios in one Dataset."""

import datetime
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid import schema
from sharegrid.options.ev_fleets import FLAT, STATISTICS, EvFleetsMarket, Step
from sharegrid.preparation import ev_batteries, ev_vehicles
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import rts_emissions
from sharegrid.readers import rts_forecasts as rts
from sharegrid.readers.rts_gmlc import HOURS as HOURS_OF_DAY
from sharegrid.sweeps import Variant, coordinates, variants

RENEWABLE = ("DAY_AHEAD_wind", "DAY_AHEAD_pv", "DAY_AHEAD_rtpv", "DAY_AHEAD_hydro")
FLEET = ("scenario", "participant")
HOURLY = ("scenario", "participant", "time")
SAME = ("charge_efficiency", "discharge_efficiency", "wear_cost")
TURNS = {"average": rts_emissions.average_factor, "marginal": rts_emissions.marginal_factor}


class Horizon:
    """Prices and emission factors of the hours of a study; every file is read once."""

    def __init__(self, options: EvFleetsMarket, inputs: Inputs):
        self._options, self._inputs = options, inputs
        days = -(-options.hours // HOURS_OF_DAY)
        self._days = [options.date + datetime.timedelta(days=k) for k in range(days)]

    def _hours(self, name: str, of_day) -> np.ndarray:
        path = self._options.series_file(name)
        table = self._inputs.table(path)
        hours = [of_day(table, day, path) for day in self._days]
        return np.concatenate(hours)[: self._options.hours]

    @cached_property
    def _units(self) -> pd.DataFrame:
        return self._inputs.table(self._options.units)

    @cached_property
    def net_load(self) -> np.ndarray:
        """Day-ahead load of all regions less wind, photovoltaic and hydro power in MW (time)."""
        totals = [self._hours(name, rts.total_on) for name in ("DAY_AHEAD_regional_Load", *RENEWABLE)]
        return totals[0] - sum(totals[1:])

    @cached_property
    def nodal(self) -> np.ndarray:
        """Price at the study's bus in the reference run in $/MWh (time)."""
        bus = self._options.bus
        return self._hours(
            "PLEXOS_DA_solution_price_allTX", lambda table, day, path: rts.nodal_price(table, day, bus, path)
        )

    @cached_property
    def merit_order(self) -> np.ndarray:
        """Cost of the last thermal unit that serves the net load in $/MWh (time)."""
        return rts.merit_order_price(self._units, self.net_load)

    def price(self, source: str) -> np.ndarray:
        """nodal or merit-order price in $/MWh (time)."""
        return self.nodal if source == "nodal" else self.merit_order

    def factor(self, kind: str) -> np.ndarray:
        """marginal or average emission factor in t/MWh (time)."""
        return TURNS[kind](self._units, self.net_load)


def prepare(options: EvFleetsMarket, inputs: Inputs) -> xr.Dataset:
    """The fleets' data: dims scenario, participant (the fleets), time, outcome, step, and vehicle where some are drawn.

    ValueError names file, field, label and cure.
    """
    horizon, found = Horizon(options, inputs), variants(options)
    steps = max([1, *(len(ladder) for ladder in options.ladders.values())])
    data = coordinates(found).assign_coords(
        participant=list(options.fleets),
        time=np.arange(options.hours),
        outcome=list(options.outcomes),
        step=np.arange(1, steps + 1),
        credit_export=("scenario", [int(one.values["credit_export"]) for one in found]),
    )
    by_scenario = [_scenario(options, horizon, one, steps) for one in found]
    stacked = {
        name: (dims, np.stack([one[name][1] for one in by_scenario])) for name, (dims, _) in by_scenario[0].items()
    }
    fleets = ev_vehicles.identical(options.fleets)
    data = data.assign(stacked).assign({name: ("participant", fleets[name].to_numpy(float)) for name in SAME})
    if options.drawn:
        data = data.merge(vehicles(options, inputs))
    data.attrs |= {"money": "$", "energy": "MWh"}  # of the whole horizon
    return schema.described(checked(data), "data")


def vehicles(options: EvFleetsMarket, inputs: Inputs) -> xr.Dataset:
    """The drawn vehicles, with the columns of ev_batteries as variables vehicle_* along the dim vehicle."""
    statistics = {name: inputs.table(options.statistics_file(name)) for name in STATISTICS}
    table = ev_batteries.checked(ev_vehicles.drawn(options, statistics))
    columns = {f"vehicle_{name}": ("vehicle", table[name].to_numpy()) for name in ev_batteries.COLUMNS}
    columns["vehicle_fleet"] = ("vehicle", table["fleet"].to_numpy(str))
    return xr.Dataset(columns, {"vehicle": np.arange(1, len(table) + 1)})


def _scenario(options: EvFleetsMarket, horizon: Horizon, one: Variant, steps: int) -> dict[str, tuple]:
    """(dims, values) of one scenario: prices, emission factors, allowances, batteries."""
    values, outcomes = one.values, list(options.outcomes.values())
    price = horizon.price(values["energy_price"])
    carbon, ladder = _carbon(options, one, steps)
    spread = {name: 1 + values["spread"] * (np.array([getattr(outcome, f"{name}_factor") for outcome in outcomes]) - 1)
              for name in ("energy", "carbon")}  # fmt: skip
    fleets = ev_vehicles.identical(options.fleets)
    share = np.array([fleet.share for fleet in options.fleets.values()])
    count = fleets.assign(count=share * values["number"])
    delivered = ((count["departure_energy"] - count["arrival_energy"]) * count["count"]).to_numpy()
    return {
        "probability": (("scenario", "outcome"), np.array([outcome.probability for outcome in outcomes])),
        "alpha": (("scenario",), np.float64(options.alpha)),
        "one_way": (("scenario",), np.int8(0)),
        "price": (("scenario", "outcome", "time"), np.outer(spread["energy"], price)),
        "carbon_price_buy": (("scenario", "outcome", "step"), np.outer(spread["carbon"], carbon)),
        "carbon_price_sell": (("scenario", "outcome"), spread["carbon"] * values["sell_ratio"] * carbon[0]),
        "emission_factor": (("scenario", "time"), horizon.factor(values["factor"])),
        "allowance": (FLEET, share * values["allowance_t"] + values["benchmark"] * delivered),
        "step_right": (("scenario", "participant", "step"), np.outer(share, ladder)),
    } | _batteries(options, one, count)


def _carbon(options: EvFleetsMarket, one: Variant, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Price [$/t] and quantity [t] of every step; a shorter ladder begins with steps that hold nothing."""
    flat = [Step(price=one.values["carbon_price"])]
    ladder = flat if one.values["ladder"] == FLAT else options.ladders[one.values["ladder"]]
    padded = [(ladder[0].price, 0.0)] * (steps - len(ladder)) + [
        (step.price, step.quantity_t or 0.0) for step in ladder
    ]
    price, quantity = np.array(padded).T
    return price, quantity


def _batteries(options: EvFleetsMarket, one: Variant, fleets: pd.DataFrame) -> dict[str, tuple]:
    """The virtual batteries of the fleets (scenario, participant, time); members of a fleet are identical, so they are exact."""
    strategy, hours = one.values["strategy"], options.hours
    discharge = one.values["v2g_share"] if strategy == "v2g" else 0.0
    found = ev_batteries.batteries(fleets, fleets["fleet"], hours, discharge)
    low = np.zeros((len(fleets), hours))
    if strategy == "uncontrolled":
        low = ev_batteries.uncontrolled(fleets, hours) * fleets["count"].to_numpy()[:, None]
        found = found.assign(charge_high=(("participant", "time"), low))
    hourly = {name: (HOURLY, array.values) for name, array in found.items() if "time" in array.dims}
    return hourly | {"charge_low": (HOURLY, low)}


def checked(data: xr.Dataset) -> xr.Dataset:
    """The data, if they make sense; ValueError names the variable, the label and the cure."""
    total = data["probability"].sum("outcome")
    _require(np.abs(total - 1) <= 1e-9, "probability", "must sum to 1 over the outcomes")
    cheapest = data["carbon_price_buy"].isel(step=0, drop=True)
    _require(data["carbon_price_sell"] <= cheapest, "carbon_price_sell", "is above the price of bought allowances: trade "
             "would have no limit; sell_ratio must be at most 1, with a negative carbon price at least 1")  # fmt: skip
    _require((data["carbon_price_buy"].diff("step") >= 0), "carbon_price_buy", "the ladder must be ascending")
    for name, low, high in (("charge_low", 0, "charge_high"), ("discharge_high", 0, None), ("energy_low", 0, "energy_high"),
                            ("allowance", 0, None), ("step_right", 0, None)):  # fmt: skip
        _require(data[name] >= low, name, "is negative")
        if high:
            _require(data[name] <= data[high], name, f"is above {high}")
    return data


def _require(holds: xr.DataArray, name: str, what: str) -> None:
    for place in np.argwhere(~holds.values)[:1]:
        labels = ", ".join(f"{dim} {holds[dim].values[k]}" for dim, k in zip(holds.dims, place, strict=True))
        raise ValueError(f"data: {name}: {what}; at {labels}")
