"""The studies as they are configured, from raw data to tables, against the numbers they must show to every digit.

Numbers: tests/reference/published*.csv; `half_digit` is half a unit of the last digit given.
"""

import pandas as pd
import pytest

from whole_study import ROOT, tables

FILES = sorted((ROOT / "tests/reference").glob("published*.csv"))
PUBLISHED = pd.concat([pd.read_csv(path) for path in FILES], ignore_index=True)


@pytest.mark.parametrize(
    "row", list(PUBLISHED.itertuples()), ids=lambda row: f"{row.table}: {row.column} at {row.where}"
)
def test_published_number(row):
    frame = tables(row.study)[row.table]
    for condition in row.where.split(";"):
        column, wanted = condition.split("=")
        frame = frame[[_same(value, wanted) for value in frame[column]]]
    how, _, column = row.column.rpartition(" ")
    found = getattr(frame[column], how)() if how else frame[column].item()
    assert abs(found - row.value) <= row.half_digit * (1 + 1e-9)


def _same(value, wanted: str) -> bool:
    return str(value) == wanted or (not isinstance(value, str) and float(value) == float(wanted))


def test_every_proposition_holds():
    frame = tables("ch2-wholesale")["tab_2_properties"]
    assert frame["property"].tolist() == [f"P{k}" for k in range(1, 10)]
    assert frame["pass"].all()
    assert frame.set_index("property")["residual"]["P7"] > 0
