"""Fitted potentials with fewer terms, each step guarded by a refit. Imports runs, fitting and
properties."""
