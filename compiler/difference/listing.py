"""The meaning of a spec, a fact a line, for tools that compare lines.

species Nb
E = zbl + eam
eam: rc = 5 Å
eam: param beta = 1.5 /Å in (0.2 /Å, 6 /Å) per species
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.parameter import Parameter
from ..syntax import tree as syntax
from . import written
from .places import signed_leaves
from .sides import Instance, Side, own_name


def listing(side: Side) -> str:
    """The lines, with a newline at the end."""
    model = side.model
    lines = [f"species {'of the data' if model.open_species else ', '.join(model.species)}"]
    energy = side.checked.energy
    assert energy is not None
    for k, (sign, expr) in enumerate(signed_leaves(energy.value)):
        lines.append(f"{'E =' if k == 0 else '  -' if sign else '  +'} {written.one_line(expr.span.text)}")
    for instance in side.instances:
        if instance.term.alias is None:
            lines += [f"{instance.name}: {line}" for line in _facts(side, instance)]
    named = {instance.name for instance in side.instances}
    lines += [f"{p.term}: {_fact(side, own_name(p), p)}" for p in model.parameters if p.term not in named]
    return "\n".join(lines) + "\n"


def _facts(side: Side, instance: Instance) -> Iterator[str]:
    if instance.pinned:
        yield "pinned"
    if instance.only:
        yield f"among {', '.join(instance.only)}"
    for name, v in instance.arguments.items():
        yield f"{name} = {written.value(v) or 'an energy'}"
    for name, p in instance.parameters.items():
        yield _fact(side, name, p)
    for name, p in instance.shared.items():
        yield f"param {name} = {p.name}"
    if instance.term.span.source is side.checked.file.source:
        for member in instance.term.members:
            if isinstance(member, syntax.Definition):
                yield written.one_line(member.span.text)


def _fact(side: Side, name: str, p: Parameter) -> str:
    return f"param {name} = {written.parameter(p, side.random.get(p.name), len(p.start))}{_apart(p)}"


def _apart(p: Parameter) -> str:
    """The details beside a line for the whole table: fixed and joined rows, kept components."""
    parts = []
    if any(p.free) and not all(p.free):
        parts.append(f"trained: {''.join('01'[free] for free in p.free)}")
    if p.places is not None:
        parts.append(f"read as: {', '.join(map(str, p.places))}")
    if p.components is not None:
        parts.append(f"keep({', '.join(map(str, p.components))})")
    return "".join(f", {part}" for part in parts)
