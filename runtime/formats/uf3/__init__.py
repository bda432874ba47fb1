"""Files of ultra-fast force fields, `pair_style uf3` of LAMMPS: they become `uf_pair` and `uf_triple`, and
these terms files."""

from .format import FORMAT

__all__ = ["FORMAT"]
