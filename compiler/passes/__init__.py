"""One pass from a model to a model in each file. Imports the IR and analysis."""
