"""Snakemake adapter of the stage coordinate: the optimum reached by messages."""

from sharegrid import files, logs
from sharegrid.stages import coordinate

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, coordinate"):
    coordination = coordinate.coordinate(results=files.read_datasets(snakemake.input), config=snakemake.params.config)
    files.write_dataset(coordination, snakemake.output[0])
