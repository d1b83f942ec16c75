"""The only module that talks to HiGHS: a live program whose bounds, costs and rows change between solves.

Signs: programs are minimised and a row dual is d(objective)/d(right-hand side), so the dual of a balance row
"injection - outflow = demand" is the price of one more unit of demand.
"""

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

_settings: dict[str, float] = {}  # options of every program of this process, see configure
MIP_GAP = 1e-9  # relative, where a study gives none
IIS_FROM_LP = 2  # the default looks at single rows only and often finds nothing
COLD, WARM, COLD_FALLBACK = "cold", "warm", "cold after a failed warm start"


def configure(name: str = "highs", time_limit_s: float | None = None, mip_gap: float | None = None) -> None:
    """Settings of the solver for this process: the longest time of a single solve in s, and the relative gap at which a
    mixed-integer program ends."""
    _settings.clear()
    if mip_gap is not None:
        _settings["mip_rel_gap"] = mip_gap
    if time_limit_s is not None:
        _settings["time_limit"] = time_limit_s


class NotOptimal(RuntimeError):
    """A solve did not end optimal; `status` is the solver's word in lower case ("infeasible", "unbounded", ...)."""

    def __init__(self, label: str, status: str, detail: str = ""):
        self.label, self.status, self.detail = label, status, detail
        super().__init__(f"{label}: the solver ended '{status}', not optimal{'; ' + detail if detail else ''}")


@dataclass
class Program:
    """min cost x + quadratic x^2 + constant  s.t.  row_lower <= matrix x <= row_upper, lower <= x <= upper.

    Shapes: cost, lower, upper, integer, quadratic (column); row_lower, row_upper (row); matrix (row, column) sparse.
    """

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    matrix: sp.csr_matrix
    row_lower: np.ndarray
    row_upper: np.ndarray
    integer: np.ndarray | None = None
    quadratic: np.ndarray | None = None
    constant: float = 0.0


LOWER, BASIC, UPPER = -1, 0, 1  # sides of a column or row
SIDE = {highspy.HighsBasisStatus.kLower: LOWER, highspy.HighsBasisStatus.kUpper: UPPER}


@dataclass
class Solved:
    """An optimum: objective, x and reduced_cost (column), row_dual (row), simplex iterations, `start` (how the solve
    ended well), and the certified relative `gap` (0 for a linear program). Mixed-integer programs have no duals."""

    objective: float
    x: np.ndarray | None
    row_dual: np.ndarray | None
    reduced_cost: np.ndarray | None
    iterations: int
    start: str
    gap: float = 0.0
    nearest: bool = False  # of several optimal duals the one nearest to a target

    @property
    def fallback(self) -> bool:
        """Whether the warm start failed and a cold solve answered."""
        return self.start == COLD_FALLBACK


class LiveProgram:
    """A linear or mixed-integer program held by HiGHS; each solve restarts the dual simplex from the last basis."""

    def __init__(self, program: Program, label: str = "program"):
        self.label = label
        self._rows = np.arange(program.matrix.shape[0])  # the solver's number of each of the caller's rows
        self._first_column = 0  # the solver's number of the caller's first column
        self._mixed_integer = program.integer is not None and bool(program.integer.any())
        self._highs = highspy.Highs()
        # Devex: restarting from a basis costs a fraction of recomputing steepest-edge weights
        options = {"output_flag": False, "threads": 1, "simplex_dual_edge_weight_strategy": 1}
        if self._mixed_integer:
            options |= {"mip_rel_gap": MIP_GAP, "mip_abs_gap": 1e-6}
        self._set_options(options | _settings)
        self._pass(program)
        self._solved_before = False

    def _set_options(self, options: dict) -> None:
        for name, value in options.items():  # HiGHS ignores an unknown value silently unless the status is looked at
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise RuntimeError(f"HiGHS refused the option {name}={value}")

    def switch_off_scaling(self) -> None:
        """Solve the program as it is; faster where its entries are of one size already."""
        self._set_options({"simplex_scale_strategy": 0})

    def _pass(self, program: Program) -> None:
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = program.matrix.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
        lp.row_lower_, lp.row_upper_, lp.offset_ = program.row_lower, program.row_upper, program.constant
        matrix = program.matrix.tocsc()
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        if self._mixed_integer:
            kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
            lp.integrality_ = [kinds[int(flag)] for flag in program.integer]
        if self._highs.passModel(lp) == highspy.HighsStatus.kError:
            raise ValueError(f"{self.label}: HiGHS refused the program (NaN, or a lower bound above its upper bound?)")

    @property
    def num_rows(self) -> int:
        """Number of the caller's rows."""
        return len(self._rows)

    @property
    def num_columns(self) -> int:
        """Number of the caller's columns."""
        return self._highs.getNumCol() - self._first_column

    def _columns(self, index) -> np.ndarray:
        return np.asarray(index, dtype=np.int32) + np.int32(self._first_column)

    def set_column_bounds(self, index, lower, upper) -> None:
        """Give the columns `index` new bounds (arrays of the same length)."""
        self._highs.changeColsBounds(len(index), self._columns(index), lower, upper)

    def set_costs(self, index, cost) -> None:
        """Give the columns `index` new linear costs."""
        self._highs.changeColsCost(len(index), self._columns(index), cost)

    def set_row_bounds(self, index, lower, upper) -> None:
        """Give the rows `index` new bounds."""
        self._highs.changeRowsBounds(len(index), self._rows[index].astype(np.int32), lower, upper)

    def add_rows(self, matrix, lower, upper) -> None:
        """Append rows; matrix (new rows, the caller's columns)."""
        first = self._highs.getNumRow()
        self._append_rows(sp.csr_matrix(matrix), lower, upper)
        self._rows = np.concatenate([self._rows, np.arange(first, self._highs.getNumRow())])

    def _append_rows(self, matrix: sp.csr_matrix, lower, upper) -> None:
        columns = self._columns(matrix.indices)
        starts = matrix.indptr[:-1].astype(np.int32)
        self._highs.addRows(matrix.shape[0], lower, upper, matrix.nnz, starts, columns, matrix.data)

    def add_columns(self, cost, lower, upper, matrix) -> None:
        """Append columns; matrix (the caller's rows, new columns)."""
        matrix = sp.csc_matrix(matrix)
        rows = self._rows[matrix.indices].astype(np.int32)
        starts = matrix.indptr[:-1].astype(np.int32)
        self._highs.addCols(len(cost), cost, lower, upper, matrix.nnz, starts, rows, matrix.data)

    def start_from(self, other: "LiveProgram") -> None:
        """Begin the next solve at the last basis of a program with the same columns and rows."""
        self._highs.setBasis(other._highs.getBasis())
        self._solved_before = True  # a start that fails is repeated cold

    def solve(self, label: str = "", *, values: bool = True, cold: bool = False) -> Solved:
        """The optimum with the present bounds, costs and rows.

        `label` names the case in errors; without `values` only the objective is read; `cold` forgets the last basis,
        so that the vertex does not depend on what was solved before. Raises NotOptimal after a failed cold solve.
        """
        start = self._run(label, cold)
        info = self._highs.getInfo()
        solved = Solved(info.objective_function_value, None, None, None, info.simplex_iteration_count, start)
        if self._mixed_integer:
            solved.gap = info.mip_gap
        if values:
            self._read(solved)
        return solved

    def _run(self, label: str, cold: bool) -> str:
        warm = self._solved_before and not cold and not self._mixed_integer
        if not warm:
            self._highs.clearSolver()
        self._highs.run()
        if warm and not self._optimal():
            self._highs.clearSolver()
            self._highs.run()
            start = COLD_FALLBACK
        else:
            start = WARM if warm else COLD
        self._solved_before = self._optimal()
        if not self._optimal():
            raise NotOptimal(f"{self.label}{', ' if label else ''}{label}", self._status())
        return start

    def _optimal(self) -> bool:
        return self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal

    def _status(self) -> str:
        return self._highs.modelStatusToString(self._highs.getModelStatus()).lower()

    def _read(self, solved: Solved) -> None:
        solution = self._highs.getSolution()
        solved.x = np.array(solution.col_value)[self._first_column :]
        if not self._mixed_integer:  # HiGHS returns zeros as the duals of a mixed-integer program
            solved.row_dual = np.array(solution.row_dual)[self._rows]
            solved.reduced_cost = np.array(solution.col_dual)[self._first_column :]

    def present(self) -> Program:
        """The caller's program as it stands after all changes."""
        lp = self._highs.getLp()
        by_column = lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
        parts = [np.array(values) for values in (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)]
        matrix = (sp.csc_matrix if by_column else sp.csr_matrix)(tuple(parts), shape=(lp.num_row_, lp.num_col_)).tocsr()
        columns = [np.array(values)[self._first_column :] for values in (lp.col_cost_, lp.col_lower_, lp.col_upper_)]
        rows = [np.array(values)[self._rows] for values in (lp.row_lower_, lp.row_upper_)]
        return Program(*columns, matrix[self._rows][:, self._first_column :], *rows, constant=lp.offset_)

    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the last basis has the caller's columns and rows: LOWER, UPPER, or BASIC between their bounds."""
        status = self._highs.getBasis()
        columns, rows = (
            np.array([SIDE.get(one, BASIC) for one in part]) for part in (status.col_status, status.row_status)
        )
        return columns[self._first_column :], rows[self._rows]

    def conflict(self) -> np.ndarray:
        """The caller's rows in an irreducible infeasible subset of the present program (empty if none is found)."""
        self._set_options({"iis_strategy": IIS_FROM_LP})
        status, subset = self._highs.getIis()
        if status == highspy.HighsStatus.kError:
            return np.array([], dtype=int)
        return np.flatnonzero(np.isin(self._rows, subset.row_index_))
