"""Active learning: dynamics, structures that the potential does not know, labels, a fit, and again. Imports
fitting, runs, dynamics and what comes before them."""
