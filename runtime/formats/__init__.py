"""Model formats of other programs, read and written: a file or a folder for each, found by itself. Imports
potential and structures."""
