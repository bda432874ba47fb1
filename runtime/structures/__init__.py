"""Atomic structures, their neighbour lists and padded batches, in NumPy. Imports diagnostics alone."""
