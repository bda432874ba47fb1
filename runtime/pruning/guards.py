"""Properties as musts and as objectives: what is not met, and how far a potential is from references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..potential.potential import Potential
from ..properties.config import load_properties_config
from ..properties.measurement import survey
from ..properties.results import broken_guards, misfit


@dataclass(frozen=True)
class Standing:
    """broken: names of the musts that are not met, and of properties with a reference that cannot be
    measured; misfit: ½ Σ ((value − reference) / tolerance)² of the others.
    """

    broken: frozenset[str] = frozenset()
    misfit: float = 0.0


def guards_of(path: Path) -> Callable[[Potential], Standing]:
    """A function that tells how a potential stands to a file, as `potentia properties` reads it.

    Raises ConfigError for a bad file; the function also where the file does not suit the potential.
    """
    config = load_properties_config(path)

    def standing(potential: Potential) -> Standing:
        results = survey(potential, config, place=str(path)).results
        failed = [r.name for r in results if r.status == "failed" and r.reference is not None]
        return Standing(frozenset([*broken_guards(results), *failed]), misfit(results))

    return standing
