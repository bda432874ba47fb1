"""Properties as guards and as objectives: guards that are broken, and the distance from references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..potential.potential import Potential
from ..properties.config import load_properties_config
from ..properties.measurement import survey
from ..properties.results import broken_guards, misfit


@dataclass(frozen=True)
class PropertyStatus:
    """Whether the properties of a potential are within their tolerances.

    broken: names of guards that are not met, and of properties with a reference that cannot be measured.
    misfit: ½ Σ ((value − reference) / tolerance)² of the other properties.
    """

    broken: frozenset[str] = frozenset()
    misfit: float = 0.0


def guards_of(path: Path) -> Callable[[Potential], PropertyStatus]:
    """A function from a potential to its status, by a file as `potentia properties` reads it.

    Raises ConfigError for a bad file; the function raises it where the file does not suit the potential.
    """
    config = load_properties_config(path)

    def status(potential: Potential) -> PropertyStatus:
        results = survey(potential, config, place=str(path)).results
        failed = [r.name for r in results if r.status == "failed" and r.reference is not None]
        return PropertyStatus(frozenset([*broken_guards(results), *failed]), misfit(results))

    return status
