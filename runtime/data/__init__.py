"""Structures and labels from files, checked, split and converted to one convention. Imports structures,
files and potential."""
