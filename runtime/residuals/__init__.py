"""Weighted residuals of a potential and their derivatives by its parameters. Imports optimize,
potential and data."""
