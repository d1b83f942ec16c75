"""Payments under each mechanism, the sharing of a deficit, and the checks of properties."""

import logging

import numpy as np
import xarray as xr

from sharegrid import plugins, schema
from sharegrid.mechanisms import deficit
from sharegrid.optimise.coalitions import EVERYBODY
from sharegrid.properties.allocations import allocation_properties

log = logging.getLogger(__name__)
AGREE = 1e-8  # relative


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, config: dict) -> xr.Dataset:
    """payment and profit (scenario, mechanism, participant) in the money of the data, profits at the true cost, the core
    properties of each payment, and whatever the mechanisms, the deficit rules and the checks of the study add."""
    schema.check(data, "data")
    schema.check(cleared, "cleared")
    if values is not None:
        schema.check(values, "values")
        _check_same_optimum(cleared, values)
    settled = {}
    for name, options in config["mechanisms"].items():
        log.info("mechanism %s", name)
        settled[name] = plugins.load("mechanisms", name)(data, cleared, values, **options)
    payments = _together(settled, cleared)
    if values is not None:
        payments = _joined(payments, allocation_properties(data, cleared, values, payments))
    if config["deficit"]:
        log.info("sharing of the deficit")
        payments = _joined(payments, deficit.allocate(data, cleared, values, payments, **config["deficit"]))
    for name, options in config["checks"].items():
        log.info("check %s", name)
        check = plugins.load("properties", name)
        payments = _joined(payments, check(data, cleared, values, payments, **options))
    return schema.check(schema.described(payments, "payments", config, data), "payments")


def _check_same_optimum(cleared: xr.Dataset, values: xr.Dataset) -> None:
    """RuntimeError if the back end of the values and the clearing disagree on the optimum with everybody."""
    everybody, objective = (
        values["cost"].sel(coalition=EVERYBODY),
        cleared["objective"].sel(scenario=values["scenario"]),
    )
    gap = AGREE + _gap(cleared).sel(scenario=values["scenario"]) + _gap(values.sel(coalition=EVERYBODY, drop=True))
    apart = abs(everybody - objective) > gap * np.maximum(1.0, abs(objective))
    if bool(apart.any()):
        scenario, money = values["scenario"].values[apart.values][0], cleared.attrs.get("money", "")
        raise RuntimeError(f"scenario {scenario}: J with everybody is {float(objective.sel(scenario=scenario)):.10g} {money} "
                           f"when cleared and {float(everybody.sel(scenario=scenario)):.10g} {money} when valued; "
                           "value it with backend: warm")  # fmt: skip


def _gap(dataset: xr.Dataset) -> xr.DataArray:
    """Certified relative gap of the optimum (scenario), of mixed-integer programs above 0."""
    exact = xr.DataArray(np.zeros(dataset.sizes["scenario"]), {"scenario": dataset["scenario"].values}, "scenario")
    return dataset["relative_gap"].reset_coords(drop=True).fillna(0) if "relative_gap" in dataset else exact


def _together(settled: dict[str, xr.Dataset], cleared: xr.Dataset) -> xr.Dataset:
    """All mechanisms along the dim mechanism, and what single mechanisms report beside the payment."""
    mechanism = xr.DataArray(list(settled), dims="mechanism", name="mechanism", coords={"mechanism": list(settled)})
    payment = xr.concat([one["payment"] for one in settled.values()], mechanism, join="exact")
    payment = payment.transpose("scenario", "mechanism", "participant").drop_attrs()
    profit = (payment - cleared["true_cost"]).transpose(*payment.dims).drop_attrs()
    payments = xr.Dataset({"payment": payment, "profit": profit})
    for name, one in settled.items():
        label = plugins.snake(name.partition("@")[2])  # tells apart the uses of one mechanism
        own = one.drop_vars("payment")
        payments = _joined(payments, own.rename({key: f"{key}_{label}" for key in own.data_vars}) if label else own)
    return payments


def _joined(payments: xr.Dataset, more: xr.Dataset) -> xr.Dataset:
    return xr.merge([payments, more], join="left", compat="no_conflicts")  # "outer" would sort the scenarios
