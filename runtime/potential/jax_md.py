"""A potential in jax-md: its neighbour list, and an energy that jax-md differentiates.

jax-md asks for functions of positions in a space of its own; forces and stress are its derivatives of the
energy through the displacements, of which dE/dd is ours, from the IR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ...compiler.backends.xla.portable import Portable
from ...compiler.backends.xla.start import start
from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, ToolError
from ...compiler.ir.graph import Model
from ..structures.arrays import Floats, Species, Theta
from ..structures.structure import species_index

Displacement = Callable[..., Array]
OfVectors = Callable[[Array, Array], Array]
_SHORT = 1.0  # Å, of the list of a formula without neighbours


def functions(
    model: Model,
    theta: Theta,
    displacement: Displacement,
    box: ArrayLike | None,
    elements: Iterable[str],
    *,
    precision: str = "float64",
    skin: float = 0.5,
    **options: object,
) -> tuple[Any, Callable[..., Array]]:
    """jax-md's neighbour function, and energy(R, neighbor, …) in eV, lengths in Å.

    displacement: of `jax_md.space`. box: as jax-md takes it, or None in free space. elements: the symbol of
    each atom. skin: how far (Å) a list reaches beyond the cutoff. options: those of
    `jax_md.partition.neighbor_list`, such as `fractional_coordinates`. What else `energy` is given, `box` or
    `perturbation`, goes to the displacement.
    Raises ToolError missing-package; DataError: unknown-species-in-data, bad-value, cell-too-thin where the
    box is thinner than two cutoffs, as jax-md sees the nearest image of an atom alone. A box that shrinks
    below that later on is not seen.
    """
    try:
        from jax_md import partition
    except ImportError:
        message = "jax-md is not installed"
        raise ToolError(Diagnostic("missing-package", message, help="`pip install jax-md`")) from None
    if precision not in ("float64", "float32"):
        help = "write `float64` or `float32`"
        raise DataError(Diagnostic("bad-value", f"`{precision}` is not a precision", help=help))
    start()
    portable = Portable(model, theta, precision)
    kinds = jnp.asarray(_kinds(tuple(elements), model.species))
    cutoff = portable.cutoff or _SHORT
    free = {} if box is not None else {"disable_cell_list": True}
    if box is not None:
        _require_room(np.asarray(box, np.float64), portable.cutoff)
    neighbours = partition.neighbor_list(
        displacement, 1.0 if box is None else box, cutoff, skin, **(free | options)
    )
    return neighbours, partial(_energy, _of_vectors(portable, kinds), portable.dtype, displacement)


def _energy(
    of_vectors: OfVectors, dtype: str, displacement: Displacement, R: Array, neighbor: Any, **more: object
) -> Array:
    """The energy of a dense list of jax-md: an empty place of a row is the number of atoms."""
    vectors = jax.vmap(jax.vmap(partial(displacement, **more), (0, None)))(R[neighbor.idx], R)
    return of_vectors(neighbor.idx, vectors.astype(dtype))


def _of_vectors(portable: Portable, kinds: Array) -> OfVectors:
    """The energy by neighbours and the vectors to them, with our derivative by the vectors."""

    @jax.custom_vjp
    def energy(neighbours: Array, vectors: Array) -> Array:
        return portable.by_vectors(kinds, neighbours, vectors)[0].sum()

    def forward(neighbours: Array, vectors: Array) -> tuple[Array, Array]:
        site, slopes = portable.by_vectors(kinds, neighbours, vectors)
        return site.sum(), slopes

    energy.defvjp(forward, lambda slopes, cotangent: (None, cotangent * slopes))
    return energy


def _kinds(elements: tuple[str, ...], species: tuple[str, ...]) -> Species:
    """The place of each atom's element among the species."""
    unknown = [s for s in dict.fromkeys(elements) if s not in species]
    if unknown:
        message = f"the atoms have {unknown[0]}, which is not a species of the potential"
        help = f"species of the potential: {', '.join(species)}"
        raise DataError(Diagnostic("unknown-species-in-data", message, help=help))
    return species_index(species)[[ELEMENTS[s][0] for s in elements]]


def _require_room(box: Floats, cutoff: float) -> None:
    """Raise DataError where an atom within the cutoff may have a second image there."""
    cell = np.diag(np.broadcast_to(box, 3)) if box.ndim < 2 else box
    thickness = float((1.0 / np.linalg.norm(np.linalg.inv(cell), axis=1)).min())
    if thickness < 2.0 * cutoff:
        message = f"the box is {thickness:.2f} Å thick, less than two cutoffs of {cutoff:g} Å"
        help = "jax-md sees the nearest image of an atom alone: repeat the cell"
        raise DataError(Diagnostic("cell-too-thin", message, help=help))
