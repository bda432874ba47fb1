"""All certificates of a model, as they are printed and stored."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from ..ir.graph import Model
from .certificate import Certificate, Certificates, Finding, Verdict
from .continuity import continuity
from .enclosure import Values
from .finiteness import finiteness
from .invariance import invariance
from .repulsion import repulsion

_ALL: dict[str, Callable[[Model, Values], Certificate]] = {
    "repulsion": repulsion,
    "continuity": continuity,
    "finiteness": finiteness,
    "invariance": lambda model, theta: invariance(model),
}

BROKEN = "the proof is not carried through"


def certify(model: Model, theta: Values) -> Certificates:
    """The certificates of a model as built, with all of its parameters theta (P,)."""
    theta = np.asarray(theta, dtype=np.float64)
    return Certificates(model.species, tuple(_made(name, model, theta) for name in _ALL))


def _made(name: str, model: Model, theta: Values) -> Certificate:
    """A proof that breaks down proves nothing; it does not take a fit with it."""
    try:
        return _ALL[name](model, theta)
    except Exception as fault:  # what a fit took hours for is stored in any case
        why = f"{BROKEN}: {type(fault).__name__} {fault}"
        return Certificate(name, name, (Finding(name, Verdict.OPEN, why),))


def as_text(certificates: Certificates) -> str:
    """The JSON of a file."""
    return json.dumps(certificates.data(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
