"""The models and structures of `bench_gpu.py`, and the record of its cases."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import potentia
from ase import Atoms
from ase.build import bulk
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.structure import Structure, from_atoms

ROOT = Path(__file__).resolve().parents[1]
DTYPES = ("float64", "float32")
MORSE = "species Nb\nE = zbl() + morse(rc = 5)\n"
LATEST_START = 0.85  # of the time: a large case that begins later would be cut off
Facts = dict[str, Any]

# --- what is measured --------------------------------------------------------------------------


def niobium(atoms: int) -> Atoms:
    """bcc Nb, about so many atoms, each coordinate displaced by a normal deviate of 0.05 Å."""
    repeat = max(2, round((atoms / 2) ** (1 / 3)))
    crystal = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    crystal.positions += np.random.default_rng(0).normal(0.0, 0.05, crystal.positions.shape)
    return crystal


def garnet(atoms: int) -> Atoms:
    """Li7La3Zr2O12 by composition and density, about so many atoms: random places, none within 1.6 Å."""
    rng = np.random.default_rng(0)
    symbols = np.repeat(("Li", "La", "Zr", "O"), [56, 24, 16, 96])
    places, side = rng.random((1, 3)), 12.9
    while len(places) < len(symbols):
        new = rng.random(3)
        apart = (places - new + 0.5) % 1.0 - 0.5
        if np.linalg.norm(apart, axis=1).min() * side > 1.6:
            places = np.vstack([places, new])
    cell = Atoms(symbols, scaled_positions=places, cell=[side] * 3, pbc=True)
    return cell.repeat(max(1, round((atoms / len(symbols)) ** (1 / 3))))


@dataclass(frozen=True)
class Subject:
    """A model and the structures that it is measured on. sizes: atoms, ascending."""

    name: str
    spec: str | Path
    structure: Callable[[int], Atoms]
    sizes: tuple[int, ...]

    @cache  # noqa: B019 - a handful of subjects, kept for the whole run
    def potential(self) -> Potential:
        """With random numbers where the spec starts at 0, so that every term counts."""
        made = potentia.compile(self.spec)
        rng = np.random.default_rng(1)
        theta = np.array([x or 0.05 * rng.normal() for x in made.theta])
        return made.with_theta(theta)

    @cache  # noqa: B019
    def at(self, atoms: int) -> Structure:
        return from_atoms(self.structure(atoms))


SPECS = ROOT / "specs"
NB_SIZES = (2_000, 16_000, 128_000, 1_024_000)
SUBJECTS = (
    Subject("nb_linear", SPECS / "nb_linear.pes", niobium, NB_SIZES),
    Subject("nb", SPECS / "nb.pes", niobium, NB_SIZES),
    Subject("llzo_nep", SPECS / "llzo_nep.pes", garnet, (1_536, 12_288, 98_304, 943_296)),
)
DYNAMICS = (
    (Subject("morse", MORSE, niobium, ()), (16_000, 128_000), ("float64", "float32")),
    (SUBJECTS[0], (16_000, 128_000), ("float32", "float64")),
    (SUBJECTS[1], (16_000, 128_000), ("float32",)),
)


# --- the record --------------------------------------------------------------------------------


@dataclass
class Record:
    """Cases as they end, in a file that is whole after each."""

    path: Path
    seconds: float
    began: float = field(default_factory=perf_counter)
    cases: list[Facts] = field(default_factory=list)
    about: Facts = field(default_factory=dict)

    @property
    def spent(self) -> float:
        return perf_counter() - self.began

    def case(self, stage: str, name: str, run: Callable[[], Facts]) -> bool:
        """Whether it ended well."""
        facts: Facts = {"stage": stage, "case": name}
        if self.spent > LATEST_START * self.seconds:
            facts["left_out"] = f"{self.spent:.0f} s are spent"
        else:
            begin = perf_counter()
            try:
                facts |= run()
            except Exception as error:  # whatever it is, the next case is tried
                facts["error"] = f"{type(error).__name__}: {error}"[:600]
                facts["where"] = traceback.format_exc()[-1500:]
            facts["wall_s"] = round(perf_counter() - begin, 2)
        self.cases.append(facts)
        shown = {k: v for k, v in facts.items() if k not in ("stage", "case", "where")}
        print(f"{stage:11s} {name:34s} {_line(shown)}", flush=True)
        self.write()
        return "error" not in facts and "left_out" not in facts

    def write(self) -> None:
        told = {"about": self.about, "spent_s": round(self.spent, 1), "cases": self.cases}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)


def _line(facts: Facts) -> str:
    return "  ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in facts.items())[:260]
