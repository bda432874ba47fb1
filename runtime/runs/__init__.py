"""Folders of fitted potentials: formats, lineage, versions. Imports information and what comes before
it."""
