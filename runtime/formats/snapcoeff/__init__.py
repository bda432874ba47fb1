"""SNAP: files `snapcoeff` and `snapparam` of LAMMPS. Imports potential, files and the folders of `lammps` and
`pair_style`."""

from .format import FORMAT

__all__ = ["FORMAT"]
