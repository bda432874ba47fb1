"""Design: composite potentials found by measuring how much each piece of a catalogue explains of the data.
Imports fitting, runs, properties and what comes before them."""
