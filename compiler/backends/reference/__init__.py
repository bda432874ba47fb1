"""The reference target: NumPy, f64, slow and obvious, the measure of the others.

It shares nothing with them but the IR: neighbours by looping over images, values as flat rows (one row a
neighbour or triple), harmonics from their textbook formulas, and derivatives by the complex step.
"""

from .predict import evaluate, predict

__all__ = ["evaluate", "predict"]
