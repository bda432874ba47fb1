"""Why the XLA backend lays values out as it does: four choices, each beside its alternatives.

    python benchmarks/bench_layout.py [--rounds 9] [--json FILE]

One thread, one process; the alternatives take turns.
  1. an EAM-like energy with forces and virial: half list in rows, half list stacked, dense full list;
     and a compiled eam with its features in rows or stacked
  2. sums of products over a leading axis: written out, or as a reduction
  3. terms on dense lists: what is read often stored (by a choice that XLA cannot see through), or not; as a
     simulation evaluates them, and as a fit does
  4. sine: by a polynomial, or jnp.sin
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce

from clock import Timing, machine, taking_turns  # first: it sets what jax reads when it starts

# isort: split
import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms
from ase.build import bulk
from potentia.compiler import pipeline
from potentia.compiler.backends.xla.arrays import sums_by_owner
from potentia.compiler.backends.xla.kernel import Kernel
from potentia.compiler.backends.xla.limits import XLA
from potentia.compiler.backends.xla.trigonometry import sine
from potentia.runtime.residuals.derivatives import compiled
from potentia.runtime.structures.batches import Batch, single
from potentia.runtime.structures.padding import ListSpec
from potentia.runtime.structures.structure import from_atoms
from record import Row, save, with_json

RC = 5.0
Array = jax.Array
Call = Callable[[], object]


def niobium(repeat: int) -> Atoms:
    atoms = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(0).normal(0.0, 0.05, atoms.positions.shape)
    return atoms


# --- 1: half list in rows, half list stacked, dense full list ------------------------------------


def pair_parts(r: Array) -> tuple[Array, Array, Array, Array]:
    """Repulsion φ, density ρ and their slopes: exponentials with a quintic switch to RC."""
    t = jnp.clip((r - 4.0) / (RC - 4.0), 0.0, 1.0)
    switch = (1 - t) ** 3 * (1 + 3 * t + 6 * t * t)
    slope = -30.0 / (RC - 4.0) * t * t * (1 - t) * (1 - t)
    phi, rho = 40.0 * jnp.exp(-2.0 * r), jnp.exp(-1.2 * (r - 2.5))
    return phi * switch, rho * switch, phi * (slope - 2.0 * switch), rho * (slope - 1.2 * switch)


def by_rows(x: Array, i: Array, j: Array, shift: Array, valid: Array) -> tuple[Array, ...]:
    n = x.shape[1]
    d = [x[a][j] - x[a][i] + shift[a] for a in range(3)]
    r = jnp.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    phi, rho, dphi, drho = (jnp.where(valid & (r < RC), v, 0.0) for v in pair_parts(r))
    density = sums_by_owner(rho, i, n, True) + sums_by_owner(rho, j, n, False)
    root = jnp.sqrt(density)
    slope = -0.5 / root
    scale = (dphi + (slope[i] + slope[j]) * drho) / r
    g = [scale * c for c in d]
    forces = [sums_by_owner(c, i, n, True) - sums_by_owner(c, j, n, False) for c in g]
    virial = [(a * b).sum() for a in d for b in g]
    return phi.sum() - root.sum(), jnp.stack(forces), jnp.stack(virial)


def stacked(x: Array, i: Array, j: Array, shift: Array, valid: Array) -> tuple[Array, ...]:
    """The same with vectors as one array with the atoms first, rows of three."""
    n = x.shape[1]
    positions = x.T
    d = positions[j] - positions[i] + shift.T
    r = jnp.sqrt((d * d).sum(-1))
    phi, rho, dphi, drho = (jnp.where(valid & (r < RC), v, 0.0) for v in pair_parts(r))
    density = jax.ops.segment_sum(rho, i, n, indices_are_sorted=True) + jax.ops.segment_sum(rho, j, n)
    root = jnp.sqrt(density)
    slope = -0.5 / root
    g = ((dphi + (slope[i] + slope[j]) * drho) / r)[:, None] * d
    forces = jax.ops.segment_sum(g, i, n, indices_are_sorted=True) - jax.ops.segment_sum(g, j, n)
    return phi.sum() - root.sum(), forces, d.T @ g


def dense(x: Array, j: Array, shift: Array, valid: Array) -> tuple[Array, ...]:
    """Every neighbour of every atom: twice the pairs, and no scatter."""
    d = [x[a][j] - x[a][:, None] + shift[a] for a in range(3)]
    r = jnp.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    phi, rho, dphi, drho = (jnp.where(valid & (r < RC), v, 0.0) for v in pair_parts(r))
    root = jnp.sqrt(rho.sum(-1))
    slope = -0.5 / root
    scale = (dphi + (slope[:, None] + slope[j]) * drho) / r
    g = [scale * c for c in d]
    virial = [0.5 * (a * b).sum() for a in d for b in g]
    return 0.5 * phi.sum() - root.sum(), jnp.stack([c.sum(-1) for c in g]), jnp.stack(virial)


def kept(spec: str = "E = eam(Nb, rc=5)", repeat: int = 12) -> dict[str, Call]:
    """A compiled spec whose features on atoms and pairs are rows, or one array."""
    model = pipeline.optimize(pipeline.build(pipeline.check(pipeline.parse(spec))))
    theta = jnp.array(model.vector.start) + 0.1
    calls: dict[str, Call] = {}
    for name, most in (("features in rows", XLA.rows), ("features stacked", 0)):
        kernel = Kernel(model, limits=replace(XLA, rows=most))
        specs = [ListSpec(d.name, d.rc or 0.0) for d in kernel.lists]  # type: ignore[arg-type]
        arrays = kernel.arrays(single(from_atoms(niobium(repeat)), specs, model.species))
        jax.block_until_ready(kernel(theta, arrays))
        calls[name] = partial(waited, partial(kernel, theta, arrays))
    return calls


def batch_of(atoms: Atoms, layout: str) -> Batch:
    return single(from_atoms(atoms), [ListSpec(layout, RC)], ("Nb",))  # type: ignore[arg-type]


def layouts(repeat: int = 20) -> dict[str, Call]:
    atoms = niobium(repeat)
    half, full = batch_of(atoms, "pair"), batch_of(atoms, "edge")
    near, around = half.lists[0], full.lists[0]
    pair = tuple(jnp.asarray(v) for v in (half.positions, near.i, near.j, near.shift, near.valid))  # type: ignore[union-attr]
    edge = tuple(jnp.asarray(v) for v in (full.positions, around.j, around.shift, around.valid))
    calls = {
        "half list, a row for each component": ready(by_rows, *pair),
        "half list, rows of three": ready(stacked, *pair),
        "dense full list": ready(dense, *edge),
    }
    energies = [float(call()[0]) for call in calls.values()]  # type: ignore[index]
    assert np.ptp(energies) < 1e-8 * abs(energies[0]), energies
    return calls


def ready(function: Callable[..., object], *arguments: Array) -> Call:
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*arguments))


# --- 2: sums of products -------------------------------------------------------------------------


def products(n: int = 2000, k: int = 60, terms: int = 16) -> dict[str, Call]:
    """Σ_c a_c b_c of two values (terms, n, k), the summed axis first, made in the loop that sums them."""
    rng = np.random.default_rng(1)
    a, b = (jnp.asarray(rng.normal(size=(terms, n, k))) for _ in range(2))

    def out(a: Array, b: Array) -> Array:
        return reduce(jnp.add, [a[c] * b[c] for c in range(terms)])

    return {
        "products written out": ready(out, a, b),
        "reduction over the first axis": ready(lambda a, b: (a * b).sum(0), a, b),
        "einsum": ready(lambda a, b: jnp.einsum("cnk,cnk->nk", a, b), a, b),
    }


# --- 3: stored or not ----------------------------------------------------------------------------

THREE_BODY = {
    "three_body(bessel5, l=3)": "E = three_body(Nb, bessel5, l=3, rc=5.5)",
    "nn(bessel8) + eam": "E = nn(Nb, bessel8) + eam(rc=5)",
    "sw": "E = sw(Nb, rc=5, sigma=2.6)",
}


def storing(spec: str, fitted: bool) -> dict[str, Call]:
    """E + F + virial, or, as a fit wants them, their derivatives along each parameter, one by one."""
    model = pipeline.optimize(pipeline.build(pipeline.check(pipeline.parse(spec))))
    theta = jnp.array(model.vector.start) + 0.1
    atoms = from_atoms(niobium(3 if fitted else 5))
    calls: dict[str, Call] = {}
    for name, stores in (("stored", True), ("not stored", False)):
        kernel = Kernel(model, limits=replace(XLA, stores=stores))
        specs = [ListSpec(d.name, d.rc or 0.0) for d in kernel.lists]  # type: ignore[arg-type]
        arrays = kernel.arrays(single(atoms, specs, model.species))
        if fitted:
            call = partial(compiled(kernel)[1], theta, arrays, jnp.eye(len(theta)))
        else:
            call = partial(kernel, theta, arrays)
        jax.block_until_ready(call())
        calls[name] = partial(waited, call)
    return calls


def waited(call: Call) -> object:
    return jax.block_until_ready(call())


# --- 4: sine -------------------------------------------------------------------------------------


def sines(dtype: str, n: int = 200_000) -> dict[str, Call]:
    x = jnp.linspace(0.0, 30.0, n).astype(dtype)
    return {"polynomial": ready(sine, x), "jnp.sin": ready(jnp.sin, x)}


def show(title: str, timings: dict[str, Timing]) -> list[Row]:
    """Print the timings; the first, which the backend takes, beside each of the others."""
    print(f"\n{title}\n{'':40s} median/ms fastest/ms   ratio to the first (of the fastest)")
    first = next(iter(timings.values()))
    for name, t in timings.items():
        print(f"{name:40s} {t.median * 1e3:9.2f} {t.fastest * 1e3:10.2f}   {t.over(first)}")
    ms = {name: float(f"{1e3 * t.median:.3g}") for name, t in timings.items()}
    (chosen, time), *others = ms.items()
    return [Row(f"{title}: {chosen}", "ms", time, *other) for other in others]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    options = with_json(parser).parse_args()
    timed = partial(taking_turns, rounds=options.rounds)
    print(machine())
    rows = show("EAM-like kernel, 16 000 atoms, E + F + virial, f64", timed(layouts()))
    rows += show("eam(rc=5) as compiled, 3456 atoms, E + F + virial, f64", timed(kept()))
    rows += show("sums of 16 products on 2000 × 60 neighbours, f64", timed(products()))
    for name, spec in THREE_BODY.items():
        rows += show(f"{name}, 250 atoms, E + F + virial, f64", timed(storing(spec, False)))
        rows += show(f"{name}, 54 atoms, derivatives along all parameters, f64", timed(storing(spec, True)))
    for dtype in ("float64", "float32"):
        rows += show(f"sine of 200 000 numbers, {dtype}", timed(sines(dtype)))
    save(options.json, "Choices of the XLA backend", rows)


if __name__ == "__main__":
    main()
