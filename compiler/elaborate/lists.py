"""Functions of lists, sizes and components, and of the start values of parameters."""

from __future__ import annotations

from math import inf

from ..declarations.keywords import INDICES
from ..ir import ops
from ..ir.graph import Node
from ..syntax import tree as syntax
from .evaluate import evaluate, fault
from .integers import whole
from .registry import Use, builtin
from .values import Basis, Kept, Quantity, Random, Value, Values


@builtin(counts=True)
def size(use: Use) -> Quantity:
    """size(basis): number of functions of a basis, of items of a list, of components of a value"""
    if len(use.call.arguments) != 1:
        raise use.fault("wrong-arguments", "`size` takes one argument", "usage: size(basis) or size(x(i))")
    value = use.call.arguments[0].value
    if isinstance(value, syntax.Name) and value.name in INDICES:
        return Quantity(float(len(use.env.top.species)))
    found = evaluate(value, use.env)
    if isinstance(found, Basis):
        return Quantity(float(found.n))
    if isinstance(found, Values):
        return Quantity(float(len(found.items)))
    if isinstance(found, Node) and len(found.kind.shape) <= 1:
        return Quantity(float(found.kind.shape[0] if found.kind.shape else 1))
    raise use.fault("bad-size", "only a basis, a list or a row of components has a size")


@builtin(counts=True)
def linspace(use: Use, first: Value, last: Value, n: Value) -> Values:
    """linspace(first, last, n): list of n values, evenly"""
    if not isinstance(first, Quantity) or not isinstance(last, Quantity) or first.unit != last.unit:
        raise use.fault("wrong-unit", "`linspace` takes two numbers of one unit")
    count = whole(n, use.call.span, "the number of values", 1)
    step = (last.value - first.value) / max(count - 1, 1)
    return Values(tuple(Quantity(first.value + k * step, first.unit, first.bare) for k in range(count)))


@builtin(usage="item(list, k) or item(list, k, default)")
def item(use: Use, found: Value, place: Value, default: Value | None = None) -> Value:
    """item(list, k): an item of a list, from 0; item(list, k, default) where it may end before"""
    if not isinstance(found, Values):
        raise use.fault("wrong-arguments", "`item` takes a list", "usage: item([4, 8], 0)")
    k = whole(place, use.call.span, "the place in a list", 0)
    if k < len(found.items):
        return found.items[k]
    if default is None:
        message = f"a list of {len(found.items)} has no item {k}"
        raise use.fault("index-out-of-range", message, "items are counted from 0")
    return default


@builtin(counts=True)
def pick(use: Use, x: Value, chosen: Value) -> Node:
    """pick(x, [0, 3]): some components, counted from 0"""
    if not isinstance(x, Node) or len(x.kind.shape) != 1 or not isinstance(chosen, Values):
        message = "`pick` takes components in one row and a list of those wanted"
        raise use.fault("wrong-arguments", message, "usage: pick(x, [0, 3])")
    places = tuple(whole(v, use.call.span, "a component", 0) for v in chosen.items)
    return ops.take(x, indices=places)


@builtin
def random(use: Use, spread: Value) -> Random:
    """random(0.5): start of a parameter: normal random numbers of that spread"""
    if not isinstance(spread, Quantity) or not 0.0 < spread.value < inf:
        raise use.fault("not-a-number", "the spread of random numbers is a positive number")
    return Random(spread)


@builtin(counts=True)
def keep(use: Use) -> Kept:
    """keep(0, 3, start = 0.1): components of a parameter at a call"""
    components: list[int] = []
    start: Value | None = None
    for argument in use.call.arguments:
        value = evaluate(argument.value, use.env)
        if argument.name == "start":
            start = value
            continue
        if argument.name is not None:
            message = f"`keep` takes no argument `{argument.name}`"
            raise fault("unknown-argument", message, argument.span, "usage: keep(0, 3, start = 0.1)")
        component = whole(value, argument.span, "a component", 0)
        if component in components:
            raise fault("duplicate-component", f"component {component} is kept twice", argument.span)
        components.append(component)
    return Kept(tuple(components), start)
