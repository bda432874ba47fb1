"""What each operation is in jax, a file for each family of operations of the IR, registered when imported."""

from . import bsplines, elementary, families, features, hyperharmonics, leaves, moves, splines, tables

__all__ = [
    "bsplines",
    "elementary",
    "families",
    "features",
    "hyperharmonics",
    "leaves",
    "moves",
    "splines",
    "tables",
]
