"""Generated C++ beside its peers, its floor and hand-written kernels: energy, forces and virial.

    python benchmarks/bench_cpp.py [--only linear,nep,eam,front,threads,compile] [--quick]
        [--rounds 9] [--no-xla] [--json FILE] [--samples FILE]

linear   specs/nb_linear.pes on bcc Nb, bare list and 1 Å of skin, beside LAMMPS's uf3 (Nb.uf3) and snap
         (Ta06A)
nep      a NEP4 of four species on Li7La3Zr2O12, 192 and 12 288 atoms, beside calorine's on the CPU
eam      zbl(4.5, 5) + eam(rc = 5), without and with nn(bessel8, hidden = [16, 16]), on 16 000 atoms, beside
         LAMMPS's hybrid/overlay zbl eam/alloy/opt
front    designed models of benchmarks/front, beside XLA
threads  two threads beside one, by the wall's clock, which says little on a machine with other work, and by
         the processor time of the first thread
compile  text to running kernel in a process of its own: first, and from the cache; the same with XLA

All of a part runs in this process in turns, one thread, with the list in hand. Times are the processor's; of
LAMMPS those of `pair compute`. A ratio is the median of those of each round, with its quartiles, and stands
beside the ratio that is asked. The floor of a kernel is its arithmetic or its traffic, the larger, at this
core's measured rates. The trials are hand-written kernels with the same work, ../shared/trials.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from clock import (  # first: it sets what jax reads when it starts
    Contender,
    Quartiles,
    alternating,
    contender,
    machine,
    quartiles,
    ratios,
)
from options import settled
from record import Row, save, with_json

# isort: split

import cpp_peers as peers
import numpy as np
import potentia
from ase import Atoms
from bench_nep import garnet
from bench_nep import model as nep_model
from cpp_compile import cold_and_warm
from cpp_floor import nep_trial, rates, three_body_trial, work
from potentia.runtime.formats.nep.importing import potential_of, spec_of
from potentia.runtime.formats.nep.nep_file import text_of
from potentia.runtime.potential.potential import Potential

PARTS = ("linear", "nep", "eam", "front", "threads", "compile")
HERE = Path(__file__).resolve().parent
CORE = "E = zbl(Nb, inner=4.5, outer=5) + eam(rc=5)"
NETWORK = f"{CORE} + nn(Nb, bessel8, hidden=[16, 16])"
DTYPES = ("float64", "float32")
OURS, SINGLE = (f"ours {dtype}" for dtype in DTYPES)


@dataclass(frozen=True)
class Asked:
    """A ratio of two contenders, and the largest that is asked for; None where it is only told."""

    one: str
    other: str
    most: float | None = None


@dataclass
class Measured:
    """A case: µs per atom and call of each contender by rounds, and the ratios asked for."""

    part: str
    case: str
    atoms: int
    floor: dict[str, float]
    micros: dict[str, list[float]]
    asked: list[Asked]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[Asked, Quartiles]]:
        for pair in self.asked:
            if pair.one in self.micros and pair.other in self.micros:
                yield pair, ratios(self.micros[pair.one], self.micros[pair.other])

    def show(self) -> None:
        print(f"\n{self.part}: {self.case}, {self.atoms} atoms; µs per atom and call")
        for name, values in self.micros.items():
            q = quartiles(values)
            floor = f"   {q.middle / self.floor[name]:5.1f} × its floor" if name in self.floor else ""
            print(f"  {name:44s} {q.middle:9.3f}  [{q.low:.3f} {q.high:.3f}]{floor}")
        for note in self.notes:
            print(f"  {note}")
        for pair, q in self.rows():
            _print_ratio(f"{pair.one} / {pair.other}", q, pair.most)
        sys.stdout.flush()

    def figures(self) -> list[Row]:
        """In double precision beside each of the others, then in single precision."""
        middle = {name: float(f"{quartiles(values).middle:.3g}") for name, values in self.micros.items()}
        floor = {name: float(f"{value:.3g}") for name, value in self.floor.items()}
        case = f"{self.case}, {self.atoms} atoms"
        ours = f"{case}, float64", "µs an atom", middle[OURS]
        rows = [
            Row(*ours, "a hand-written kernel" if name == "trial" else name, middle[name], floor[OURS])
            for name in middle
            if not name.startswith("ours")
        ]
        rows = rows or [Row(*ours, floor=floor[OURS])]
        return [*rows, Row(f"{case}, float32", "µs an atom", middle[SINGLE], floor=floor.get(SINGLE))]

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        found["ratios"] = [asdict(pair) | asdict(q) for pair, q in self.rows()]
        return found


def _print_ratio(name: str, q: Quartiles, most: float | None) -> None:
    verdict = "" if most is None else f"   asked {most:g}: {'met' if q.middle <= most else 'MISSED'}"
    print(f"  {name:56s} {q.middle:8.3f}  [{q.low:.3f} {q.high:.3f}]{verdict}")


@dataclass
class Case:
    """Contenders on one structure; what cannot be had is left out."""

    part: str
    name: str
    potential: Potential
    atoms: Atoms
    skin: float
    others: dict[str, Contender | None] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def measured(self, rounds: int, xla: Sequence[str]) -> Measured:
        """xla: precisions in which XLA's kernel takes part; it may take a minute to compile."""
        contenders, floor, notes, n = {}, {}, [], len(self.atoms)
        for dtype in DTYPES:
            kernel = peers.generated(self.potential, self.atoms, dtype, self.skin)
            contenders[f"ours {dtype}"] = kernel.contender()
            least = work(self.potential.model, kernel.lists, kernel.distances())
            floor[f"ours {dtype}"] = least.seconds(dtype) * 1e6
            if dtype in xla:
                other, told = peers.compiled_by_xla(kernel, self.atoms, dtype, self.skin)
                contenders[f"XLA {dtype}"] = other
                notes.append(told)
        contenders |= {name: other for name, other in self.others.items() if other is not None}
        traffic = f"{least.streamed:.0f} bytes streamed, {least.gathered:.0f} gathered"
        notes.append(f"floor: {floor[OURS]:.3f} µs; {least.flops:.0f} operations, {traffic} per atom")
        seconds = alternating(contenders, rounds)
        micros = {name: [s / n * 1e6 for s in values] for name, values in seconds.items()}
        told = {(a.one, a.other) for a in self.asked}
        usual = [Asked(SINGLE, OURS, 0.65), *(Asked(f"ours {d}", f"XLA {d}") for d in DTYPES)]
        return Measured(
            self.part,
            self.name,
            n,
            floor,
            micros,
            [*self.asked, *(a for a in usual if (a.one, a.other) not in told)],
            notes,
        )


# --- parts -----------------------------------------------------------------------------------------


def linear_potential() -> Potential:
    """The shipped spec, linear in all numbers, at random ones."""
    found = potentia.compile(HERE.parent / "specs" / "nb_linear.pes")
    return found.with_theta(np.random.default_rng(0).normal(0.0, 0.05, len(found.theta)))


def linear(options: argparse.Namespace) -> Iterator[Case]:
    potential, atoms = linear_potential(), peers.niobium(6 if options.quick else 10)
    files = peers.lammps_potentials()
    for skin in (0.0, 1.0):
        others: dict[str, Contender | None] = {}
        if files is not None:
            snap = [f"pair_coeff * * {files}/Ta06A.snapcoeff {files}/Ta06A.snapparam Ta"]
            uf3 = [f"pair_coeff * * {files}/Nb.uf3 Nb"]
            others["LAMMPS uf3 3"] = peers.lammps(atoms, ["pair_style uf3 3", *uf3], skin, 4)
            others["LAMMPS snap"] = peers.lammps(atoms, ["pair_style snap", *snap], skin, 1)
        lists = peers.generated(potential, atoms, "float64", skin).lists
        trial = three_body_trial(lists, 5.5)
        others["trial"] = contender(trial) if trial else None
        asked = [
            Asked(OURS, "LAMMPS uf3 3", 0.20),
            Asked(OURS, "LAMMPS snap", 0.05),
            Asked(OURS, "trial", 1.5),
        ]
        yield Case("linear", f"nb_linear, skin {skin:g} Å", potential, atoms, skin, others, asked)


def nep(options: argparse.Namespace) -> Iterator[Case]:
    model = nep_model()
    potential = potential_of(model, "random")
    for repeat in (1,) if options.quick else (1, 4):
        atoms = garnet(repeat)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "nep.txt"
            path.write_text(text_of(model), encoding="utf-8")
            others = {"calorine": peers.calorine(path, atoms)}
        others["ours float64, list made anew"] = peers.listed_anew(potential, atoms, "float64")
        trial = nep_trial(peers.generated(potential, atoms, "float64", 0.0).lists, 6.0, 4.0)
        others["trial"] = contender(trial) if trial else None
        asked = [
            Asked(OURS, "calorine", 0.20),
            Asked("ours float64, list made anew", "calorine"),
            Asked(OURS, "trial", 1.5),
        ]
        yield Case("nep", "NEP4 of Li7La3Zr2O12, bare list", potential, atoms, 0.0, others, asked)


def eam(options: argparse.Namespace) -> Iterator[Case]:
    atoms = peers.niobium(10 if options.quick else 20)
    has_lammps = peers.lammps_potentials() is not None
    for spec, name, most in ((CORE, "zbl + eam", 0.7), (NETWORK, "zbl + eam + nn", 3.0)):
        potential = potentia.compile(spec)
        for skin in (0.0, 1.0):
            others: dict[str, Contender | None] = {}
            if has_lammps:
                others["LAMMPS zbl eam/alloy/opt"] = peers.lammps(atoms, peers.eam_and_zbl(4.5, 5.0), skin, 5)
            asked = [Asked(OURS, other, most) for other in others]
            yield Case("eam", f"{name}, skin {skin:g} Å", potential, atoms, skin, others, asked)


def front(options: argparse.Namespace) -> Iterator[Case]:
    """Designed models on few atoms, as XLA is slow at them."""
    atoms = peers.niobium(3 if options.quick else 5)
    paths = sorted((HERE / "front").glob("*.pes"))
    for path in paths[:1] if options.quick else paths:
        potential = potentia.compile(path)
        numbers = np.random.default_rng(0).normal(0.0, 0.01, potential.n_parameters)
        potential = potential.with_theta(potential.scatter(numbers))
        name = f"designed model {path.stem}, {potential.n_parameters} numbers"
        asked = [Asked(OURS, "XLA float64", 0.125)]
        yield Case("front", name, potential, atoms, 0.0, {}, asked)


def threads(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, list[float]]]]:
    repeat = 10 if options.quick else 20
    cases = {
        "nb_linear": (linear_potential(), peers.niobium(repeat)),
        "NEP": (potential_of(nep_model(), "random"), garnet(2)),
        "zbl + eam": (potentia.compile(CORE), peers.niobium(repeat)),
    }
    for name, (potential, atoms) in cases.items():
        kernel = peers.generated(potential, atoms, "float64", 0.0)
        yield f"{name}, {len(atoms)} atoms", peers.thread_gains(kernel, 2, options.rounds)


def compiling(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Seconds from text to a first prediction, imports apart."""
    small = peers.niobium(3)
    cases = {
        "lj": ("species Nb\nE = lj(rc = 5, sigma = 2.6, epsilon = 0.3)", small),
        "nb_linear": ((HERE.parent / "specs" / "nb_linear.pes").read_text(encoding="utf-8"), small),
        "NEP": (spec_of(nep_model(), "random"), garnet(1)),
    }
    for name, (spec, atoms) in cases.items():
        for target in ("cpp",) if options.quick else ("cpp", "xla"):
            rounds = min(options.rounds, 7 if target == "cpp" else 3)
            for when, found in cold_and_warm(target, spec, atoms, rounds).items():
                if found:
                    most = {"first": 4.0, "again": 0.3}[when] if target == "cpp" else None
                    yield {"case": f"{name}, {target}, {when}", "asked": most, "seconds": found}


# --- all -------------------------------------------------------------------------------------------


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--no-xla", action="store_true", help="not beside XLA, but for the front")
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write all samples there")
    return settled(with_json(parser), PARTS, rounds=(9, 3))


def show_threads(options: argparse.Namespace) -> list[dict[str, Any]]:
    told = []
    print("\nthreads: time of one over that of two, asked 1.8")
    for name, gains in threads(options):
        for clock, values in gains.items():
            q = quartiles(values)
            print(f"  {f'{name}, {clock}':56s} {q.middle:8.3f}  [{q.low:.3f} {q.high:.3f}]", flush=True)
            told.append({"part": "threads", "case": name, "clock": clock, "gains": values} | asdict(q))
    return told


def show_compile(options: argparse.Namespace) -> list[dict[str, Any]]:
    told = []
    print("\ncompile: s from text to a first prediction, imports apart: processor, clock")
    for row in compiling(options):
        processor, clock = (median(x[k] for x in row["seconds"]) for k in ("processor", "clock"))
        most = row["asked"]
        verdict = "" if most is None else f"   asked {most:g}: {'met' if processor <= most else 'MISSED'}"
        print(f"  {row['case']:44s} {processor:8.2f} {clock:8.2f}{verdict}", flush=True)
        told.append({"part": "compile"} | row)
    return told


def _figure(told: Mapping[str, Any]) -> Row:
    """Of threads or of compiling."""
    if told["part"] == "threads":
        case = f"{told['case']}, two threads by {told['clock']}"
        return Row(case, "times as fast", round(told["middle"], 2))
    processor = median(row["processor"] for row in told["seconds"])
    case = f"{told['case']}: text to a first prediction, processor time"
    return Row(case, "s", float(f"{processor:.2g}"))


def main() -> None:
    options = arguments()
    print(machine())
    print(rates().line())
    told: list[dict[str, Any]] = []
    rows: list[Row] = []
    made: dict[str, Callable[[argparse.Namespace], Iterable[Case]]] = {
        "linear": linear,
        "nep": nep,
        "eam": eam,
        "front": front,
    }
    for part in (p for p in made if p in options.only):
        without = options.quick or options.no_xla
        xla = ("float64",) if part == "front" else () if without else DTYPES
        for case in made[part](options):
            measured = case.measured(options.rounds, xla)
            measured.show()
            told.append(measured.as_dict())
            rows += measured.figures()
    for part, show in (("threads", show_threads), ("compile", show_compile)):
        if part in options.only:
            more = partial(show, options)()
            told += more
            rows += map(_figure, more)
    print(f"\nload now {os.getloadavg()[0]:.2f}")
    save(options.json, "Generated C++", rows)
    if options.samples:
        content = {"machine": machine(), "rates": asdict(rates()), "cases": told}
        options.samples.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
