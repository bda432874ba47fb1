"""Groups of trained parameters that are kept, dropped and judged together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..analysis.linearity import linear_parameters
from ..ir.graph import Model
from ..ir.parameter import Parameter
from ..ir.parameter_vector import Coefficient

BlockKind = Literal["term", "parameter", "species", "component", "unit"]


@dataclass(frozen=True)
class Block:
    """Trained numbers of one term, by their places among all trained numbers, ascending.

    `term` is the whole of it, `parameter` one of its tables, `species` a row of all of them (`morse[Nb-W]`),
    `component` a basis function or invariant over all rows (`pair.c[*,3]`), `unit` a hidden unit of a
    network: the weights into it, its offset and the weights out of it (`nn.unit1[4]`).

    amplitudes: the numbers that leave the block out of the energy at 0: those it is affine in, and the
    weights out of a unit. None, where all act from within a function.
    """

    name: str
    kind: BlockKind
    term: str
    numbers: tuple[int, ...]
    amplitudes: tuple[int, ...]


@dataclass(frozen=True)
class _Trained:
    """A free coefficient, its place among them, and whether its parameter enters affinely."""

    place: int
    coefficient: Coefficient
    linear: bool

    @property
    def parameter(self) -> Parameter:
        return self.coefficient.parameter


def blocks(model: Model) -> tuple[Block, ...]:
    """The blocks of each term in the order of the model, the term itself first.

    A part of a term is listed where it has several numbers and is not the same as one listed before.
    """
    trained = _trained(model)
    found = []
    # a term that is not in the energy may own parameters of others
    for name in dict.fromkeys([*(t.name for t in model.terms), *(t.parameter.term for t in trained)]):
        own = [t for t in trained if t.parameter.term == name]
        whole = _block(name, "term", own)
        seen = {whole.numbers}
        found.append(whole)
        for part in (*_parameters(own), *_species(own), *_components(own), *_units(own)):
            if len(part.numbers) > 1 and part.numbers not in seen:
                seen.add(part.numbers)
                found.append(part)
    return tuple(block for block in found if block.numbers)


def _block(name: str, kind: BlockKind, own: list[_Trained], outgoing: list[_Trained] | None = None) -> Block:
    """A block of numbers; outgoing: its amplitudes, where they are not the affine ones."""
    amplitudes = [t for t in own if t.linear] if outgoing is None else outgoing
    places, zeroed = (tuple(sorted({t.place for t in part})) for part in (own, amplitudes))
    return Block(name, kind, own[0].parameter.term if own else name, places, zeroed)


def _trained(model: Model) -> tuple[_Trained, ...]:
    linear = linear_parameters(model)
    return tuple(
        _Trained(place, t, t.parameter.name in linear) for place, t in enumerate(model.vector.trained)
    )


def _grouped(kind: BlockKind, named: list[tuple[str, _Trained]]) -> Iterator[Block]:
    """A block for each name, in the order of their first numbers."""
    for name in dict.fromkeys(name for name, _ in named):
        yield _block(name, kind, [t for other, t in named if other == name])


def _parameters(own: list[_Trained]) -> Iterator[Block]:
    return _grouped("parameter", [(t.parameter.name, t) for t in own])


def _species(own: list[_Trained]) -> Iterator[Block]:
    """Rows by their species; a number that several rows share belongs to the rows together."""
    rows = [("=".join(t.coefficient.rows), t) for t in own if t.coefficient.rows[0]]
    return _grouped("species", [(f"{t.parameter.term}[{row}]", t) for row, t in rows])


def _components(own: list[_Trained]) -> Iterator[Block]:
    vectors = [t for t in own if len(t.parameter.kind.shape) == 1 and not _in_network(t.parameter, own)]
    return _grouped("component", [(f"{t.parameter.name}[*,{t.coefficient.component}]", t) for t in vectors])


def _units(own: list[_Trained]) -> Iterator[Block]:
    """Hidden units h of the layers a(W_l x + b_l): row h of W_l, b_l[h], and column h of what follows."""
    last = _last_layer(own)
    weights = [t for t in own if _in_network(t.parameter, own)]
    into = [(unit, t) for t in weights if (unit := _into(t))]
    out_of = [(unit, t) for t in weights if (unit := _out_of(t, last))]
    for layer, h in sorted({unit for unit, _ in into}):
        outgoing = [t for unit, t in out_of if unit == (layer, h)]
        both = [t for unit, t in into if unit == (layer, h)] + outgoing
        yield _block(f"{both[0].parameter.term}.unit{layer}[{h}]", "unit", both, outgoing)


def _into(t: _Trained) -> tuple[int, int] | None:
    """(layer, h) of the hidden unit that a weight leads into or is the offset of."""
    layer, role = _layer(t.parameter)
    if role == "w":
        return None
    return layer, t.coefficient.component // (t.parameter.kind.shape[-1] if role == "W" else 1)


def _out_of(t: _Trained, last: int) -> tuple[int, int] | None:
    """(layer, h) of the hidden unit that a weight leads out of."""
    (layer, role), component = _layer(t.parameter), t.coefficient.component
    if role == "w":
        return last, component
    return (layer - 1, component % t.parameter.kind.shape[-1]) if role == "W" and layer > 1 else None


def _layer(parameter: Parameter) -> tuple[int, str]:
    """(2, "W") of `nn.W2`, (0, "w") of `nn.w`; (0, "") of a parameter that is not named like weights."""
    name = parameter.name.removeprefix(parameter.term + ".")
    if name == "w":
        return 0, name
    role, digits = name[:1], name[1:]
    return (int(digits), role) if role in ("W", "b") and digits.isdecimal() else (0, "")


def _in_network(parameter: Parameter, own: list[_Trained]) -> bool:
    """Whether a parameter holds weights of `mlp`, which alone makes tables with two axes."""
    return bool(_layer(parameter)[1]) and _last_layer(own) > 0


def _last_layer(own: list[_Trained]) -> int:
    return max((_layer(t.parameter)[0] for t in own if len(t.parameter.kind.shape) == 2), default=0)
