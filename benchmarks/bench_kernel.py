"""The kernel of zbl + eam beside LAMMPS: energy, forces and virial of 16 000 atoms of bcc Nb, one thread.

    python benchmarks/bench_kernel.py [--rounds 15] [--repeat 20]

Ours is timed with a neighbour list that ends at the cutoff, 5 Å, and with one that has 1 Å of skin, as
dynamics would bring it: nearest neighbours, 2.86 Å, are then on the list of zbl too, which is empty without.
LAMMPS's `hybrid/overlay zbl … eam/alloy` has a list of 5 Å, and of 7 Å (its usual skin of 2 Å).
All run in one process and take turns. Without LAMMPS ours is timed alone.

The floor is what the arithmetic and the memory traffic of the formula take at the rates that XLA reaches on
this core in a long polynomial, and NumPy in a copy of large arrays.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache, partial

from clock import Timing, machine, taking_turns  # first: it sets what jax reads when it starts
from record import Row, save, with_json

# isort: split

import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms
from ase.build import bulk
from potentia.compiler import pipeline
from potentia.compiler.backends.xla.kernel import Kernel
from potentia.compiler.ir.graph import Model, topological
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.neighbors import pairs
from potentia.runtime.structures.padding import ListSpec
from potentia.runtime.structures.structure import from_atoms

INNER, OUTER = 1.0, 2.0
SPEC = f"E = zbl(Nb, inner={INNER:g}, outer={OUTER:g}) + eam(rc=5)"
STYLES = ("eam/alloy", "eam/alloy/opt")
Call = Callable[[], object]

# about how many multiplications and additions an operation is, where it is written as a polynomial
COSTLY = {"exp": 16, "log": 20, "sin": 28, "cos": 28, "sines": 28, "sqrt": 8, "power": 40, "distance": 13}
FREE = ("const", "to_i", "to_j", "at", "take", "put", "stack", "reshape")


def niobium(repeat: int) -> Atoms:
    """bcc Nb, 2·repeat³ atoms, each coordinate displaced by a normal deviate of 0.05 Å."""
    atoms = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(0).normal(0.0, 0.05, atoms.positions.shape)
    return atoms


def ours(model: Model, atoms: Atoms, dtype: str, skin: float) -> Call:
    kernel: Kernel = pipeline.lower(model, dtype)
    specs = [ListSpec(d.name, d.rc or 0.0) for d in kernel.lists]  # type: ignore[arg-type]
    arrays = kernel.arrays(single(from_atoms(atoms), specs, model.species, skin=skin))
    theta = np.array(model.vector.start)
    return lambda: jax.block_until_ready(kernel(theta, arrays))


def lammps_calls(atoms: Atoms) -> dict[str, Call]:
    """One call each of LAMMPS's styles and skins that can be had."""
    try:
        from _pytest.outcomes import Skipped
        from lammps_speed import lammps_step_timer
    except BaseException as error:  # a missing LAMMPS is a skip, which is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        print(f"LAMMPS cannot be loaded: {error}")
        return {}
    calls: dict[str, Call] = {}
    for style in STYLES:
        for skin in (0.0, 2.0):
            try:
                steps, _ = lammps_step_timer(atoms, style, INNER, OUTER, skin)
            except (Exception, Skipped) as error:
                print(f"{style} cannot be had: {error}")
                break
            calls[f"lammps {style}, skin {skin:g} Å"] = partial(steps, 1)
    return calls


def work(model: Model, pairs_of: Callable[[float], float]) -> tuple[float, float]:
    """(operations, bytes in f64) that an atom costs at least; pairs_of: pairs of an atom within a cutoff.

    Each node of the optimized graph on pairs is counted once, a component each. Read once are i, j, the
    shift and the mask; gathered are two positions and the derivatives of two embeddings; added to are two
    densities and two forces.
    """
    operations = 0.0
    for node in topological(model.outputs.values()):
        if node.kind.domain.name == "pair" and node.op.name not in FREE:
            cost = COSTLY.get(node.op.name, 3 if node.op.name == "pow" else 1)
            components = int(np.prod(node.kind.shape, initial=1))
            operations += components * cost * pairs_of(node.kind.domain.rc or 0.0)
    read = 4 + 4 + 3 * 8 + 1
    touched = 2 * 3 * 8 + 2 * 8 + 2 * 8 + 2 * 3 * 8
    return operations, (read + touched) * sum(pairs_of(d.rc or 0.0) for d in model.lists())


def rates(n: int = 1 << 19, degree: int = 128) -> tuple[float, float]:
    """(operations, bytes) a second of one core: a long polynomial, and a copy; f64."""
    x = jnp.linspace(0.0, 1.0, n)

    @jax.jit
    def polynomial(x: jax.Array) -> jax.Array:
        total = x
        for k in range(degree):
            total = total * x + 1.0 / (k + 1)
        return total

    a = np.ones(n * 8)
    b = np.empty_like(a)
    timing = taking_turns(
        {"polynomial": lambda: jax.block_until_ready(polynomial(x)), "copy": lambda: np.copyto(b, a)}, 5
    )
    return 2 * degree * n / timing["polynomial"].fastest, 2 * a.nbytes / timing["copy"].fastest


def table(timings: dict[str, Timing], atoms: int) -> None:
    print(f"{'µs an atom':34s} median fastest")
    for name, t in timings.items():
        print(f"{name:34s} {t.median / atoms * 1e6:6.2f} {t.fastest / atoms * 1e6:7.2f}")
    for name, t in timings.items():
        for other in (n for n in timings if name.startswith("ours") and n.startswith("lammps")):
            print(f"{name} / {other:32s} {t.over(timings[other])}")


def rows_of(timings: dict[str, Timing], atoms: int, floor: float) -> list[Row]:
    """Ours beside each style of LAMMPS with a list of its kind. floor: of f64 without a skin, s an atom."""
    micros = {name: round(t.median / atoms * 1e6, 3) for name, t in timings.items()}
    found = []
    for name, ours in micros.items():
        bare = name.endswith("skin 0 Å")
        least = round(floor * 1e6, 3) if name == "ours float64, skin 0 Å" else None
        case = f"zbl + eam, {atoms} atoms, one thread, {name.removeprefix('ours ')}"
        for peer, theirs in micros.items():
            if name.startswith("ours") and peer.startswith("lammps") and peer.endswith("skin 0 Å") == bare:
                found.append(Row(case, "µs an atom", ours, peer.replace("lammps", "LAMMPS"), theirs, least))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeat", type=int, default=20, help="cubic cells along an edge; 20: 16 000 atoms")
    options = with_json(parser).parse_args()
    atoms = niobium(options.repeat)
    model = pipeline.optimize(pipeline.build(pipeline.check(pipeline.parse(SPEC))))
    calls = {
        f"ours {dtype}, skin {skin:g} Å": ours(model, atoms, dtype, skin)
        for dtype in ("float64", "float32")
        for skin in (0.0, 1.0)
    }
    calls |= lammps_calls(atoms)
    print(machine())
    print(f"{SPEC}, {len(atoms)} atoms; ratios of medians (of the fastest)")
    timings = taking_turns(calls, options.rounds)
    table(timings, len(atoms))

    found = from_atoms(atoms)

    @cache
    def pairs_of(rc: float) -> float:
        return len(pairs(found, rc).i) / len(atoms)

    operations, traffic = work(model, pairs_of)
    a_second, bytes_a_second = rates()
    arithmetic, memory = operations / a_second, traffic / bytes_a_second
    fastest = timings["ours float64, skin 0 Å"].fastest / len(atoms)
    print(f"{pairs_of(5.0):.1f} pairs an atom within 5 Å")
    print(f"at least {operations:.0f} operations and {traffic:.0f} bytes an atom; here, at")
    print(f"{a_second / 1e9:.1f} G operations/s and {bytes_a_second / 1e9:.1f} GB/s, they take", end=" ")
    print(f"{arithmetic * 1e6:.2f} and {memory * 1e6:.2f} µs; ours, f64, no skin,", end=" ")
    print(f"{fastest / max(arithmetic, memory):.1f} times the larger")
    save(options.json, "Kernels by XLA", rows_of(timings, len(atoms), max(arithmetic, memory)))


if __name__ == "__main__":
    main()
