"""A potential as a pair style of LAMMPS: a folder with its source, the plugin and a proof. The folder `pair_style`
is under another licence (its LICENSE) and is only copied. Imports potential, files and structures."""

from .format import FORMAT

__all__ = ["FORMAT"]
