"""Two specs compared by meaning. Imports the pipeline and what comes before it."""
