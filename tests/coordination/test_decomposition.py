"""A program by owners: parts, coupling rows and pieces put together give the program again."""

import numpy as np
import pytest
import scipy.sparse as sp

from coordinated import program_of, random_program
from sharegrid.coordination.decomposition import decompose
from sharegrid.optimise.highs import Program
from sharegrid.optimise.quadratic import live


@pytest.mark.parametrize("seed", range(4))
def test_parts_cover_the_program(seed):
    program, owned = random_program(seed)
    split = decompose(program, owned)
    parts = [split.nobody, *split.members]
    assert sorted(np.concatenate([part.columns for part in parts])) == list(range(len(program.cost)))
    assert len(split.coupling) + sum(part.program.matrix.shape[0] for part in parts) == program.matrix.shape[0]
    x = np.random.default_rng(seed).normal(size=len(program.cost))
    told = [member.contribution @ x[member.columns] for member in split.members]
    activity = split.total(told) + split.nobody.contribution @ x[split.nobody.columns]
    factor = (split.program.matrix @ x)[split.coupling]
    np.testing.assert_allclose(activity, factor, atol=1e-12)
    assert sum(part.program.cost @ x[part.columns] for part in parts) == pytest.approx(program.cost @ x)


def test_coupling_rows_in_comparable_units_keep_the_optimum():
    program, owned = program_of("capacity 5")
    split = decompose(program, owned)
    own = abs(split.nobody.contribution).max(axis=1).toarray().ravel()
    np.testing.assert_allclose(own[own > 0], 1)
    assert live(split.program).solve().objective == pytest.approx(live(program).solve().objective, rel=1e-9)


def test_rows_of_one_member_are_private_and_the_capacity_charge_is_the_coordinators():
    program, owned = program_of("capacity 5")
    split = decompose(program, owned)
    assert len(split.coupling) == 72  # the balance of every hour of three days
    assert split.nobody.program.matrix.shape[0] == 12  # the peak hours
    assert all(member.program.matrix.shape[0] in (0, 3, 72, 75) for member in split.members)


def test_pieces_share_no_row():
    program, owned = program_of("capacity 5")
    for member in decompose(program, owned).members:
        pieces = member.pieces
        free = member.program.lower < member.program.upper
        for matrix, of_row in ((member.contribution, pieces.piece_of_row), (member.program.matrix, None)):
            entries = (matrix @ sp.diags(free.astype(float))).tocoo()
            entries.eliminate_zeros()
            of_column = pieces.piece_of_column[entries.col]
            if of_row is not None:
                assert (of_row[entries.row] == of_column).all()
            else:
                assert all(len(set(of_column[entries.row == row])) == 1 for row in set(entries.row))
        assert set(pieces.piece_of_column) | set(pieces.piece_of_row) == set(range(pieces.count))


def test_what_cannot_be_coordinated_is_refused():
    apart = Program(np.ones(2), np.zeros(2), np.ones(2), sp.identity(2, format="csr"), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="no row couples"):
        decompose(apart, [np.array([0]), np.array([1])])
    whole = Program(np.ones(2), np.zeros(2), np.ones(2), sp.csr_matrix([[1.0, 1.0]]), np.ones(1), np.ones(1),
                    integer=np.array([True, False]))  # fmt: skip
    with pytest.raises(ValueError, match="integer"):
        decompose(whole, [np.array([0]), np.array([1])])
