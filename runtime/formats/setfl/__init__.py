"""Embedded atoms by tables: setfl files of `eam/alloy` and `eam/fs`, funcfl files of `eam`. Imports
potential, files and the folders of `lammps` and `pair_style`."""

from .format import FORMAT

__all__ = ["FORMAT"]
