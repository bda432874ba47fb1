"""A family of properties: its settings, its measurements, its plot. Each is a file in the folder `families`,
which is found by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from ..files.settings import Section

if TYPE_CHECKING:  # the names of the families are known without a numerical library
    from matplotlib.axes import Axes

    from .bench import Bench, Task
    from .results import Curve

# of the results; a family that is not named comes after these
_ORDER = ("lattice", "equation_of_state", "elastic", "vacancy", "surface", "phonon", "dimer", "hot_md")


class OfStructures(Section):
    """The structures that a family is measured of."""

    structures: tuple[str, ...] | None = Field(
        None, description="Names of the structures that are measured; the ground states where not given."
    )


@dataclass(frozen=True)
class Plot:
    """The plot of the curves of a family, all of them in one panel.

    x, y: labels of the axes; marker: of the points; about_zero: a line at zero, the y axis linear about it
    and logarithmic far from it. draw(axes, curve, colour): draws a curve in a panel of its own instead.
    """

    x: str
    y: str
    marker: str | None = None
    about_zero: bool = False
    draw: Callable[[Axes, Curve, str], None] | None = None


@dataclass(frozen=True)
class Package:
    """A package of others by its name, and the message where it is absent."""

    name: str
    missing: str


@dataclass(frozen=True)
class Family:
    """A family of properties.

    name: of the file, in `measure`, and of the section; settings: the section, none where it has no fields;
    repeats: whether unit cells are repeated; package: of others, which need not be installed; plot: of its
    curves, where it has any.
    """

    name: str
    settings: type[Section]
    tasks: Callable[[Bench, Section], list[Task]]
    repeats: bool
    package: Package | None
    plot: Plot | None


S = TypeVar("S", bound=Section)
_Tasks = Callable[["Bench", S], "list[Task]"]

_FAMILIES: dict[str, Family] = {}


def family(
    name: str,
    settings: type[S],
    *,
    repeats: bool = False,
    package: Package | None = None,
    plot: Plot | None = None,
) -> Callable[[_Tasks[S]], _Tasks[S]]:
    """Marks the function that lists the measurements of a family, in the file of its name."""

    def register(tasks: _Tasks[S]) -> _Tasks[S]:
        def checked(bench: Bench, given: Section) -> list[Task]:
            assert isinstance(given, settings)
            return tasks(bench, given)

        _FAMILIES[name] = Family(name, settings, checked, repeats, package, plot)
        return tasks

    return register


@cache
def family_names() -> tuple[str, ...]:
    """The names in the order of the results; no family is imported."""
    found = [module.name for module in iter_modules([str(Path(__file__).with_name("families"))])]
    return tuple(sorted(found, key=lambda n: (_ORDER.index(n) if n in _ORDER else len(_ORDER), n)))


@cache
def families() -> dict[str, Family]:
    """The families by name, in the order of the results."""
    for name in family_names():
        import_module(f".families.{name}", __package__)
    return {name: _FAMILIES[name] for name in family_names()}
