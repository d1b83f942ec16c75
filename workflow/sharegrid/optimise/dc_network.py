"""Linear algebra of one DC network: branch flows of many injections, power transfer distribution factors (PTDF).

Flows are positive from `from_bus` to `to_bus`; the injection of a bus is the sum of its outgoing flows:

    flow_l = susceptance_l (theta_from - theta_to - shift_l),   theta = 0 at the reference bus
"""

import numpy as np
import scipy.sparse as sp
import xarray as xr
from scipy.sparse.linalg import splu

CHUNK = 32  # right-hand sides solved at once: they stay in the cache, and too few for BLAS to spin up threads
SINGULAR = "branch: the susceptance matrix is singular; is the network connected, do parallel reactances cancel?"


class DcNetwork:
    """A connected DC network whose reduced susceptance matrix is factorised once.

    bus (bus) labels; from_bus, to_bus (branch) labels; susceptance (branch) MW/rad, of any sign; shift (branch) rad.
    Without branches it is a copper plate: no flows. ValueError if the susceptance matrix is singular.
    """

    def __init__(self, bus, from_bus, to_bus, susceptance, shift, reference_bus):
        position = {label: k for k, label in enumerate(bus)}
        start = np.array([position[label] for label in from_bus], dtype=int)
        end = np.array([position[label] for label in to_bus], dtype=int)
        self.num_buses, self.num_branches = len(bus), len(start)
        self.ends = start, end  # positions of the buses (branch)
        self._susceptance = np.asarray(susceptance, dtype=float)
        branch = np.arange(self.num_branches)
        signs = np.concatenate([np.ones(len(start)), -np.ones(len(end))])
        shape = self.num_branches, self.num_buses
        self._incidence = sp.csr_matrix((signs, (np.tile(branch, 2), np.concatenate([start, end]))), shape)
        self._free = np.delete(np.arange(self.num_buses), position[reference_bus])
        self._theta_to_flow = sp.csr_matrix(sp.diags(self._susceptance) @ self._incidence[:, self._free])
        self._lu = self._factorise() if self.num_branches and len(self._free) else None
        unshifted = self._susceptance * np.asarray(shift, dtype=float)
        self.shift_flow = self._solve_flows((self._incidence.T @ unshifted)[:, None])[:, 0] - unshifted

    @classmethod
    def of(cls, data: xr.Dataset) -> "DcNetwork":
        """The network of a spot market Dataset (susceptance MW/rad, shift rad)."""
        names = "from_bus", "to_bus", "susceptance", "shift"
        return cls(data["bus"].values, *(data[name].values for name in names), data["reference_bus"].item())

    def _factorise(self):
        matrix = (self._incidence[:, self._free].T @ self._theta_to_flow).tocsc()
        try:  # the matrix is symmetric: this ordering has half the fill-in of the default one
            lu = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
        except RuntimeError as error:
            raise ValueError(f"{SINGULAR} ({error})") from error
        probe = np.ones(matrix.shape[0])
        if not np.abs(matrix @ lu.solve(probe) - probe).max() < 1e-6:
            raise ValueError(f"{SINGULAR} (to working precision)")
        return lu

    def _solve_flows(self, injection: np.ndarray) -> np.ndarray:
        if self._lu is None:
            return np.zeros((self.num_branches, injection.shape[1]))
        return self._theta_to_flow @ self._lu.solve(np.asfortranarray(injection[self._free]))

    def flows(self, injection: np.ndarray) -> np.ndarray:
        """Flows (branch, point) in MW of the injections (bus, point) in MW; each point should sum to zero."""
        flow = np.empty((self.num_branches, injection.shape[1]))
        for first in range(0, injection.shape[1], CHUNK):
            part = slice(first, first + CHUNK)
            flow[:, part] = self._solve_flows(injection[:, part])
        return flow + self.shift_flow[:, None]

    def ptdf(self, branches: np.ndarray) -> np.ndarray:
        """PTDF rows (branches, bus): flow caused by 1 MW injected at the bus and withdrawn at the reference bus."""
        rows = np.zeros((len(branches), self.num_buses))
        if self._lu is not None and len(branches):
            rows[:, self._free] = self._lu.solve(self._theta_to_flow[branches].toarray().T.copy(order="F"), trans="T").T
        return rows
