"""Models as text, and back: `--emit ir`, and what tests compare. A line a parameter, node, term and output.

    species Nb, W
    parameter lj.epsilon species_pair eV of lj = 0.1 in (0.0, 10.0)
    %0 = distance {domain=pair(6.0)} : pair(6.0) Å
    %1 = pow(%0) {exponent=-6.0} : pair(6.0) /Å^6
    term lj = %9 calls lj
    output energy = %9

Numbers are written so that they read back to the bit. Equal nodes are one object, so what is read back is
identical.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..chemistry.units import Unit
from .graph import Model, Node, topological
from .parameter import Parameter
from .types import Domain, Kind


def print_model(model: Model) -> str:
    """The text of a model, with a newline at its end. `reader.parse_model` reads it."""
    roots = [*model.outputs.values(), *(t.energy for t in model.terms)]
    numbers = {node: k for k, node in enumerate(topological(roots))}
    lines = [f"species {', '.join(model.species)}{' open' if model.open_species else ''}"]
    lines += [_parameter(p) for p in model.parameters]
    lines += [print_node(node, numbers) for node in numbers]
    for t in model.terms:
        lines.append(f"term {t.name} = %{numbers[t.energy]} calls {t.called}{' pinned' if t.pinned else ''}")
    lines += [f"output {name} = %{numbers[node]}" for name, node in model.outputs.items()]
    return "\n".join(lines) + "\n"


def print_node(node: Node, numbers: Mapping[Node, int]) -> str:
    """The line of a node, `%1 = neg(%0) : site eV`; numbers: of it and its arguments."""
    args = f"({', '.join(f'%{numbers[a]}' for a in node.args)})" if node.args else ""
    attrs = ", ".join(f"{k}={show(v)}" for k, v in node.attrs if k != "kind")
    return (
        f"%{numbers[node]} = {node.op.name}{args}{f' {{{attrs}}}' if attrs else ''} : {show_kind(node.kind)}"
    )


def _parameter(p: Parameter) -> str:
    bounds = f"({_run(p.lower)}, {_run(p.upper)})"
    free = "" if all(p.free) else " fixed" if not any(p.free) else f" free {_run(p.free)}"
    kept = "" if p.components is None else f" keep {show(p.components)}"
    places = "" if p.places is None else f" at {show(p.places)}"
    head = f"parameter {p.name} {show_kind(p.kind)} of {p.term}{kept}{places}"
    return f"{head} = {_run(p.start)} in {bounds}{free}"


def _run(values: Sequence[float | bool]) -> str:
    """Equal numbers once, others as a list."""
    shown = [show(v) for v in values]
    return shown[0] if len(set(shown)) == 1 else f"[{', '.join(shown)}]"


def show(value: Any) -> str:
    """An attribute: number, text, tuple, None, domain."""
    if isinstance(value, Domain):
        return show_domain(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(show, value))}{',' * (len(value) == 1)})"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return repr(value)


def show_domain(domain: Domain) -> str:
    return domain.name if domain.rc is None else f"{domain.name}({domain.rc!r})"


def show_kind(kind: Kind) -> str:
    shape = f"[{', '.join(map(str, kind.shape))}]" if kind.shape else ""
    return f"{show_domain(kind.domain)}{shape} {show_unit(kind.unit)}"


def show_unit(unit: Unit) -> str:
    return str(unit)
