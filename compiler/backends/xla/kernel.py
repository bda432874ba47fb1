"""The XLA backend: a model becomes one function of (theta, batch) that jax compiles for CPU or GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ...ir.graph import Model
from ...ir.types import Domain
from ...schedule.limits import Limits
from ...schedule.maker import make_plan
from ...schedule.plan import Plan
from ..forked import require_xla
from . import rules
from .arrays import Array, Arrays, Edge, Pair
from .interpreter import GraphInterpreter
from .limits import XLA
from .separate import Separate, separate

__all__ = ["Arrays", "Kernel", "Lists", "Prediction", "rules"]


class Lists(Protocol):
    """A batch as docs/design.md describes it (runtime/structures/batches.py)."""

    @property
    def positions(self) -> Any: ...
    @property
    def species(self) -> Any: ...
    @property
    def structure(self) -> Any: ...
    @property
    def real(self) -> Any: ...
    @property
    def n_structures(self) -> int: ...
    @property
    def lists(self) -> tuple[Any, ...]: ...


class Prediction(NamedTuple):
    """energy (B,) eV; forces (3, N) eV/Å; virial = dE/dε (3, 3, B) eV; site_energy (N,) eV."""

    energy: Array
    forces: Array
    virial: Array
    site_energy: Array


class Kernel:
    """An optimized model as a function. `lists` says which neighbour lists a batch has to bring, in order."""

    def __init__(self, model: Model, dtype: Any = "float64", limits: Limits = XLA) -> None:
        self.model = model
        self.plan: Plan = make_plan(model, limits)
        self.dtype = jnp.dtype(dtype)
        self.lists: tuple[Domain, ...] = self.plan.lists
        self._call: Callable[[Array, Arrays], Prediction] = jax.jit(self.predict)

    def arrays(self, batch: Lists) -> Arrays:
        """A batch on the device, in the kernel's precision. Raises ToolError `forked`."""
        require_xla()
        real = self.dtype
        lists: list[Pair | Edge] = []
        shift: Any
        for spec, given in zip(self.lists, batch.lists, strict=True):
            shift = np.asarray(given.shift, real)
            if spec.name == "pair":
                lists.append(Pair(given.i, given.j, shift, given.valid))
            else:
                lists.append(Edge(given.j, shift, given.valid, given.reverse))
        positions: Any = np.asarray(batch.positions, real)
        slots: Any = np.ones(batch.n_structures, real)
        on_host = Arrays(positions, batch.species, batch.structure, batch.real, slots, tuple(lists))
        moved: Arrays = jax.device_put(on_host)  # all at once: each transfer costs its own
        return moved

    def __call__(self, theta: Any, batch: Lists | Arrays) -> Prediction:
        """Compiled once for each shape of batch. theta: all parameters, flat."""
        arrays = batch if isinstance(batch, Arrays) else self.arrays(batch)
        return self._call(jnp.asarray(theta, self.dtype), arrays)

    def predict(self, theta: Any, arrays: Arrays) -> Prediction:
        """The pure function, for jax's transformations."""
        out = self.outputs(theta, arrays)
        atoms, slots = arrays.real.shape[0], arrays.slots.shape[0]
        forces = out.get("forces", jnp.zeros((3, atoms), self.dtype))
        virial = out.get("virial", jnp.zeros((3, 3, slots), self.dtype))
        return Prediction(out["energy"], forces, virial, out["site_energy"])

    def outputs(self, theta: Any, arrays: Arrays) -> dict[str, Array]:
        """All outputs of the model by name, feature axes first."""
        return self._run(theta, arrays).outputs()

    def separate(self, theta: Any, arrays: Arrays) -> Separate:
        """The outputs with the sites of each species apart (`compiler.analysis.jacobian_coloring`)."""
        run = self._run(theta, arrays)
        run.outputs()
        return separate(run)

    def _run(self, theta: Any, arrays: Arrays) -> GraphInterpreter:
        lists = dict(zip(self.lists, arrays.lists, strict=True))
        return GraphInterpreter(self.plan, self.model, theta, arrays, lists, self.dtype)
