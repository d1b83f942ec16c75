"""Snakemake adapter of the stage plan: investments on top of a market."""

from sharegrid import files, logs
from sharegrid.stages import plan

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, plan"):
    planned = plan.plan(results=files.read_datasets(snakemake.input), config=snakemake.params.config)
    files.write_dataset(planned, snakemake.output[0])
