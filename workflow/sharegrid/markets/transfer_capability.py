"""Available transfer capability of a secure schedule, and demand response that raises it after the schedule
(chapter 7.3).

    max  T
    s.t. sum_g x_g + sum_b d_b = T                                                        [lambda]
         sum_g A_rg x_g + sum_b A_rb d_b <= room_r      for every row r                   [y_r]
         sum_b c_b d_b <= budget                                                          [nu]
         0 <= x_g <= P_g - p_g (units of the source),   0 <= d_b <= D_b

T transfer, x output above the base schedule p, d demand response [MW], c its price [$/MWh]. A row is a line in one
direction, intact or after an outage: A_r. is its flow per MW that enters at the bus and leaves at the sink's buses by
their participation factors, room_r its limit less its flow in the base schedule. That makes A independent of the
reference bus. Solved as a minimisation of -T, so all money is MW of transfer capability: J(S) = -T with the providers S
of demand response, J(nobody) that of the base schedule alone. A provider owns its d; the rooms belong to nobody, so the
core can be empty.

Rows: with everybody T is largest, so a row that no x and d of a total of at most that T reach binds for no coalition
either, and is left out (optimise/contingencies.py: reachable). T with everybody is found with rows generated as needed.
Source: NERC, Available Transfer Capability Definitions and Determination, 1996.
"""

from collections.abc import Iterator
from dataclasses import replace

import linopy
import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.markets.transfer_security import BINDING, check_secure, names_of, of_system, outages_of, security_of
from sharegrid.optimise.clear import solve_named
from sharegrid.optimise.contingencies import Outages, Rows, reachable, solve_secured
from sharegrid.optimise.highs import LiveProgram
from sharegrid.optimise.program import SplitModel, new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}  # of a coalition only the value is asked
LOST_LOAD = None
KEPT = 1e-7  # MW of T that the search for the least demand response may give up


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, slot, site, place, row)."""
    return with_security(data, security_rows(data))


def with_security(data: xr.Dataset, rows: xr.Dataset) -> linopy.Model:
    """The model with these security_rows."""
    model = without_security(data)
    define_security(model, data, rows)
    return model


def without_security(data: xr.Dataset) -> linopy.Model:
    """The model without the rows of lines."""
    model = new_model()
    add_columns(model, data)
    define_balance(model, data)
    define_budget(model, data)
    model.add_objective(-1 * model.variables["transfer_mw"].sum())
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Providers own their demand response; transfer and units belong to nobody."""
    return {"reduction": data["site_owner"].astype(object).reset_coords(drop=True)}


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with the capability of a provider `factor` times as large."""
    own = xr.where((data["site_owner"] == participant).reset_coords(drop=True), factor, 1.0)
    return data.assign(reduction_limit=data["reduction_limit"] * own)


def add_columns(model: linopy.Model, data: xr.Dataset) -> None:
    """T >= 0 (scenario), 0 <= x <= room (scenario, slot), 0 <= d <= D (scenario, site), MW."""
    room, limit = data["source_room"], data["reduction_limit"]
    model.add_variables(lower=xr.zeros_like(room.isel(slot=0, drop=True)), name="transfer_mw")
    model.add_variables(lower=xr.zeros_like(room), upper=room, name="increase")
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="reduction")


def define_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_g x_g + sum_b d_b - T = 0 (scenario) MW."""
    of = model.variables
    model.add_constraints(
        of["increase"].sum("slot") + of["reduction"].sum("site") - of["transfer_mw"] == 0, name="balance"
    )


def define_budget(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_b c_b d_b <= budget (scenario) $/h; without a limit the row has none."""
    spent = (data["site_price"] * model.variables["reduction"]).sum("site")
    model.add_constraints(spent <= data["budget"].reset_coords(drop=True), name="spending")  # budget is a coordinate


def define_security(model: linopy.Model, data: xr.Dataset, rows: xr.Dataset) -> None:
    """sum_g A_rg x_g + sum_b A_rb d_b <= room_r (scenario, row) MW."""
    if not rows.sizes["row"]:
        return
    scenario = data["scenario"].drop_vars(set(data["scenario"].coords) - {"scenario"})
    at_place = model.variables["reduction"].sel(
        scenario=scenario, site=data["site"][data["site_here"]].drop_vars("site")
    )
    flow = (rows["of_source"] * model.variables["increase"]).sum("slot") + (rows["of_site"] * at_place).sum("place")
    model.add_constraints(flow <= rows["room"], name="security")


class Base:
    """The network and the base schedule of one scenario."""

    def __init__(self, one: xr.Dataset, outages: Outages):
        self.data, self.label = one, f"scenario {one['scenario'].item()}"
        self.security = security_of(outages, one, intact_only=str(one["contingencies"].item()) == "none")
        self.injection, self.share = one["injection"].values, one["sink_share"].values
        bus, unit, place = one.indexes["bus"], one["source_unit"].values.astype(str), one["site_here"].values
        at = one.indexes["unit"].get_indexer(unit)
        unit_bus = one["unit_bus"].values[at]
        self.entry = bus.get_indexer(np.append(unit_bus, one["site_bus"].values[place]))
        self.used = np.append(unit != "", one["site_used"].values == 1)  # the others only fill the arrays
        limit = one["reduction_limit"].values[place] * one["site_used"].values
        self.upper = np.append(one["source_room"].values, limit)

    def rows(self, program: LiveProgram, columns: sp.csr_matrix) -> Rows:
        """All rows that some coalition can reach; columns (bus, column): what the program's columns inject."""
        check_secure(self.security, self.injection, self.data, self.label)
        solved, _ = solve_secured(program, self.security, columns, self.injection)
        return reachable(self.security, self.entry, self.share, self.injection, self.upper, -solved.objective)

    def effects(self, rows: Rows) -> np.ndarray:
        """A (row, slot and place): flow of each row per MW that enters there and leaves at the sink."""
        by_bus = self.security.sensitivity(rows)
        return np.where(self.used, by_bus[:, self.entry] - (by_bus @ self.share)[:, None], 0.0)


def bases(data: xr.Dataset) -> Iterator[Base]:
    """The base of each scenario in turn; factors are computed once per system."""
    names = dict.fromkeys(data["system"].values.tolist())
    systems = {name: of_system(data, name) for name in names}
    outages = {name: outages_of(one) for name, one in systems.items()}
    for k, name in enumerate(data["system"].values.tolist()):
        yield Base(systems[name].isel(scenario=k), outages[name])


def security_rows(data: xr.Dataset) -> xr.Dataset:
    """of_source (scenario, row, slot), of_site (scenario, row, place), room (scenario, row) MW, and line and outage by
    name (scenario, row).

    A scenario with fewer rows than another has rows without limit. ValueError where a base schedule is overloaded.
    """
    split, slots = SplitModel(without_security(data), {}, []), data.sizes["slot"]
    parts = []
    for k, base in enumerate(bases(data)):
        rows = base.rows(LiveProgram(split.program(k), base.label), injected(base, split))
        effect, (line, outage) = base.effects(rows), names_of(rows, base.data)
        room = np.maximum(base.security.room(rows, base.injection), 0.0)  # rounding of a schedule at its limit
        parts.append(
            {"of_source": effect[:, :slots], "of_site": effect[:, slots:], "room": room, "line": line, "outage": outage}
        )
    most = max(len(part["room"]) for part in parts)
    dims = {"of_source": ("row", "slot"), "of_site": ("row", "place")}
    fill = {"room": np.inf, "line": "", "outage": ""}
    arrays = {}
    for name in parts[0]:
        filled = [_filled(part[name], most, fill.get(name, 0.0)) for part in parts]
        arrays[name] = (("scenario", *dims.get(name, ("row",))), np.stack(filled))
    return xr.Dataset(arrays, {"scenario": data["scenario"].values})


def _filled(array: np.ndarray, rows: int, value) -> np.ndarray:
    """The array with further rows of one value."""
    return np.concatenate([array, np.full((rows - len(array), *array.shape[1:]), value, dtype=array.dtype)])


def injected(base: Base, split: SplitModel) -> sp.csr_matrix:
    """MW injected at each bus of the system per MW of each column of the program without_security (bus, column)."""
    of, bus = split.variables, base.data.indexes["bus"]
    columns = np.concatenate([of["increase"].position.values, of["reduction"].position.values])
    places = np.append(base.entry[: len(of["increase"].position)], bus.get_indexer(base.data["site_bus"].values))
    here = places >= 0
    entering = sp.csr_matrix((np.ones(here.sum()), (places[here], columns[here])), (len(bus), len(columns) + 1))
    leaving = sp.csr_matrix(
        (base.share, (np.arange(len(bus)), np.full(len(bus), of["transfer_mw"].position.item()))), entering.shape
    )
    return entering - leaving


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Transfer capability with its parts, the least demand response that reaches it, the binding line and outage, and
    what each provider adds at the marginal value.

    price_revenue is the dual of the capability times the demand response: what one more MW of the provider would add.
    There are no costs: money is MW of transfer capability.
    """
    rows, transfer = security_rows(data), primal["transfer_mw"].clip(min=0) + 0.0
    least, value = least_response(data, rows, transfer), 0.0 - reduced_cost["reduction"]
    of_provider = {"output": least["reduction"], "price_revenue": value.clip(min=0) * primal["reduction"]}
    cleared = xr.Dataset({name: _by_owner(values, data) for name, values in of_provider.items()})
    nothing = xr.zeros_like(cleared["output"])
    here = data["taking_part"].reset_coords(drop=True) == 1
    cleared = cleared.assign(reported_cost=nothing, true_cost=nothing, active=here.astype("i1"))
    cleared = cleared.assign(least.data_vars).assign(transfer_mw=transfer, marginal_value=value)
    used = least["reduction"].sum("site")
    cleared = cleared.assign(used=used, beyond_reduction=transfer - used)
    return cleared.assign(margins(data, transfer) | _binding(data, rows, dual))


def least_response(data: xr.Dataset, rows: xr.Dataset, transfer: xr.DataArray) -> xr.Dataset:
    """increase (scenario, slot) and reduction (scenario, site) MW with the least demand response that reaches T.

        min sum_b d_b   s.t. the market's rows,  T >= transfer - 1e-7 MW

    Several x and d reach the largest T; where a unit of the source and demand response are as good, any mix of them
    does.
    """
    split = SplitModel(with_security(data, rows), {}, [])
    of, found = split.variables, []
    for k, scenario in enumerate(split.scenarios):
        program = split.program(k)
        cost, lower = np.zeros(len(program.cost)), program.lower.copy()
        cost[of["reduction"].position.values] = 1.0
        lower[of["transfer_mw"].position.item()] = max(float(transfer[k]) - KEPT, 0.0)
        label = f"scenario {scenario}, least demand response"
        solved = solve_named(LiveProgram(replace(program, cost=cost, lower=lower), label), split, cold=True)
        found.append({name: of[name].read(solved.x).clip(min=0) + 0.0 for name in ("increase", "reduction")})
    stacked = {name: xr.concat([one[name] for one in found], transfer["scenario"]) for name in found[0]}
    return xr.Dataset({name: array.reset_coords(drop=True) for name, array in stacked.items()})


def _by_owner(values: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Sum over the sites of each provider (scenario, participant)."""
    total = values.groupby(data["site_owner"].rename("participant")).sum()
    return total.reindex(participant=data["participant"].values, fill_value=0.0).transpose("scenario", "participant")


def margins(data: xr.Dataset, transfer: xr.DataArray) -> dict[str, xr.DataArray]:
    """TTC = ETC + T and its parts TTC = ETC + ATC + TRM + CBM (scenario) MW.

    ETC is the base flow from the source to the sink on the lines that join them, negative where the base flows back
    (counterflow), and so may TTC be although T fits on top. TRM is a share of the larger of TTC and T, so that
    counterflow does not do away with it, and CBM a number; what is not there cannot be kept, so both together take at
    most T.
    """
    existing = existing_commitment(data)
    total, most = existing + transfer, transfer.clip(min=0)
    reliability = np.minimum(data["reliability_margin"] * np.maximum(total, most), most)
    benefit = np.minimum(data["benefit_margin"], most - reliability)
    available = total - existing - reliability - benefit
    return {"existing": existing, "total": total, "reliability": reliability, "benefit": benefit,
            "available_capability": available.clip(min=0)}  # fmt: skip


def existing_commitment(data: xr.Dataset) -> xr.DataArray:
    """Base flow in MW (scenario) on the lines with one end in the source and the other in the sink."""
    found = []
    for base in bases(data):
        ends = [base.data.indexes["bus"].get_indexer(base.data[end].values) for end in ("from_bus", "to_bus")]
        start, end = (base.data["in_source"].values[ends[0]] == 1), (base.data["in_sink"].values[ends[1]] == 1)
        back_start, back_end = (
            (base.data["in_sink"].values[ends[0]] == 1),
            (base.data["in_source"].values[ends[1]] == 1),
        )
        flow = base.security.flows(base.injection)[:, 0]
        found.append(flow[start & end].sum() - flow[back_start & back_end].sum())
    return xr.DataArray(np.array(found), {"scenario": data["scenario"].values}, "scenario")


def _binding(data: xr.Dataset, rows: xr.Dataset, dual: xr.Dataset) -> dict[str, xr.DataArray]:
    """The row with the largest shadow price (scenario): its line, outage and price; the number of rows."""
    labels = {"scenario": data["scenario"].values}
    shadow = -dual["security"].values if "security" in dual else np.zeros((data.sizes["scenario"], 0))
    best = [int(one.argmax()) if one.max(initial=0.0) > BINDING else None for one in shadow]
    found = {"binding_value": [0.0 if k is None else one[k] for one, k in zip(shadow, best, strict=True)]}
    for name in ("line", "outage"):
        found[f"binding_{name}"] = [
            "" if k is None else str(one[k]) for one, k in zip(rows[name].values, best, strict=True)
        ]
    found["security_rows"] = np.isfinite(rows["room"]).sum("row").values
    return {name: xr.DataArray(np.asarray(values), labels, "scenario") for name, values in found.items()}
