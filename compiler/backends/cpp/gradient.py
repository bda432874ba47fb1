"""The gradient of a loss by all parameters, compiled: one sweep over the neighbours of each atom."""

from __future__ import annotations

from ctypes import POINTER, c_int, c_void_p
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...ir.graph import Model, Node
from ...passes.loss_gradient import LossGradient, tables_along
from ...schedule.sweep import Loop, Sweep, make_sweep
from . import build
from .emit import Real, Source, assembled, context_of, loop_lines
from .library import CheckedAtoms, Library, RawAtoms, address
from .loops import MOTION, Adjoints, Sum
from .once import once
from .passes import optimize_loss
from .refusals import require_own_neighbours
from .sets import Directions, Owners
from .tables import species_letters, static_values

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GradientKernel:
    """The gradient of u_E E + u_F·F + u_W·dE/dε of a model as built, compiled when it is first called.

    real: the precision of the work on neighbours.
    """

    model: Model
    real: Real = "double"

    @cached_property
    def loss(self) -> LossGradient:
        return optimize_loss(self.model)

    @cached_property
    def sizes(self) -> list[int]:
        """The numbers of each table."""
        n = len(self.model.species)
        return [n ** species_letters(table) * table.kind.components for table in self.loss.tables]

    @cached_property
    def source(self) -> Source:
        """Raises ToolError `reads-beyond-neighbours`."""
        require_own_neighbours(self.model, self.loss.model)
        sweep = make_sweep(self.loss.model)
        context = context_of(sweep, MOTION + 3, self._adjoints())
        moves = [f"w.move<{k}>(centre[a], a);" for k in range(len(sweep.lists))]
        body = [f"for (int a = 0; a < m; ++a) {{ {' '.join(moves)} }}"] if moves else []
        for loop in (*sweep.loops, *self._left(sweep)):
            body += loop_lines(context, loop)
        size = f"constexpr int64_t GRADIENTS = {sum(self.sizes)};"
        return assembled(self.model, self.real, context, body, ("gradient.hpp",), definitions=[size])

    def _adjoints(self) -> Adjoints:
        first = np.concatenate([[0], np.cumsum(self.sizes)]).tolist()
        found: Adjoints = {}
        for name, (k, _) in self.loss.parts.items():
            to = Sum(first[k], species_letters(self.loss.tables[k]))
            found.setdefault(self.loss.model.outputs[name], []).append(to)
        return found

    def _left(self, sweep: Sweep) -> list[Loop]:
        """Loops that add up what no loop works out: sums of others, and tables."""
        done = {n for loop in sweep.loops for n in loop.results}
        domains = {self.loss.model.outputs[name]: domain for name, (_, domain) in self.loss.parts.items()}
        left = {node: domain for node, domain in domains.items() if node not in done}
        return [Loop(domain, 0, (), (), (), (node,)) for node, domain in left.items()]

    @once
    def library(self) -> Library:
        """Raises ToolError: no compiler that works, a kernel that cannot be compiled."""
        return build.kernel(self.source.text, self.source.digest)

    # --- parameters --------------------------------------------------------------------------------

    def at(self, theta: Float[Floats, " P"]) -> Gradients:
        """What many gradients at one θ share, worked out once."""
        return Gradients(self, theta)

    @cached_property
    def owners(self) -> Owners:
        return Owners.of(self.tables_along, len(self.model.vector))

    def tables_along(self, both: Float[Floats, " 2P"]) -> Floats:
        """The derivatives of all tables along a direction, of θ and the direction."""
        model, nodes = self._along
        values = iter(static_values(model, [n for n in nodes if n is not None], both))
        sizes = zip(nodes, self.sizes, strict=True)
        rows = [np.zeros(size) if n is None else _filled(next(values), size) for n, size in sizes]
        return np.concatenate([np.zeros(0), *rows])

    @cached_property
    def _along(self) -> tuple[Model, tuple[Node | None, ...]]:
        return tables_along(self.model, self.loss.tables)


def _filled(values: Floats, size: int) -> Floats:
    """A table of one row for all species where it does not depend on them."""
    return np.resize(values.ravel(), size)


class Gradients:
    """Gradients at one θ (P,)."""

    def __init__(self, kernel: GradientKernel, theta: Float[Floats, " P"]) -> None:
        self.kernel, self.theta = kernel, theta
        at = (kernel.source.constants(np.append(theta, weight)) for weight in (0.0, 1.0))
        self._base, one = at
        self._slope = one - self._base  # the constants are affine in the weight
        self._directions = Directions(kernel.tables_along, kernel.owners, theta)
        self._function = kernel.library.function(
            "potentia_gradient", POINTER(RawAtoms), c_void_p, c_void_p, c_void_p, result=c_int
        )

    def tables(
        self, atoms: CheckedAtoms, energy: float, forces: Float[Floats, "N 3"], virial: Float[Floats, "3 3"]
    ) -> Floats:
        """The derivatives by all tables, for weights of a structure's energy, forces and dE/dε.

        Raises MemoryError.
        """
        constants = self._base + energy * self._slope
        motion, strain = np.ascontiguousarray(-forces), np.ascontiguousarray(virial)
        arrays = RawAtoms.from_buffer_copy(atoms.arrays)
        arrays.constants = address(constants)
        found = np.zeros(sum(self.kernel.sizes))
        if self._function(arrays, address(motion), address(strain), address(found)) != 0:
            raise MemoryError(f"no memory for the neighbours of {len(motion)} atoms in a kernel")
        return found

    def by_parameters(self, tables: Floats) -> Float[Floats, " P"]:
        """The gradient by θ, from that by all tables."""
        return self._directions.pulled_back(tables)
