"""The studies as they are configured, from raw data to tables, against the numbers they must show to every digit.

Numbers: tests/reference/published.csv; `half_digit` is half a unit of the last digit given.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from sharegrid import config
from sharegrid.stages import clear, pay, prepare, present, value

ROOT = Path(__file__).parents[2]
PUBLISHED = pd.read_csv(ROOT / "tests/reference/published.csv")


@cache
def tables(name: str) -> dict[str, pd.DataFrame]:
    """All tables of a study but those that need another study, without the comparison of engines."""
    study = config.read_study(ROOT / f"config/studies/{name}.yaml")
    data = prepare.prepare(study.params("prepare"), ROOT / "resources")
    cleared = clear.clear(data, study.params("clear"))
    values = value.value(data, study.params("value") | {"compare": None})
    payments = pay.pay(data, cleared, values, study.params("pay"))
    shown = study.params("present")
    shown["tables"] = {stem: item for stem, item in shown["tables"].items()
                       if item["kind"] not in ("runtime", "challenges")}  # fmt: skip
    return dict(present.tables({"data": data, "cleared": cleared, "values": values, "payments": payments}, shown))


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
