"""Snakemake adapter of the stage value: the optima of coalitions, all of a study or one chunk of them."""

from sharegrid import files, logs
from sharegrid.stages import value

part = {name: int(snakemake.wildcards[name]) for name in ("chunk", "chunks") if name in snakemake.wildcards.keys()}
with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, value"):
    values = value.value(**files.read_datasets(snakemake.input), config=snakemake.params.config, **part)
    files.write_dataset(values, snakemake.output[0])
