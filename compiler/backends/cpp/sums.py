"""Sums of neighbours onto their atom: vectors that add up, and their ends."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.graph import Node
from .loops import LoopBody
from .runs import looped, run_of
from .writer import vector


def accumulators(body: LoopBody, sums: Sequence[Node], row: str) -> tuple[list[str], list[str], list[str]]:
    """Declarations, additions within the loop, and stores after it.

    row: added to the number of a slot, where the n slots of a sum are there for each species.
    """
    before, adding, after = [], [], []
    for node in sums:
        (inner,) = node.args
        n, name = inner.kind.components, body.writer.name()
        slots, value = body.context.sites.values[node], body.value(inner, node)
        run, own = run_of(value), row.format(n=n)
        if run is not None:
            counter = body.writer.name()
            before.append(f"V {name}[{n}] = {{}};")
            adding += looped(counter, n, [f"{name}[{counter}] += masked(valid, {run.at(counter)});"])
            place = f"({slots[0]} + {counter}{own})"
            after += looped(counter, n, [f"S[{place} * LANES + a] = real(sum({name}[{counter}]));"])
            continue
        for c, component in enumerate(value):
            before.append(f"V {name}_{c} = {{}};")
            adding.append(f"{name}_{c} += masked(valid, {vector(component)});")
            after.append(f"S[({slots[c]}{own}) * LANES + a] = real(sum({name}_{c}));")
    return before, adding, after
