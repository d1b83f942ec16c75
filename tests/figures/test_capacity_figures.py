"""Figures of the capacity market and of coordination: what they draw, their labels, and that they are the same each time."""

import hashlib
import warnings

import numpy as np
import pytest

import capacity
from sharegrid import files
from sharegrid.figures import style
from sharegrid.stages import present
from sharegrid.tables import capacity_costs, capacity_peaks

KINDS = {
    "capacity-peak": {},
    "charge-split": {"scenario": "capacity 10"},
    "storage-equilibrium": {"storage_price": 0.03},
    "convergence": {"scenarios": ["capacity 0", "capacity 2"]},
}


def drawn(kind, options=None):
    entry = {"kind": kind, "title": "A finding", "options": KINDS[kind] if options is None else options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(capacity.results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def line(axes, label):
    return next(found for found in axes.get_lines() if found.get_label() == label)


def evidence(figure):
    return figure.subfigs[0]._suptitle.get_text().replace("\n", " ").replace("\u2009", " ").replace("\u00a0", " ")


@pytest.mark.parametrize("kind", KINDS)
def test_axes_are_labelled_and_everything_is_inside(kind):
    figure = drawn(kind)
    width, height = figure.bbox.size
    for axes in figure.axes:
        assert axes.get_ylabel() or axes is not figure.axes[0]
        box = axes.get_tightbbox()
        assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height
    labels = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert labels and all("[" in label for label in labels)
    text = figure.subfigs[0]._suptitle.get_window_extent()
    assert 0 <= text.x0 and text.x1 <= width


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_each_time(kind, tmp_path):
    digests = set()
    for _ in range(2):
        files.write_figure(drawn(kind), tmp_path, "stem")
        digests.add(hashlib.sha256((tmp_path / "stem.svg").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_peaks_are_those_of_the_table_without_that_of_price_0():
    figure = drawn("capacity-peak")
    frame = capacity_peaks.table(capacity.results(), families=["capacity"])
    above, below = figure.axes
    assert line(above, "peak of the community").get_xdata().tolist() == [2, 10]
    np.testing.assert_allclose(line(above, "peak of the community").get_ydata(), frame["coincident_peak_kw"][1:])
    np.testing.assert_allclose(line(above, "sum of the users' peaks alone").get_ydata(), frame["sum_of_peaks_kw"][1:])
    np.testing.assert_allclose(line(below, "saving by sharing").get_ydata(), frame["saving_cad_per_day"])


def test_bars_stack_to_the_bills():
    figure = drawn("charge-split")
    frame = capacity_costs.of_scenario(capacity.results(), "capacity 10")
    bars = {container.get_label(): container for container in figure.axes[0].containers}
    users = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    frame = frame.set_index("user").loc[users]
    for side in ("alone", "shared"):
        for part in ("energy", "capacity"):
            heights = [patch.get_height() for patch in bars[f"{part}, {side}"].patches]
            np.testing.assert_allclose(heights, frame[f"{side}_{part}"], atol=1e-9)
        ends = [patch.get_y() + patch.get_height() for patch in bars[f"capacity, {side}"].patches]
        same = np.sign(frame[f"{side}_energy"]) == np.sign(frame[f"{side}_capacity"])
        bill = (frame[f"{side}_energy"] + frame[f"{side}_capacity"])[same]
        np.testing.assert_allclose(np.array(ends)[same], bill)


def test_evidence_counts_who_pays_more_for_one_part_of_the_bill():
    frame = capacity_costs.of_scenario(capacity.results(), "capacity 10")
    capacity_more = frame["shared_capacity"] - frame["alone_capacity"]
    energy_more = frame["shared_energy"] - frame["alone_energy"]
    dearer, cheaper = (capacity_more > 1e-6) & (energy_more < -1e-6), (capacity_more < -1e-6) & (energy_more > 1e-6)
    assert dearer.any() or cheaper.any()
    batteries = sum("battery" in owns for owns in frame["owns"][dearer])
    told = f"than alone: {dearer.sum()}, {batteries} of them with a battery; the other way round: {cheaper.sum()}."
    assert told in evidence(drawn("charge-split"))


def test_evidence_of_the_peaks_names_what_devices_do_at_the_ends():
    frame = capacity_peaks.table(capacity.results(), families=["capacity"])
    least, most = frame["battery_peak_kw"].iloc[[0, -1]]
    text = evidence(drawn("capacity-peak"))
    assert f"Batteries discharge {style.amount(least)} and {style.amount(most)} kW".replace("\u2009", " ") in text
    earned = style.amount(frame["pv_value_pv_only_cad_per_day"].iloc[-1]).replace("\u2009", " ")
    assert f"PV of users without a battery earns {earned} of" in text


def test_storage_crosses_at_a_gamma_of_a_half():
    figure = drawn("storage-equilibrium")
    gap = line(figure.axes[1], "sharing").get_ydata() - line(figure.axes[1], "alone").get_ydata()
    gamma = line(figure.axes[1], "sharing").get_xdata()
    assert (np.sign(np.round(gap, 9)) == np.sign(np.round(0.5 - gamma, 9))).all()
    with pytest.raises(ValueError, match="no 0.05; the nearest is 0.03"):
        drawn("storage-equilibrium", {"storage_price": 0.05})


def test_curves_end_with_the_rounds_and_the_bound_is_above_the_gap():
    figure = drawn("convergence")
    coordination = capacity.results()["coordination"]
    assert len(figure.axes) == 2
    for axes, scenario in zip(figure.axes, KINDS["convergence"]["scenarios"], strict=True):
        run = coordination.sel({"scenario": scenario, "method": "dantzig-wolfe"})
        curve = next(found for found in axes.get_lines() if found.get_label().startswith("Dantzig-Wolfe: 1"))
        bound = line(axes, "Dantzig-Wolfe: certified gap")
        rounds = int(run["rounds"])
        assert len(curve.get_xdata()) == rounds
        known = np.isfinite(bound.get_ydata()[:rounds])
        assert (bound.get_ydata()[:rounds][known] >= curve.get_ydata()[known] - 1e-12).all()
        assert axes.get_yscale() == "log"
    admm = [found.get_label() for found in figure.axes[0].get_lines() if "ADMM" in found.get_label()]
    assert not admm  # it ran in the other scenario only
    assert "sharing ADMM, capacity 2:" in evidence(figure) and "sharing ADMM, capacity 0:" not in evidence(figure)


def test_unknown_labels_are_named():
    with pytest.raises(ValueError, match="scenarios: no 'capacity 3'"):
        drawn("convergence", {"scenarios": ["capacity 3"]})
    with pytest.raises(ValueError, match="methods: no 'ilm'"):
        drawn("convergence", {"scenarios": ["capacity 2"], "methods": ["ilm"]})
    with pytest.raises(ValueError, match="scenario: no 'capacity 3'"):
        drawn("charge-split", {"scenario": "capacity 3"})
