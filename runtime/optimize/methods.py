"""The methods of fitting by name, and which of them `auto` takes. Each has a file of its name in the room
`fitting`, which is imported when a fit is made by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

AUTO = "auto"


@dataclass(frozen=True)
class Method:
    """A method of fitting. suits(n, linear): whether it is the choice for n free parameters, linear where all
    of them enter the energy linearly. in_reverse: whether it takes gradients in reverse mode, by XLA.
    """

    name: str
    suits: Callable[[int, bool], bool]
    in_reverse: bool = False


# with more parameters a step costs more than it brings; where all are linear, one step is the whole fit
LEAST_SQUARES = Method("least-squares", lambda n, linear: n <= (5000 if linear else 1500))
# its matrices take some 30 bytes for each pair of parameters
QUASI_NEWTON = Method("quasi-newton", lambda n, linear: n <= 12000, in_reverse=True)
FIRST_ORDER = Method("first-order", lambda n, linear: True, in_reverse=True)

# in the order in which `auto` asks them
METHODS = {method.name: method for method in (LEAST_SQUARES, QUASI_NEWTON, FIRST_ORDER)}


def method_names() -> tuple[str, ...]:
    """The words that the configuration takes."""
    return AUTO, *METHODS


def automatic(n: int, linear: bool) -> Method:
    """The first method that suits n free parameters; linear where all of them enter the energy linearly."""
    return next(method for method in METHODS.values() if method.suits(n, linear))
