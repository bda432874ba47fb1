"""The cost of each term of the library by generated C++, for the gallery of the site.

    python benchmarks/bench_terms.py [--rounds 7] [--repeat 10] [--json FILE]

Energy, forces and virial of each term at its defaults, alone, in f64, on rattled bcc Nb (sw and tersoff:
diamond Si), with 1 Å of skin and the list in hand. Times are those of the processor, one thread, and medians
of the rounds.
`--json docs/site/costs.json` renews the figures of the site.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from statistics import median

from clock import alternating, machine  # first: it sets what jax reads when it starts

# isort: split

import cpp_peers as peers
import numpy as np
import potentia
from ase import Atoms
from ase.build import bulk
from potentia.compiler.declarations import library

SILICON = ("sw", "tersoff")


def silicon(repeat: int) -> Atoms:
    """Diamond, 8·repeat³ atoms, displaced by a normal deviate of 0.05 Å."""
    atoms = bulk("Si", "diamond", a=5.431, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(0).normal(0.0, 0.05, atoms.positions.shape)
    return atoms


def measured(name: str, rounds: int, repeat: int) -> dict[str, object]:
    """A call of the term, its µs per atom, and its number of parameters."""
    of_silicon = name in SILICON
    call = f"{name}()"
    atoms = silicon(max(repeat * 6 // 10, 3)) if of_silicon else peers.niobium(repeat)
    potential = potentia.compile(f"E = {call}", species=["Si" if of_silicon else "Nb"])
    potential = potential.with_theta(_away_from_zero(np.array(potential.theta)))
    kernel = peers.generated(potential, atoms, "float64", 1.0)
    seconds = alternating({name: kernel.contender()}, rounds)[name]
    micros = round(median(seconds) / len(atoms) * 1e6, 4)
    return {"call": call, "microseconds": micros, "parameters": potential.n_parameters}


def _away_from_zero(theta: np.ndarray) -> np.ndarray:
    """Starts that are 0 drawn at random: nothing is cheaper for being 0."""
    drawn = np.random.default_rng(0).normal(0.0, 0.05, len(theta))
    return np.where(theta == 0, drawn, theta)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(machine())
    terms = {}
    for name in library.term_names():
        terms[name] = measured(name, options.rounds, options.repeat)
        print(
            f"  {name:14s} {terms[name]['microseconds']:8} µs an atom, {terms[name]['parameters']} parameters"
        )
    if options.json:
        found = {"machine": machine(), "date": date.today().isoformat(), "terms": terms}
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
