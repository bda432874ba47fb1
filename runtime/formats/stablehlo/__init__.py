"""A potential as StableHLO, which jax alone runs, on CPUs and NVIDIA's GPUs. Imports potential, files and
structures."""

from .format import FORMAT

__all__ = ["FORMAT"]
