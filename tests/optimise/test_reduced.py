"""The reduced back end against the angle model, and the published numbers of the chapter's networks."""

import logging

import angle_model
import numpy as np
import pytest
import xarray as xr

from sharegrid.optimise import coalitions, reduced
from sharegrid.optimise.highs import NotOptimal

KINDS = {
    "plain": {},
    "negative loads": {"negative_loads": True},
    "phase shifters": {"shifts": True},
    "must-run": {"must_run": True},
    "everything": {"negative_loads": True, "shifts": True, "must_run": True, "negative_susceptances": True},
}


def coalitions_of(data, seed):
    """Nobody, each one, and up to six larger groups absent, in random order."""
    rng, count = np.random.default_rng(seed), data.sizes["participant"]
    groups = rng.random((6, count)) < 0.5
    absent = np.vstack([coalitions.removals(count), groups])
    return absent[rng.permutation(len(absent))]


def gone(data, row):
    return data["participant"].values[row]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(60))
def test_equals_the_angle_model(kind, seed):
    data = angle_model.random_market(seed, **KINDS[kind])
    absent = coalitions_of(data, seed)
    expected = [angle_model.solve(data, gone(data, row)) for row in absent]
    everybody = angle_model.solve(data)
    feasible = np.array([one is not None for one in expected])
    if everybody is None or not feasible.all():
        with pytest.raises(NotOptimal, match="infeasible"):
            reduced.counterfactuals(data, absent)
        if everybody is None:
            return
    found = reduced.counterfactuals(data, absent[feasible], details=True)
    cost = np.array([one.fun for one in expected if one is not None])
    assert (np.abs(found.cost - cost) <= 1e-6 + 1e-9 * np.abs(cost)).all()
    assert np.allclose(found.details["shed"].sum(axis=1), found.lost_load)
    assert (found.details["shed"] >= -1e-7).all()
    assert (found.details["shed"] <= np.maximum(data["demand"].values, 0) + 1e-7).all()
    check_prices(data, absent[feasible], found, seed)


def check_prices(data, absent, found, seed):
    """Whatever dual is returned, it is a subgradient: J(d + e) >= J(d) + price e, for either sign of e."""
    rng = np.random.default_rng(seed)
    for k in rng.permutation(len(absent))[:2]:
        bus = int(rng.integers(data.sizes["bus"]))
        for step in (0.5, -0.5):
            moved = angle_model.solve(data, gone(data, absent[k]), {bus: step})
            if moved is not None:
                assert moved.fun >= found.cost[k] + found.details["price"][k, bus] * step - 1e-5


def two_buses(limit=np.inf):
    """A load of 40 MW at bus 2; generators a at bus 1, b and c at bus 2; two parallel lines, one shifts the phase so that
    20 MW circulate."""
    return xr.Dataset(
        {
            "demand": ("bus", [0.0, 40.0]),
            "voll": 1000.0,
            "from_bus": ("branch", [1, 1]),
            "to_bus": ("branch", [2, 2]),
            "susceptance": ("branch", [100.0, 100.0]),
            "shift": ("branch", [0.4, 0.0]),
            "line_limit": ("branch", [limit, np.inf]),
            "reference_bus": 1,
            "generator_bus": ("generator", [1, 2, 2]),
            "offer_quantity": (("generator", "block"), [[30.0], [50.0], [50.0]]),
            "offer_price": (("generator", "block"), [[10.0], [20.0], [30.0]]),
            "owner": ("generator", np.array(["a", "b", "c"], dtype=object)),
        },
        coords={"scenario": "shifted", "bus": [1, 2], "generator": [0, 1, 2], "participant": ["a", "b", "c"]},
    )


def test_an_infeasible_coalition_is_named():
    """Less than 10 MW from bus 1 to bus 2 leaves more than 15 MW circulating through the limited line."""
    data = two_buses(limit=15.0)
    assert reduced.counterfactuals(data, coalitions.removals(3)[[0, 2, 3]]).cost == pytest.approx([500, 600, 500])
    with pytest.raises(NotOptimal, match="scenario shifted, all-a: the solver ended 'infeasible'") as caught:
        reduced.counterfactuals(data, coalitions.removals(3))
    assert caught.value.status == "infeasible"


def test_who_produces_nothing_is_not_solved():
    found = reduced.counterfactuals(two_buses(), coalitions.removals(3), details=True)
    assert found.cost == pytest.approx([500, 800, 600, 500])
    assert found.details["price"] == pytest.approx(np.array([[20, 20], [20, 20], [30, 30], [20, 20]]))
    assert found.iterations[3] == 0
    without_c = reduced.counterfactuals(two_buses(), coalitions.removals(3)[[3]])
    assert without_c.cost == pytest.approx([500])
    assert without_c.counts["lp_solves"] < found.counts["lp_solves"]


def test_copper_plate():
    data = two_buses().isel(branch=slice(0, 0), bus=[1]).assign(generator_bus=("generator", [2, 2, 2]), reference_bus=2)
    found = reduced.counterfactuals(data, coalitions.subsets(3))
    absent = coalitions.subsets(3)
    nobody = absent.all(axis=1)
    assert found.cost[nobody] == pytest.approx([40 * 1000])
    assert found.lost_load[nobody] == pytest.approx([40])
    expected = [angle_model.solve(data, gone(data, row)).fun for row in absent]
    assert found.cost == pytest.approx(expected)


def test_long_sweeps_tell_their_progress(monkeypatch, caplog):
    monkeypatch.setattr(reduced, "LOG_EVERY", -1.0)
    with caplog.at_level(logging.INFO, logger="sharegrid.optimise.reduced"):
        reduced.counterfactuals(two_buses(), coalitions.removals(3))
    assert "scenario shifted: 4 of 4 coalitions, about 0 s left" in caplog.messages[-1]


def dispatched_profits(found):
    return found.cost[1:] - found.cost[0]


# case, limits, J, sum of VCG profits: chapter 3.5; the profits are those of its published settlement
PUBLISHED = [
    ("case30", "none", 565.892, None),
    ("case30", 0.72, None, 10273.49),
    ("case118", 1.0, None, 43527.690),
    ("case118", 0.7, 126534.071, 42837.135),
    ("case2383", "none", 1761680.26, None),
    ("case2383", 1.0, 1786388.88, 2051283.69),
]


@pytest.mark.parametrize("case, limits, cost, profits", PUBLISHED)
def test_published_values(case, limits, cost, profits):
    data = angle_model.real_market(case, limits)
    found = reduced.counterfactuals(data, coalitions.removals(data.sizes["participant"]), details=True)
    if cost is not None:
        assert found.cost[0] == pytest.approx(cost, abs=0.006)
    if profits is not None:
        assert dispatched_profits(found).sum() == pytest.approx(profits, abs=0.006)
    assert not found.fallback.any()


def test_prices_of_the_polish_network():
    data = angle_model.real_market("case2383", 1.0)
    found = reduced.counterfactuals(data, np.zeros((1, data.sizes["participant"]), dtype=bool), details=True)
    price = found.details["price"][0]
    assert [price.min(), price.max()] == pytest.approx([61.4, 735.354], abs=6e-4)
    assert found.lost_load[0] == 0


@pytest.mark.parametrize("case, limits, profits", [("case30", 1.0, None), ("case118", 0.4, None)])
def test_every_removal_on_real_networks_equals_the_angle_model(case, limits, profits):
    data = angle_model.real_market(case, limits)
    absent = coalitions.removals(data.sizes["participant"])
    found = reduced.counterfactuals(data, absent)
    expected = np.array([angle_model.solve(data, gone(data, row)).fun for row in absent])
    assert (np.abs(found.cost - expected) <= 1e-6 + 1e-9 * expected).all()


def test_polish_removals_equal_the_angle_model():
    """A sample of removals, and of groups of ten, on 2383 buses."""
    data = angle_model.real_market("case2383", 1.0)
    count, rng = data.sizes["participant"], np.random.default_rng(5)
    absent = np.zeros((6, count), dtype=bool)
    for k, size in enumerate([1, 1, 1, 10, 10, 10]):
        absent[k, rng.choice(count, size, replace=False)] = True
    found = reduced.counterfactuals(data, absent)
    expected = np.array([angle_model.solve(data, gone(data, row)).fun for row in absent])
    assert (np.abs(found.cost - expected) <= 1e-6 + 1e-9 * expected).all()


@pytest.mark.parametrize("case, cost, price", [("case30", 565.206, 3.789196), ("case118", 125947.881, 39.381368)])
def test_quadratic_offers_without_limits(case, cost, price):
    data = angle_model.real_market(case, "none", bid_mode="quadratic")
    found = reduced.counterfactuals(data, coalitions.removals(data.sizes["participant"]), details=True)
    assert found.cost[0] == pytest.approx(cost, abs=6e-4)
    assert found.details["price"][0] == pytest.approx(np.full(data.sizes["bus"], price), abs=2e-5)


def test_quadratic_offers_lie_below_their_blocks():
    """With limits: 200 blocks per unit bound the quadratic from above, within 1e-5."""
    fine = angle_model.real_market("case30", 0.72, blocks=200)
    exact = angle_model.real_market("case30", 0.72, bid_mode="quadratic")
    absent = coalitions.removals(6)
    upper, found = reduced.counterfactuals(fine, absent).cost, reduced.counterfactuals(exact, absent).cost
    assert (found <= upper + 1e-6).all()
    assert found == pytest.approx(upper, rel=1e-5)


# limits, revenue inadequacy in $/h as printed in chapter 3.5.2 and 3.5.3
INADEQUACY = [("case118", "none", 2401.542), ("case118", 1.0, 2601.852), ("case118", 0.7, 2724.356)]
INADEQUACY += [("case118", 0.9, 2027), ("case118", 0.5, 1904), ("case118", 0.45, 16155), ("case118", 0.4, -55841)]
INADEQUACY += [("case2383", "none", 6462.97), ("case2383", 1.0, -96133.80)]


@pytest.mark.parametrize("case, limits, inadequacy", INADEQUACY)
def test_revenue_inadequacy_of_vcg(case, limits, inadequacy):
    """VCG payments (reported cost plus profit) minus what the loads pay at the prices of the same program."""
    data = angle_model.real_market(case, limits)
    found = reduced.counterfactuals(data, coalitions.removals(data.sizes["participant"]), details=True)
    served = data["demand"].values - found.details["shed"][0]
    payments = found.cost[0] - 1000 * found.lost_load[0] + dispatched_profits(found).sum()
    tolerance = 0.5 if inadequacy == round(inadequacy) else 0.006
    assert payments - found.details["price"][0] @ served == pytest.approx(inadequacy, abs=tolerance)
