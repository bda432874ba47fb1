"""Between which numbers each value of a model lies, for all distances within reach and parameters in bounds.

Interval arithmetic over the IR: an enclosure, never too narrow but for rounding, so what it says of a value
(it is 0, it is not negative) is proved. One interval holds all components of a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from math import inf, prod

from ..ir.graph import Model, Node, Parameter, topological

Range = tuple[float, float]
ALL: Range = (-inf, inf)
ZERO: Range = (0.0, 0.0)

# the value is one of those of the argument, or several of them
_SAME = ("at", "row", "to_i", "to_j", "to_ij", "to_ik", "take", "reshape")
_SUMS = ("sum_i", "sum_j", "sum_to_ij", "sum_to_ik", "total")
_UNIT = ("sines", "cosines", "sphericals")


def ranges(model: Model, roots: Iterable[Node]) -> dict[Node, Range]:
    """For each node under the roots the least and the greatest number that it can be, in eV, Å and e."""
    parameters = {p.name: _of_parameter(p) for p in model.parameters}
    found: dict[Node, Range] = {}
    for node in topological(roots):
        if node.op == "param":
            found[node] = parameters[node["name"]]
        else:
            low, high = _range(node, [found[a] for a in node.args])
            found[node] = ALL if math.isnan(low) or math.isnan(high) else (low, high)
    return found


def _of_parameter(p: Parameter) -> Range:
    rows = set(zip(p.start, p.lower, p.upper, p.free, strict=True))
    found = [(low, high) if free else (start, start) for start, low, high, free in rows]
    if p.places is not None and -1 in p.places:
        found.append(ZERO)
    return _hull(found)


def _range(node: Node, args: list[Range]) -> Range:
    match node.op:
        case "const":
            return min(node["values"]), max(node["values"])
        case "distance":
            return 0.0, float(node.kind.domain.rc or inf)
        case "displacement":
            reach = float(node.kind.domain.rc or inf)
            return -reach, reach
        case "pow":
            return _power(args[0], node["exponent"])
        case "put":
            covered = set(node["indices"]) == set(range(node["size"]))
            several = len(set(node["indices"])) < len(node["indices"])
            return ALL if several else args[0] if covered else _hull([args[0], ZERO])
        case "stack":
            return _hull(args)
        case "einsum":
            return _contracted(node, args)
        case "chebyshev":
            return (-1.0, 1.0) if args[0][0] >= -1.0 and args[0][1] <= 1.0 else ALL
        case op if op in _SAME:
            return args[0]
        case op if op in _SUMS:
            return _sum_of_any_number(args[0])
        case op if op in _UNIT:
            return -1.0, 1.0
        case op:
            rule = _RULES.get(op)
            return rule(*args) if rule else ALL


def _hull(found: list[Range]) -> Range:
    return min(low for low, _ in found), max(high for _, high in found)


def _sum_of_any_number(a: Range) -> Range:
    low, high = a
    return (0.0 if low >= 0.0 else -inf), (0.0 if high <= 0.0 else inf)


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0.0 or y == 0.0 else x * y  # 0·∞ is 0: the factor is 0 wherever it is evaluated


def _product(a: Range, b: Range) -> Range:
    corners = [_times(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _contracted(node: Node, args: list[Range]) -> Range:
    """Sums of so many products as the letters that are not in the result have values."""
    inputs, out = node["spec"].split("->")
    shapes = zip(inputs.split(","), node.args, strict=True)
    sizes = {c: n for letters, a in shapes for c, n in zip(letters, a.kind.shape, strict=True)}
    total = args[0]
    for other in args[1:]:
        total = _product(total, other)
    return _product(total, (count := float(prod(n for c, n in sizes.items() if c not in out)), count))


def _add(a: Range, b: Range) -> Range:
    return a[0] + b[0], a[1] + b[1]


def _monotone(f: Callable[[float], float]) -> Callable[[Range], Range]:
    return lambda a: (f(a[0]), f(a[1]))


def _exp(x: float) -> float:
    return inf if x > 709.0 else math.exp(x)


def _log(x: float) -> float:
    return -inf if x <= 0.0 else math.log(x)


def _cos(a: Range) -> Range:
    if a[0] >= 0.0 and a[1] <= math.pi:
        return math.cos(a[1]), math.cos(a[0])
    return -1.0, 1.0


def _abs(a: Range) -> Range:
    low, high = sorted((abs(a[0]), abs(a[1])))
    return (0.0 if a[0] <= 0.0 <= a[1] else low), high


def _power(a: Range, p: float) -> Range:
    """a^p; a fractional power is 0 at 0."""
    low, high = a
    whole = p == int(p)
    if whole and int(p) % 2 == 0:
        low, high = _abs(a)
    elif low < 0.0 and not (whole and (p > 0.0 or high < 0.0)):
        return ALL
    ends = (_to(low, p), _to(high, p))
    if p < 0.0 and low == 0.0 and not whole:
        return 0.0, inf
    return min(ends), max(ends)


def _to(x: float, p: float) -> float:
    if x == 0.0:
        return inf if p < 0.0 else 0.0 if p > 0.0 else 1.0
    try:
        return float(x**p)
    except OverflowError:
        return inf if x > 0.0 or int(p) % 2 == 0 else -inf


def _general_power(a: Range, b: Range) -> Range:
    return (0.0, inf) if a[0] >= 0.0 else ALL


def _select(c: Range, a: Range, b: Range) -> Range:
    return a if c[0] > 0.0 else b if c[1] <= 0.0 else _hull([a, b])


_RULES: dict[str, Callable[..., Range]] = {
    "add": _add,
    "mul": _product,
    "neg": lambda a: (-a[1], -a[0]),
    "exp": _monotone(_exp),
    "log": _monotone(_log),
    "erfc": lambda a: (math.erfc(a[1]), math.erfc(a[0])),
    "tanh": _monotone(math.tanh),
    "sin": lambda a: (-1.0, 1.0),
    "cos": _cos,
    "abs": _abs,
    "sign": _monotone(lambda x: float((x > 0.0) - (x < 0.0))),
    "step": _monotone(lambda x: float(x > 0.0)),
    "power": _general_power,
    "max": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "min": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "select": _select,
}
