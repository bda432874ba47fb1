"""Answers to an editor about a spec; the language server. Imports the compiler and runs."""
