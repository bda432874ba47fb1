"""Lattice, elastic, defect, surface and phonon properties with their uncertainties. Imports potential and
data."""
