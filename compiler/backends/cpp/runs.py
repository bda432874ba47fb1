"""Long values as loops: components that differ in one whole number are written once, for a counter.

    load(S + 7 * LANES), load(S + 8 * LANES), …    ->    load(S + (7 + n) * LANES)

Written out one by one, rows of hundreds of components take a compiler longer than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .writer import Component, Value, Writer, literal

# values of so many components are loops where they can be
LONG = 64

_NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")


@dataclass(frozen=True)
class Run:
    """The text of all components, around a whole number: first, first + step, …"""

    before: str
    after: str
    first: int
    step: int

    def at(self, counter: str) -> str:
        """The component that a counter from 0 tells."""
        number = counter if self.step == 1 else f"{self.step} * {counter}"
        return f"{self.before}{f'({self.first} + {number})' if self.first else number}{self.after}"


def run_of(value: Sequence[Component]) -> Run | None:
    """The components as a run; None where they are few, or are none."""
    if len(value) < LONG or not all(isinstance(c, str) for c in value):
        return None
    parts = [_NUMBER.split(str(c)) for c in value]
    places = [k for k, (a, b) in enumerate(zip(parts[0], parts[1], strict=False)) if a != b]
    if len(places) != 1 or places[0] % 2 == 0:
        return None
    (place,) = places
    first, step = int(parts[0][place]), int(parts[1][place]) - int(parts[0][place])
    rest = parts[0][:place] + parts[0][place + 1 :]
    for n, part in enumerate(parts):
        if part[:place] + part[place + 1 :] != rest or part[place] != str(first + n * step):
            return None
    return Run("".join(parts[0][:place]), "".join(parts[0][place + 1 :]), first, step)


def looped(counter: str, n: int, lines: Sequence[str]) -> list[str]:
    """A loop of lines over a counter below n."""
    return [f"for (int {counter} = 0; {counter} < {n}; ++{counter}) {{", *lines, "}"]


def each(writer: Writer, args: Sequence[Value], n: int) -> tuple[str, list[Component]] | None:
    """A counter, and the arguments of an elementwise operation of n components at it.

    None where it is better written out: an argument is short of n components, or they have no one form.
    """
    if n < LONG:
        return None
    counter, found = writer.name(), []
    for value in args:
        run = run_of(value)
        if len(value) == 1:
            found.append(value[0])
        elif run is not None:
            found.append(run.at(counter))
        elif all(isinstance(c, float) for c in value):
            table = writer.name()
            numbers = ", ".join(literal(c) for c in value if isinstance(c, float))
            writer.lines.append(f"static const real {table}[] = {{{numbers}}};")
            found.append(f"broadcast({table}[{counter}])")
        else:
            return None
    return counter, found
