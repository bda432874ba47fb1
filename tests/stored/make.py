"""Makes all that is stored here. It ran once, with potentia 0.1.0, and is kept to say how.

    python tests/stored/make.py        # in the environment of that version, and of no other

Another version would store its own behaviour, and the test would hold it against itself. What is made has to
stay as it is; data of a later version is one more folder.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import numpy as np
import potentia
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from potentia.runtime.cli.main import main

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cases"))

# isort: split

from stored_answers import COMMANDS, FIT_ON, MD, RUNS, answer, parameters, predicted, uncertain

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

LINEAR = "species Nb\nE = reference() + pair(bessel6, rc = 5) + three_body(bessel(2), l = 2, rc = 4.5)\n"
NETWORK = "species Nb\nE = zbl(Nb) + eam(rc = 5) + nn(bessel(4), hidden = [4])\n"
REDUNDANT = """species Nb
E = reference() + pin zbl(inner = 0.9 Å, outer = 1.8 Å)  # the core, which no data reach
  + pair(bessel6, rc = 5) + pair(gaussian6, rc = 5) + three_body(bessel(2), l = 1, rc = 4.5)
"""
ALLOY = """species Nb, O
let rc = 4.5 Å
E = reference() + pin zbl() + pair(bessel4, rc = rc) + three_body(bessel(1), l = 2, rc = rc)
"""
ALLOY_TRUTH = """species Nb, O
E = morse(rc = 5, D = {Nb-Nb: 0.6, Nb-O: 0.9, O-O: 0.2}, a = 1.4, r0 = {Nb-Nb: 2.8, Nb-O: 2.0, O-O: 2.4})
  + reference(e0 = {Nb: -4, O: -2})
"""
COPPER_TRUTH = "species Cu\nE = morse(rc = 4.5, D = 0.35 eV, a = 1.4, r0 = 2.6) + reference(e0 = -3 eV)\n"
ARGON = "species Ar\nE = lj(epsilon = 0.0104 eV, sigma = 3.4 Å, rc = 6 Å)\n"
PAIRS = """species Nb, O
E = lj() + morse() + buckingham() + born_mayer() + coulomb_cut(rc = 7) + fs() + zbl()
  + zbl_flexible(rc = 2.4, outer = 2.4) + pair(spline(6, start = 0.5))
  + eam(basis = chebyshev(4), density = gaussian, embedding = power)
"""
ANGLES = """species Nb, O
E = sw(rc = 4.6) + tersoff(rc = 3.3) + three_body(bessel(2), l = 2) + four_body(bessel(1), l = 1)
  + five_body(bessel(1), l = 1, densities = [0], of = [0, 2])
  + nn_angular(bessel(2), bessel(1), l = 1, hidden = [3])
  + nep(rc = 5, n_max = [1, 1], basis_size = [2, 1], l_max = [2, 2, 1], neuron = 3)
"""
DESIGN = """sizes = [2, 6]
folds = 3

[[catalogue]]
term = "pair(bessel4, rc = 1.7 * d)"

[[catalogue]]
term = "three_body(bessel(1), l = 1, rc = 1.3 * d)"
grow = "five_body(bessel(1), l = 1, rc = 1.3 * d, densities = [0], of = {chosen})"
"""
ACTIVE = """spec = "cu.pes"
data = ["first.xyz"]
[explore]
structures = ["cell.xyz"]
temperatures = [600]
runs = 1
[md]
steps = 40
timestep = 3
write_every = 10
log_every = 20
save_every = 20
[select]
most = 2
grade = 1.0
[label]
calculator = "emt"
[stop]
rounds = 2
"""


def command(*arguments: str) -> None:
    """A command of potentia, in the folder `stored`; names of files stay relative in what it writes."""
    code = main(arguments)
    if code:
        raise SystemExit(f"potentia {' '.join(arguments)}: {code}")


# --- structures ------------------------------------------------------------------------------------


def random_cells(symbols: str, count: int, seed: int, side: float, apart: float) -> list[Atoms]:
    """Atoms at random in a skewed cell, no two nearer than `apart`, Å."""
    rng = np.random.default_rng(seed)
    found: list[Atoms] = []
    while len(found) < count:
        cell = side * (np.eye(3) + rng.uniform(-0.12, 0.12, (3, 3)))
        n = len(Atoms(symbols))
        atoms = Atoms(symbols, scaled_positions=rng.random((n, 3)), cell=cell, pbc=True)
        distances = atoms.get_all_distances(mic=True)[np.triu_indices(n, 1)]
        if distances.min() > apart:
            found.append(atoms)
    return found


def cluster(symbols: str, seed: int) -> Atoms:
    """Without a cell."""
    (atoms,) = random_cells(symbols, 1, seed, 4.0, 1.5)
    return Atoms(atoms.symbols, atoms.positions)


def shaken(element: str, a: float, repeat: tuple[int, int, int], seed: int) -> Atoms:
    atoms = bulk(element, a=a, cubic=True).repeat(repeat)
    atoms.rattle(0.1, seed=seed)
    return atoms


def labelled(atoms: Atoms, calculator: Any) -> Atoms:
    atoms.calc = calculator
    results = {
        "energy": atoms.get_potential_energy(),
        "forces": atoms.get_forces(),
        "stress": atoms.get_stress(),
    }
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def by(spec: str, structures: list[Atoms]) -> list[Atoms]:
    calculator = potentia.compile(spec).calculator()
    return [labelled(atoms, calculator) for atoms in structures]


def tried() -> dict[str, list[Atoms]]:
    """What the stored runs are asked about; each is read back as it was written."""
    return {
        "nb": [shaken("Nb", 3.3, (1, 1, 1), 1), cluster("Nb4", 2)],
        "nbo": [*random_cells("Nb3O3", 1, 3, 4.9, 1.7), cluster("Nb2O3", 4)],
        "cu": [shaken("Cu", 3.6, (1, 1, 1), 5)],
        "ar": [shaken("Ar", 5.3, (1, 1, 1), 6)],
        "linb": [*random_cells("Li3Nb3", 1, 7, 4.6, 1.5), cluster("Li2Nb2", 8)],
    }


def inputs() -> None:
    """The structures to fit to and to predict, and the specs."""
    for folder in ("data", "structures", "runs"):
        (HERE / folder).mkdir()
    for name, structures in tried().items():
        write(HERE / "structures" / f"{name}.xyz", structures, format="extxyz")
    demo = read(ROOT / "specs" / "demo" / "nb_demo.xyz", ":")
    small = [a for a in demo if len(a) <= 16][::8]
    write("data/nb.xyz", small, format="extxyz")
    write("data/nbo.xyz", by(ALLOY_TRUTH, random_cells("Nb4O4", 10, 11, 5.4, 1.6)), format="extxyz")
    copper = [shaken("Cu", 3.6 * (0.97 + 0.01 * (k % 7)), (1, 1, 1), 20 + k) for k in range(14)]
    write("data/cu.xyz", by(COPPER_TRUTH, copper), format="extxyz")
    for name, spec in (("linear", LINEAR), ("network", NETWORK), ("redundant", REDUNDANT), ("alloy", ALLOY)):
        (HERE / "data" / f"{name}.pes").write_text(spec, encoding="utf-8")
    (HERE / "data" / "design.toml").write_text(DESIGN, encoding="utf-8")


# --- runs ------------------------------------------------------------------------------------------


def fitted() -> None:
    quiet = ("--quiet",)
    nb, test = ("--data", "data/nb.xyz"), ("--test", "split=test")
    command("fit", "data/linear.pes", *nb, *test, "-o", "runs/linear", *quiet)
    command("fisher", "runs/linear", *nb, *quiet)
    command("fit", "data/network.pes", *nb, *test, "--max-iterations", "6", "-o", "runs/network", *quiet)
    command("fit", "data/redundant.pes", *nb, *test, "-o", "runs/redundant", *quiet)
    command("prune", "runs/redundant", *nb, "--no-cost", "-o", "runs/pruned", *quiet)
    command("fit", "data/alloy.pes", "--data", "data/nbo.xyz", "--test", "0.2", "-o", "runs/alloy", *quiet)


def unfitted() -> None:
    """Runs of terms of the library with random numbers about their starts, and of a nep.txt."""
    save = import_module("potentia.runtime.artifact").save
    registry, cases = import_module("registry"), import_module("nep_cases")
    for name, spec in (("pairs", PAIRS), ("angles", ANGLES)):
        potential = potentia.compile(spec)
        save(HERE / "runs" / name, potential.with_theta(registry.random_theta(potential.model, 5)))
    nep = cases.random_nep(np.random.default_rng(3), 4, (3, 2, 1), "universal", 2)
    cases.written(nep, HERE / "data" / "nep.txt")
    command("import", "data/nep.txt", "-o", "runs/nep", "--quiet")
    save(HERE / "runs" / "argon", potentia.compile(ARGON))


def dynamics() -> None:
    """A run of 40 steps that is stored, and the same of 80, whose end is expected."""
    write("data/ar.xyz", shaken("Ar", 5.3, (2, 2, 2), 9), format="extxyz")
    start = ("md", "runs/argon", *MD.split(), "--quiet")
    command(*start, "--steps", "40", "-o", "md")
    command(*start, "--steps", "80", "-o", "whole")
    shutil.copy("whole/thermo.csv", "md_thermo_80.csv")
    shutil.rmtree("whole")


def active() -> None:
    from ase.calculators.emt import EMT

    folder = HERE / "active"
    folder.mkdir()
    frames = [labelled(shaken("Cu", 3.6 + 0.03 * k, (2, 2, 2), k), EMT()) for k in range(3)]
    write(folder / "first.xyz", frames, format="extxyz")
    write(folder / "cell.xyz", bulk("Cu", cubic=True) * (2, 2, 2), format="extxyz")
    spec = "species Cu\nE = pin zbl() + pair(bessel4, rc = 4.2)\n"
    (folder / "cu.pes").write_text(spec, encoding="utf-8")
    (folder / "cu.toml").write_text(ACTIVE, encoding="utf-8")
    command("active", "active/cu.toml", "-o", "active/study", "--quiet")


def specs() -> None:
    """Every spec that is shipped."""
    for path in (*(ROOT / "specs").glob("*.pes"), *(ROOT / "specs" / "std").glob("*.pes")):
        target = HERE / "specs" / path.relative_to(ROOT / "specs")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


# --- what is expected --------------------------------------------------------------------------------


def half_a_fit() -> None:
    """A fit that ends after two iterations, whose checkpoint stays."""
    frames = [shaken("Ar", 5.2 + 0.1 * k, (1, 1, 1), 30 + k) for k in range(4)]
    write("data/argon.xyz", by(ARGON, frames), format="extxyz")
    spec = "species Ar\nE = lj(epsilon = 0.02 eV, sigma = 3.2 Å, rc = 6 Å)\n"
    (HERE / "data" / "argon.pes").write_text(spec, encoding="utf-8")
    command(*FIT_ON.split()[:-1], "--max-iterations", "2")
    shutil.rmtree("runs/half")
    shutil.rmtree("runs/network.partial", ignore_errors=True)


def half_a_pruning() -> None:
    """The pruning of `runs/pruned`, interrupted after two steps, whose checkpoint stays."""
    state = import_module("potentia.runtime.prune_state")
    save, saved = state.PruneStore.save, []

    def interrupted(store: Any, at: Any) -> None:
        save(store, at)
        saved.append(at)
        if len(saved) == 2:
            raise KeyboardInterrupt

    state.PruneStore.save = interrupted
    main(
        ["prune", "runs/redundant", "--data", "data/nb.xyz", "--no-cost", "-o", "runs/half_pruned", "--quiet"]
    )
    state.PruneStore.save = save


def expected() -> None:
    content: dict[str, Any] = {"runs": {}, "uncertain": uncertain(HERE / "runs" / "linear", "nb")}
    for folder, structures in RUNS.items():
        content["runs"][folder] = {
            "theta": potentia.load(folder).theta.tolist(),
            "predicted": predicted(HERE / folder, structures),
            **parameters(f"{folder}/spec.pes"),
        }
    content["specs"] = {path.name: parameters(f"specs/{path.name}") for path in Path("specs").glob("*.pes")}
    content["commands"] = {line: answer(line) for line in COMMANDS}
    shutil.copytree("runs/half.partial", "kept")
    answer(FIT_ON)
    content["fit"] = potentia.load("runs/half").theta.tolist()
    shutil.rmtree("runs/half")
    Path("kept").rename("runs/half.partial")
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    Path("expected.json").write_text(text + "\n", encoding="utf-8")
    for picture in HERE.rglob("*.png"):
        picture.unlink()


def everything() -> None:
    os.chdir(HERE)
    inputs()
    fitted()
    unfitted()
    dynamics()
    command("design", "data/design.toml", "--data", "data/cu.xyz", "-o", "design", "--quiet")
    active()
    specs()
    half_a_fit()
    half_a_pruning()
    expected()


if __name__ == "__main__":
    everything()
