"""Tables of the price methods: their columns, and their numbers against the Datasets they come from."""

import numpy as np
import pytest

from cloud_edge import results
from sharegrid.coordination.edge_programs import of_population
from sharegrid.tables import critical_intervals, lmos_rounds, lmos_runs
from whole_study import tables as tables_of

COLUMNS = "program, n_users, method, parameter, rounds, floats_up, floats_down, rel_error, latency_ms, floats_once"


@pytest.fixture(scope="module")
def rounds():
    return lmos_rounds.table(results())


def test_columns_and_order(rounds):
    assert ", ".join(rounds.columns) == COLUMNS
    assert len(rounds) == int(results()["coordination"]["rounds"].notnull().sum())
    labels = rounds[["program", "n_users", "method", "parameter"]]
    assert labels.equals(labels.sort_values(list(labels.columns), ignore_index=True)) and not labels.duplicated().any()


def test_rounds_are_those_of_the_runs(rounds):
    row = rounds.set_index(["program", "n_users", "method", "parameter"]).loc[("tight", 120, "gradient", 1.5)]
    run = results()["coordination"].sel({"method": "first-order@gradient", "run": "tight 120|1.5"})
    assert row["rounds"] == run["rounds"] and row["latency_ms"] == 85 * row["rounds"]
    assert row["floats_up"] == row["floats_down"] == 24 * row["rounds"] and row["floats_once"] == 1
    assert row["rel_error"] == pytest.approx(float(run["price_error"]), rel=1e-2)


def test_what_did_not_end_is_empty(rounds):
    lost = rounds[rounds["rounds"].isna()]
    assert lost[["program", "n_users", "parameter"]].values.tolist() == [["tight", 20, 4.0], ["tight", 120, 4.0]]
    assert lost[["floats_up", "floats_down", "rel_error", "latency_ms"]].isna().all(axis=None)


def test_the_best_run_is_the_one_with_the_fewest_rounds():
    runs = lmos_runs.frame(results())
    best = lmos_runs.best(runs, "single 200", "gradient")
    assert best["parameter"] == 2 and best["rounds"] < lmos_runs.at(runs, "single 200", "gradient", 1.0)["rounds"]
    assert lmos_runs.best(runs, "single 200", "none") is None
    assert lmos_runs.at(runs, "tight 120", "gradient", 4.0) is None, "did not end"


def test_critical_intervals_join_and_have_the_slopes_of_the_users():
    frame = critical_intervals.table(results())
    assert list(frame.columns) == ["user", "lambda_lo", "lambda_hi", "slope"]
    devices = of_population(results()["data"], "single 20").devices
    assert frame["user"].unique().tolist() == list(range(1, 21))
    for user, own in frame.groupby("user"):
        assert own["lambda_lo"].iloc[0] == 0 and own["lambda_hi"].iloc[-1] == pytest.approx(devices.full_price.max())
        np.testing.assert_array_equal(own["lambda_lo"].values[1:], own["lambda_hi"].values[:-1])
        middle = (own["lambda_lo"] + own["lambda_hi"]) / 2
        slopes = [devices.sensitivity(price)[user - 1] for price in middle]
        np.testing.assert_allclose(own["slope"], slopes, atol=1e-6)


def test_a_study_without_such_runs_is_told():
    bare = {"data": results()["data"], "coordination": results()["coordination"][["gap"]]}
    with pytest.raises(ValueError, match="there is no 'floats_up' among the coordination of this study"):
        lmos_rounds.table(bare)
    with pytest.raises(ValueError, match="there are no coordination in this study"):
        critical_intervals.table({"data": results()["data"]})


def test_what_the_study_must_show():
    """Rounds do not grow with the users, what an edge tells neither, and the honest comparison with the best-tuned methods."""
    frame = tables_of("ch9-cloud-edge")["ch9_lmos"]
    lmos = frame[frame["method"] == "lmos"].set_index(["program", "n_users"])
    assert (lmos["rel_error"] <= 1e-6).all() and lmos["rounds"].max() <= 6
    assert (lmos["floats_up"] / lmos["rounds"]).groupby("program").unique().map(list).to_dict() == {
        "loose": [325], "single": [2], "tight": [325]}  # fmt: skip
    for edges in (7, 100):
        split = frame[frame["method"] == f"lmos-{edges}-edges"].set_index(["program", "n_users"])
        one = lmos.loc[split.index]
        assert split.index.tolist() == [("single", 1000), ("tight", 1000)]
        assert (split["rounds"] == one["rounds"]).all() and (split["rel_error"] <= 1e-6).all()
        for told in ("floats_up", "floats_down"):
            assert (split[told] == edges * one[told]).all()
    others = (
        frame[~frame["method"].str.startswith("lmos")].groupby(["program", "n_users"])[["rounds", "floats_up"]].min()
    )
    assert (others["rounds"].loc["single"] <= lmos["rounds"].loc["single"] + 5).all()
    assert others.loc[("single", 100_000), "rounds"] == lmos.loc[("single", 100_000), "rounds"]
    for (_, method), tried in frame.groupby([frame["program"] + " " + frame["n_users"].astype(str), "method"]):
        if method in ("gradient", "subgradient", "exchange-admm"):  # the best is inside what was tried
            best = tried.loc[tried["rounds"] == tried["rounds"].min(), "parameter"]
            assert tried["parameter"].min() < best.min() and best.max() < tried["parameter"].max()
    ratio = others["rounds"].loc["tight"] / lmos["rounds"].loc["tight"]
    assert ((ratio >= 4) & (ratio <= 9)).all()
    assert (2.5 * others["floats_up"].loc["tight"] < lmos["floats_up"].loc["tight"]).all()
