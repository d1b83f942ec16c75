"""Products of binary choices as linear rows, exactly (chapter 9.4.3).

    y = f_1 f_2 ... f_k of binaries:   y <= f_j for all j,   y >= sum_j f_j - (k - 1),   y >= 0

At binary factors the rows leave one value of y, so y needs not be integer. (F. Glover and E. Woolsey, Operations Research
22:180-182, 1974)
"""

from collections.abc import Sequence

import linopy


def define_product(
    model: linopy.Model, product: linopy.Variable, factors: Sequence[linopy.LinearExpression], name: str
) -> None:
    """product = f_1 ... f_k over the dims of the product, which is at least 0; the factors are affine in binaries and 0 or 1."""
    for k, factor in enumerate(factors, start=1):
        model.add_constraints(product - factor <= 0, name=f"{name}_at_most_{k}")
    model.add_constraints(product - sum(factors) >= 1 - len(factors), name=f"{name}_at_least")
