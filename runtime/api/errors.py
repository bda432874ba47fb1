"""Errors on parts of data: predictions, their errors, both as text and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from ..evaluation.error_table import error_line, error_rows
from ..presentation import html
from ..presentation.result import Result
from .plots import draw_parity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..evaluation.errors import ErrorData
    from ..evaluation.labelled import Part
    from ..potential.evaluators import Evaluator
    from ..structures.arrays import Theta
    from ..structures.structure import Structure
    from .observer import Observer

Parts = Mapping[str, "Part"]
Errors = dict[str, "ErrorData | None"]


class Judged(Result):
    """A result with predictions and their errors on two parts, of which either may be empty."""

    errors: Errors
    predicted: Parts

    @property
    def train(self) -> ErrorData | None:
        return self.errors["train"]

    @property
    def test(self) -> ErrorData | None:
        return self.errors["test"]

    def plot(self, axes: Axes | None = None, kind: Literal["energy", "forces"] = "forces") -> Axes:
        """Predicted over labelled energies (eV/atom) or components of forces (eV/Å)."""
        return draw_parity(axes, self.predicted, kind)


def predictions(
    theta: Theta, evaluator: Evaluator, parts: Mapping[str, Sequence[Structure]], observer: Observer
) -> dict[str, Part]:
    """The structures of parts, such as train and test, with their predictions; those that have some."""
    found: dict[str, Part] = {}
    for name, structures in parts.items():
        if structures:
            with observer.counting(f"errors on {name}", len(structures)) as progress:
                found[name] = structures, evaluator.predict(theta, structures, progress)
    return found


def errors_of(predicted: Parts) -> Errors:
    """The errors of both parts; None of one without structures."""
    from ..evaluation.errors import compare

    found: Errors = {"train": None, "test": None}
    return found | {name: compare(*part).as_dict() for name, part in predicted.items()}


def error_lines(errors: Mapping[str, ErrorData | None]) -> list[str]:
    """`train RMSE E 2.01 meV/atom, …` for each part."""
    return [f"{name:<5} RMSE {error_line(cast(Mapping[str, object], m))}" for name, m in errors.items() if m]


def error_table(errors: Mapping[str, ErrorData | None]) -> str:
    """The same as a table of HTML."""
    heads, units, *rows = error_rows(errors)
    joined = [f"{head}, {unit}" if unit else head for head, unit in zip(heads, units, strict=True)]
    return html.table([joined, *rows], "errors")
