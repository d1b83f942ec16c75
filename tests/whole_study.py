"""Studies as they are configured, from raw data to tables, for tests of what they must show."""

from functools import cache
from pathlib import Path

import pandas as pd
import xarray as xr

from sharegrid import config, plugins
from sharegrid.stages import clear, coordinate, pay, plan, prepare, present, value

ROOT = Path(__file__).parents[1]
SEED = config.Global().seed


@cache
def study(name: str) -> config.Study:
    """The study's file, checked, with the seed that the configuration gives."""
    found = config.read_study(ROOT / f"config/studies/{name}.yaml")
    config._seed(found, SEED)
    return found


@cache
def results(name: str) -> dict[str, xr.Dataset]:
    """The Datasets of all stages that the study has, without the comparison of engines."""
    of = study(name)
    others = {f"cleared_of_{plugins.snake(other)}": results(other)["cleared"] for other in of.prepare.studies}
    made = {"data": prepare.prepare(of.params("prepare"), ROOT / "resources", others)}
    if of.clear:
        made["cleared"] = clear.clear(made["data"], of.params("clear"))
    if of.value:
        made["values"] = value.value(made["data"], of.params("value") | {"compare": None})
    if of.pay:
        made["payments"] = pay.pay(made["data"], made["cleared"], made.get("values"), of.params("pay"))
    if of.plan:
        made["plan"] = plan.plan(made, of.params("plan"))
    if of.coordinate:
        made["coordination"] = coordinate.coordinate(made, of.params("coordinate"))
    return made


def with_used(name: str) -> dict[str, xr.Dataset]:
    """The Datasets of the study, and those that it shows of other studies, as its job `present` reads them."""
    made = dict(results(name))
    for other in study(name).uses:
        for dataset, prefix in (("data", "data_of"), ("cleared", "cleared_of"), ("payments", "of")):
            made[f"{prefix}_{plugins.snake(other)}"] = results(other)[dataset]
    return made


@cache
def tables(name: str) -> dict[str, pd.DataFrame]:
    """All tables of a study but those that need the comparison of engines."""
    shown = study(name).params("present")
    shown["tables"] = {stem: item for stem, item in shown["tables"].items()
                       if item["kind"] != "runtime"}  # fmt: skip
    return dict(present.tables(with_used(name), shown))
