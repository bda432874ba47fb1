"""One pass from a model to a model in each file. Imports the IR, analysis and the loops of
`schedule`."""
