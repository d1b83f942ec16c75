"""Tables of demand response over unreliable links: their columns, and their numbers against the Datasets they come from."""

import numpy as np
import pytest

import responses
import whole_study
from sharegrid.stages.coordinate import coordinate
from sharegrid.stages.prepare import prepare
from sharegrid.tables import reliability_clearing, reliability_payments, reliability_rounds

COLUMNS = {
    "clearing": "scenario, delivery, requirement_kw, slots, epsilon, link_success, burst_length, cost_usd, relative_gap, options,"
    " users_called, attempts, slots_used, called_kw, delivered_kw, missed_share, missed_probability, price_usd_per_kwh",
    "rounds": "links, success, burst, loss_bad, retransmissions, delivery, method, rounds_min, rounds_mean, rounds_max, attempts, slots,"
    " reply_age, floats, converged, price_error",
    "payments": "scenario, user, success, option, called_kw, delivered_kw, cost_usd, payment_lmp_usd, payment_vcg_usd,"
    " payment_core_usd",
}


@pytest.fixture(scope="module")
def tables():
    results = responses.results()
    return {
        "clearing": reliability_clearing.table(results, families=list(responses.SWEEPS)),
        "rounds": reliability_rounds.table(results),
        "payments": reliability_payments.table(
            results, scenarios=["R10 W12"], mechanisms=["lmp", "vcg", "core-selecting"]
        ),
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tables, name):
    assert ", ".join(tables[name].columns) == COLUMNS[name]


def test_costs_are_those_of_calls_and_attempts(tables):
    results, frame = responses.results(), tables["clearing"].set_index("scenario")
    assert len(frame) == results["data"].sizes["scenario"]
    assert frame.loc["R10 W12", "options"] == "2.2.11.1" and frame.loc["R10 W6", "options"] == "0.1..000"
    one, data = results["cleared"].sel(scenario="R10 W12"), results["data"].sel(scenario="R10 W12")
    called = float((one["called"] * data["reduction_price"]).sum())
    assert frame.loc["R10 W12", "cost_usd"] == pytest.approx(called + 0.4 * frame.loc["R10 W12", "attempts"], abs=1e-5)
    assert (frame["slots_used"] <= frame["slots"]).all()
    expected = frame["delivery"] == "expected"
    np.testing.assert_allclose(frame["delivered_kw"][expected], frame["requirement_kw"][expected], atol=1e-5)
    assert frame["epsilon"].isna().equals(expected) and frame["epsilon"].dropna().eq(0.1).all()
    assert (frame["missed_share"][~expected] <= 0.1).all()
    assert frame["link_success"].notna().sum() == 12 and frame["burst_length"].notna().sum() == 2
    assert (frame["price_usd_per_kwh"] > 0).all()


def test_rounds_are_summed_up_over_the_seeds(tables):
    frame, runs = tables["rounds"], responses.results()["coordination"]
    assert frame["method"].tolist() == ["multiplier", "gradient"] * 7
    assert list(dict.fromkeys(frame["links"])) == ["losses", "bursts", "repeats"], "as the study has them"
    row = frame[(frame["links"] == "repeats") & (frame["retransmissions"] == 2) & (frame["method"] == "gradient")].iloc[
        0
    ]
    own = runs.sel(
        {"method": "lossy-rounds@gradient", "scenario": [f"repeats p0.4 m2 seed{seed}" for seed in range(5)]}
    )
    assert row["rounds_min"] == own["rounds"].min() and row["rounds_max"] == own["rounds"].max()
    assert row["rounds_mean"] == pytest.approx(float(own["rounds"].mean()))
    assert row["slots"] == pytest.approx(3 * row["rounds_mean"])
    assert row["attempts"] == pytest.approx(row["rounds_mean"] * 1000 * (1 + 0.6 + 0.36))
    assert row["delivery"] == pytest.approx(1 - 0.6**3) and row["floats"] == pytest.approx(2002 * row["rounds_mean"])
    bursts = frame[frame["links"] == "bursts"]
    assert bursts["delivery"].eq(0.6).all() and bursts["burst"].tolist() == [2, 2, 5, 5]
    assert frame["converged"].all()


def _of_study(families: list[str]) -> dict:
    """data of some families of the study, as it is configured."""
    params = whole_study.study("ch9-reliability").params("prepare")
    chosen = {name: family for name, family in params["scenarios"].items() if name in families}
    return {"data": prepare(params | {"scenarios": chosen}, "resources")}


def test_where_sensitivities_save_rounds():
    """What the study's title and caption of the rounds say."""
    results = _of_study(["others"])
    results["coordination"] = coordinate(results, whole_study.study("ch9-reliability").params("coordinate"))
    frame = reliability_rounds.table(results)

    def saved(links: str, by: str) -> dict[float, float]:
        rounds = frame[frame["links"] == links].pivot_table(index=by, columns="method", values="rounds_mean")
        return (rounds["gradient"] - rounds["multiplier"]).round(6).to_dict()

    losses, bursts, repeats = saved("losses", "success"), saved("bursts", "burst"), saved("repeats", "retransmissions")
    assert all(0 < losses[p] <= 2 for p in (1, 0.9, 0.7)) and losses[0.8] == 0
    assert all(losses[p] < 0 for p in (0.6, 0.5, 0.4))
    assert all(bursts[length] > 0 for length in (2, 5, 10)) and all(bursts[length] < 0 for length in (1, 20))
    assert all(repeats[m] < 0 for m in (0, 1, 2)) and 0 < repeats[3] < 1 and repeats[4] == pytest.approx(2)


def test_users_with_bad_links_are_left_out_with_the_fewest_slots_only():
    results = _of_study(["slots", "more", "others"])
    results["cleared"] = responses.cleared(results["data"])
    options = reliability_clearing.table(results, families=["slots", "more", "others"]).set_index("scenario")["options"]
    assert options["R10 W4"][:3] == "..." and set(options["R10 W4"] + options["R10 W5"]) == {".", "0"}
    assert (options.drop("R10 W4").str[0] != ".").all() and set(options["R10 W20"]) == {".", "3"}


def test_payments_and_the_user_who_is_called_in_part(tables):
    frame = tables["payments"].set_index("user")
    assert frame.index.tolist() == [f"U{k}" for k in range(8)] + ["all"]
    for column in ("called_kw", "cost_usd", "payment_vcg_usd"):
        assert frame.loc["all", column] == pytest.approx(frame[column][:-1].sum(), abs=1e-5)
    called = frame[:-1][frame["option"][:-1] != "."]
    assert (called["payment_vcg_usd"] >= called["payment_core_usd"] - 1e-5).all()
    assert (called["payment_core_usd"] >= called["cost_usd"] - 1e-5).all()
    assert called.index[called["payment_lmp_usd"] < called["cost_usd"]].tolist() == ["U4"]
    assert (frame[["called_kw", "cost_usd", "payment_vcg_usd"]][frame["option"] == "."] == 0).all(axis=None)


def test_errors_tell_what_is_missing():
    results = responses.results()
    with pytest.raises(ValueError, match="option families: no 'link'; did you mean 'links'"):
        reliability_clearing.table(results, families=["link"])
    with pytest.raises(ValueError, match=r"there are no lossy rounds in this study; add coordinate"):
        reliability_rounds.table(results | {"coordination": results["coordination"].assign_coords(method=["a", "b"])})
    with pytest.raises(ValueError, match="option scenarios: no 'R1'"):
        reliability_payments.table(results, scenarios=["R1"])
