"""Predictions of a potential and their errors against labels. Imports potential, data and residuals."""
