"""Voltages of the feeder against a load flow, and what its limits do to the game of a community."""

import numpy as np
import pytest
import xarray as xr

from communities import cleared, community, game, valued
from sharegrid.games import core
from sharegrid.games.table import superadditivity
from sharegrid.markets import lindistflow
from sharegrid.optimise.highs import NotOptimal
from sharegrid.preparation.inputs import Inputs
from spot import RESOURCES

LIMITS = {"label": "base", "network": ["limits"]}
BINDING_KW = 380  # of six users who all own batteries; each needs at most its share of it alone


def tables():
    inputs = Inputs(RESOURCES)
    bus = inputs.table("networks/facts/case33bw_bus.csv")
    branch = inputs.table("networks/facts/case33bw_branch.csv").query("status == 1")
    return bus, branch


def load_flow() -> dict[int, float]:
    """Voltage of each bus in p.u. at the nominal load by backward and forward sweeps, with losses; and checks their sum."""
    bus, branch = tables()
    demand = dict(zip(bus["bus"], (bus["pd_kw"] + 1j * bus["qd_kvar"]) / 1000, strict=True))  # MVA
    lines = [(int(a), int(b), complex(r, x) / 12.66**2)
             for a, b, r, x in zip(branch["fbus"], branch["tbus"], branch["r_ohm"], branch["x_ohm"], strict=True)]  # fmt: skip
    volt = dict.fromkeys(demand, 1 + 0j)
    for _ in range(50):
        current = {b: np.conj(s / volt[b]) for b, s in demand.items()}
        flow = {}
        for a, b, _ in sorted(lines, key=lambda line: -line[1]):  # every branch leads to a higher number
            flow[b] = current[b]
            current[a] += current[b]
        for a, b, z in lines:
            volt[b] = volt[a] - z * flow[b]
    losses = sum(abs(flow[b]) ** 2 * z.real for _, b, z in lines) * 1000
    assert losses == pytest.approx(202.6771, abs=5e-5)
    return {b: abs(v) for b, v in volt.items()}


@pytest.fixture(scope="module")
def nominal():
    """The feeder at its nominal load in all hours, and its voltages."""
    data = community()
    load = xr.ones_like(data["load"]) * data["peak_load"]
    return lindistflow.voltage(data.assign(load=load), xr.zeros_like(load)).isel(scenario=0, day=0, time=0)


def test_voltages_are_a_little_above_those_of_the_load_flow(nominal):
    """Without losses less flows, so each voltage is higher; at the nominal load by less than 0.004."""
    exact = load_flow()
    assert min(exact.values()) == pytest.approx(0.913090, abs=5e-7)
    assert exact[18] == min(exact.values())
    above = np.array([float(nominal.sel(bus=b)) - exact[b] for b in nominal["bus"].values])
    assert (above > 0).all() and above.max() < 0.004
    assert int(nominal["bus"][nominal.argmin("bus")]) == 18


def test_voltages_fall_from_bus_to_bus(nominal):
    """The same voltages by walking along the branches: V_j = V_i - 2 (r P + x Q) with the power drawn beyond the branch."""
    bus, branch = tables()
    power = dict(zip(bus["bus"], (bus["pd_kw"] + 1j * bus["qd_kvar"]) / 1000, strict=True))
    for a, b in sorted(zip(branch["fbus"], branch["tbus"], strict=True), key=lambda ends: -ends[1]):
        power[a] += power[b]
    square = {1: 1.0}
    for line in branch.itertuples():
        fall = 2 * (line.r_ohm * power[line.tbus].real + line.x_ohm * power[line.tbus].imag) / 12.66**2
        square[line.tbus] = square[line.fbus] - fall
    found = {int(b): float(nominal.sel(bus=b)) ** 2 for b in nominal["bus"].values}
    assert found == pytest.approx({b: v for b, v in square.items() if b != 1}, abs=1e-12)


def test_limits_of_the_case_do_not_bind_on_the_joint_schedule():
    data = community({"base": {"label": "base"}, "limits": LIMITS | {"label": "limits"}}, users=10)
    result = cleared(data)
    free, limited = (result.sel(scenario=name) for name in ("base", "limits"))
    assert float(limited["objective"]) == pytest.approx(float(free["objective"]), rel=1e-9)
    assert float(free["voltage"].min()) > 0.97 and float(limited["network_payment"].max()) == 0


@pytest.fixture(scope="module")
def by_rights():
    """Six users with batteries behind a limit that binds: data by who has the right to it."""
    return {
        rights: community(
            {"base": LIMITS | {"network_rights": [rights], "interface_kw": [BINDING_KW]}}, users=6, battery_share=1
        )
        for rights in ("pro_rata", "shared", "dso_player")
    }


def test_shares_of_a_limit_keep_the_core(by_rights):
    data = by_rights["pro_rata"]
    found, result = game(data), cleared(data).isel(scenario=0)
    assert superadditivity(found).violations == 0
    assert float(result["network_payment"].sum()) > 20  # what the limit is worth goes to those who brought it
    np.testing.assert_allclose(result["network_payment"] / result["network_payment"].sum(),
                               data["peak_load"] / data["peak_load"].sum())  # fmt: skip
    revenue = result["price_revenue"].values
    assert revenue.sum() == pytest.approx(found.total, rel=1e-9)
    assert core.max_excess(found, revenue)[0] <= 1e-6
    assert (
        float((result["price"] - data["price_buy"]).max()) > 0.001
    )  # a limit that binds lifts the price above the band


def test_trap_a_limit_that_every_coalition_has_empties_the_core(by_rights):
    data = by_rights["shared"]
    found, result = game(data), cleared(data).isel(scenario=0)
    assert superadditivity(found).violations > 0
    assert core.least_core(found).epsilon > 0.1
    rent = float(result["network_rent"])  # of the limit, which nobody brings
    assert rent > 20
    assert float(result["price_revenue"].sum()) + rent == pytest.approx(found.total, rel=1e-9)


def test_the_networks_owner_is_paid_what_its_limit_is_worth(by_rights):
    result = cleared(by_rights["dso_player"]).isel(scenario=0)
    shared = cleared(by_rights["shared"]).isel(scenario=0)
    revenue = result["price_revenue"]
    assert float(revenue.sum()) == pytest.approx(-float(result["objective"]), rel=1e-9)
    assert float(revenue.sel(participant="dso")) == pytest.approx(float(shared["network_rent"]), rel=1e-6)
    assert float(result["output"].sel(participant="dso")) == 0


def test_without_the_networks_owner_there_is_no_schedule(by_rights):
    with pytest.raises(NotOptimal, match=r"all-dso.*infeasible.*(import_limit|drop_limit)"):
        valued(by_rights["dso_player"], "removals")


def test_too_small_a_share_is_named():
    with pytest.raises(
        ValueError, match=r"base: network_rights pro_rata: the share of user \d+ \(bus \d+\) is less than"
    ):
        cleared(community({"base": LIMITS | {"interface_kw": [2000]}}))
    # the limit itself is large enough
    cleared(community({"base": LIMITS | {"interface_kw": [2000], "network_rights": ["shared"]}}))


def voltages_tightened(rights: str, factor: float) -> xr.Dataset:
    data = community({"base": LIMITS | {"network_rights": [rights]}}, users=6, battery_share=1)
    return data.assign({name: factor * data[name] for name in ("drop_right", "drop_common")})


def test_a_binding_voltage_limit_is_kept_and_paid_for():
    """With 4 % of the allowed fall: the lowest voltage is at the limit, and who lowers it pays for that by where it is."""
    data = voltages_tightened("shared", 0.04)
    result = cleared(data).isel(scenario=0)
    assert float(result["voltage"].min()) == pytest.approx(np.sqrt(1 - 0.04 * 0.19), abs=1e-9)
    assert float(result["network_payment"].max()) < 0
    assert float(result["price_revenue"].sum() + result["network_rent"]) == pytest.approx(-float(result["objective"]))
    farthest = data["drop_per_kw"].sel(bus=18)  # users are in the order of their distance; per kWh the last pays most
    per_kwh = -result["network_payment"] / -result["output"]
    assert per_kwh.values[-1] > per_kwh.values[0] and farthest.values[-1] > farthest.values[0]


def test_shares_of_the_voltages_keep_the_core():
    data = voltages_tightened("pro_rata", 0.05)
    found, result = game(data), cleared(data).isel(scenario=0)
    free = game(community(users=6, battery_share=1))
    assert (found.alone < free.alone - 1e-6).any()  # alone, some are held back by their share
    assert superadditivity(found).violations == 0
    assert core.max_excess(found, result["price_revenue"].values)[0] <= 1e-6


def test_a_lower_peak_at_the_same_cost():
    """Energy prices alone leave the peak open: a limit of 1600 kW costs nothing, though the base imports more."""
    limit = LIMITS | {"label": "limit", "network_rights": ["shared"], "interface_kw": [1600]}
    result = cleared(community({"base": {"label": "base"}, "limit": limit}))
    peak = result["grid_import"].max(["day", "time"]).values
    assert peak[0] > 2000 and peak[1] <= 1600 + 1e-6
    assert float(result["objective"][1]) == pytest.approx(float(result["objective"][0]), rel=1e-9)
