"""The reference market: PGLib's published DC optima, prices, piecewise costs, DC lines, infeasible and large cases."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sharegrid.figures import pglib_difference
from sharegrid.markets import dc_opf
from sharegrid.optimise.highs import NotOptimal
from sharegrid.preparation import dc_opf as preparation
from sharegrid.readers import matpower, network
from sharegrid.tables import pglib_dc

NETWORKS = Path(__file__).parents[2] / "resources" / "networks"
CASES = sorted((NETWORKS / "pglib").glob("*.m"))
# BASELINE.md of PGLib-OPF v23.07; the three that the shipped table does not list
ALSO_PUBLISHED = {
    "pglib_opf_case24_ieee_rts": "6.1001e+04",
    "pglib_opf_case30_as": "7.6760e+02",
    "pglib_opf_case73_ieee_rts": "1.8300e+05",
}
NO_BASELINE = pd.DataFrame({"case": [], "dc_published_usd_per_h": []})


@pytest.fixture(scope="module")
def networks():
    return {path.stem: matpower.read(path) for path in CASES}


@pytest.fixture(scope="module")
def baseline():
    return pd.read_csv(NETWORKS / "pglib_dc_baseline.csv")


@pytest.fixture(scope="module")
def data(networks, baseline):
    return preparation.side_by_side(networks, baseline)


@pytest.fixture(scope="module")
def cleared(data):
    return dc_opf.clear(data)


def clear_one(case, dc_form="powermodels"):
    return dc_opf.clear(preparation.side_by_side({"one": case}, NO_BASELINE, dc_form=dc_form))


def small(p_max, cost, load, *, ends=((1, 2),), rate=np.inf, reactance=0.1, **more):
    """A network with one unit per bus, bus 1 the reference, x [p.u.] on 100 MVA."""
    count = len(load)
    lines = len(ends)
    values = {
        "load": load, "shunt": np.zeros(count), "area": np.ones(count, int),
        "bus_type": np.array([3] + [2] * (count - 1), dtype=np.int8),
        "from_bus": np.array([a for a, _ in ends]), "to_bus": np.array([b for _, b in ends]),
        "resistance": np.zeros(lines), "reactance": np.full(lines, reactance), "tap": np.ones(lines),
        "shift": np.zeros(lines), "rate": np.broadcast_to(float(rate), lines).copy(),
        "angle_min": np.full(lines, -2 * np.pi), "angle_max": np.full(lines, 2 * np.pi),
        "generator_bus": np.arange(1, count + 1), "p_min": np.zeros(count), "p_max": np.asarray(p_max, float),
        "cost_quadratic": np.zeros(count), "cost_linear": np.asarray(cost, float), "cost_constant": np.zeros(count),
        "base_mva": 100.0,
    }  # fmt: skip
    values["load"] = np.asarray(load, float)
    return network.assemble(values | more, bus=np.arange(1, count + 1), name="small", source="small.m")


def dclines(p_max=100.0, p_min=0.0, constant=0.0, linear=0.0, start=1, end=2, **more):
    values = {
        "from": start,
        "to": end,
        "p_min": p_min,
        "p_max": p_max,
        "loss_constant": constant,
        "loss_linear": linear,
    }
    return {f"dcline_{name}": np.array([value]) for name, value in (values | more).items()}


# --- published optima ---------------------------------------------------------------------------------------------


def test_all_published_optima_to_every_printed_digit(cleared, baseline):
    published = baseline.set_index("case")["dc_published_usd_per_h"].map(lambda value: f"{value:.4e}").to_dict()
    published |= ALSO_PUBLISHED
    found = {str(case): f"{float(cleared.objective.sel(case=case)):.4e}" for case in cleared.case.values}
    assert found == published and len(found) == 9


def test_recomputed_optima_to_the_cent_and_below(cleared, networks, baseline):
    rows = baseline.set_index("case")
    other = dc_opf.clear(preparation.side_by_side(networks, baseline, dc_form="matpower"))
    for case in rows.index:
        assert float(cleared.objective.sel(case=case)) == pytest.approx(rows.dc_recomputed_usd_per_h[case], abs=2e-5)
        expected = rows.dc_matpower_convention_usd_per_h[case]
        assert float(other.objective.sel(case=case)) == pytest.approx(expected, abs=2e-5)


def test_price_range_and_congestion(cleared, data, baseline):
    for row in baseline.itertuples():
        price = cleared.price[data.bus_case.values == row.case]
        assert float(price.min()) == pytest.approx(row.lmp_min_usd_per_mwh, abs=1e-4)
        assert float(price.max()) == pytest.approx(row.lmp_max_usd_per_mwh, abs=1e-4)
        branch = data.branch_case.values == row.case
        binding = np.abs(cleared.flow[branch]) > data.flow_max[branch] - 1e-6
        assert int(binding.sum()) == row.congested_lines


def test_prices_of_the_pjm_five_bus_system(cleared, data):
    price = cleared.price[data.bus_case.values == "pglib_opf_case5_pjm"]
    assert price.values == pytest.approx([16.977, 26.384, 30.000, 39.943, 10.000], abs=1e-3)


def test_results_are_feasible_and_described(cleared, data):
    assert (cleared.status == "optimal").all() and float(cleared.relative_gap.max()) <= 1e-11
    assert ((cleared.dispatch >= data.p_min - 1e-7) & (cleared.dispatch <= data.p_max + 1e-7)).all()
    assert (np.abs(cleared.flow) <= data.flow_max + 1e-6).all()
    supply = np.bincount(data.generator_bus, cleared.dispatch, data.sizes["bus"]) - data.demand.values
    flow = np.bincount(data.to_bus, cleared.flow, data.sizes["bus"])
    np.testing.assert_allclose(
        supply + flow - np.bincount(data.from_bus, cleared.flow, data.sizes["bus"]), 0, atol=1e-6
    )
    for variable in (*cleared.data_vars.values(), *data.variables.values()):
        assert variable.attrs["units"] and variable.attrs["long_name"]
    assert cleared.buses.values.tolist() == [118, 14, 2383, 24, 300, 30, 30, 5, 73]


def test_results_survive_netcdf(cleared, data, tmp_path):
    for name, dataset in (("data", data), ("cleared", cleared)):
        dataset.to_netcdf(tmp_path / f"{name}.nc", engine="netcdf4")
        with xr.open_dataset(tmp_path / f"{name}.nc", engine="netcdf4") as again:
            xr.testing.assert_equal(again.load(), dataset)


@pytest.mark.parametrize("name", ["case5_pjm", "case30_as", "case118_ieee", "case300_ieee"])
def test_price_is_the_cost_of_one_more_mw(networks, name):
    """J is convex in the demand: its slopes over one MW less and one MW more enclose the price."""
    case = networks[f"pglib_opf_{name}"]
    base = clear_one(case)
    for place in np.linspace(0, case.sizes["bus"] - 1, 4).astype(int):
        step = np.where(np.arange(case.sizes["bus"]) == place, 1.0, 0.0)
        more, less = (clear_one(case.assign(load=case["load"] + sign * step)) for sign in (1, -1))
        price, tolerance = float(base.price[place]), 1e-4
        assert float(more.objective[0] - base.objective[0]) >= price - tolerance
        assert float(base.objective[0] - less.objective[0]) <= price + tolerance
        tiny = clear_one(case.assign(load=case["load"] + 1e-3 * step))
        assert float(tiny.objective[0] - base.objective[0]) / 1e-3 == pytest.approx(price, rel=1e-3, abs=2e-3)


# --- the model ----------------------------------------------------------------------------------------------------


def test_the_model_has_one_balance_row_per_bus(data):
    model = dc_opf.build(preparation.of_case(data, "pglib_opf_case300_ieee"))
    assert model.constraints["nodal_balance"].ncons == 300 and model.constraints["branch_flow"].ncons == 411


def test_piecewise_linear_cost_and_constant():
    points = {"cost_point_mw": [[0.0, 40, 100], [np.nan] * 3], "cost_point_usd": [[50.0, 450, 1650], [np.nan] * 3]}
    case = small([100, 100], [0, 15], [0, 60], cost_constant=np.array([0.0, 7.0]),
                 **{name: np.array(value) for name, value in points.items()})  # fmt: skip
    cleared = clear_one(case)
    # unit 1 gives 40 MW at 10 $/MWh before unit 2 at 15, its next segment costs 20
    assert cleared.dispatch.values == pytest.approx([40, 20])
    assert float(cleared.objective[0]) == pytest.approx(450 + 20 * 15 + 7)
    assert cleared.price.values == pytest.approx([15, 15])


def test_a_quadratic_cost_equals_its_closed_form():
    # 0.05 p^2 + 10 p and 0.1 p^2 + 8 p share 60 MW: 10 + 0.1 a = 8 + 0.2 b
    case = small([100, 100], [10, 8], [0, 60], cost_quadratic=np.array([0.05, 0.1]))
    cleared = clear_one(case)
    a, b = 100 / 3, 80 / 3
    assert cleared.dispatch.values == pytest.approx([a, b], abs=1e-3)
    assert float(cleared.objective[0]) == pytest.approx(0.05 * a**2 + 10 * a + 0.1 * b**2 + 8 * b, rel=1e-11)
    assert cleared.price.values == pytest.approx([10 + 0.1 * a] * 2, abs=1e-3)


def test_a_dcline_is_a_lossy_link():
    case = small([200, 200], [10, 30], [0, 90], rate=20.0, **dclines(p_max=50, constant=1.0, linear=0.1))
    cleared = clear_one(case)
    # 20 MW over the line; 50 MW sent by DC arrive as 0.9 * 50 - 1 = 44; unit 2 gives the rest
    assert cleared.dcline_flow.values == pytest.approx([50])
    assert cleared.dispatch.values == pytest.approx([70, 26])
    assert cleared.price.values == pytest.approx([10, 30])


def test_a_dcline_joins_two_islands_and_its_cost_counts():
    values = {"cost_quadratic": 0.0, "cost_linear": 2.0, "cost_constant": 3.0}
    link = dclines(p_max=50, linear=0.2, start=2, end=3, **values)
    ends, types = ((1, 2), (3, 4)), np.array([3, 1, 3, 1], dtype=np.int8)
    case = small([99, 0, 99, 0], [10, 0, 40, 0], [0, 5, 0, 60], ends=ends, bus_type=types, **link)
    cleared = clear_one(case)
    # island 2 takes 60 MW: sending costs (10 + 2) / 0.8 = 15 $/MWh there, up to 50 sent
    assert cleared.dcline_flow.values == pytest.approx([50]) and cleared.dispatch.values == pytest.approx(
        [55, 0, 20, 0]
    )
    assert float(cleared.objective[0]) == pytest.approx(55 * 10 + 20 * 40 + 50 * 2 + 3)
    roomy = clear_one(case.assign(dcline_p_max=case.dcline_p_max * 2))
    assert roomy.price.values == pytest.approx([10, 10, 15, 15])


def test_cases_with_and_without_dclines_and_segments_side_by_side():
    points = {"cost_point_mw": np.array([[0.0, 50], [0, 50]]), "cost_point_usd": np.array([[0.0, 500], [0, 1500]])}
    cases = {
        "b": small([200, 200], [10, 30], [0, 90], rate=20.0, **dclines(p_max=50)),
        "a": small([200, 200], [10, 30], [0, 90], rate=20.0),
        "c": small([50, 50], [0, 0], [0, 70], **points),
    }
    together = dc_opf.clear(preparation.side_by_side(cases, NO_BASELINE))
    assert together.case.values.tolist() == ["a", "b", "c"]
    for name, case in cases.items():
        assert float(together.objective.sel(case=name)) == pytest.approx(float(clear_one(case).objective[0]), rel=1e-12)
    assert together.objective.values == pytest.approx([20 * 10 + 70 * 30, 70 * 10 + 20 * 30, 500 + 20 * 30])


def test_angle_limits_bind_as_flow_limits():
    # 100 MVA, x = 0.1: 1000 MW/rad; 0.03 rad are 30 MW
    case = small([99, 99], [10, 30], [0, 60], angle_max=np.array([0.03]), angle_min=np.array([-0.03]))
    for form in ("powermodels", "matpower"):
        assert clear_one(case, form).flow.values == pytest.approx([30])
    shifted = case.assign(shift=("branch", [0.01]))
    assert clear_one(shifted, "matpower").flow.values == pytest.approx([20])
    assert clear_one(shifted, "powermodels").flow.values == pytest.approx([30])
    negative = case.assign(reactance=-case.reactance)
    assert clear_one(negative).flow.values == pytest.approx([30])


@pytest.mark.parametrize(
    ("low", "high", "powermodels", "matpower"),
    [
        (0.0, 0.0, (-60, 60), (-np.inf, np.inf)),
        (-360.0, 360.0, (-60, 60), (-np.inf, np.inf)),
        (-90.0, 30.0, (-60, 30), (-90, 30)),
        (0.0, 30.0, (0, 30), (-np.inf, 30)),
    ],
)
def test_meaning_of_angle_limits(low, high, powermodels, matpower):
    case = small([1, 1], [1, 1], [0, 0], angle_min=np.deg2rad([low]), angle_max=np.deg2rad([high]))
    for form, degrees in (("powermodels", powermodels), ("matpower", matpower)):
        data = preparation.side_by_side({"one": case}, NO_BASELINE, dc_form=form)
        limits = np.array([data.flow_min[0], data.flow_max[0]])
        np.testing.assert_allclose(limits, 1000 * np.deg2rad(degrees), atol=1e-9)


def test_shifts_and_taps_count_only_in_the_matpower_form():
    case = small([99, 99, 0], [10, 30, 0], [0, 0, 60], ends=((1, 3), (2, 3), (1, 2)), rate=25.0)
    case = case.assign(tap=("branch", [1.1, 1, 1]), shift=("branch", [0.02, 0, 0]))
    plain = small([99, 99, 0], [10, 30, 0], [0, 0, 60], ends=((1, 3), (2, 3), (1, 2)), rate=25.0)
    infeasible = clear_one(case)
    assert infeasible.status.values.tolist() == clear_one(plain).status.values.tolist() == ["infeasible"]
    wide = {"rate": ("branch", [35.0, 35.0, 35.0])}
    one, other = clear_one(case.assign(wide)), clear_one(plain.assign(wide))
    np.testing.assert_allclose(one.flow, other.flow)
    assert not np.allclose(clear_one(case.assign(wide), "matpower").flow, other.flow)


# --- infeasible and refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["demand", "line", "contradiction", "quadratic"])
def test_an_infeasible_case_is_reported_and_leaves_the_others_alone(networks, why):
    good = networks["pglib_opf_case5_pjm"]
    changes = {
        "demand": {"load": good["load"] * 3},
        "line": {"rate": good["rate"] * 0.2},
        "contradiction": {"angle_min": good["angle_min"] * 0 + 0.4, "rate": good["rate"] * 0.01},
        "quadratic": {"load": good["load"] * 3, "cost_quadratic": good["cost_quadratic"] + 0.01},
    }
    bad = good.assign(changes[why])
    published = pd.DataFrame({"case": ["bad", "good"], "dc_published_usd_per_h": ["inf.", "1.7480e+04"]})
    data = preparation.side_by_side({"good": good, "bad": bad}, published)
    cleared = dc_opf.clear(data)
    assert cleared.status.values.tolist() == ["infeasible", "optimal"]
    assert np.isinf(cleared.objective[0]) and f"{float(cleared.objective[1]):.4e}" == "1.7480e+04"
    assert np.isnan(cleared.price[:5]).all() and np.isfinite(cleared.price[5:]).all()
    frame = pglib_dc.table({"data": data, "cleared": cleared})
    assert frame.objective_usd_per_h[0] == frame.published_usd_per_h[0] == np.inf and frame.relative_difference[0] == 0
    assert "bad,5,6,5,inf,inf,0" in frame.to_csv(index=False, float_format="%.10g")


def test_any_other_status_is_an_error(networks):
    case = networks["pglib_opf_case5_pjm"]
    # two units of different cost at one bus, without limits
    unbounded = case.assign(p_max=case.p_max * np.inf, p_min=case.p_min - np.inf)
    with pytest.raises(NotOptimal, match="case one"):
        clear_one(unbounded)


def test_bad_inputs_of_the_preparation(networks, baseline):
    with pytest.raises(ValueError, match="prepare.cases: no case file was found"):
        preparation.side_by_side({}, baseline)
    with pytest.raises(ValueError, match="prepare.baseline: the table has no column dc_published_usd_per_h"):
        preparation.side_by_side(networks, baseline.drop(columns="dc_published_usd_per_h"))
    wrong = pd.DataFrame({"case": ["a"], "dc_published_usd_per_h": ["much"]})
    with pytest.raises(ValueError, match="prepare.baseline: column dc_published_usd_per_h: .*'much'; enter"):
        preparation.side_by_side(networks, wrong)
    with pytest.raises(ValueError, match="prepare.baseline: pglib_opf_case5_pjm is listed twice"):
        preparation.side_by_side(networks, pd.concat([baseline, baseline[:1]]))


# --- large quadratic cases ----------------------------------------------------------------------------------------


def test_quadratic_costs_at_2383_buses_satisfy_the_optimality_conditions(networks):
    """Independent of how it was solved: every unit strictly inside its limits has the marginal cost of its bus."""
    polish = networks["pglib_opf_case2383wp_k"]
    case = polish.assign(cost_quadratic=polish.cost_linear / (2 * polish.p_max.clip(min=1)))
    cleared = clear_one(case)
    assert cleared.status.values == "optimal" and float(cleared.relative_gap[0]) <= 1e-9
    output = cleared.dispatch.values
    cost = (case.cost_quadratic.values * output**2 + case.cost_linear.values * output + case.cost_constant.values).sum()
    assert float(cleared.objective[0]) == pytest.approx(cost, rel=1e-12)
    marginal = case.cost_linear.values + 2 * case.cost_quadratic.values * output
    price = cleared.price.values[network.positions(case.bus.values, case.generator_bus.values)]
    movable = case.p_max.values > case.p_min.values
    above, below = output > case.p_min.values + 1e-5, output < case.p_max.values - 1e-5
    assert (above & below).sum() > 20
    tolerance = 1e-4 * np.abs(price)
    assert (marginal <= price + tolerance)[movable & above].all(), (
        "a unit that could produce less costs more than its price"
    )
    assert (marginal >= price - tolerance)[movable & below].all(), (
        "a unit that could produce more costs less than its price"
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(50, 500), min_size=3, max_size=3),
    st.lists(st.floats(5, 50), min_size=3, max_size=3),
    st.lists(st.sampled_from([0.0, 0.01, 0.1, 1.0]), min_size=3, max_size=3),
    st.floats(0.2, 0.95),
    st.floats(20, 300),
)
def test_optimality_conditions_on_random_triangles(p_max, cost, quadratic, share, rate):
    load = np.array([0.2, 0.5, 0.3]) * share * sum(p_max)
    case = small(p_max, cost, load, ends=((1, 2), (2, 3), (1, 3)), rate=rate, cost_quadratic=np.array(quadratic))
    cleared = clear_one(case)
    if cleared.status.values[0] == "infeasible":
        assert (np.array(p_max) + 2 * rate < load).any() or (np.array(p_max) < load).any()
        return
    output, price = cleared.dispatch.values, cleared.price.values
    marginal = np.array(cost) + 2 * np.array(quadratic) * output
    scale = 1e-3 * (1 + np.abs(price))
    assert (marginal <= price + scale)[output > 1e-4].all()
    assert (marginal >= price - scale)[output < np.array(p_max) - 1e-4].all()
    rent = (price * load).sum() - (price * output).sum()
    assert rent >= -1e-6 * (1 + np.abs(price).max() * load.sum())


# --- agreement with PyPSA (optional extra) ------------------------------------------------------------------------


def test_the_optimum_of_pypsa(tmp_path):
    pypsa = pytest.importorskip("pypsa")
    from sharegrid.readers import pypsa as reader

    grid = pypsa.Network()
    grid.add("Bus", ["a", "b", "c", "d"], v_nom=[380, 380, 110, 110])
    grid.add("Line", ["ab", "ab2"], bus0="a", bus1="b", x=[20, 30], r=2, s_nom=60)
    grid.add("Transformer", ["bc", "ac"], bus0=["b", "a"], bus1="c", x=[0.1, 0.2], s_nom=[150, 45], tap_ratio=[1.05, 1])
    grid.add("Link", "cd", bus0="c", bus1="d", p_nom=40, efficiency=0.9, marginal_cost=1)
    grid.add("Generator", ["ga", "gc", "gd"], bus=["a", "c", "d"], p_nom=[300, 200, 100], marginal_cost=[10, 50, 80])
    grid.add("Load", ["lb", "lc", "ld"], bus=["b", "c", "d"], p_set=[70, 90, 60])
    grid.export_to_netcdf(tmp_path / "grid.nc")
    cleared = clear_one(reader.read(tmp_path / "grid.nc"), "matpower")
    grid.optimize(solver_name="highs", log_to_console=False)
    assert float(cleared.objective[0]) == pytest.approx(grid.objective, rel=1e-9)
    prices = grid.buses_t.marginal_price.iloc[0][["a", "b", "c", "d"]]
    assert cleared.price.values == pytest.approx(prices.to_numpy(), abs=1e-6)


# --- table and figure ---------------------------------------------------------------------------------------------


def test_the_table(cleared, data):
    frame = pglib_dc.table({"data": data, "cleared": cleared})
    assert frame.columns.tolist() == [
        "case", "buses", "branches", "generators", "objective_usd_per_h", "published_usd_per_h", "relative_difference"
    ]  # fmt: skip
    assert frame.case.tolist() == sorted(frame.case) and len(frame) == 9
    listed = frame.dropna()
    assert len(listed) == 6 and (listed.relative_difference < 5e-5).all()
    assert frame[frame.published_usd_per_h.isna()].relative_difference.isna().all()
    row = frame.set_index("case").loc["pglib_opf_case5_pjm"]
    assert row.relative_difference == pytest.approx((17480 - row.objective_usd_per_h) / 17480)


def test_relative_difference_of_infinite_values():
    objective, published = np.array([np.inf, np.inf, 1.0, 1.0]), np.array([np.inf, 1.0, np.inf, np.nan])
    np.testing.assert_array_equal(pglib_dc.relative_difference(objective, published), [0, np.inf, np.inf, np.nan])


def test_the_figure_shows_every_listed_case_below_the_printing_precision(cleared, data):
    figure = pglib_difference.draw({"data": data, "cleared": cleared})
    axis = figure.axes[0]
    assert axis.get_xscale() == "log" and len(axis.get_yticklabels()) == 6
    points = axis.get_lines()[0].get_xdata()
    bars = np.array([bar.get_width() for bar in axis.patches])
    assert (np.asarray(points) <= bars + 1e-9).all()
    assert pglib_difference.printing_precision(pd.Series([1.7480e4, 7.4728e3])).tolist() == pytest.approx(
        [0.5 / 17480, 0.05 / 7472.8]
    )


def test_the_figure_names_a_case_that_should_be_feasible(networks):
    bad = networks["pglib_opf_case5_pjm"].assign(load=networks["pglib_opf_case5_pjm"]["load"] * 3)
    cases = {"good": networks["pglib_opf_case5_pjm"], "bad": bad, "right": bad}
    published = pd.DataFrame(
        {"case": ["bad", "good", "right"], "dc_published_usd_per_h": ["1.0000e+04", "1.7480e+04", "inf."]}
    )
    data = preparation.side_by_side(cases, published)
    figure = pglib_difference.draw({"data": data, "cleared": dc_opf.clear(data)})
    text = " ".join(part.get_suptitle() for part in figure.subfigs).replace("\n", " ")
    assert "1 of 1 published optima agree" in text and "1 of 1 cases published as infeasible are" in text
    assert "Infeasible against the publication: bad" in text
