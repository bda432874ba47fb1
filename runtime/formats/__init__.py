"""Model formats of other programs, read and written: a folder for each, found by itself. Imports potential
and data."""
