"""What is said of lost load and missing reserve after a market of several areas was cleared."""

import logging

import multi_area
import two_stage
from multi_area import TOY, changed
from sharegrid.markets import area_reports
from sharegrid.stages.clear import clear


def warnings(caplog, section: dict, **options) -> list[str]:
    data = multi_area.data(section, **options)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        cleared = clear(data, {"market": "multi-area"})
    told = [record.getMessage() for record in caplog.records]
    assert told == area_reports.report(data, cleared)
    return told


def test_nothing_is_said_where_nothing_is_missing(caplog):
    assert warnings(caplog, TOY) == []


def test_missing_reserve_is_told_by_area_and_direction(caplog):
    """A2 holds at most 15 + 15 MW; G1 of A1 holds none."""
    section = changed(TOY, requirements={"load_up": 0.5, "load_down": 0.2}, ties__T__capacity_mw=0)
    assert warnings(caplog, section) == [
        "scenario base: area A1 lacks 25 MW of up reserve",
        "scenario base: area A2 lacks 30 MW of up reserve",
        "scenario base: area A1 lacks 10 MW of down reserve",
    ]


def test_reserve_that_is_dearer_than_its_absence_is_told(caplog):
    section = changed(TOY, requirements={"load_up": 0.1}, reserve_penalty=6, areas__A2__units__G3__reserve_limit_mw=0)
    assert warnings(caplog, section, scenarios={"bid": {"label": "bid", "bidder": ["G2"], "reserve_bid": [5]},
                                               "base": {"label": "base"}}) == [
        "scenario bid: area A1 lacks 5 MW of up reserve",
        "scenario bid: area A2 lacks 12 MW of up reserve",
        "scenario base: area A1 lacks 5 MW of up reserve",
    ]  # fmt: skip


def test_lost_load_is_told_with_its_worst_hour_and_its_sum(caplog):
    section = changed(TOY, areas__A2__units={}, ties__T__capacity_mw=80, requirements={})
    wave = {"mean": 1, "swing": 0.5, "zero_hour": 18}  # 0.5 at noon, 1.5 at midnight
    told = warnings(caplog, section, hours=2, load_profile=wave)
    second = 120 * (1 + 0.5 * 0.9659258262890683) - 80
    assert told == [f"scenario base: area A2 lacks 100 MW of load (hour 0), {100 + second:.6g} MWh in all hours"]


def test_load_lost_in_outcomes_is_told_too(caplog):
    data = two_stage.changed(areas=changed(two_stage.TOY, areas__A2__load_mw=400)["areas"])
    with caplog.at_level(logging.WARNING):
        two_stage.clear(data)
    assert any(f"scenario {data['scenario'].values[0]}: area A2 lacks" in told for told in caplog.messages)
