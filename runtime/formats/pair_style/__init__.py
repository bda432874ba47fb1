"""Input lines of LAMMPS, `pair_style` and `pair_coeff`, as terms of the library, and such terms as lines.
Imports potential, files and the folder of `lammps`."""

from .format import FORMAT

__all__ = ["FORMAT"]
