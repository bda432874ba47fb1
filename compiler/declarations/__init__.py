"""Declarations of a spec and of the library, in order and without clashes. Imports syntax and what comes
before it."""
