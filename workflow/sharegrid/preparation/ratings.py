"""Line limits of one file for the network of another."""

import numpy as np
import xarray as xr

from sharegrid.preparation.inputs import Inputs

ENDS = ("from_bus", "to_bus")


def of_file(network: xr.Dataset, ratings: str, inputs: Inputs, field: str) -> np.ndarray:
    """rateA (branch) in MW of the MATPOWER file `ratings`, inf where unlimited, for the network's branches.

    ValueError naming `field` of the options if the file has other branches than the network, or another order.
    """
    other = inputs.read(ratings, "matpower")
    same = other.sizes["branch"] == network.sizes["branch"]
    if not same or any((other[end].values != network[end].values).any() for end in ENDS):
        raise ValueError(f"{field}: {ratings} has other branches than {network.attrs['source']}, or another order")
    return other["rate"].values
