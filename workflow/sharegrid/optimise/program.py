"""From a linopy model to the arrays that HiGHS keeps, one program per scenario.

A market builds all its scenarios in one vectorised model; they do not share rows, so the model falls apart into one
program per scenario with the same columns and rows. This module creates every model, so linopy's strict arithmetic is
switched on here.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import linopy
import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.optimise.highs import Program

linopy.options["semantics"] = "v1"  # the default fills missing labels with zero, silently
logging.getLogger("linopy").setLevel(logging.WARNING)  # fifteen lines per solve

SCENARIO = "scenario"


def new_model() -> linopy.Model:
    """An empty model with strict arithmetic and constraints stored sparse."""
    return linopy.Model(sparse=True)


@dataclass
class Layout:
    """Where the entries of one variable or constraint family stand in the program of a scenario: `position` has the
    family's dims without the scenario, -1 where an entry is absent."""

    position: xr.DataArray

    def __post_init__(self):
        self._numbers = self.position.values  # xarray's own access costs more than a small solve

    def pick(self, values: np.ndarray) -> np.ndarray:
        """The family's entries of a column or row array, 0 where absent, in the shape of `position`."""
        return np.append(values, 0.0)[self._numbers]

    def read(self, values: np.ndarray) -> xr.DataArray:
        """As pick, with labels."""
        return self.position.copy(data=self.pick(values))


class SplitModel:
    """The programs of a model's scenarios, and how to read them.

    `owners`: variable name -> participant of each entry, over a subset of the variable's dims; "" belongs to nobody.
    Raises ValueError if a constraint couples two scenarios or scenarios differ in their rows or columns.
    """

    def __init__(self, model: linopy.Model, owners: Mapping[str, xr.DataArray], participants):
        self._matrices = model.matrices
        self._model, self._owners = model, owners
        self.participants = [str(name) for name in participants]
        self.scenarios = _scenarios(model)
        variable_labels = {name: variable.labels for name, variable in model.variables.items()}
        constraint_labels = {name: constraint.labels for name, constraint in model.constraints.items()}
        self._columns, self.variables = _place(variable_labels, self._matrices.vlabels, self.scenarios)
        self._rows, self.constraints = _place(constraint_labels, self._matrices.clabels, self.scenarios)
        self._check_uncoupled()

    def _check_uncoupled(self) -> None:
        if len(self.scenarios) > 1:
            entries = self._matrices.A.tocoo()
            of_row, of_column = (
                _scenario_of(self._rows, entries.shape[0]),
                _scenario_of(self._columns, entries.shape[1]),
            )
            if (of_row[entries.row] != of_column[entries.col]).any():
                raise ValueError("a constraint couples two scenarios; scenarios must be independent")

    @cached_property
    def _quadratic(self) -> np.ndarray | None:
        matrix = self._matrices.Q
        if matrix is None or matrix.nnz == 0:
            return None
        diagonal = matrix.diagonal()
        if matrix.nnz != np.count_nonzero(diagonal):
            raise ValueError("the cost couples variables; only separable quadratic costs are supported")
        return diagonal / 2

    def program(self, k: int) -> Program:
        """The program of the k-th scenario."""
        columns, rows, m = self._columns[k], self._rows[k], self._matrices
        b, sense = m.b[rows], m.sense[rows]
        quadratic = self._quadratic
        integer = np.isin(m.vtypes[columns], ["B", "I"]) & (m.lb[columns] < m.ub[columns])  # a fixed one is a number
        return Program(
            cost=m.c[columns],
            lower=m.lb[columns],
            upper=m.ub[columns],
            matrix=sp.csr_matrix(m.A[rows][:, columns]) if len(rows) else sp.csr_matrix((0, len(columns))),
            row_lower=np.where(sense == "<", -np.inf, b),
            row_upper=np.where(sense == ">", np.inf, b),
            integer=integer if integer.any() else None,
            quadratic=None if quadratic is None else quadratic[columns],
        )

    @cached_property
    def owned(self) -> list[np.ndarray]:
        """Columns of each participant, in the order of `participants`."""
        owner = np.full(len(self._columns[0]), -1)
        index = {name: k for k, name in enumerate(self.participants)} | {"": -1}
        for name, who in self._owners.items():
            position = self.variables[name].position
            number = xr.apply_ufunc(np.vectorize(index.__getitem__, otypes=[int]), who)
            number = number.broadcast_like(position).transpose(*position.dims)
            present = position.values >= 0
            owner[position.values[present]] = number.values[present]
        return [np.flatnonzero(owner == k) for k in range(len(self.participants))]

    @property
    def row_count(self) -> int:
        """Number of rows of the program of a scenario."""
        return len(self._rows[0])

    def families(self, rows: np.ndarray) -> list[str]:
        """Names of the constraint families of some rows."""
        return [name for name, layout in self.constraints.items() if np.isin(layout.position.values, rows).any()]


def _scenarios(model: linopy.Model) -> list[str]:
    for variable in model.variables.data.values():
        if SCENARIO in variable.dims:
            return [str(name) for name in variable.indexes[SCENARIO]]
    return [""]


def _place(labels: Mapping[str, xr.DataArray], active: np.ndarray, scenarios: list[str]):
    """Positions of each scenario's entries among the `active` labels, and the layout that all scenarios share."""
    place = np.full(active.max(initial=-1) + 2, -1)  # the last entry answers for the label -1
    place[active] = np.arange(len(active))
    blocks = [[] for _ in scenarios]
    layouts, start = {}, 0
    for name, label in labels.items():
        positions = _per_scenario(name, label.copy(data=place[label.values]), len(scenarios))
        first = positions.isel({SCENARIO: 0}, drop=True)
        present = first.values.ravel() >= 0
        local = np.where(present, start + np.cumsum(present) - 1, -1).reshape(first.shape)
        layouts[name] = Layout(first.copy(data=local))
        start += int(present.sum())
        for block, row in zip(blocks, positions.values.reshape(len(scenarios), -1), strict=True):
            if not np.array_equal(row >= 0, present):
                raise ValueError(f"'{name}' has other entries in one scenario than in another")
            block.append(row[present])
    return [np.concatenate(block) if block else np.array([], int) for block in blocks], layouts


def _per_scenario(name: str, position: xr.DataArray, count: int) -> xr.DataArray:
    if SCENARIO in position.dims:
        return position.transpose(SCENARIO, ...)
    if count > 1:
        raise ValueError(f"'{name}' is shared by all scenarios; scenarios must be independent")
    return position.expand_dims(SCENARIO)


def _scenario_of(blocks: list[np.ndarray], count: int) -> np.ndarray:
    result = np.full(count, -1)
    for k, block in enumerate(blocks):
        result[block] = k
    return result
