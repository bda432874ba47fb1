"""Properties as musts: which of them a potential does not meet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .potential import Potential
from .properties.config import load_properties_config
from .properties.measurement import survey
from .properties.results import broken_guards


def guards_of(path: Path) -> Callable[[Potential], frozenset[str]]:
    """A function that tells the broken guards of a file, as `potentia properties` reads it.

    Raises ConfigError for a bad file; the function also where the file does not suit the potential.
    """
    config = load_properties_config(path)

    def broken(potential: Potential) -> frozenset[str]:
        results = survey(potential, config, place=str(path)).results
        return frozenset(broken_guards(results))

    return broken
