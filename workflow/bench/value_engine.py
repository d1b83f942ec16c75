"""How fast the back ends of the value engine are: python workflow/bench/value_engine.py [more MATPOWER .m files]

A sweep clears a spot market with everybody (line limits of the case, Pmin = 0, lost load at 1000 $/MWh, 10 blocks per
quadratic cost), then again without each participant that produces something: what a VCG settlement needs. CPU time of
one thread, all back ends in one process, medians. `warm` and `reduced` are timed over whole sweeps, the first clearing
included; building the linopy model that `warm` shares among scenarios is printed apart. `rebuild` is timed over a sample
of counterfactuals in large cases. Writes benchmarks/value_engine.csv.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):  # before NumPy: threaded BLAS on busy cores slows small solves twentyfold
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import csv
import logging
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from sharegrid.markets import spot
from sharegrid.optimise import coalitions, reduced
from sharegrid.optimise.values import Engine
from sharegrid.stages.prepare import prepare

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    "case118": {
        "path": "networks/facts/case118",
        "reader": "facts",
        "ratings": "networks/pglib/pglib_opf_case118_ieee.m",
    },
    "case300": {"path": "networks/pglib/pglib_opf_case300_ieee.m"},
    "case2383wp": {"path": "networks/pglib/pglib_opf_case2383wp_k.m"},
}
REPEATS = 5
ENOUGH = 30.0  # s of CPU time; no further repeats beyond it
FULL_REBUILD = 20  # counterfactuals; beyond, `rebuild` is timed on
SAMPLE = 5  # of them, evenly spread
OWNERS = 10
PERTURBATION = 1e-3  # $/MWh, at most, on the offers of each generator: many files give all generators the same cost
SEED = 1


@dataclass
class Row:
    """One line of the table."""

    case: str
    buses: int
    method: str
    counterfactuals: int
    cpu_ms_per_counterfactual: float
    sweep_cpu_s: float | None = None
    ratio_to_rebuild: float = 1.0
    largest_relative_difference: float = 0.0


def market_of(network: dict, participants: dict | None = None) -> xr.Dataset:
    """The spot market of a network with its own line limits."""
    families = {"case": {"label": "{limits}", "limits": ["case"]}}
    options = {"market": "spot", "network": network, "participants": participants, "scenarios": families}
    data = prepare(options, ROOT / "resources")
    noise = np.random.default_rng(SEED).uniform(-1, 1, data.sizes["generator"])
    return data.assign(offer_price=data["offer_price"] + PERTURBATION * xr.DataArray(noise, dims="generator"))


def cpu(function) -> tuple[float, object]:
    """CPU time in s, and the result."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def median_cpu(function) -> tuple[float, object]:
    """Median CPU time in s of some repeats, and the last result."""
    times = []
    while len(times) < REPEATS and sum(times) < ENOUGH:
        seconds, result = cpu(function)
        times.append(seconds)
    return statistics.median(times), result


def compare(case: str, network: dict) -> list[Row]:
    """The back ends on one case, `rebuild` first."""
    data = market_of(network)
    everybody = coalitions.removals(data.sizes["participant"])
    cost = reduced.counterfactuals(data.isel(scenario=0), everybody).cost
    absent = everybody[cost > cost[0] * (1 + 1e-12)]
    sample = np.arange(len(absent))
    if len(absent) > FULL_REBUILD:
        sample = np.linspace(0, len(absent) - 1, SAMPLE).astype(int)
    single = [cpu(lambda row=row: Engine(spot, data, "rebuild").solve(0, absent[[row]])) for row in sample]
    reference, each = np.array([found.cost[0] for _, found in single]), [seconds for seconds, _ in single]
    whole = sum(each) if len(sample) == len(absent) else None
    rows = [Row(case, data.sizes["bus"], "rebuild", len(sample), 1e3 * statistics.median(each), whole)]
    for method in ("warm", "reduced"):
        build, engine = cpu(lambda method=method: Engine(spot, data, method))
        seconds, found = median_cpu(lambda engine=engine: engine.solve(0, absent))
        row = Row(case, data.sizes["bus"], method, len(absent), 1e3 * seconds / len(absent), seconds)
        row.ratio_to_rebuild = rows[0].cpu_ms_per_counterfactual / row.cpu_ms_per_counterfactual
        row.largest_relative_difference = float(np.abs(found.cost[sample] / reference - 1).max())
        rows.append(row)
        print(
            f"{case} {method}: model {build:.3f} s, {found.counts}, {found.fallback.sum()} cold fallbacks", flush=True
        )
    return rows


def all_coalitions() -> None:
    """The 2^10 coalitions of ten owners on case118, who own every tenth generator each."""
    names = [str(k) for k in range(market_of(CASES["case118"]).sizes["generator"])]
    data = market_of(CASES["case118"], {f"owner{k}": names[k::OWNERS] for k in range(OWNERS)})
    absent, cost = coalitions.subsets(OWNERS), {}
    for method in ("warm", "reduced"):
        engine = Engine(spot, data, method)
        seconds, found = median_cpu(lambda engine=engine: engine.solve(0, absent))
        cost[method] = found.cost
        print(f"case118, {len(absent)} coalitions of {OWNERS} owners, {method}: {seconds:.2f} s CPU, {found.counts}")
    print(f"largest relative difference {np.abs(cost['warm'] / cost['reduced'] - 1).max():.1e}", flush=True)


def write(rows: list[Row], path: Path) -> None:
    """The table as CSV; empty where a sweep was not run in full."""
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(Row.__dataclass_fields__), lineterminator="\n")
        table.writeheader()
        for row in rows:
            values = asdict(row).items()
            table.writerow({name: f"{value:.10g}" if isinstance(value, float) else value for name, value in values})


def main(files: list[str]) -> None:
    """Compare the back ends on the cases of this file and on `files`."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cases = CASES | {Path(file).stem: {"path": str(Path(file).resolve())} for file in files}
    rows = [row for case, network in cases.items() for row in compare(case, network)]
    all_coalitions()
    write(rows, ROOT / "benchmarks" / "value_engine.csv")
    print(
        f"\n{'case':20} {'buses':>6} {'method':8} {'count':>6} {'ms each':>9} {'sweep s':>8} {'ratio':>6} {'difference':>10}"
    )
    for row in rows:
        sweep = "" if row.sweep_cpu_s is None else f"{row.sweep_cpu_s:.2f}"
        print(
            f"{row.case:20} {row.buses:6} {row.method:8} {row.counterfactuals:6} {row.cpu_ms_per_counterfactual:9.3f} "
            f"{sweep:>8} {row.ratio_to_rebuild:6.0f} {row.largest_relative_difference:10.1e}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
