"""Tables of the species of a model, and the functions of the language that look an atom up in them."""

from __future__ import annotations

from ..chemistry.elements import D3_RADII, ELEMENTS
from ..chemistry.units import ANGSTROM, ONE, Unit
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import SITE, Domain
from ..syntax import tree as syntax
from .evaluate import fault, move
from .registry import Use, builtin
from .scope import Atoms


def limiting(names: tuple[str, ...], species: tuple[str, ...]) -> tuple[str, ...]:
    """The species that a term is limited to; empty where that is no limit."""
    return () if set(names) >= set(species) else names


def is_one_of(names: tuple[str, ...], species: tuple[str, ...]) -> Node:
    """1 for atoms of these species, else 0, per site."""
    table = _table(tuple(float(s in names) for s in species), ONE)
    return ops.at(table, domain=SITE, of="i")


def _table(values: tuple[float, ...], unit: Unit) -> Node:
    return ops.constant(values, unit, Domain("species"))


def index_letters(call: syntax.Call, atoms: Atoms) -> tuple[str, ...]:
    """The atoms of `D(i, k)`. Raises SpecError where one is not in hand."""
    letters = []
    for argument in call.arguments:
        value = argument.value
        if argument.name is not None or not isinstance(value, syntax.Name) or value.name not in atoms.indices:
            raise fault(
                "bad-index",
                f"`{call.name}` takes atoms in hand: {', '.join(atoms.indices)}",
                argument.span,
                "an index is bound by `site(i)`, `sum(j)` or `sum(k)`" if len(atoms.indices) < 3 else None,
            )
        letters.append(value.name)
    return tuple(letters)


def _of_atom(use: Use, table: Node) -> Node:
    """The row of a table of species that is the atom's, the one argument."""
    letters = index_letters(use.call, use.env.atoms)
    if len(letters) != 1:
        name = use.call.name
        raise use.fault("wrong-arguments", f"`{name}` takes one atom", f"write `{name}(i)`")
    return move(ops.at(table, domain=SITE, of="i"), letters, use.env.atoms)


@builtin
def by_species(use: Use) -> Node:
    """by_species(j): one component for each species: 1 for that of atom j, else 0"""
    n = len(use.env.top.species)
    identity = tuple(float(a == b) for a in range(n) for b in range(n))
    return _of_atom(use, ops.constant(identity, ONE, Domain("species"), (n,)))


@builtin
def atomic_number(use: Use) -> Node:
    """atomic_number(i): number of the element"""
    numbers = tuple(float(ELEMENTS.get(s, (1, 1.0))[0]) for s in use.env.top.species)
    return _of_atom(use, _table(numbers, ONE))


@builtin
def covalent_radius(use: Use) -> Node:
    """covalent_radius(i): Å (doi:10.1039/b801115j)"""
    radii = tuple(float(ELEMENTS.get(s, (1, 1.0))[1]) for s in use.env.top.species)
    return _of_atom(use, _table(radii, ANGSTROM))


@builtin
def d3_radius(use: Use) -> Node:
    """d3_radius(i): Å, covalent radii of the dispersion correction D3, doi:10.1063/1.3382344

    2 Å beyond Pu, where that table ends.
    """
    return _of_atom(use, _table(tuple(D3_RADII.get(s, 2.0) for s in use.env.top.species), ANGSTROM))
