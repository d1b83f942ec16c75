"""Every table of the spot and reference studies has the columns that are published, and asks only for scenarios that its
study makes."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sharegrid import config, plugins
from sharegrid.stages import prepare

ROOT = Path(__file__).parents[2]
ALL = {path.stem: config.read_study(path) for path in sorted((ROOT / "config/studies").glob("*.yaml"))}
STUDIES = {name: study for name, study in ALL.items() if study.market in ("spot", "dc-opf")}
BALANCE = (
    "variant, J, load_payment, lmp_gen, vcg_total, core_total, congestion_rent, premium, revenue_inadequacy, alpha,"
    " uniform_adder"
)
NETWORK = {
    "settlement": "variant, gen, bus, p_mw, cost, lmp, lmp_revenue, pab_payment, vcg_payment, core_payment, premium,"
    " shed_without, profit_lmp, profit_pab, profit_vcg, profit_core",
    "balance": BALANCE,
    "misreport": "variant, gen, m, p_mw, profit_vcg, profit_lmp, profit_pab",
    "allocation": "bus, energy, lmp_proportional, beneficiary",
    "allocation_generators": "gen, lmp_revenue, vcg_payment, generator_scaling, mixed",
    "runtime": "variant, engine, counterfactuals, n_lines_generated, lp_solves, iterations, max_abs_dj",
}
COLUMNS = {
    "pglib_dc": "case, buses, branches, generators, objective_usd_per_h, published_usd_per_h, relative_difference",
    "tab_2_wholesale_payments": "unit, demand_mw, p_mw, cost, uniform_revenue, vcg_payment, pab_payment, vcg_profit,"
    " vcg_per_mwh, shed_without_i, rsi",
    "tab_2_properties": "property, residual, pass",
    "tab_2_challenges": "challenge, quantity, value, unit",
    **{f"tab_3_{size}_{name}": columns for size in (30, 118) for name, columns in NETWORK.items()},
    "tab_3_118_complements": "variant, gen_1, bus_1, gen_2, bus_2, saving_pair, saving_1, saving_2, gap",
    "tab_3_2383_balance": f"{BALANCE}, dispatched, lmp_min, lmp_max, vcg_profit_total",
    "tab_3_2383_runtime": NETWORK["runtime"],
}
TABLES = {
    stem: (study.id, item) for study in STUDIES.values() for stem, item in study.params("present")["tables"].items()
}
FIGURES = {
    stem: (study.id, item) for study in STUDIES.values() for stem, item in study.params("present")["figures"].items()
}
LABELLED = ("scenario", "variants", "bases", "cases")  # options that name scenarios
SMALL = ("ch2-wholesale", "ch3-ieee30", "ch3-ieee118")


def test_the_columns_of_every_table_are_written_here():
    assert set(TABLES) == set(COLUMNS)


@pytest.mark.parametrize("stem", TABLES)
def test_columns(stem, network, wholesale, others):
    study, item = TABLES[stem]
    options = {name: value for name, value in item["options"].items() if name not in LABELLED}
    options |= {"scenario": "0.8"} if "scenario" in item["options"] else {}
    results = others(study) | ({"ch2-wholesale": wholesale, "reference": {}}.get(study, network))
    results |= {"payments": results["payments"].merge(others(study)["payments"])} if "payments" in results else {}
    frame = plugins.load("tables", item["kind"])(results, **options)
    assert ", ".join(frame.columns) == COLUMNS[stem]
    assert len(frame)


@pytest.fixture(scope="module")
def others():
    """What the made-up markets of these tests do not have: cases of PGLib, propositions, challenges, another study."""
    cases = {name: ("case", [1.0, 2.0]) for name in ("objective", "buses", "branches", "generators")}
    cleared = xr.Dataset(cases, {"case": ["a", "b"]})
    data = xr.Dataset({"published_objective": ("case", [1.0, np.inf])}, {"case": ["a", "b"]})
    payments = xr.Dataset(
        {
            "proposition_residual": ("property", [0.0]),
            "proposition_passed": ("property", [1]),
            "challenge": ("challenge_row", ["non-monotone revenue"]),
            "quantity": ("challenge_row", ["largest increase"]),
            "value": ("challenge_row", [0.0]),
            "unit": ("challenge_row", ["$/h"]),
        },
        {"property": ["P1"]},
    )
    entry = {f"entry_{name}": ("scenario", [1.0]) for name in ("payment_change", "cost_change", "lost_load")}
    used = {"of_ch3_ieee118": xr.Dataset(entry, {"scenario": ["0.5"]})}

    def of(study):
        return used | {"payments": payments} | ({"cleared": cleared, "data": data} if study == "reference" else {})

    return of


@cache
def scenarios(study: str) -> set[str]:
    return set(prepare.prepare(STUDIES[study].params("prepare"), ROOT / "resources")["scenario"].values.astype(str))


ASKED = [
    (study, stem, option)
    for stem, (study, item) in (TABLES | FIGURES).items()
    for option in LABELLED
    if study in SMALL and item["options"].get(option)
]


@pytest.mark.parametrize(("study", "stem", "option"), ASKED)
def test_every_scenario_that_is_asked_for_is_one_of_the_study(study, stem, option):
    asked = (TABLES | FIGURES)[stem][1]["options"][option]
    assert set(np.atleast_1d(asked)) <= scenarios(study)


def test_the_118_bus_network_has_the_figures_of_the_30_bus_network():
    of = {
        size: {stem.removeprefix(f"fig_3_{size}_") for stem in FIGURES if stem.startswith(f"fig_3_{size}_")}
        for size in (30, 118)
    }
    assert of[30] <= of[118]
    assert FIGURES["fig_3_118_strategic"][1]["options"]["count"] == 6
