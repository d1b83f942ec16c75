"""Tables of the one-node study, against the numbers of the five PJM units worked out by hand."""

import pandas as pd
import pytest
import xarray as xr

from sharegrid.tables import challenges, properties, wholesale_payments

COLUMNS = ["unit", "demand_mw", "p_mw", "cost", "uniform_revenue", "vcg_payment", "pab_payment", "vcg_profit", "vcg_per_mwh",
           "shed_without_i", "rsi"]  # fmt: skip


def test_wholesale_payments(wholesale):
    frame = wholesale_payments.table(wholesale)
    assert list(frame.columns) == COLUMNS
    assert frame[["unit", "demand_mw"]].values.tolist() == [[str(k), d] for d in (900.0, 1000.0) for k in range(1, 6)]
    totals = frame.groupby("demand_mw")[["uniform_revenue", "vcg_payment"]].sum()
    assert totals.loc[900].tolist() == pytest.approx([27000, 29600])
    assert totals.loc[1000].tolist() == pytest.approx([30000, 101800])
    unit = frame.set_index(["demand_mw", "unit"])
    assert unit.loc[(1000, "5"), ["vcg_payment", "shed_without_i", "rsi"]].tolist() == pytest.approx([87900, 70, 0.93])
    assert unit.loc[(900, "5"), "rsi"] == pytest.approx(930 / 900, abs=1e-6)
    assert unit.loc[(900, "3"), ["cost", "pab_payment", "vcg_profit"]].tolist() == pytest.approx([2700, 2700, 900])


def test_payment_per_mwh_is_empty_without_output(wholesale):
    frame = wholesale_payments.table(wholesale, cases=["D900"]).set_index("unit")
    assert frame["vcg_per_mwh"].isna().to_dict() == {"1": False, "2": False, "3": False, "4": True, "5": False}
    assert frame.loc["5", "vcg_per_mwh"] == pytest.approx(19700 / 600, abs=1e-6)


def test_properties_keep_the_order_of_the_check():
    payments = xr.Dataset(
        {"proposition_residual": ("property", [0.0, 270.0]), "proposition_passed": ("property", [1, 0])},
        {"property": ["P1", "P7"]},
    )
    frame = properties.table({"payments": payments})
    assert frame.to_dict("list") == {"property": ["P1", "P7"], "residual": [0.0, 270.0], "pass": [True, False]}


@pytest.mark.parametrize(
    ("module", "options", "told"),
    [
        (wholesale_payments, {"cases": ["D90"]}, "option cases: no 'D90'; did you mean 'D900'"),
        (
            properties,
            {},
            "no 'proposition_residual' among the payments of this study; add pay: {checks: {wholesale-prop",
        ),
        (challenges, {}, "no 'challenge' among the payments of this study; add pay: {checks: {wholesale-challenges"),
    ],
)
def test_errors_name_the_option_or_what_to_add(wholesale, module, options, told):
    with pytest.raises(ValueError, match=told):
        module.table(wholesale, **options)
    if not options:
        with pytest.raises(ValueError, match="no payments in this study; add the stage pay"):
            module.table({})


def test_entry_of_a_study_that_is_not_used(challenge_rows):
    with pytest.raises(ValueError, match="option entry_study: the payments of 'ch3-x' are not here; add ch3-x to uses"):
        challenges.table({"payments": challenge_rows}, entry_study="ch3-x")


@pytest.fixture
def challenge_rows():
    columns = {
        "challenge": ["budget deficit", "non-monotone revenue", "computation"],
        "quantity": ["deficit, D = 900 MW", "largest increase", "linear programs, 10 units"],
        "value": [2600.0, 0.0, 11.0],
        "unit": ["$/h", "$/h", "1"],
    }
    return xr.Dataset({name: ("challenge_row", column) for name, column in columns.items()})


def test_challenges_are_the_rows_of_the_check(challenge_rows):
    frame = challenges.table({"payments": challenge_rows})
    assert list(frame.columns) == ["challenge", "quantity", "value", "unit"]
    assert frame["value"].tolist() == [2600.0, 0.0, 11.0]
    assert frame.loc[0].tolist() == ["budget deficit", "deficit, D = 900 MW", 2600.0, "$/h"]


def test_entry_to_a_network_of_another_study_follows_the_rows_on_entry(challenge_rows):
    names = {"entry_payment_change": [float("nan"), 267.79], "entry_cost_change": [float("nan"), -137.93]}
    other = xr.Dataset(
        {name: ("scenario", column) for name, column in names.items()}, {"scenario": ["0.5", "0.5|without 6"]}
    )
    other["entry_lost_load"] = ("scenario", [float("nan"), 0.0])
    frame = challenges.table({"payments": challenge_rows, "of_ch3_ieee118": other}, entry_study="ch3-ieee118")
    assert frame["challenge"].tolist() == ["budget deficit", *["non-monotone revenue"] * 3, "computation"]
    assert frame["value"].tolist() == pytest.approx([2600.0, 0.0, 267.79, -137.93, 11.0])
    assert "'0.5|without 6' of ch3-ieee118, all load served" in frame["quantity"].iloc[2]
    assert pd.api.types.is_float_dtype(frame["value"])
