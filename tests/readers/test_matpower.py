"""MATPOWER case files: real ones, malformed ones, and random ones that must come back as they were written."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharegrid.readers import matpower

NETWORKS = Path(__file__).parents[2] / "resources" / "networks"
CASE5 = NETWORKS / "pglib" / "pglib_opf_case5_pjm.m"


def write(tables: dict, base=100) -> str:
    """Text of a case file from rows per field."""
    blocks = [f"mpc.{name} = [\n" + "".join("\t".join(map(repr, row)) + ";\n" for row in rows) + "];\n"
              for name, rows in tables.items()]  # fmt: skip
    return f"function mpc = case_test\nmpc.version = '2';\nmpc.baseMVA = {base};\n" + "\n".join(blocks)


def bus(number, kind=1, load=0.0, shunt=0.0, area=1):
    return [number, kind, load, 0, shunt, 0, area, 1, 0, 230, 1, 1.1, 0.9]


def gen(at, p_max, p_min=0.0, status=1):
    return [at, 0, 0, 0, 0, 1, 100, status, p_max, p_min]


def branch(start, end, r=0.0, x=0.1, rate=0.0, tap=0.0, shift=0.0, status=1, low=-360.0, high=360.0):
    return [start, end, r, x, 0, rate, 0, 0, tap, shift, status, low, high]


def dcline(start, end, low=0.0, high=10.0, loss0=0.0, loss1=0.0, status=1):
    return [start, end, status, 0, 0, 0, 0, 1, 1, low, high, 0, 0, 0, 0, loss0, loss1]


def three_buses(**changes) -> dict:
    tables = {
        "bus": [bus(10, 3), bus(20, 1, 50.0), bus(30, 2)],
        "gen": [gen(10, 100.0), gen(30, 80.0)],
        "branch": [branch(10, 20), branch(20, 30)],
        "gencost": [[2, 0, 0, 3, 0.01, 20.0, 5.0], [2, 0, 0, 2, 30.0, 1.0, 0]],
    }
    return tables | changes


@pytest.fixture
def read(tmp_path):
    def read_text(text, **options):
        path = tmp_path / "mine.m"
        path.write_text(text)
        return matpower.read(path, **options)

    return read_text


# --- real files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "buses", "branches", "generators", "load"),
    [
        ("case5_pjm", 5, 6, 5, 1000.0),
        ("case14_ieee", 14, 20, 5, 259.0),
        ("case24_ieee_rts", 24, 38, 33, 2850.0),
        ("case30_ieee", 30, 41, 6, 283.4),
        ("case73_ieee_rts", 73, 120, 99, 8550.0),
        ("case118_ieee", 118, 186, 54, 4242.0),
        ("case300_ieee", 300, 411, 69, 23525.85),
        ("case2383wp_k", 2383, 2896, 327, 24558.38),
    ],
)
def test_pglib(name, buses, branches, generators, load):
    network = matpower.read(NETWORKS / "pglib" / f"pglib_opf_{name}.m")
    assert dict(network.sizes) == {"bus": buses, "branch": branches, "generator": generators}
    assert float(network["load"].sum()) == pytest.approx(load)
    assert network.attrs == {"name": f"pglib_opf_{name}", "source": f"pglib_opf_{name}.m"}


def test_details_of_real_files():
    polish = matpower.read(NETWORKS / "pglib" / "pglib_opf_case2383wp_k.m")
    assert int((polish["load"] < 0).sum()) == 5 and int((polish["shift"] != 0).sum()) == 6
    assert int((polish.tap != 1).sum()) == 170
    case300 = matpower.read(NETWORKS / "pglib" / "pglib_opf_case300_ieee.m")
    assert float(case300.shunt.sum()) == pytest.approx(1.3) and (case300.reactance < 0).any()
    rts = matpower.read(NETWORKS / "pglib" / "pglib_opf_case24_ieee_rts.m")
    assert float(rts.cost_quadratic.max()) == 0.328412 and float(rts.cost_constant[0]) == 400.6849
    assert float(rts.angle_max[0]) == pytest.approx(np.pi / 6)


@pytest.mark.parametrize(("name", "buses"), [("case5_3_he", 5), ("case24_7_jb", 50), ("case39_10_he", 39)])
def test_a_dc_grid_is_refused_or_dropped_on_request(name, buses):
    path = NETWORKS / "pglib_hvdc" / f"{name}.m"
    with pytest.raises(ValueError, match=f"{name}.m: mpc.dcbranch: a multi-terminal DC grid .* dc_grid: drop"):
        matpower.read(path)
    assert matpower.read(path, dc_grid="drop").sizes["bus"] == buses


def test_a_bus_that_only_the_dc_grid_connects_is_named():
    with pytest.raises(ValueError, match="case67.m: bus, 67: bus without in-service branch"):
        matpower.read(NETWORKS / "pglib_hvdc" / "case67.m", dc_grid="drop")


# --- meaning of the fields ----------------------------------------------------------------------------------------


def test_out_of_service_rows_and_buses_go_with_their_costs(read):
    network = read(
        write(
            {
                "bus": [bus(1, 3), bus(2, 4, 7.0), bus(3, 1, 50.0)],
                "gen": [gen(1, 10.0, status=0), gen(2, 20.0), gen(3, 30.0), gen(1, 40.0)],
                "branch": [branch(1, 2), branch(1, 3, x=0.3, status=0), branch(1, 3, x=0.2)],
                "gencost": [[2, 0, 0, 2, price, 0] for price in (1.0, 2.0, 3.0, 4.0)],
                "dcline": [dcline(1, 3, status=0), dcline(1, 2), dcline(3, 1, high=9.0)],
                "dclinecost": [[2, 0, 0, 2, price, 0] for price in (5.0, 6.0, 7.0)],
            }
        )
    )
    assert network.bus.values.tolist() == [1, 3] and network["load"].values.tolist() == [0, 50]
    assert network.p_max.values.tolist() == [30, 40] and network.cost_linear.values.tolist() == [3, 4]
    assert network.generator.values.tolist() == [0, 1] and network.reactance.values.tolist() == [0.2]
    assert network.dcline_p_max.values.tolist() == [9] and network.dcline_cost_linear.values.tolist() == [7]


def test_no_dcline_in_service_leaves_no_dcline_dimension(read):
    assert "dcline" not in read(write(three_buses(dcline=[dcline(10, 30, status=0)]))).dims


def test_defaults(read):
    network = read(
        write(three_buses(branch=[branch(10, 20, shift=30.0)[:11], branch(20, 30, tap=1.05, rate=7.0)[:11]]))
    )
    assert network.tap.values.tolist() == [1, 1.05] and network.rate.values.tolist() == [np.inf, 7]
    assert network["shift"].values == pytest.approx([np.pi / 6, 0])
    assert network.angle_min.values == pytest.approx(-2 * np.pi) and network.angle_max.values == pytest.approx(
        2 * np.pi
    )


def test_costs_of_all_forms(read):
    rows = [[2, 0, 0, 1, 7.0, 0, 0, 0, 0, 0], [1, 0, 0, 3, 0.0, 0.0, 40.0, 400.0, 80.0, 1000.0]]
    network = read(write(three_buses(gencost=rows)))
    assert network.cost_constant.values.tolist() == [7, 0] and network.cost_linear.values.tolist() == [0, 0]
    assert network.cost_point_mw.values[1].tolist() == [0, 40, 80] and np.isnan(network.cost_point_mw.values[0]).all()
    assert network.cost_point_usd.values[1].tolist() == [0, 400, 1000]


def test_leading_zeros_of_a_long_polynomial_are_allowed(read):
    rows = [[2, 0, 0, 4, 0.0, 0.02, 3.0, 1.0], [2, 0, 0, 4, 0.0, 0.0, 4.0, 2.0]]
    network = read(write(three_buses(gencost=rows)))
    assert network.cost_quadratic.values.tolist() == [0.02, 0] and network.cost_linear.values.tolist() == [3, 4]


def test_reactive_costs_are_ignored(read):
    costs = three_buses()["gencost"]
    reactive = [[2, 0, 0, 3, 9.0, 9.0, 9.0]] * 2
    assert read(write(three_buses(gencost=costs + reactive))).identical(read(write(three_buses())))


def test_all_spellings_of_a_matrix(read):
    plain = read(write(three_buses()))
    text = write(three_buses())
    assert read(text.replace("\n\t", "\t").replace(";\n1", "; 1")).equals(plain), "several rows on a line"
    assert read(text.replace("\t", ", ")).equals(plain), "commas"
    assert read(text.replace("\n", "\r\n")).equals(plain), "DOS line ends"
    assert read(text.replace("];", "]")).equals(plain), "no final semicolon"
    assert read(text.replace("\t230", "... continued\n 230")).equals(plain), "continued lines"
    assert read("% a comment\n%{\nmpc.bus = [ 1 ];\n%}\n" + text + "end\n").equals(plain), "comments and end"
    assert read(text.replace("mpc", "s")).equals(plain), "another name of the struct"
    noise = "%mpc.bus = [\n%\t1 2 3;\n%];\nmpc.bus_name = {\n'A % ]; b';\n'C''s';\n'D'};\nmpc.reserves.req = [1; 2];\n"
    assert read(text.replace("mpc.bus =", noise + "mpc.bus =")).equals(plain), "commented matrix and names"


# --- malformed files ----------------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_is_an_error_or_complete(tmp_path):
    text = CASE5.read_text()
    whole = matpower.read(CASE5)
    path = tmp_path / CASE5.name
    data_end = text.index("% INFO")
    complete = 0
    for cut in range(0, len(text), 37):
        path.write_text(text[:cut])
        if cut >= text.rindex("];", 0, data_end) + 1:
            complete += matpower.read(path).identical(whole)
            continue
        with pytest.raises(ValueError, match="pglib_opf_case5_pjm.m: ") as error:
            matpower.read(path)
        assert ";" in str(error.value) or "restore" in str(error.value)
    assert complete > 10


@pytest.mark.parametrize("field", ["baseMVA", "bus", "gen", "branch", "gencost"])
def test_a_missing_field(read, field):
    text = CASE5.read_text().replace(f"mpc.{field} =", f"mpc.my{field} =")
    with pytest.raises(ValueError, match=f"mine.m: mpc.{field} is missing; the file is truncated"):
        read(text)


@pytest.mark.parametrize("field", ["bus", "gen", "branch", "gencost"])
def test_a_matrix_without_end_does_not_run_into_the_next_one(read, field):
    text = CASE5.read_text()
    end = text.index("];", text.index(f"mpc.{field} ="))
    with pytest.raises(ValueError, match=rf"mine.m: line \d+: mpc.{field} is not closed by a bracket"):
        read(text[:end] + text[end + 2 :])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mpc.baseMVA = 100;", "mpc.baseMVA = ten;", "mpc.baseMVA is `ten`, not a number"),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = 100 * 2;", "line 3: `mpc.baseMVA = .* is not data of the form"),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = 0;", "base_mva, whole network: is 0"),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = 100;\nmpc.baseMVA = 50;", "line 4: mpc.baseMVA is assigned twice"),
        ("mpc.version", "baseMVA = 100; mpc.version", "line 2: `baseMVA = 100.* is not data of the form"),
        ("mpc.version", "x.version", "line 2: `x.version"),
        ("function mpc = case_test", "", "no line `function mpc = <name>` before the data"),
        ("20\t1\t50.0", "20\t1\tabc", "mpc.bus, row 2: `abc` is not a number"),
        ("20\t1\t50.0", "20\t1", "mpc.bus, row 2: 12 columns, but row 1 has 13"),
        ("20\t1\t50.0", "20\t1\tNaN", "load, bus 20: is not a finite number"),
        ("20\t1\t50.0", "20\t1\tInf", "load, bus 20: is not a finite number"),
        ("20\t1\t50.0", "20\t5\t50.0", "mpc.bus, row 2: BUS_TYPE is not 1, 2, 3 or 4"),
        ("20\t1\t50.0", "20.5\t1\t50.0", "mpc.bus, row 2: BUS_I is not a whole number"),
        ("20\t1\t50.0", "10\t1\t50.0", "bus, 10: occurs more than once"),
        ("10\t3\t0.0", "10\t1\t0.0", "bus_type, whole network: no reference bus"),
        ("mpc.gen = [\n10\t", "mpc.gen = [\n40\t", r"generator_bus, generator 0 \(bus 40\): unknown bus 40"),
        ("mpc.gen = [\n10\t", "mpc.gen = [\n\n];mpc.x = [\n10\t", "mpc.gen: has no rows"),
        ("mpc.gencost = [\n", "mpc.gencost = [\n2 0 0 3 0 1 0\n", "mpc.gencost: 3 rows for 2 generators"),
        ("2\t0\t0\t3\t0.01", "3\t0\t0\t3\t0.01", "mpc.gencost, row 1: MODEL is not 1 or 2"),
        ("2\t0\t0\t3\t0.01", "2\t0\t0\t4\t0.01", "mpc.gencost, row 1: too few columns for NCOST"),
        ("2\t0\t0\t3\t0.01", "2\t0\t0\t0.5\t0.01", "mpc.gencost, row 1: NCOST must be a whole number"),
        ("2\t0\t0\t3\t0.01", "2\t0\t0\t3\tNaN", "mpc.gencost, row 1: cost is not a finite number"),
        ("2\t0\t0\t3\t0.01", "2\t0\t0\t3\t-0.01", r"generator 0 \(bus 10\): non-convex offer"),
    ],
)
def test_malformed(read, old, new, message):
    text = write(three_buses())
    assert text.count(old) == 1
    with pytest.raises(ValueError, match=message) as error:
        read(text.replace(old, new))
    assert str(error.value).startswith("mine.m: ") and ";" in str(error.value)


def test_too_few_columns(read):
    with pytest.raises(ValueError, match="mpc.branch: 10 columns, but the format has 11"):
        read(write(three_buses(branch=[branch(10, 20)[:10], branch(20, 30)[:10]])))


def test_a_field_that_is_not_a_matrix(read):
    with pytest.raises(ValueError, match=r"mpc.bus is not a matrix"):
        read(write(three_buses()).replace("mpc.bus =", "mpc.bus = 5;\nmpc.x ="))


def test_cubic_and_falling_costs(read):
    with pytest.raises(ValueError, match="mpc.gencost, row 2: polynomial cost of degree 3 or more"):
        read(write(three_buses(gencost=[[2, 0, 0, 2, 1, 0, 0, 0], [2, 0, 0, 4, 0.1, 1, 1, 1]])))
    falling = [[2, 0, 0, 2, 1, 0, 0, 0, 0, 0], [1, 0, 0, 3, 0, 0, 40, 400, 80, 700]]
    with pytest.raises(ValueError, match=r"generator 1 \(bus 30\): non-convex offer: decreasing slopes"):
        read(write(three_buses(gencost=falling)))


def test_dclinecost_with_the_wrong_number_of_rows(read):
    rows = [[2, 0, 0, 2, 1.0, 0.0]] * 2
    with pytest.raises(ValueError, match="mpc.dclinecost: 2 rows for 1 DC lines"):
        read(write(three_buses(dcline=[dcline(10, 30)], dclinecost=rows)))


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe garbage", b"<html>not found</html>", b"{}"])
def test_something_else_than_a_case_file(tmp_path, content):
    path = tmp_path / "mine.m"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="mine.m: no line `function mpc = <name>`"):
        matpower.read(path)


def test_code_that_changes_the_data_is_refused(read):
    text = write(three_buses()) + "mpc.bus(:, [3 4]) = mpc.bus(:, [3 4]) / 1e3;\n"
    with pytest.raises(ValueError, match=r"line \d+: `mpc.bus\(:, .* code in a case file is not run"):
        read(text)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.m: no such case file"):
        matpower.read(tmp_path / "nothing.m")


# --- random networks come back as written -------------------------------------------------------------------------

number = st.floats(-1e4, 1e4, allow_subnormal=False)
positive = st.floats(1e-3, 1e4)


@st.composite
def random_case(draw):
    """Rows of a connected network with everything in service, bus 1 the reference."""
    count = draw(st.integers(2, 6))
    numbers = draw(st.lists(st.integers(1, 99999), min_size=count, max_size=count, unique=True))
    ends = [(numbers[draw(st.integers(0, k - 1))], numbers[k]) for k in range(1, count)]
    buses = [bus(n, 3 if n == numbers[0] else 1, draw(number), draw(number), draw(st.integers(1, 9))) for n in numbers]
    branches = [
        branch(a, b, draw(positive), draw(positive) * draw(st.sampled_from([-1, 1])), draw(positive),
               draw(st.floats(0.5, 2)), draw(st.floats(-90, 90)), 1, draw(st.floats(-360, 0)), draw(st.floats(0, 360)))
        for a, b in ends
    ]  # fmt: skip
    units = draw(st.lists(st.sampled_from(numbers), min_size=1, max_size=5))
    limits = [sorted(draw(st.tuples(number, number))) for _ in units]
    gens = [gen(n, high, low) for n, (low, high) in zip(units, limits, strict=True)]
    coefficients = [[draw(st.floats(0, 10)), draw(number), draw(number)] for _ in units]
    dclines = [
        dcline(*draw(st.permutations(numbers))[:2], *sorted(draw(st.tuples(number, number))), draw(positive),
               draw(st.floats(0, 0.9)))
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    base = draw(positive)
    return base, buses, branches, gens, coefficients, dclines


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random_case())
def test_round_trip(read, case):
    base, buses, branches, gens, coefficients, dclines = case
    costs = [[2, 0, 0, 3, *row] for row in coefficients]
    tables = {"bus": buses, "gen": gens, "branch": branches, "gencost": costs}
    network = read(write(tables | ({"dcline": dclines} if dclines else {}), base))
    columns = {
        "bus": {"bus": 0, "bus_type": 1, "load": 2, "shunt": 4, "area": 6},
        "branch": {"from_bus": 0, "to_bus": 1, "resistance": 2, "reactance": 3, "rate": 5, "tap": 8},
        "gen": {"generator_bus": 0, "p_max": 8, "p_min": 9},
        "gencost": {"cost_quadratic": 4, "cost_linear": 5, "cost_constant": 6},
        "dcline": {"dcline_from": 0, "dcline_to": 1, "dcline_p_min": 9, "dcline_p_max": 10,
                   "dcline_loss_constant": 15, "dcline_loss_linear": 16},
    }  # fmt: skip
    rows = tables | {"dcline": dclines}
    for field, variables in columns.items():
        for name, column in variables.items() if rows[field] else ():
            assert network[name].values.tolist() == [row[column] for row in rows[field]], name
    degrees = {"shift": 9, "angle_min": 11, "angle_max": 12}
    for name, column in degrees.items():
        np.testing.assert_allclose(np.rad2deg(network[name]), [row[column] for row in branches], atol=1e-12)
    assert float(network.base_mva) == base


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=6))
def test_round_trip_of_piecewise_costs(read, steps):
    """Widths and slopes -> convex points -> file -> the same points."""
    slopes = sorted(slope for _, slope in steps)
    widths = [width for width, _ in steps]
    mw = np.concatenate([[0.0], np.cumsum(widths)])
    usd = np.concatenate([[0.0], np.cumsum(np.multiply(widths, slopes))])
    points = np.column_stack([mw, usd]).ravel().tolist()
    rows = [[1, 0, 0, len(mw), *points], [2, 0, 0, 1] + [0.0] * len(points)]
    network = read(write(three_buses(gencost=rows)))
    assert network.cost_point_mw.values[0].tolist() == mw.tolist()
    assert network.cost_point_usd.values[0].tolist() == usd.tolist()
