"""Atomic structures, their neighbour lists and padded batches, with NumPy alone."""
