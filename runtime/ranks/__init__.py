"""Processes that share the work of a command: the first leads, the others serve. One file knows MPI."""
