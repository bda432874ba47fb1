"""The files of a run, and the formats of its metadata: what older ones lack is put in, so that all else
knows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SPEC, PARAMETERS, METADATA, COVARIANCE = "spec.pes", "parameters.npz", "metadata.json", "covariance.npz"
# what is proved of the model with these parameters
CERTIFICATES = "certificates.json"
# how loss and errors of a fit fell, for people and their plots
TRAINING = "learning_curve.csv"
FORMAT = 2  # raised when older code cannot read what this writes


def upgraded(content: Mapping[str, object]) -> dict[str, object]:
    """Metadata of any format up to FORMAT as metadata of FORMAT."""
    found = dict(content)
    for written, following in _NEXT.items():
        if found.get("format") == written:
            found = following(found) | {"format": written + 1}
    return found


def _origins(content: dict[str, object]) -> dict[str, object]:
    """1 to 2: lineage was a list of words, the last of them about the run itself."""
    words = content.get("lineage")
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        return content
    *before, origin = words or [""]
    return content | {"origin": origin, "lineage": [{"origin": w} for w in before]}


_NEXT: dict[int, Callable[[dict[str, object]], dict[str, object]]] = {1: _origins}  # in their order
