"""A potential as a pair style of LAMMPS: a folder with its source, the plugin and a proof. The files of
`pair_style` are under a licence of their own (its LICENSE) and are only copied. Imports potential, files and
structures."""

from .format import FORMAT

__all__ = ["FORMAT"]
