"""Snakemake adapter of the stage clear: the optimum with everybody."""

from sharegrid import files, logs
from sharegrid.stages import clear

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, clear"):
    cleared = clear.clear(**files.read_datasets(snakemake.input), config=snakemake.params.config)
    files.write_dataset(cleared, snakemake.output[0])
