"""A fit from its task to its result. Imports information and what comes before it."""
