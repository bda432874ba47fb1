"""Whether two specs are provably one potential: equal normal forms under some naming of the parameters.

The partner of a parameter is found by its contents (start, bounds, sharing) and its places in the formula,
refined until each parameter is alone; parameters that stay alike are exchangeable, or are tried in the order
of their names. The proof is the comparison afterwards, with each parameter under its own name: a wrong guess
can only fail it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..ir import ops
from ..ir.graph import Node
from ..ir.parameter import Parameter
from ..ir.types import entries
from .forms import Forms, Numbers, Sum, atoms_of, digest, product_key
from .normal_form import Label, NormalForms
from .sides import Side

_ROUNDS = 60


def correspondence(a: Side, b: Side) -> dict[str, str] | None:
    """Name of a parameter of b -> that of a, under which both are the same potential; None where no such is
    found. Both sides are built for the same species in the same order.
    """
    numbers = Numbers()
    kinds_a, kinds_b = contents(a, numbers), contents(b, numbers)
    if Counter(kinds_a.values()) != Counter(kinds_b.values()):
        return None
    if kinds_a == kinds_b:
        same_names = {name: name for name in kinds_b}
        if equal(a, b, same_names):
            return same_names
    return _refined(a, b, kinds_a, kinds_b)


def equal(a: Side, b: Side, names: Mapping[str, str]) -> bool:
    """Whether the energies have one normal form, the parameters of b under the names given."""
    forms = Forms(a.work)
    labels_a = {name: name.encode() for name in a.parameters}
    labels_b = {name: names[name].encode() for name in b.parameters}
    of_a = normal_forms(forms, a, labels_a, {name: name for name in labels_a}).of(a.energy)
    return of_a is normal_forms(forms, b, labels_b, names).of(b.energy)


def normal_forms(
    forms: Forms,
    side: Side,
    keys: Mapping[str, bytes],
    names: Mapping[str, str],
    opaque: Mapping[Node, str] | None = None,
) -> NormalForms:
    """Of a side. keys: what orders may know of each parameter. names: the identities that they have."""
    labels = {name: Label(names[name], key) for name, key in keys.items()}
    return NormalForms(forms, len(side.model.species), side.model.parameters, labels, opaque)


# --- parameters by what they are ---------------------------------------------------------------


def contents(side: Side, numbers: Numbers) -> dict[str, bytes]:
    """Each parameter without its name: sharing, unit, numbers, bounds, which are trained."""
    n = len(side.model.species)
    return {
        p.name: digest(repr(content(p, n, side.random.get(p.name), numbers)).encode())
        for p in side.model.parameters
    }


def content(p: Parameter, species: int, random: str | None, numbers: Numbers) -> tuple[object, ...]:
    """The same as plain values. random: how its start is drawn, which then does not count itself."""

    def settled(values: Sequence[float]) -> tuple[object, ...]:
        if len(set(values)) == 1:  # thousands of equal numbers are usual
            return len(values), numbers.one(values[0])
        return tuple(numbers.one(v) for v in values)

    single = entries(p.kind.domain, species) == 1
    return (
        None if single else p.kind.domain.name,
        p.kind.shape,
        str(p.kind.unit),
        random or settled(p.start),
        settled(p.lower),
        settled(p.upper),
        p.free,
        p.components,
        p.places,
    )


# --- parameters by where they stand ------------------------------------------------------------


def _refined(a: Side, b: Side, keys_a: dict[str, bytes], keys_b: dict[str, bytes]) -> dict[str, str] | None:
    classes = 0
    for _ in range(_ROUNDS):
        forms = Forms(a.work)
        root_a = normal_forms(forms, a, keys_a, {n: "a " + n for n in keys_a}).of(a.energy)
        root_b = normal_forms(forms, b, keys_b, {n: "b " + n for n in keys_b}).of(b.energy)
        if root_a.key != root_b.key:
            return None
        keys_a, keys_b = _with_places(keys_a, root_a, "a "), _with_places(keys_b, root_b, "b ")
        if Counter(keys_a.values()) != Counter(keys_b.values()):
            return None
        before, classes = classes, len(set(keys_a.values()))
        if classes == len(keys_a):
            break
        if classes == before:
            _choose(keys_a, keys_b)
    by_key = {key: name for name, key in keys_a.items()}
    names = {name: by_key[key] for name, key in keys_b.items()}
    return names if len(set(names.values())) == len(names) and equal(a, b, names) else None


def _choose(keys_a: dict[str, bytes], keys_b: dict[str, bytes]) -> None:
    """Mark one of several like parameters: on both sides of the same name, where there is one."""
    alike = next(key for key, count in Counter(keys_a.values()).items() if count > 1)
    of_a = [name for name, key in keys_a.items() if key == alike]
    of_b = [name for name, key in keys_b.items() if key == alike]
    one = next((name for name in of_a if name in of_b), of_a[0])
    other = one if one in of_b else of_b[0]
    keys_a[one] = keys_b[other] = digest(alike, b"chosen")


def _with_places(keys: Mapping[str, bytes], root: Sum, side: str) -> dict[str, bytes]:
    """Keys that also know of every place at which the parameter stands under the root."""
    seen: dict[object, int] = {}

    def enter(form: Sum, context: bytes) -> None:
        for product, c in form.terms.items():
            here = digest(context, repr(c).encode(), product_key(product))
            for atom, kind, e in product:
                place = digest(here, atom.key, repr((kind, e)).encode())
                seen[atom] = (seen.get(atom, 0) + int.from_bytes(place)) % 2**96

    enter(root, b"")
    found: dict[str, int] = {}
    for atom in reversed(atoms_of([root])):  # what an atom is in comes before it
        context = seen[atom].to_bytes(12)
        if atom.op is ops.param:
            found[atom.attrs[0]] = (found.get(atom.attrs[0], 0) + seen[atom]) % 2**96
        for k, arg in enumerate(atom.args):
            enter(arg, digest(context, atom.key, b"%d" % k))
    return {name: digest(key, found.get(side + name, 0).to_bytes(12)) for name, key in keys.items()}
