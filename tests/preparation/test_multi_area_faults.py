"""What the preparation of the multi-area market refuses, and how it says so."""

import pytest
import xarray as xr

import multi_area
import two_stage
from multi_area import TOY, TWO_AREA, changed
from sharegrid.stages.prepare import prepare

UNIT = {"capacity_mw": 100, "linear": 20}
REFUSED = {
    "tie within an area": (
        changed(TWO_AREA, ties__T1__to_bus="A1:7"),
        r"prepare: ties: 'T1': both ends are in area 'A1'; correct one, or set allow_intra",
    ),
    "tie from a bus to itself": (
        changed(TWO_AREA, ties__T1__to_bus="A1:2", ties__T1__allow_intra=True),
        r"prepare: ties: 'T1': both ends are at bus 'A1:2'",
    ),
    "unknown bus of a tie": (
        changed(TWO_AREA, ties__T2__to_bus="A2:31"),
        r"prepare: ties: to_bus: 'T2': no bus 'A2:31'; buses are called A1:1 to A2:30",
    ),
    "unknown bus of a plant": (
        changed(TWO_AREA, renewables__W2__bus="2"),
        r"prepare: renewables: bus: 'W2': no bus '2'",
    ),
    "negative capacity": (changed(TOY, ties__T__capacity_mw=-1), r"ties: capacity_mw: 'T': -1 is negative"),
    "capacity that is no number": (
        changed(TOY, ties__T__capacity_mw=float("nan")),
        r"ties: capacity: 'T': nan is no number",
    ),
    "losses over 100 %": (
        changed(TOY, ties__T__linear_loss=0.2, ties__T__quadratic_loss=0.005, loss_model="tangents"),
        r"prepare: ties: 'T', scenario 'base': losses over 100 %: at 80 MW one more MW sent loses 1 MW",
    ),
    "linear losses over 100 %": (changed(TOY, ties__T__linear_loss=1), r"'T', scenario 'base': losses over 100 %"),
    "quadratic losses that the model passes over": (
        changed(TOY, ties__T__quadratic_loss=0.001),
        r"ties: 'T': quadratic_loss counts with loss_model: tangents only; set it, or leave it out",
    ),
    "quadratic losses of two stages": (
        two_stage.TOY | {"ties": changed(TOY, ties__T__quadratic_loss=0.001)["ties"]},
        r"ties: 'T': quadratic_loss counts with loss_model: tangents only",
    ),
    "an area called as a set of others": (
        changed(TOY, areas={"A1": {"load_mw": 1}, "A2": {"load_mw": 1}, "A1+A2": {"load_mw": 1}}),
        r"areas: 'A1\+A2': a plus joins the areas of a set; choose another name",
    ),
    "reserve dearer than its absence": (
        changed(TOY, reserve_penalty=5),
        r"prepare.reserve_penalty: 5 is not above what reserve of unit 'G3' costs, 5 \$/MW per h; raise it",
    ),
    "cost that is not convex": (
        changed(TOY, areas__A1__units__G1__quadratic=-0.1),
        r"prepare.areas.A1.units.G1.quadratic: -0.1 makes the cost not convex",
    ),
    "cost that is no number": (
        changed(TOY, areas__A1__units__G1__linear=float("nan")),
        r"prepare.areas.A1.units.G1.linear: nan is no cost",
    ),
    "one unit name in two areas": (
        changed(TOY, areas__A1__units={"G2": UNIT}),
        r"prepare: units, plants and areas: 'G2': the name stands twice, for a unit at bus A1 and a unit at bus A2; rename",
    ),
    "a plant called as a unit": (
        changed(TOY, renewables={"G1": {"bus": "A1", "power_mw": 1}}),
        r"units, plants and areas: 'G1': the name stands twice, for a unit at bus A1 and a plant at bus A1",
    ),
    "a unit called as an area": (
        changed(TOY, areas__A1__units={"A2": UNIT}),
        r"units, plants and areas: 'A2': the name stands twice, for an area and a unit at bus A1",
    ),
    "a unit called as the loads": (
        changed(TOY, areas__A1__units={"loads": UNIT}),
        r"units, plants and areas: 'loads': the name stands twice, for the loads and a unit at bus A1",
    ),
    "a plant that bids": (
        TOY | {"scenarios": {"bid": {"label": "x", "bidder": ["W"], "reserve_bid": [2]}}},
        r"prepare.scenarios.bid.bidder: 'W' is a plant; plants cannot bid",
    ),
    "ratings of another network": (
        changed(TWO_AREA, areas__A2__ratings="networks/pglib/pglib_opf_case14_ieee.m"),
        r"prepare.areas.A2.ratings: networks/pglib/pglib_opf_case14_ieee.m has other branches than case30",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    section, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        multi_area.data(section)


def test_losses_are_checked_at_the_capacity_of_each_scenario():
    section = changed(TOY, ties__T__quadratic_loss=0.005, loss_model="tangents")
    with pytest.raises(ValueError, match="scenario 'x2': losses over 100 %"):
        multi_area.data(section, {"factor": {"label": "x{tie_factor}", "tie_factor": [1, 2]}})


def test_ties_within_an_area_may_be_allowed():
    data = multi_area.data(changed(TWO_AREA, ties__T1__to_bus="A1:7", ties__T1__allow_intra=True))
    assert data["tie_to_area"].values.tolist() == ["A1", "A2"]


# Files of the user

PLAIN = """function mpc = plain
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 135 1 1.05 0.95;
 2 1 50 0 0 0 1 1 0 135 1 1.05 0.95;
 3 {type} 50 0 0 0 1 1 0 135 1 1.05 0.95;
 4 1 50 0 0 0 1 1 0 135 1 1.05 0.95;
];
mpc.gen = [
 1 0 0 10 -10 1 100 1 200 {pmin};
];
mpc.gencost = [
 {cost};
];
mpc.branch = [
 1 2 0 0.1 0 100 0 0 0 0 1 -360 360;
 2 3 0 0.1 0 100 0 0 0 0 {status} -360 360;
 3 4 0 0.1 0 100 0 0 0 0 1 -360 360;
];
"""
DCLINE = "mpc.dcline = [\n 1 4 1 0 0 0 0 1 1 0 50 0 0 0 0 0 0;\n];\n"
SOUND = {"type": 1, "pmin": 0, "cost": "2 0 0 3 0.1 20 0", "status": 1}


def of_file(folder, text: str) -> xr.Dataset:
    """The market of one area whose file has this text."""
    (folder / "sources.yaml").write_text("files: []\n")
    (folder / "plain.m").write_text(text)
    areas = {"A": {"path": "plain.m", "reader": "matpower"}, "B": TOY["areas"]["A1"]}
    return prepare({"market": "multi-area", "areas": areas, "scenarios": multi_area.BASE}, folder)


def test_a_file_of_the_user(tmp_path):
    data = of_file(tmp_path, PLAIN.format(**SOUND))
    assert data["generator"].values.tolist() == ["A:g1", "G1"]
    assert data["bus"].values.tolist() == ["A:1", "A:2", "A:3", "A:4", "B"]


FAULTS = {
    "disconnected": ({"type": 3, "status": 0}, r"prepare: areas: 'A': .* no branches lead from bus 'A:1' to bus 'A:3'"),
    "limits": ({"pmin": 300}, r"plain.m.*is above p_max"),
    "convexity": ({"cost": "2 0 0 3 -0.1 20 0"}, r"plain.m.*non-convex"),
    "number": ({"cost": "2 0 0 3 NaN 20 0"}, r"plain.m"),
    "points": (
        {"cost": "1 0 0 2 0 0 200 4000"},
        r"plain.m: generator 1 in service: cost by points; give it a polynomial cost",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_files(tmp_path, name):
    change, words = FAULTS[name]
    with pytest.raises(ValueError, match=words):
        of_file(tmp_path, PLAIN.format(**(SOUND | change)))


def test_a_dc_line_in_service_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"plain.m: dcline 1 to 4 is in service; .* give it as a tie"):
        of_file(tmp_path, PLAIN.format(**SOUND) + DCLINE)
