"""Tables of transfer capability: their columns, that parts add up, and what they refuse."""

import numpy as np
import pytest

import transfers
from sharegrid.tables import (
    secure_dispatch,
    transfer_bilevel,
    transfer_capability,
    transfer_gains,
    transfer_payments,
)

SWEPT = "date, hour, emergency_factor, renewable_factor, contingencies"
RULES = ("marginal_value", "contribution", "shapley", "nucleolus")
VALUED = ["case5 3->4 0.1", "2->1 2020-07-15 4 0.1"]


def test_secure_dispatch():
    results = {"cleared": transfers.dispatched()}
    frame = secure_dispatch.table(results)
    assert ", ".join(frame.columns) == (
        "schedule, system, date, hour, emergency_factor, renewable_factor, cost_usd_per_h, lost_load_mw, curtailed_mw, "
        "security_rows, binding_line, contingency, shadow_price_usd_per_mwh, skipped_outages"
    )
    frame = frame.set_index("schedule")
    assert frame["skipped_outages"].tolist() == ["", "B11 C11", "B11 C11", "B11 C11"]
    assert frame["binding_line"]["case5"] == "4-5" and frame["cost_usd_per_h"]["case5"] == pytest.approx(17812.15)
    assert secure_dispatch.table(results, families=["evening"])["schedule"].tolist() == ["2020-01-15 18"]
    with pytest.raises(ValueError, match="option families: no 'x'"):
        secure_dispatch.table(results, families=["x"])


def test_transfer_capability():
    frame = transfer_capability.table(transfers.results(), families=["file", "directions"])
    assert ", ".join(frame.columns) == (
        f"scenario, transfer, {SWEPT}, reduction_level, reduction_at, transfer_mw, etc_mw, ttc_mw, trm_mw, cbm_mw, "
        "atc_mw, reduction_mw, beyond_reduction_mw, binding_line, contingency, binding_value, rows, skipped_outages"
    )
    np.testing.assert_allclose(frame["ttc_mw"], frame[["etc_mw", "atc_mw", "trm_mw", "cbm_mw"]].sum(axis=1), atol=5e-6)
    np.testing.assert_allclose(frame["transfer_mw"], frame["ttc_mw"] - frame["etc_mw"], atol=5e-6)
    intact = frame["contingencies"] == "none"
    bound = frame["contingency"][intact & (frame["binding_line"] != "")]
    assert set(bound) == {"intact"} and (frame["trm_mw"] > 0).any()
    assert frame.set_index("scenario")["binding_line"]["1->2 n-1"] == "AB1"


def test_a_direction_without_its_opposite_is_refused():
    with pytest.raises(ValueError, match="transfer 'case5 3->4' without its opposite direction"):
        transfer_capability.table(transfers.results(), families=["levels"])


def test_transfer_gains():
    frame = transfer_gains.table(transfers.results(), families=["levels", "hours"])
    assert ", ".join(frame.columns) == (
        f"scenario, transfer, {SWEPT}, reduction_at, reduction_level, budget, without_mw, with_mw, gain_mw, "
        "capability_mw, reduction_mw, beyond_mw"
    )
    assert (frame["reduction_level"] > 0).all() and len(frame) == 5
    one = frame.set_index("scenario").loc["2->1 2020-07-15 4 0.1"]
    assert one["without_mw"] == 0 and one["gain_mw"] == pytest.approx(954.52, abs=0.005)
    np.testing.assert_allclose(frame["beyond_mw"], frame["gain_mw"] - frame["reduction_mw"], atol=2e-6)
    assert (frame["reduction_mw"] <= frame["capability_mw"] + 1e-6).all()


def test_gains_need_a_scenario_without_demand_response():
    results = transfers.results()
    kept = {"scenario": [name for name in results["data"]["scenario"].values if not name.endswith(" 0")]}
    less = {name: results[name].sel(kept) for name in ("data", "cleared")}
    with pytest.raises(ValueError, match="'2->1 2020-07-15 4 0.1' has no counterpart with reduction_level 0"):
        transfer_gains.table(less, families=["hours"])


def test_transfer_payments():
    frame = transfer_payments.table(transfers.results(), scenarios=VALUED)
    columns = [f"{rule}_{unit}" for unit in ("mw", "usd_per_h") for rule in RULES]
    assert ", ".join(frame.columns) == (
        f"scenario, provider, capability_mw, reduction_mw, {', '.join(columns)}, gain_mw, unique"
    )
    for _, rows in frame.groupby("scenario"):
        sums, own = rows[rows["provider"] == "sum"].iloc[0], rows[rows["provider"] != "sum"]
        for rule in ("shapley", "nucleolus"):
            assert sums[f"{rule}_mw"] == pytest.approx(sums["gain_mw"], abs=1e-5)
            assert own[f"{rule}_mw"].sum() == pytest.approx(sums["gain_mw"], abs=1e-5)
        for rule in RULES:
            np.testing.assert_allclose(rows[f"{rule}_usd_per_h"], 10 * rows[f"{rule}_mw"], atol=1e-5)
    case5 = frame[frame["scenario"] == VALUED[0]].set_index("provider")
    assert case5.loc["4", [f"{rule}_mw" for rule in RULES]].tolist() == pytest.approx([36, 36, 36, 36])
    assert frame["provider"].tolist()[4:6] == ["1/138 kV", "1/230 kV"]


def test_transfer_bilevel():
    frame = transfer_bilevel.table(transfers.results())
    assert ", ".join(frame.columns) == (
        "scenario, dual_bound_usd_per_mwh, transfer_mw, certificate_usd_per_h, largest_price_usd_per_mwh, iterations, "
        "sequential_mw, post_schedule_mw, lower_mw, upper_mw"
    )
    assert set(frame["dual_bound_usd_per_mwh"]) == {100, 1000, 10000} and (frame["certificate_usd_per_h"] <= 1e-6).all()
    one = frame[frame["scenario"] == "case5 3->4 budget 1000"].iloc[-1]
    found = one[["sequential_mw", "transfer_mw", "lower_mw"]].tolist()
    assert found == pytest.approx([63.131313, 96.464646, 96.464646], abs=1e-5)
    assert (frame["sequential_mw"] <= frame["lower_mw"] + 1e-5).all()
    assert (frame["lower_mw"] <= frame["upper_mw"] + 1e-5).all()
    short = transfer_bilevel.table(transfers.results(), scenarios=["case5 3->4 0"])
    assert short["scenario"].unique().tolist() == ["case5 3->4 0"]
    with pytest.raises(ValueError, match="option scenarios: no '2->1"):
        transfer_bilevel.table(transfers.results(), scenarios=["2->1 2020-07-15 4 0.1"])
