"""A program with its parameters as a function of structures, and as an ASE calculator. Imports
structures."""
