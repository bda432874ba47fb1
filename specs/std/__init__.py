"""The standard library: one term in each file, written in the language."""
