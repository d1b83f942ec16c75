"""Snakemake adapter of the stage pay: payments under each mechanism, sharing of the deficit, checks."""

from sharegrid import files, logs
from sharegrid.stages import pay

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, pay"):
    results = {"values": None} | files.read_datasets(snakemake.input)
    payments = pay.pay(**results, config=snakemake.params.config)
    files.write_dataset(payments, snakemake.output[0])
