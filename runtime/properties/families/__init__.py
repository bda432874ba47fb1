"""Families of properties, found by themselves: a file has settings, measurements and plot of one. Imports
the room above."""
