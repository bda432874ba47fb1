"""Active learning: dynamics, structures that the potential does not know, labels, a fit, and again."""
