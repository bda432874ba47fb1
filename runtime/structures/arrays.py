"""Arrays in annotations, with their shapes and units. NumPy, no jax; nothing checks a shape at run time.

An axis is a number or a name, the same name the same length: N atoms, B structures of a batch, M pairs of
atoms, K neighbours of an atom, P parameters. What an alias does not name is spelled where it is used:
`Float[Floats, "3 N"]`. A single name has a space before it, `Float[Floats, " N"]`: without it ruff takes it
for a name of Python.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

# any shape
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int32]
Bools: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]  # the kind that NumPy's own searches return

# atoms, one a row
Positions: TypeAlias = Float[Floats, "N 3"]  # Å
Velocities: TypeAlias = Float[Floats, "N 3"]  # Å per ASE's unit of time, √(amu Å²/eV)
Forces: TypeAlias = Float[Floats, "N 3"]  # eV/Å
Frozen: TypeAlias = Bool[Bools, "N 3"]  # coordinates that do not change
PerAtom: TypeAlias = Float[Floats, " N"]
Species: TypeAlias = Int[Ints, " N"]  # atomic numbers, or indices into the species of a potential

# cells
Cell: TypeAlias = Float[Floats, "3 3"]  # Å, one vector a row
Stress: TypeAlias = Float[Floats, "3 3"]  # eV/Å³, tension positive
Periodic: TypeAlias = Bool[Bools, " 3"]  # along each vector of the cell

# parameters
Theta: TypeAlias = Float[Floats, " P"]
Covariance: TypeAlias = Float[Floats, "P P"]
