"""Text of one loop body: values as components, each a number or the name of a vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

# a known number, or a C++ expression of type V without operators outside of calls
Component = float | str
Value = list[Component]


def literal(x: float) -> str:
    """A number as C++, exactly."""
    return f"real({x!r})" if x == x and abs(x) != float("inf") else f"real({_odd(x)})"


def _odd(x: float) -> str:
    return "NAN" if x != x else "INFINITY" if x > 0 else "-INFINITY"


def vector(x: Component) -> str:
    """A component as an expression of type V."""
    return x if isinstance(x, str) else f"broadcast({literal(x)})"


def operand(x: Component) -> str:
    """A component in a sum or product with a vector."""
    return x if isinstance(x, str) else literal(x)


class Writer:
    """Statements in order; names are not used twice in a file."""

    def __init__(self, names: Iterator[int] | None = None) -> None:
        self.lines: list[str] = []
        self.names = names or count()
        self.made: dict[str, str] = {}

    def name(self) -> str:
        return f"t{next(self.names)}"

    def let(self, expression: str) -> str:
        """The name of a new vector with this value."""
        name = self.name()
        self.lines.append(f"const V {name} = {expression};")
        return name

    def once(self, kind: str, expression: str) -> str:
        """The name of a constant of a C++ type with this value, the same for the same expression."""
        if expression not in self.made:
            self.made[expression] = self.name()
            self.lines.append(f"const {kind} {self.made[expression]} = {expression};")
        return self.made[expression]

    def array(self, n: int, function: str, arguments: str) -> str:
        """The name of n numbers that a function writes, the same for the same arguments."""
        call = f"{function}({arguments})"
        if call not in self.made:
            name = self.made[call] = self.name()
            self.lines += [f"real {name}[{n}];", f"{function}({name}, {arguments});"]
        return self.made[call]

    # --- arithmetic, with known numbers worked out ---------------------------------------------

    def add(self, a: Component, b: Component) -> Component:
        if isinstance(a, float) and isinstance(b, float):
            return a + b
        if a == 0.0 or b == 0.0:
            return b if a == 0.0 else a
        return self.let(f"{operand(a)} + {operand(b)}")

    def neg(self, a: Component) -> Component:
        return -a if isinstance(a, float) else self.let(f"-{a}")

    def mul(self, *factors: Component) -> Component:
        """The product, known numbers first."""
        known, unknown = _split(factors)
        if known == 0.0 or not unknown:
            return known
        text = " * ".join(unknown) if known == 1.0 else " * ".join([literal(known), *unknown])
        return unknown[0] if text == unknown[0] else self.let(text)

    def products(self, terms: Sequence[Sequence[Component]]) -> Component:
        """A sum of products, in two chains where it is long, so that additions need not wait."""
        known, texts = 0.0, []
        for factors in terms:
            number, unknown = _split(factors)
            if number == 0.0:
                continue
            if not unknown:
                known += number
            elif number == 1.0:
                texts.append(" * ".join(unknown))
            else:
                texts.append(" * ".join([literal(number), *unknown]))
        if not texts:
            return known
        if known:
            texts.append(literal(known))
        if len(texts) == 1 and " " not in texts[0] and "(" not in texts[0]:
            return texts[0]
        if len(texts) < 6:
            return self.let(" + ".join(texts))
        return self.let(f"({' + '.join(texts[::2])}) + ({' + '.join(texts[1::2])})")

    def call(self, function: str, *args: Component) -> Component:
        """A function of the prelude."""
        return self.let(f"{function}({', '.join(vector(a) for a in args)})")


def _split(factors: Sequence[Component]) -> tuple[float, list[str]]:
    known, unknown = 1.0, []
    for f in factors:
        if isinstance(f, float):
            known *= f
        else:
            unknown.append(f)
    return known, unknown
