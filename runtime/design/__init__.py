"""Design: composite potentials found by measuring what each piece of a catalogue tells about the data."""
