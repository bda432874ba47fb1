"""Operations × Targets: each is lowered or refused with a reason, and means the same on all targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from op_examples import SPECIES, examples, model_of
from potentia.compiler.backends import reference
from potentia.compiler.backends.lowering import Lowering
from potentia.compiler.backends.reference import rules as reference_rules
from potentia.compiler.backends.xla import interpreter
from potentia.compiler.backends.xla.arrays import Rows
from potentia.compiler.backends.xla.kernel import Kernel
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import OPS, Node, topological
from potentia.compiler.ir.types import NONE, TABLES
from potentia.compiler.schedule.plan import Layout
from registry import Evaluator, compiled, defaults, random_theta, reach, structure_of, structures

LOWERINGS = {"reference": reference_rules.lowers, "xla": interpreter.lowers}


@pytest.mark.parametrize("target", LOWERINGS)
@pytest.mark.parametrize("name", OPS)
def test_an_operation_is_lowered_or_refused(target: str, name: str) -> None:
    lowers, op = LOWERINGS[target], OPS[name]
    assert (op in lowers.lowered) != (op in lowers.refused)
    assert lowers.refused.get(op, "a reason").strip()


def test_a_refusal_says_why() -> None:
    lowers: Lowering[Any] = Lowering("this target", {ops.tanh: "it has no hyperbolic functions"})
    lowers(ops.exp)(np.exp)
    assert lowers.rule(ops.exp) is np.exp
    with pytest.raises(InternalError, match="this target does not lower `tanh`: it has no hyperbolic"):
        lowers.rule(ops.tanh)
    with pytest.raises(InternalError, match="lowers `exp` twice"):
        lowers(ops.exp)(np.exp)


# --- what they mean ----------------------------------------------------------------------------


def atoms() -> Atoms:
    """Four atoms in a small periodic cell: images, pairs of one atom with itself, triples."""
    rng = np.random.default_rng(4)
    places = np.array([[0, 0, 0], [1.6, 1.5, 0.2], [0.2, 1.7, 1.6], [1.7, 0.1, 1.4]])
    cell = np.diag([3.2, 3.4, 3.3]) + rng.uniform(-0.2, 0.2, (3, 3))
    return Atoms([SPECIES[0], SPECIES[1], SPECIES[0], SPECIES[0]], places, cell=cell, pbc=True)


def examined() -> dict[str, Node]:
    """Of each example a value that does not depend on the order of neighbours: their sums for each atom."""
    found = {}
    for label, node in examples().items():
        domain = node.kind.domain
        if domain.name == "triple":
            node = ops.sum_i(ops.sum_to_ij(node, within=domain.rc), within=domain.rc)
        found[label] = ops.sum_i(node, within=domain.rc) if domain.name in ("pair", "edge") else node
    return found


def by_xla(nodes: Mapping[str, Node], zoo: Sequence[Atoms]) -> dict[str, np.ndarray]:
    """Values in one padded batch, rows first."""
    import jax

    run = Evaluator(model_of(nodes))
    theta = random_theta(run.model, 2)
    found = jax.jit(run.kernel.outputs)(theta, run.arrays(zoo))
    rows = {"site": sum(map(len, zoo)), "structure": len(zoo)}
    values = {}
    for name, value in found.items():
        domain = nodes[name].kind.domain
        first = np.expand_dims(value, 0) if domain == NONE else np.moveaxis(np.asarray(value), -1, 0)
        values[name] = first[: rows.get(domain.name)]
    return values


def by_numpy(nodes: Mapping[str, Node], zoo: Sequence[Atoms]) -> dict[str, np.ndarray]:
    """The same by the reference, structure by structure."""
    model = model_of(nodes)
    theta = random_theta(model, 2)
    each = [reference.evaluate(model, theta, *structure_of(model, a), list(nodes.values())) for a in zoo]
    return {name: joined(nodes[name], parts) for name, *parts in zip(nodes, *each, strict=True)}


def joined(node: Node, parts: Sequence[np.ndarray]) -> np.ndarray:
    """One value for all structures: rows one after another, what was summed onto rows added up."""
    if node.kind.domain.name in ("site", "structure"):
        return np.concatenate(parts)
    summed = node.op in (ops.sum_at, ops.sum_rows_of) and node.args[0].kind.domain.name not in TABLES
    return np.sum(parts, axis=0) if summed else parts[0]


@cache
def in_two_structures() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Of every example, in a padded batch, by XLA and by the reference."""
    zoo = [atoms(), Atoms(SPECIES[0], positions=np.zeros((1, 3)))]
    return by_xla(examined(), zoo), by_numpy(examined(), zoo)


@pytest.mark.parametrize("name", list(examined()))
def test_targets_mean_the_same(name: str) -> None:
    got, want = (values[name] for values in in_two_structures())
    np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-11 * max(1.0, float(np.abs(want).max())))


def test_totals_of_one_structure() -> None:
    """Kernels sum over a batch of one structure in their own way."""
    nodes = {name: node for name, node in examples().items() if node.op is ops.total}
    got, want = by_xla(nodes, [atoms()]), by_numpy(nodes, [atoms()])
    for name in nodes:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-11, atol=1e-11)


def test_every_operation_has_an_example() -> None:
    lowered = set(OPS.values()) - set(reference_rules.lowers.refused)
    assert {node.op for node in topological(examples().values())} == lowered


def test_complex_positions_give_slopes() -> None:
    """The reference evaluates nodes at complex positions: the complex step along one coordinate."""
    node = examined()["sum_i"]
    model, one = model_of({"e": node}), atoms()
    theta, given = random_theta(model, 2), structure_of(model, one)
    moved = given.positions.astype(complex)
    moved[0, 0] += 1e-30j
    (value,) = reference.evaluate(model, theta, moved, *given[1:], [node])
    step = np.zeros((4, 3))
    step[0, 0] = 1e-5
    high, low = (
        reference.evaluate(model, theta, given.positions + sign * step, *given[1:], [node])[0]
        for sign in (1, -1)
    )
    np.testing.assert_allclose(value.imag / 1e-30, (high - low) / 2e-5, rtol=1e-6, atol=1e-8)


# --- the plan ----------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)
def test_values_lie_as_planned(variant: Any) -> None:
    model = compiled(variant.spec())
    run = Evaluator(model)
    arrays = run.arrays(structures(model.species, reach(model), 1)[:2])
    assert_as_planned(run.kernel, random_theta(model, 1), arrays)


def test_values_of_every_operation_lie_as_planned() -> None:
    model = model_of(examples())
    run = Evaluator(model)
    assert_as_planned(run.kernel, random_theta(model, 1), run.arrays([atoms()]))


def assert_as_planned(kernel: Kernel, theta: Any, arrays: Any) -> None:
    import jax

    def traced(theta: Any) -> Any:
        run = kernel._run(theta, arrays)
        outputs = run.outputs()
        for step in kernel.plan.steps:
            assert isinstance(run.values[step.node], Rows) == (step.layout is Layout.ROWS), step
        return outputs

    jax.eval_shape(traced, theta)
