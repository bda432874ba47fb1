"""Model formats of other codes, read and written; one folder for each. Imports potential and data."""
