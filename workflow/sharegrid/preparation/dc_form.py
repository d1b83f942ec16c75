"""The two DC forms of a branch."""

import xarray as xr


def branches(network: xr.Dataset, form: str) -> xr.Dataset:
    """Ends, susceptance(branch) in MW/rad and shift(branch) in rad.

    matpower: B = base/(x tap) with phase shifts (Zimmerman et al., MATPOWER manual); powermodels: B = base x/(r^2+x^2)
    without taps and shifts (Coffrin et al., PowerModels.jl, DCPPowerModel; the form of PGLib's published optima).
    """
    base, r, x = network["base_mva"], network["resistance"], network["reactance"]
    if form == "matpower":
        susceptance, shift = base / (x * network["tap"]), network["shift"]
    else:
        susceptance, shift = base * x / (r**2 + x**2), xr.zeros_like(network["shift"])
    ends = {"from_bus": network["from_bus"], "to_bus": network["to_bus"]}
    return xr.Dataset({"susceptance": susceptance, "shift": shift, **ends})
