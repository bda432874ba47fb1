"""The generated kernel of a potential, as LAMMPS needs it."""

from __future__ import annotations

from ...potential.potential import Potential


def kernel_of(potential: Potential) -> tuple[str, float]:
    """The source of the kernel, and the cutoff of its longest list in Å. Raises UserError of the target."""
    from ....compiler.backends.cpp.emit import emit

    raise NotImplementedError
