"""Snakemake adapter of the stage prepare: raw data to the study's Dataset."""

from pathlib import Path

from sharegrid import files, logs
from sharegrid.stages import prepare

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, prepare"):
    resources = Path(snakemake.input.sources).parent
    others = files.read_datasets(snakemake.input)
    data = prepare.prepare(config=snakemake.params.config, resources=resources, others=others)
    files.write_dataset(data, snakemake.output[0])
