"""Snakemake adapter of the stage value: the optima of coalitions, all of a study or one chunk of them."""

from sharegrid import files, logs
from sharegrid.stages import value

chunk, chunks = (int(snakemake.wildcards.get(name, default)) for name, default in (("chunk", 0), ("chunks", 1)))
with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, value"):
    results = files.read_datasets(snakemake.input)
    values = value.value(**results, config=snakemake.params.config, chunk=chunk, chunks=chunks)
    files.write_dataset(values, snakemake.output[0])
