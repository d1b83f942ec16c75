"""A network and a study's options -> the data of the spot market, all scenarios in one Dataset."""

import numpy as np
import xarray as xr

from sharegrid.options.spot import ScenarioFamily, SpotMarket
from sharegrid.preparation import dc_form, offers, ratings
from sharegrid.preparation.inputs import Inputs
from sharegrid.scenarios import Scenario, coordinates, expand


def prepare(options: SpotMarket, inputs: Inputs) -> xr.Dataset:
    """The spot market's data: dims scenario, bus, branch, generator, block, participant.

    ValueError names the field, the label and the cure.
    """
    network = inputs.read(options.network.path, options.network.reader)
    if "dcline" in network.dims:
        raise ValueError(f"{options.network.path}: dcline: the spot market has no HVDC lines; take them out of service")
    rate = network["rate"]
    if (other := options.network.ratings) is not None:
        rate = rate.copy(data=ratings.of_file(network, other, inputs, "prepare.network.ratings"))
    if options.copperplate:
        network, rate = _gather(network), rate.isel(branch=slice(0, 0))
    network, families = _named(network, options), options.scenarios
    _check_names(network["generator"], families)
    true = offers.true_offers(_split(network, families), options)
    owner = _owner(true["generator"], options.participants)
    participants = list(dict.fromkeys(owner.values))
    scenarios = expand(families, participants)
    data = xr.merge([true, dc_form.branches(network, options.dc_form), coordinates(scenarios)])
    data = data.assign_coords(participant=participants, bus=network["bus"].values)
    data = data.assign(owner=owner, reference_bus=_reference(network))
    data = data.assign(_by_scenario(data, network, rate, scenarios, families, options.voll))
    data = data.assign_coords(demand_mw=data["demand"].sum("bus"))
    return offers.checked(data).assign_attrs(money="$/h", energy="MW", centre="loads")


def _named(network: xr.Dataset, options: SpotMarket) -> xr.Dataset:
    """Generators get the names of their file, or are counted from first_generator."""
    if "generator_name" in network:
        return network.assign_coords(generator=network["generator_name"].values.astype(str))
    names = [str(int(k) + options.first_generator) for k in network["generator"].values]
    return network.assign_coords(generator=names)


def _check_names(generator: xr.DataArray, families: dict[str, ScenarioFamily]) -> None:
    """ValueError for a generator that a family names and the network lacks: the study would believe in a change."""
    for family, one in families.items():
        named = {"offer_price": one.offer_price, "without": one.without}
        named |= {f"distortion.{key}": factors for key, factors in one.distortion.items()}
        for field, names in named.items():
            for name in names:
                _known(generator, name, f"scenarios.{family}.{field}")


def _gather(network: xr.Dataset) -> xr.Dataset:
    """The copper plate: all demand and generators on one bus."""
    bus = network["bus"].values[:1]
    one = network.isel(bus=[0], branch=slice(0, 0))
    for name in ("load", "shunt"):
        one[name] = network[name].sum("bus", keepdims=True).assign_coords(bus=bus)
    return one.assign(generator_bus=xr.full_like(network["generator_bus"], bus[0]), bus_type=("bus", [3]))


def _reference(network: xr.Dataset):
    return network["bus"].values[np.flatnonzero(network["bus_type"].values == 3)[0]]


def _split(network: xr.Dataset, families: dict[str, ScenarioFamily]) -> xr.Dataset:
    """Add a twin, named with a trailing b, of each generator that some family splits."""
    for name in sorted({family.split for family in families.values() if family.split}):
        _known(network["generator"], name, "split")
        if f"{name}b" in network["generator"].values:
            raise ValueError(
                f"prepare.scenarios: split: generator '{name}b' exists, so '{name}' cannot get a twin of that name"
            )
        twin = network.sel(generator=[name]).assign_coords(generator=[f"{name}b"])
        network = xr.concat([network, twin], "generator", data_vars="minimal")
    return network


def _owner(generator: xr.DataArray, participants: dict[str, list[str]] | None) -> xr.DataArray:
    """Participant (generator) that owns each generator."""
    if participants is None:
        return generator.astype(str).drop_vars("generator").assign_coords(generator=generator.values)
    owner = {}
    for name, owned in participants.items():
        for one in owned:
            _known(generator, one, f"participants.{name}")
            if one in owner:
                raise ValueError(f"prepare.participants: generator '{one}' belongs to {owner[one]} and to {name}")
            owner[one] = name
    missing = [one for one in generator.values if one not in owner]
    if missing:
        raise ValueError(f"prepare.participants: generator '{missing[0]}' has no owner; list every generator once")
    return generator.copy(data=[owner[one] for one in generator.values])


def _known(generator: xr.DataArray, name: str, where: str) -> None:
    if name not in generator.values:
        first, last = generator.values[[0, -1]]
        raise ValueError(f"prepare.{where}: no generator '{name}'; they are called {first} to {last}")


def _by_scenario(data, network, rate, scenarios: list[Scenario], families, voll: float) -> dict[str, tuple]:
    """What differs between scenarios, as (dims, values): demand, price of lost load, line limits and offers."""
    lost_load = [_price_of_lost_load(one, families[one.family], voll) for one in scenarios]
    base, rates = (network["load"] + network["shunt"]).values, rate.values
    twins = {f"{family.split}b" for family in families.values() if family.split}
    by_offer = [
        offers.in_scenario(data, one, families[one.family], price, twins)
        for one, price in zip(scenarios, lost_load, strict=True)
    ]
    stacked = {name: np.stack([one[name] for one in by_offer]) for name in by_offer[0]}
    if not stacked["offer_quadratic"].any():
        del stacked["offer_quadratic"]
    if not any(family.split for family in families.values()):  # then true offers are the same in all scenarios
        del stacked["cost_quantity"], stacked["cost_quadratic"]
    return {
        "demand": (("scenario", "bus"), np.stack([_demand(base, one) for one in scenarios])),
        "voll": ("scenario", np.array(lost_load)),
        "line_limit": (("scenario", "branch"), np.stack([_limit(rates, one) for one in scenarios])),
    } | {name: (("scenario", "generator", "block")[: values.ndim], values) for name, values in stacked.items()}


def _demand(base: np.ndarray, scenario: Scenario) -> np.ndarray:
    if scenario.demand_mw is None:
        return base
    if base.sum() <= 0:
        raise ValueError(
            f"prepare.scenarios.{scenario.family}.demand_mw: the network has no load to scale; leave it out"
        )
    return base * (scenario.demand_mw / base.sum())


def _price_of_lost_load(scenario: Scenario, family: ScenarioFamily, voll: float) -> float:
    if scenario.n1_rule == "backstop":
        return family.backstop_price
    return voll if scenario.voll is None else scenario.voll


def _limit(rate: np.ndarray, scenario: Scenario) -> np.ndarray:
    if scenario.limits == "none":
        return np.full(rate.shape, np.inf)
    return rate * (1.0 if scenario.limits == "case" else scenario.limits)
