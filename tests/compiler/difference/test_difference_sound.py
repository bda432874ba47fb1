"""Formulas that have one normal form are one function: random expressions, sorted by form and worked out."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest
from potentia.compiler import pipeline
from potentia.compiler.analysis.budget import Budget
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.difference.forms import Forms, Sum
from potentia.compiler.difference.sameness import normal_forms
from potentia.compiler.difference.sides import build_side

# b is above 0, c is not below, s is anything
SPEC = """species Nb
term own(rc = 5 Å) {{
  param b = 0.7 in (0.1, 3) per model
  param c = 0.7 in (0, 3) per model
  param s = 0.4 per model
  x(r) = r / 1 Å
  pair(r) = 1 eV * ({}) * smooth(r, rc)
}}
E = own()
"""
NAMES = ("b", "c", "s", "x(r)")
POINTS = ((0.5, 0.0, 0.0, 1.3), (1.7, 0.4, -1.2, 2.1), (0.9, 1.1, 0.8, 3.3), (2.3, 0.0, -0.3, 0.7))
MANY = max(400, int(os.environ.get("POTENTIA_EDITS", "0")))


def power(p: float) -> Callable[[float], float]:
    """x^p; 0 at 0 for a fractional power."""

    def raised(x: float) -> float:
        if x < 0.0 and p != int(p):
            raise ValueError
        return 0.0 if x == 0.0 and p != int(p) else x**p

    return raised


OPERATIONS: tuple[tuple[str, Callable[..., float]], ...] = (
    ("({} + {})", lambda x, y: x + y),
    ("({} - {})", lambda x, y: x - y),
    ("({} * {})", lambda x, y: x * y),
    ("({} / {})", lambda x, y: x / y),
    ("(-{})", lambda x: -x),
    *((f"({{}})^({p})", power(p)) for p in (2, 3, -1, -2, 0.5, 1.5, -0.5)),
    ("exp({})", math.exp),
    ("tanh({})", math.tanh),
    ("cos({})", math.cos),
    ("sin({})", math.sin),
    ("erfc({})", math.erfc),
    ("abs({})", abs),
    ("step({})", lambda x: float(x > 0.0)),
    ("max({}, {})", max),
    ("min({}, {})", min),
    ("where({}, {}, {})", lambda c, x, y: x if c > 0.0 else y),
)
Tree = tuple  # (name,), (number,) or (place among OPERATIONS, arguments)


def random_tree(rng: Random, depth: int) -> Tree:
    """Small and of few parts, so that many are the same in other words."""
    if depth == 0:
        return (rng.choice(("s", "s", "b", "c", "x(r)", 2.0)),)
    k = rng.choice((0, 1, 2, 3, *(rng.randrange(len(OPERATIONS)) for _ in range(4))))
    return (k, [random_tree(rng, rng.randrange(depth)) for _ in range(OPERATIONS[k][0].count("{}"))])


def text(tree: Tree) -> str:
    if len(tree) == 1:
        return str(tree[0])
    return OPERATIONS[tree[0]][0].format(*map(text, tree[1]))


def value(tree: Tree, point: dict[str, float]) -> float:
    if len(tree) == 1:
        return point.get(tree[0], tree[0])
    return OPERATIONS[tree[0]][1](*(value(x, point) for x in tree[1]))


def values(tree: Tree) -> list[float | None]:
    """At each point, None where there is no number."""
    found: list[float | None] = []
    for point in POINTS:
        try:
            x = value(tree, dict(zip(NAMES, point, strict=True)))
        except (ValueError, OverflowError, ZeroDivisionError):
            x = math.nan
        found.append(x if math.isfinite(x) else None)
    return found


def form(tree: Tree, forms: Forms) -> Sum | None:
    """The normal form of its energy, with parameters by their own names; None for what is no spec."""
    try:
        side = build_side(pipeline.check(pipeline.parse(Source(SPEC.format(text(tree))))), ("Nb",))
    except SpecError:  # a number divided by 0, a number where a value is needed
        return None
    names = {name: name for name in side.parameters}
    return normal_forms(forms, side, {n: n.encode() for n in names}, names).of(side.energy)


@pytest.mark.parametrize("seed", range(2))
def test_one_form_is_one_function(seed: int) -> None:
    rng, forms = Random(seed), Forms(Budget(10**9))
    found: dict[Sum, dict[str, Tree]] = defaultdict(dict)
    for _ in range(MANY // 2):
        tree = random_tree(rng, rng.choice((2, 2, 3)))
        key = form(tree, forms)
        if key is not None:
            found[key][text(tree)] = tree
    alike = [list(trees.values()) for trees in found.values() if len(trees) > 1]
    assert len(alike) >= 5
    for first, *others in alike:
        for other in others:
            for x, y in zip(values(first), values(other), strict=True):
                # both numbers: a quotient that is none at 0 may be the same elsewhere
                if x is not None and y is not None:
                    assert x == pytest.approx(y, rel=1e-8, abs=1e-12), (text(first), text(other))
