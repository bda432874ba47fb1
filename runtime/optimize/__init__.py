"""Least squares and training; knows no atoms. Imports diagnostics alone."""
