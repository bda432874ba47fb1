"""Tables of `pair_style table` that are written; an input that names them is read by `pair_style`. Imports
potential and the folders of `lammps` and `pair_style`."""

from .format import FORMAT

__all__ = ["FORMAT"]
