"""Fisher information of a fit and what follows from it: parts, uncertainty, cross-validation. Imports
residuals and optimize."""
