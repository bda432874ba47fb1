"""The operations of the IR: each is one `Op` with all of its facets. Imports the graph.

| file | operations |
|---|---|
| leaves | const param distance displacement motion |
| arithmetic | add mul neg pow |
| functions | exp log erfc sin cos tanh abs sign step power |
| choices | max min select |
| features | einsum take put stack reshape |
| families | sines cosines chebyshev chebyshev2 chain sphericals spherical_slopes |
| splines | interpolate to_knots |
| bsplines | bspline to_bspline |
| hyperharmonics | hyperharmonics triads couple |
| moves | to_i to_j sum_i sum_j to_ij to_ik sum_to_ij sum_to_ik total of_structure |
| tables | at sum_at row of_row rows_of sum_rows_of to_species sum_species |
"""

from .arithmetic import add, mul, neg, pow
from .bsplines import bspline, to_bspline
from .choices import max, min, select
from .families import chain, chebyshev, chebyshev2, cosines, sines, spherical_slopes, sphericals
from .features import components, einsum, put, reshape, stack, take
from .functions import abs, cos, erfc, exp, log, power, sign, sin, step, tanh
from .hyperharmonics import couple, hyperharmonics, triads
from .leaves import const, constant, displacement, distance, motion, param
from .moves import of_structure, sum_i, sum_j, sum_to_ij, sum_to_ik, to_i, to_ij, to_ik, to_j, total
from .splines import interpolate, to_knots
from .tables import at, of_row, row, rows_of, sum_at, sum_rows_of, sum_species, to_species

__all__ = [
    "abs", "add", "at", "bspline", "chain", "chebyshev", "chebyshev2", "components", "const", "constant",
    "cos", "cosines", "couple", "displacement", "distance", "einsum", "erfc", "exp", "hyperharmonics",
    "interpolate", "log", "max", "min", "motion", "mul", "neg", "of_row", "of_structure", "param", "pow",
    "power", "put", "reshape", "row", "rows_of", "select", "sign", "sin", "sines", "spherical_slopes",
    "sphericals", "stack", "step", "sum_at", "sum_i", "sum_j", "sum_rows_of", "sum_species", "sum_to_ij",
    "sum_to_ik", "take", "tanh", "to_bspline", "to_i", "to_ij", "to_ik", "to_j", "to_knots", "to_species",
    "total", "triads",
]  # fmt: skip
