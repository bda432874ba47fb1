"""Parameters of a term: their sharing among species and size; and reading them."""

from __future__ import annotations

import random
from math import inf
from zlib import crc32

from ..chemistry.units import Unit
from ..diagnostics.source import Span
from ..ir import ops
from ..ir.graph import Node
from ..ir.parameter import Parameter, parameter_size
from ..ir.types import LARGEST, NONE, SITE, Domain, Kind, too_large
from ..syntax import tree as syntax
from .evaluate import evaluate, fault, move
from .integers import whole
from .parameter_values import parameter, rows_in_use
from .scope import Atoms, Env, TermScope
from .shared import owner_of, require_alike, require_rows
from .values import Quantity, Random, Values

DOMAINS: dict[str, Domain] = {
    "model": NONE,
    "species": Domain("species"),
    "pair": Domain("species_pair"),
    "ordered pair": Domain("species_pair_ordered"),
    "triple": Domain("species_triple"),
    "ordered triple": Domain("species_triple_ordered"),
}


def declare(scope: TermScope, name: str) -> Node:
    """The IR leaf of a parameter, a constant 0 where nothing of it is kept.

    The first reading enters it in the model's list.
    """
    if name not in scope.declared:
        declaration, given = scope.params[name], scope.overrides.get(name)
        kind = _kind(scope, declaration)
        if given is not None and isinstance(given.value, syntax.Shared):
            scope.declared[name] = _of_owner(scope, declaration, kind, given.value)
            return scope.declared[name]
        _need_room(scope, parameter_size(kind, len(scope.top.species)))
        made = parameter(scope, declaration, kind)
        if made is None:
            scope.declared[name] = ops.constant((0.0,) * kind.components, kind.unit, shape=kind.shape)
        else:
            scope.top.enter(made)
            scope.declared[name] = ops.param(name=made.name, kind=made.kind)
    return scope.declared[name]


def _of_owner(scope: TermScope, declaration: syntax.Param, kind: Kind, given: syntax.Shared) -> Node:
    """The leaf of the parameter of another term that is given for one of this."""
    owner, mine = owner_of(given, scope.outer), f"{scope.instance}.{declaration.name}"
    theirs = owner.params[given.parameter]
    require_alike(mine, kind, given, _kind(owner, theirs))
    require_rows(scope, owner, kind, given)
    leaf = declare(owner, theirs.name)
    scope.top.kept[mine] = scope.top.kept.get(f"{owner.instance}.{theirs.name}")
    return leaf


def weights(
    scope: TermScope, name: str, shape: tuple[int, ...], unit: Unit, spread: float, domain: Domain
) -> Node:
    """A table of weights, started from random numbers that depend only on its name."""
    full = f"{scope.instance}.{name}"
    kind = Kind(domain, shape, unit)
    n = parameter_size(kind, len(scope.top.species))
    _need_room(scope, n)
    source = random.Random(crc32(full.encode()))
    start = tuple(source.gauss(0.0, spread) for _ in range(n))
    rows = rows_in_use(scope, kind)
    per_row = n // len(rows)
    free = tuple(used for used in rows for _ in range(per_row))
    scope.top.enter(Parameter(full, scope.instance, kind, start, (-inf,) * n, (inf,) * n, free))
    return ops.param(name=full, kind=kind)


def _need_room(scope: TermScope, count: int) -> None:
    """Raise KindError where so many numbers more make a model too large."""
    total = count + scope.top.numbers
    if total > LARGEST:
        raise too_large("the model", total)


def read(
    scope: TermScope,
    leaf: Node,
    declaration: syntax.Param,
    atoms: Atoms,
    indices: tuple[str, ...],
    span: Span,
) -> Node:
    """A parameter as a value of the atoms in hand; `indices` as written, `D(i, k)`, or empty."""
    return _whole(scope, _read_row(leaf, declaration, atoms, indices, span), declaration)


def _whole(scope: TermScope, value: Node, declaration: syntax.Param) -> Node:
    """A value with all components that were declared, 0 where they are not kept."""
    kept = scope.top.kept.get(f"{scope.instance}.{declaration.name}")
    if kept is None:
        return value
    return ops.put(value, indices=kept, size=_size(scope, declaration)[0])


def _read_row(
    leaf: Node, declaration: syntax.Param, atoms: Atoms, indices: tuple[str, ...], span: Span
) -> Node:
    domain = leaf.kind.domain
    if domain == NONE:
        return leaf
    arity = {
        "species": 1,
        "species_pair": 2,
        "species_pair_ordered": 2,
        "species_triple": 3,
        "species_triple_ordered": 3,
    }[domain.name]
    if not indices:
        indices = _natural(declaration, atoms, arity, span)
    if len(indices) != arity:
        raise fault(
            "missing-index",
            f"`{declaration.name}` is one value per {declaration.sharing or 'pair'}: it takes {arity} atoms",
            span,
        )
    if arity == 1:
        return move(ops.at(leaf, domain=SITE, of="i"), indices, atoms)
    if arity == 3:
        return ops.at(leaf, domain=atoms.domain, of="ijk")
    if indices == atoms.indices[1:] and atoms.domain.name == "triple":
        return ops.at(leaf, domain=atoms.domain, of="jk")
    edge = Domain("edge", atoms.domain.rc)
    return move(ops.at(leaf, domain=edge, of="ij"), indices, atoms)


def _natural(declaration: syntax.Param, atoms: Atoms, arity: int, span: Span) -> tuple[str, ...]:
    """The atoms meant where none are written: all those in hand, if they are as many as the parameter
    needs.
    """
    if len(atoms.indices) == arity:
        return atoms.indices
    sharing, name = declaration.sharing or "pair", declaration.name
    if arity > len(atoms.indices):
        help = "declare it `per species`" if len(atoms.indices) == 1 else "declare it `per pair`"
        raise fault(
            "missing-index",
            f"`{name}` is one value per {sharing}, but there is only {', '.join(atoms.indices)} in hand",
            span,
            help,
        )
    example = ", ".join(atoms.indices[:arity])
    raise fault(
        "missing-index",
        f"`{name}` is one value per {sharing}: it is not clear of which atoms",
        span,
        f"write `{name}({example})`",
    )


# --- size and unit ------------------------------------------------------------------------------------


def _kind(scope: TermScope, declaration: syntax.Param) -> Kind:
    """With all components that are declared."""
    unit = _unit(scope, declaration)
    return Kind(DOMAINS[declaration.sharing or "pair"], _size(scope, declaration), unit)


def _size(scope: TermScope, declaration: syntax.Param) -> tuple[int, ...]:
    if declaration.size is None:
        return ()
    value = evaluate(declaration.size, Env(scope))
    return (whole(value, declaration.size.span, "the size of a parameter", 1),)


def _unit(scope: TermScope, declaration: syntax.Param) -> Unit:
    value = evaluate(declaration.value, Env(scope))
    items = value.items if isinstance(value, Values) else (value,)
    numbers = [v.spread if isinstance(v, Random) else v for v in items]
    units = [v.unit for v in numbers if isinstance(v, Quantity)]
    if not units or len(units) != len(numbers):
        raise fault("bad-start", "a start value is a number known at compile time", declaration.value.span)
    return units[0]
