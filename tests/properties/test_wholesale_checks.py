"""The checks of the wholesale study on the five PJM units, through the library from the raw file on."""

import numpy as np
import pytest
import xarray as xr

import spot
from one_node import paid
from sharegrid.mechanisms import lmp, vcg
from sharegrid.properties import wholesale_challenges, wholesale_propositions

MOVES = {"price_multiplier": [0.45, 1, 1.1, 1.25, 3.2], "quantity_multiplier": [1, 0.5], "participants": list("12345")}
FAMILIES = {
    "cases": {"label": "D{demand}", "demand_mw": [900, 1000]},
    "demand": {"label": "sweep|D{demand}", "demand_mw": [50, 850, 950, 1450]},
    "entry": {"label": "entry|D{demand}", "demand_mw": [500, 900]},
    "voll": {"label": "V{voll}|D{demand}", "demand_mw": [1000], "voll": [100, 1000, 10000]},
    "n1": {
        "label": "{n1_rule}|D{demand}",
        "demand_mw": [1000, 1450, 1500],
        "n1_rule": ["voll", "backstop", "curtailed"],
        "backstop_price": 200,
    },
    "misreport": {
        "label": "D{demand}|{deviator}|x{price}|q{quantity}",
        "demand_mw": [900, 1000],
        "misreport": MOVES | {"base": "D{demand}"},
    },
    "collusion": {"label": "collusion|D{demand}", "demand_mw": [900], "offer_price": {"3": 100, "4": 101}},
    "split": {"label": "split|D{demand}", "demand_mw": [900, 1000], "split": "5"},
}


@pytest.fixture(scope="module")
def study():
    """data, cleared, values, payments of a small version of the study."""
    data = spot.spot_market("case5", FAMILIES, copperplate=True, first_generator=1)
    cleared = spot.cleared(data)
    requests = [
        {"scenarios": ["cases", "entry"], "coalitions": "all"},
        {"scenarios": ["demand", "voll", "n1", "collusion", "split"], "coalitions": "removals"},
    ]
    values = spot.value(data, {"market": "spot", "backend": "warm", "requests": requests, "compare": None})
    return data, cleared, values, paid(data, cleared, values, {"lmp": lmp.pay, "vcg": vcg.pay})


@pytest.fixture(scope="module")
def numbers(study):
    """Quantity -> value of the challenges."""
    result = wholesale_challenges.check(*study, sizes=[10, 100])
    assert not any(np.isnan(result["value"].values))
    pairs = zip(result["quantity"].values.tolist(), result["value"].values.tolist(), strict=True)
    found = dict(pairs)
    assert len(found) == result.sizes["challenge_row"], "two rows of one name"
    return found


@pytest.mark.parametrize(
    "quantity, value",
    [
        ("VCG payments, D = 900 MW", 29600),
        ("load payment at the uniform price, D = 900 MW", 27000),
        ("VCG payments, D = 1000 MW", 101800),
        ("deficit, D = 1000 MW", 71800),
        ("lowest demand of the sweep without N-1 capacity", 950),
        ("payment of unit 5, V = 100 $/MWh, D = 1000 MW", 24900),
        ("payment of unit 5, V = 1000 $/MWh, D = 1000 MW", 87900),
        ("payment of unit 5, V = 10000 $/MWh, D = 1000 MW", 717900),
        ("slope of the payment in V, unit 5, D = 1000 MW", 70),
        ("profit of unit 3, truthful, D = 900 MW", 900),
        ("profit of unit 3, colluding, D = 900 MW", 6390),
        ("VCG payments, colluding, D = 900 MW", 90260),
        ("profit of unit 5 as one, D = 900 MW", 13700),
        ("profit of unit 5 as two, D = 900 MW", 12000),
        ("profit of unit 5 as one, D = 1000 MW", 81900),
        ("profit of unit 5 as two, D = 1000 MW", 12000),
        ("linear programs, 100 units", 101),
        ("profit of unit 5, voll, D = 1000 MW", 81900),
        ("profit of unit 5, curtailed, D = 1000 MW", 11900),
        ("profit of unit 5, curtailed, D = 1450 MW", -2800),
        ("profit of unit 5, curtailed, D = 1500 MW", -4800),
    ],
)
def test_numbers_of_the_challenges(numbers, quantity, value):
    assert numbers[quantity] == pytest.approx(value)


def test_signs_of_the_challenges(numbers):
    for unit in "34":
        assert numbers[f"largest gain of unit {unit} that raises its offer alone, D = 900 MW"] <= 1e-6
    for demand in (500, 900):
        assert numbers[f"largest increase of VCG payments by entry, D = {demand} MW"] <= 1e-6
        assert numbers[f"nested pairs of sets that serve all load, D = {demand} MW"] > 10
    assert numbers["largest difference of the costs from one sort, 100 units"] < 1e-6


def test_entry_by_hand(study):
    """D = 500: unit 3 (520 MW at 30 $/MWh) alone, then with unit 5 (600 MW at 10 $/MWh)."""
    changes = wholesale_challenges.entry_changes(wholesale_challenges.Market(*study), "entry|D500")
    alone = 500 * 1000  # J without it is 1000 $/MWh of lost load for all
    with_unit_5 = 500 * 30
    assert any(change == pytest.approx(with_unit_5 - alone) for change in changes)


def test_programs_and_sorting_agree_with_lost_load_too():
    quantity, price = np.array([50.0, 30.0, 40.0]), np.array([20.0, 10.0, 30.0])
    for removals in (wholesale_challenges.removal_costs_by_programs, wholesale_challenges.removal_costs_by_sorting):
        np.testing.assert_allclose(
            removals(quantity, price, 100.0), [1900, 300 + 1200 + 30000, 2200 + 10000, 1300 + 20000]
        )


def test_all_propositions_hold(study):
    result = wholesale_propositions.check(*study)
    assert result["property"].values.tolist() == [f"P{k}" for k in range(1, 10)]
    assert bool(result["proposition_passed"].all()), result["proposition_residual"].values
    assert float(result["proposition_residual"].sel(property="P7")) == pytest.approx(1425)
    at_900 = wholesale_propositions.check(*study, demands=[900.0])
    assert float(at_900["proposition_residual"].sel(property="P7")) == pytest.approx(675)


def spoiled(study, name: str):
    """The study with one thing wrong that the proposition must notice."""
    data, cleared, values, payments = study
    more = {"P2": ("1", -1e4), "P4": ("1", -100.0), "P6": ("3", 1e5), "P8": ("1", 1e5)}
    if name in more:
        who, amount = more[name]
        change = amount * (payments["participant"] == who) * (payments["mechanism"] == "vcg")
        payments = payments.assign(payment=payments["payment"] + change)
    elif name == "P1":
        cleared = cleared.assign(true_cost=cleared["true_cost"] + 1)
    elif name == "P3":
        gained = 10 * (data["deviator"] == data["participant"])
        payments = payments.assign(profit=payments["profit"] + gained)
    elif name == "P5":
        payments = payments.assign(payment=payments["payment"] + 10 * (payments["mechanism"] == "vcg"))
    elif name == "P7":
        payments = payments.assign(profit=payments["profit"].where(data["deviator"] == "", -1e9))
    elif name == "P9":
        values = values.assign(lost_load=values["lost_load"] + 5 * (values["coalition"] == "all-5"))
    return data, cleared, values, payments


@pytest.mark.parametrize("name", [f"P{k}" for k in range(1, 10)])
def test_a_violation_is_noticed(study, name):
    result = wholesale_propositions.check(*spoiled(study, name)).sel(property=name)
    assert not bool(result["proposition_passed"])


def test_what_cannot_be_told_does_not_pass(study):
    kept = ~study[0]["family"].isin(["misreport", "voll"]).values
    names = study[0]["scenario"].values[kept]
    data, cleared, payments = (study[k].sel(scenario=names) for k in (0, 1, 3))
    values = study[2].sel(scenario=[name for name in study[2]["scenario"].values if name in names])
    result = wholesale_propositions.check(data, cleared, values, payments)
    unknown = result["proposition_residual"].sel(property=["P3", "P7", "P9"])
    assert np.isnan(unknown).all()
    assert not result["proposition_passed"].sel(property=["P3", "P7", "P9"]).any()


def test_a_network_or_a_missing_demand_is_an_error(study):
    with pytest.raises(ValueError, match="no scenario of the family 'cases'"):
        wholesale_propositions.check(*study, demands=[1.0])
    data = spot.spot_market("case30")
    with pytest.raises(ValueError, match="use copperplate: true"):
        wholesale_propositions.check(data, xr.Dataset(), xr.Dataset(), xr.Dataset())
