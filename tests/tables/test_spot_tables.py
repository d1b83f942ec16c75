"""Tables of the network studies: which rows and columns, and that every number is the one of the Datasets."""

import re

import numpy as np
import pytest

from sharegrid.tables import (
    allocation,
    allocation_generators,
    balance,
    complements,
    misreport,
    runtime,
    settlement,
)

PROFITS = ["profit_lmp", "profit_pab", "profit_vcg", "profit_core"]
SETTLEMENT = ["variant", "gen", "bus", "p_mw", "cost", "lmp", "lmp_revenue", "pab_payment", "vcg_payment", "core_payment",
              "premium", "shed_without", *PROFITS]  # fmt: skip
BALANCE = ["variant", "J", "load_payment", "lmp_gen", "vcg_total", "core_total", "congestion_rent", "premium",
           "revenue_inadequacy", "alpha", "uniform_adder"]  # fmt: skip


def test_settlement_has_a_row_per_variant_and_unit(network):
    frame = settlement.table(network)
    assert list(frame.columns) == SETTLEMENT
    assert list(zip(frame["variant"], frame["gen"], strict=True)) == [
        (variant, unit) for variant in ("none", "1", "0.9", "0.8") for unit in ("0", "1", "2")
    ]
    row = frame[(frame["variant"] == "0.9") & (frame["gen"] == "1")].iloc[0]
    here = {"scenario": "0.9", "participant": "1"}
    assert row["bus"] == "20"
    assert row["lmp"] == pytest.approx(float(network["cleared"]["price"].sel(scenario="0.9", bus=20)), abs=1e-6)
    assert row["vcg_payment"] == pytest.approx(
        float(network["payments"]["payment"].sel(here | {"mechanism": "vcg"})), abs=1e-6
    )
    assert row["profit_pab"] == pytest.approx(0, abs=1e-6)


def test_settlement_leaves_a_mechanism_empty_that_was_not_computed(network):
    frame = settlement.table(network).set_index("variant")
    assert frame.loc[["0.9", "0.8"], ["core_payment", "profit_core"]].isna().all(axis=None)
    assert frame.loc[["none", "1"], SETTLEMENT[1:]].notna().all(axis=None)


def test_settlement_without_a_mechanism_of_the_study(network):
    payments = network["payments"].sel(mechanism=["lmp", "vcg"])
    frame = settlement.table(network | {"payments": payments})
    assert list(frame.columns) == SETTLEMENT
    assert frame[["pab_payment", "core_payment", "profit_pab"]].isna().all(axis=None)


def test_lost_load_of_a_unit_that_was_not_removed_is_that_of_the_base_case(network):
    values = network["values"].copy(deep=True)
    values["lost_load"].loc[{"coalition": "all-2"}] = np.nan
    frame = settlement.table(network | {"values": values}, variants=["0.8"]).set_index("gen")
    assert frame["shed_without"].to_dict() == {"0": 4.0, "1": 0.0, "2": 0.0}


def test_a_unit_that_takes_no_part_has_no_row(network):
    data = network["data"].copy(deep=True)
    data["offer_quantity"].loc[{"scenario": "1", "generator": "2"}] = 0.0
    frame = settlement.table(network | {"data": data}, variants=["none", "1"])
    assert list(frame["gen"]) == ["0", "1", "2", "0", "1"]


@pytest.fixture
def two_units(network):
    """The row of an owner of units 1 and 2, by its outputs [MW] and the prices and buses of these units."""

    def row(outputs, prices, buses=(20, 30)):
        data = network["data"].assign(owner=("generator", ["0", "1", "1"]), generator_bus=("generator", [10, *buses]))
        parts = {name: part.sel(participant=["0", "1"]) for name, part in network.items()} | {
            "data": data.sel(participant=["0", "1"])
        }
        cleared, here = parts["cleared"].copy(deep=True), {"scenario": "none", "participant": "1"}
        cleared["price"].loc[{"scenario": "none", "bus": [20, 30]}] = prices
        at_units = cleared["price"].sel(scenario="none", bus=list(buses)).values
        cleared["output"].loc[here] = np.sum(outputs)
        cleared["price_revenue"].loc[here] = np.dot(outputs, at_units)
        frame = settlement.table(parts | {"cleared": cleared}, variants=["none"])
        assert list(frame["gen"]) == ["0", "1"]
        return frame.iloc[1]

    return row


def test_price_of_an_owner_of_two_units_is_weighted_by_their_output(two_units):
    row = two_units([30.0, 10.0], [20.0, 40.0])
    assert row["lmp"] == 25.0
    assert row["lmp"] * row["p_mw"] == pytest.approx(row["lmp_revenue"], abs=1e-6)
    assert row["bus"] == ""
    assert two_units([30.0, 10.0], [20.0, 40.0], buses=(20, 20))["bus"] == "20"


def test_price_of_an_idle_owner_is_that_of_its_units_or_empty(two_units):
    assert two_units([0.0, 0.0], [20.0, 20.0])["lmp"] == 20.0
    assert np.isnan(two_units([0.0, 0.0], [20.0, 40.0])["lmp"])


def test_balance_adds_up(network):
    frame = balance.table(network)
    assert list(frame.columns) == BALANCE
    assert list(frame["variant"]) == ["none", "1", "0.9", "0.8"]
    np.testing.assert_allclose(frame["revenue_inadequacy"], frame["vcg_total"] - frame["load_payment"], atol=3e-6)
    np.testing.assert_allclose(frame["revenue_inadequacy"], frame["premium"] - frame["congestion_rent"], atol=3e-6)
    assert frame["core_total"].notna().tolist() == [True, True, False, False]


def test_balance_with_the_columns_of_a_large_market(network):
    frame = balance.table(network, variants=["0.8"], market_columns=True)
    assert list(frame.columns) == [*BALANCE, "dispatched", "lmp_min", "lmp_max", "vcg_profit_total"]
    price = network["cleared"]["price"].sel(scenario="0.8").values
    assert frame["dispatched"].item() == 2
    assert frame[["lmp_min", "lmp_max"]].values.ravel() == pytest.approx([price.min(), price.max()], abs=1e-6)


def test_balance_without_deficit_rules_leaves_their_columns_empty(network):
    payments = network["payments"].drop_vars(["alpha", "uniform_adder"])
    assert balance.table(network | {"payments": payments})[["alpha", "uniform_adder"]].isna().all(axis=None)


def test_rounding_noise_of_a_zero_is_zero(network):
    cleared = network["cleared"].copy(deep=True)
    cleared["congestion_rent"].loc[{"scenario": "none"}] = -3.4e-13
    value = balance.table(network | {"cleared": cleared}, variants=["none"])["congestion_rent"].item()
    assert value == 0 and not np.signbit(value)


def test_misreports_are_sorted_and_hold_the_truth(network):
    frame = misreport.table(network)
    assert list(frame.columns) == ["variant", "gen", "m", "p_mw", "profit_vcg", "profit_lmp", "profit_pab"]
    assert frame["m"].tolist() == [0.8, 1.0, 1.25] * 6
    truth = frame[(frame["variant"] == "0.8") & (frame["gen"] == "1") & (frame["m"] == 1)].iloc[0]
    moved = frame[(frame["variant"] == "0.8") & (frame["gen"] == "1") & (frame["m"] == 1.25)].iloc[0]
    profit = network["payments"]["profit"].sel(mechanism="vcg", participant="1")
    assert truth["profit_vcg"] == pytest.approx(float(profit.sel(scenario="0.8")), abs=1e-6)
    assert moved["profit_vcg"] == pytest.approx(float(profit.sel(scenario="0.8|1|x1.25")), abs=1e-6)


def test_misreports_of_several_families_form_one_curve(network):
    frame = misreport.table(network, bases=["none"], families=["misreport", "best-response"])
    assert frame["m"].tolist() == [0.8, 0.9, 1.0, 1.1, 1.25] * 3


def test_allocation_lists_the_loads_and_sums_to_the_deficit(network):
    frame = allocation.table(network, scenario="0.8")
    assert list(frame.columns) == ["bus", "energy", "lmp_proportional", "beneficiary"]
    assert frame["bus"].tolist() == [10, 20]
    missing = float(network["payments"]["revenue_inadequacy"].sel(scenario="0.8"))
    assert frame.drop(columns="bus").sum().to_numpy() == pytest.approx([missing] * 3, abs=3e-6)


def test_allocation_to_generators_lies_between_lmp_and_vcg(network):
    frame = allocation_generators.table(network, scenario="0.8")
    assert list(frame.columns) == ["gen", "lmp_revenue", "vcg_payment", "generator_scaling", "mixed"]
    for rule in ("generator_scaling", "mixed"):
        assert frame[rule].between(frame["lmp_revenue"] - 1e-6, frame["vcg_payment"] + 1e-6).all()


def test_complements_most_negative_first(network):
    frame = complements.table(network)
    assert list(frame.columns) == [
        "variant",
        "gen_1",
        "bus_1",
        "gen_2",
        "bus_2",
        "saving_pair",
        "saving_1",
        "saving_2",
        "gap",
    ]
    assert frame[["gen_1", "gen_2", "gap"]].values.tolist() == [["0", "1", -15.0], ["0", "2", -5.0]]
    assert frame["bus_2"].tolist() == ["20", "30"]


def test_runtime_lists_the_compared_variants_in_whole_counts(network):
    frame = runtime.table(network)
    assert list(frame.columns) == ["variant", "engine", "counterfactuals", "n_lines_generated", "lp_solves", "iterations",
                                   "max_abs_dj"]  # fmt: skip
    assert frame[["variant", "engine"]].values.tolist() == [
        [variant, engine] for variant in ("none", "1") for engine in ("rebuild", "warm", "reduced")
    ]
    assert frame["iterations"].tolist() == [900, 20, 15] * 2
    assert frame["iterations"].dtype.kind == "i"
    assert frame["max_abs_dj"].tolist() == [2e-9] * 6  # not rounded away


@pytest.mark.parametrize(
    ("module", "options", "told"),
    [
        (allocation, {"scenario": "0.5"}, "option scenario: no '0.5'; .*known: none, 1, 0.9, 0.8, none|0|x0.8"),
        (allocation, {"scenario": "0.8", "rules": ["flat"]}, "option rules: no 'flat'; known: energy"),
        (
            allocation_generators,
            {"scenario": "0.8", "rules": ["mixd"]},
            "option rules: no 'mixd'; did you mean 'mixed'",
        ),
        (allocation_generators, {"scenario": "0.5"}, "no '0.5'; .*known: none, 1"),
        (settlement, {"families": ["cases"]}, "option families: no 'cases'; known: best-response, misreport, variants"),
        (settlement, {"variants": ["0.7"]}, "option variants: no '0.7'; .*known: none, 1"),
        (balance, {"variants": ["0.7"]}, "option variants: no '0.7'; .*known: none, 1"),
        (misreport, {"bases": ["1"]}, "option bases: no '1'; known: none, 0.8"),
        (misreport, {"families": ["misreport", "fine"]}, "option families: no 'fine'; known: best-response, misreport"),
        (runtime, {"variants": ["0.8"]}, "option variants: no '0.8'; known: none, 1"),
    ],
)
def test_errors_name_what_is_missing_and_what_there_is(network, module, options, told):
    with pytest.raises(ValueError, match=told):
        module.table(network, **options)


@pytest.mark.parametrize(
    ("module", "options", "variable", "cure"),
    [
        (allocation, {"scenario": "0.8"}, "load_charge", "pay: {deficit: {rules:"),
        (allocation_generators, {"scenario": "0.8"}, "adjusted_payment", "pay: {deficit: {rules:"),
        (complements, {}, "complement_scenario", "pay: {checks: {complements:"),
        (balance, {}, "revenue_inadequacy", "pay: {mechanisms: {vcg:"),
        (settlement, {}, "premium", "pay: {mechanisms: {vcg:"),
        (runtime, {}, "engine_counterfactuals", "value: {compare: {scenarios:"),
    ],
)
def test_a_variable_that_the_study_did_not_compute_is_named_with_what_to_add(network, module, options, variable, cure):
    results = {name: part.drop_vars(variable, errors="ignore") for name, part in network.items()}
    with pytest.raises(ValueError, match=f"no '{variable}' among the .* of this study; add {re.escape(cure)}"):
        module.table(results, **options)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (settlement, {}),
        (balance, {}),
        (misreport, {}),
        (allocation, {"scenario": "0.8"}),
        (allocation_generators, {"scenario": "0.8"}),
        (complements, {}),
    ],
)
def test_a_study_that_does_not_pay_is_told_to(network, module, options):
    results = {name: part for name, part in network.items() if name != "payments"}
    with pytest.raises(ValueError, match="no payments in this study; add the stage pay"):
        module.table(results, **options)


def test_a_study_without_values_is_told_to(network):
    results = {name: part for name, part in network.items() if name != "values"}
    with pytest.raises(ValueError, match="no values in this study; add value: {requests"):
        settlement.table(results)
