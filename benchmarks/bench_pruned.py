"""What components cost that a spec does not keep: kernels of whole and of pruned terms, one thread, in turns.

python benchmarks/bench_pruned.py [--rounds 15] [--repeat 6] [--json FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from clock import Timing, machine, taking_turns  # first: it sets what jax reads when it starts

# isort: split

from bench_kernel import niobium, ours
from potentia.compiler import pipeline
from record import Row, save, with_json

THREE_BODY = "three_body(bessel5, l=3, rc=5.5"
# 15 products of channels for each degree l; a channel is gone where no product with it is kept
SPREAD = "0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57"
THREE_CHANNELS = "0, 1, 2, 5, 6, 9, 15, 16, 17, 20, 21, 24, 30, 31, 32, 35, 36, 39, 45, 46"
TWO_DEGREES = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24"
SPECS = {
    "three_body, all 60 invariants": f"{THREE_BODY})",
    "  20 spread over all channels and degrees": f"{THREE_BODY}, c = keep({SPREAD}))",
    "  20 of three channels": f"{THREE_BODY}, c = keep({THREE_CHANNELS}))",
    "  20 of two degrees": f"{THREE_BODY}, c = keep({TWO_DEGREES}))",
    "three_body(bessel3), all 36": "three_body(bessel3, l=3, rc=5.5)",
    "pair(bessel16), all": "pair(bessel16, rc=5.5)",
    "  4 of 16": "pair(bessel16, rc=5.5, c = keep(0, 2, 3, 5))",
    "pair(gaussian16), all": "pair(gaussian16, rc=5.5)",
    "  4 of 16 ": "pair(gaussian16, rc=5.5, c = keep(2, 6, 7, 12))",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--repeat", type=int, default=6)
    chosen = with_json(options).parse_args()
    atoms = niobium(chosen.repeat)
    print(f"{machine()}\nbcc Nb, {len(atoms)} atoms, energy, forces and virial, f64\n")
    calls = {}
    for name, term in SPECS.items():
        model = pipeline.build(pipeline.check(pipeline.parse(f"species Nb\nE = {term}")))
        calls[name] = ours(pipeline.optimize(model), atoms, "float64", 0.0)
    timings = taking_turns(calls, chosen.rounds, 1)
    for name, timing in timings.items():
        print(f"{name:45} {1e6 * timing.median / len(atoms):7.2f} µs/atom")
    save(chosen.json, "Terms of which a spec keeps a part, by XLA", rows_of(timings, len(atoms)))


def rows_of(timings: Mapping[str, Timing], n: int) -> list[Row]:
    """A part of a term beside the whole, which is before it."""
    micros = {name: float(f"{1e6 * timing.median / n:.3g}") for name, timing in timings.items()}
    rows, whole = [], ""
    for name, time in micros.items():
        whole = name if not name.startswith(" ") else whole
        peer = (None, None) if name == whole else (whole, micros[whole])
        case = name if name == whole else f"{whole.partition(',')[0]}: {name.strip()}"
        rows.append(Row(f"{case}, {n} atoms, float64", "µs an atom", time, *peer))
    return rows


if __name__ == "__main__":
    main()
