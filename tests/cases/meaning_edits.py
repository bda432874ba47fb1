"""Edits of random specs that change what they mean."""

from __future__ import annotations

from copy import deepcopy
from random import Random

from random_specs import (
    CHOICES,
    FUNCTIONS,
    LIBRARY,
    Setting,
    Spec,
    Summand,
    Tree,
    differ,
    random_call,
    told_apart,
)


def changed(spec: Spec, rng: Random) -> tuple[str, Spec]:
    """A spec that means something else, and how it was made."""
    while True:
        edit = rng.choice(EDITS)
        new = deepcopy(spec)
        if edit(new, rng) and told_apart(new):
            return edit.__name__, new


def another_reach(spec: Spec, rng: Random) -> bool:
    call = rng.choice(spec.calls)
    name = "outer" if call.name == "zbl" else "rc"
    now = call.arguments.get(name) or LIBRARY[call.name][0][name]
    call.arguments[name] = f"{float(now[:-2]) * rng.choice([1.01, 1.1, 10]):g} Å"
    return True


def another_choice(spec: Spec, rng: Random) -> bool:
    call = rng.choice(spec.calls)
    options = [
        a for a in LIBRARY.get(call.name, ({}, {}))[0] if a in CHOICES and not CHOICES[a][0].endswith("Å")
    ]
    if not options:
        return False
    name = rng.choice(options)
    now = call.arguments.get(name, LIBRARY[call.name][0][name])
    call.arguments[name] = rng.choice([c for c in CHOICES[name] if c != now])
    return True


def another_factor(spec: Spec, rng: Random) -> bool:
    s = rng.choice(spec.summands)
    s.factor *= rng.choice([-1.0, 1.5, 0.5])
    return True


def without_a_summand(spec: Spec, rng: Random) -> bool:
    if len(spec.summands) < 2:
        return False
    spec.summands.remove(rng.choice(spec.summands))
    used = {s.call for s in spec.summands} | {s.gate for s in spec.summands}
    kept = [k for k in range(len(spec.calls)) if k in used]
    spec.calls = [spec.calls[k] for k in kept]
    for s in spec.summands:
        s.call, s.gate = kept.index(s.call), None if s.gate is None else kept.index(s.gate)
    return True


def with_another_summand(spec: Spec, rng: Random) -> bool:
    spec.calls.append(random_call(rng, spec.species))
    spec.summands.append(Summand(1.0, len(spec.calls) - 1))
    return True


def another_gate(spec: Spec, rng: Random) -> bool:
    s = rng.choice(spec.summands)
    if s.gate is None:
        spec.calls.append(random_call(rng, spec.species))
        s.gate = len(spec.calls) - 1
        return True
    gate, s.gate = s.gate, None
    return any(gate in (other.call, other.gate) for other in spec.summands)


def pinned(spec: Spec, rng: Random) -> bool:
    s = rng.choice(spec.summands)
    s.pinned = True
    return True


def other_species(spec: Spec, rng: Random) -> bool:
    if any(s.rows for c in spec.calls for s in (*c.settings.values(), *c.parameters)):
        return False
    if spec.species and rng.random() < 0.5:
        spec.species[rng.randrange(len(spec.species))] = "Cr"
    else:
        spec.species.append("Cr")
    return True


def _settings(spec: Spec) -> list[Setting]:
    return [s for c in spec.calls for s in (*c.settings.values(), *c.parameters)]


def fixed_or_freed(spec: Spec, rng: Random) -> bool:
    if not _settings(spec):
        return False
    s = rng.choice(_settings(spec))
    if s.rows is None:
        s.fixed = not s.fixed
    else:
        row = rng.choice(list(s.rows))
        s.rows[row] = (s.rows[row][0], not s.rows[row][1])
    return True


def another_start(spec: Spec, rng: Random) -> bool:
    if not _settings(spec):
        return False
    s = rng.choice(_settings(spec))
    if s.rows is None:
        s.start = s.start * 1.01 if s.start else 0.01
    else:
        row = rng.choice(list(s.rows))
        s.rows[row] = (s.rows[row][0] * 1.01 or 0.01, s.rows[row][1])
    return True


def other_bounds(spec: Spec, rng: Random) -> bool:
    if not _settings(spec):
        return False
    s = rng.choice(_settings(spec))
    low, high = s.bounds or (-20.0, 20.0)
    s.bounds = (low - 0.5, high) if rng.random() < 0.5 else (low, high + 0.5)
    return True


def another_tree(spec: Spec, rng: Random) -> bool:
    """A number, an operator, a function or an exponent of a term of the spec's own."""
    own = [c for c in spec.calls if c.tree is not None]
    if not own:
        return False
    call = rng.choice(own)
    nodes = list(_paths(call.tree))
    path = rng.choice(nodes)
    new = _replaced(call.tree, path, lambda t: _other(t, rng, len(call.parameters)))
    if not differ(call.tree, new, len(call.parameters)):
        return False
    used = {t[1] for t in map(lambda p: _at(call.tree, p), nodes) if t[0] == "par"}
    if {t[1] for t in map(lambda p: _at(new, p), _paths(new)) if t[0] == "par"} != used:
        return False  # a parameter that is gone is another edit
    call.tree = new
    return True


def _other(tree: Tree, rng: Random, parameters: int) -> Tree:
    match tree:
        case ("num", x):
            return ("num", round(x * rng.choice([1.01, 2, 0.5]), 6))
        case ("add", xs):
            k = rng.randrange(len(xs))
            return ("add", [("neg", x) if m == k else x for m, x in enumerate(xs)])
        case ("mul", xs):
            return ("add", xs)
        case ("pow", x, n):
            return ("pow", x, n + 1)
        case ("fun", name, x):
            return ("fun", rng.choice([f for f in FUNCTIONS if f != name]), x)
        case ("div", x, y):
            return ("mul", [x, y])
        case ("r",):
            return ("mul", [("r",), ("num", 1.5)])
        case ("par", k):
            return ("par", rng.randrange(parameters))
    return tree


def _paths(tree: Tree, path: tuple = ()) -> list[tuple]:
    found = [path]
    for k, part in enumerate(tree):
        if isinstance(part, tuple):
            found += _paths(part, (*path, k))
        elif isinstance(part, list):
            for m, inner in enumerate(part):
                found += _paths(inner, (*path, (k, m)))
    return found


def _at(tree: Tree, path: tuple) -> Tree:
    for step in path:
        tree = tree[step[0]][step[1]] if isinstance(step, tuple) else tree[step]
    return tree


def _replaced(tree: Tree, path: tuple, change) -> Tree:
    if not path:
        return change(tree)
    step, rest = path[0], path[1:]
    parts = list(tree)
    if isinstance(step, tuple):
        k, m = step
        inner = list(parts[k])
        inner[m] = _replaced(inner[m], rest, change)
        parts[k] = inner
    else:
        parts[step] = _replaced(parts[step], rest, change)
    return tuple(parts)


EDITS = (
    *(another_reach, another_choice, another_factor, without_a_summand, with_another_summand, another_gate),
    *(pinned, other_species, fixed_or_freed, another_start, other_bounds, another_tree, another_tree),
)
