"""Targets: an optimised model becomes something that runs. Imports the IR and the schedule."""
