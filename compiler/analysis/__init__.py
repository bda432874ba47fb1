"""Facts about a model that are read off its graph: linear parameters, costs, intervals, live components.
Imports the IR."""
