"""Snakemake adapter of the stage value: the chunks of a study's values to one Dataset."""

import xarray as xr

from sharegrid import files, logs
from sharegrid.stages import value

with logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, value_gather"):
    parts = [xr.load_dataset(path, engine="netcdf4") for path in snakemake.input.parts]
    files.write_dataset(value.gather(parts), snakemake.output[0])
