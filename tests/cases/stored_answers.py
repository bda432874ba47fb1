"""What is asked of the runs in `stored`, for those who store the answers and those who compare them.

Only the package's own names and the command line are used, so that it serves every version.
"""

from __future__ import annotations

import contextlib
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import potentia
from ase.io import read
from potentia.runtime.cli.main import main

STORED = Path(__file__).resolve().parents[1] / "stored"
# a run, and the structures that it is asked about
RUNS = {
    "runs/linear": "nb",
    "runs/network": "nb",
    "runs/redundant": "nb",
    "runs/pruned": "nb",
    "runs/alloy": "nbo",
    "runs/pairs": "nbo",
    "runs/angles": "nbo",
    "runs/nep": "linb",
    "runs/argon": "ar",
    "design/front/006": "cu",
    "active/study/model": "cu",
}
COMMANDS = (
    "design data/design.toml --data data/cu.xyz -o design --quiet",  # done: nothing is left to do
    "active active/cu.toml -o active/study --quiet",  # the same
    "log runs/linear",
    "log runs/pruned",
    "log design/front/006",
    "log active/study/model",
    "diff runs/redundant runs/pruned",
)
MD = "--structure data/ar.xyz --timestep 4 --temperature 40 --log-every 10 --write-every 20 --save-every 20"
# the rest of a run of dynamics of which 40 steps are there, and of a fit of which two iterations are
MD_ON = f"md runs/argon {MD} --quiet --steps 80 -o md --resume"
FIT_ON = "fit data/argon.pes --data data/argon.xyz --no-reference --quiet -o runs/half --resume"


def answer(command: str) -> Any:
    """What a command prints with --json, in the working directory."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main([*command.split(), "--json"])
    assert code in (0, 1), f"potentia {command}: {code}"  # 1 of diff: another meaning
    return json.loads(printed.getvalue())


def predicted(folder: Path, structures: str) -> list[dict[str, Any]]:
    """Energy eV, forces eV/Å and, in a crystal, stress eV/Å³ of each structure."""
    calculator = potentia.load(folder).calculator()
    found = []
    for atoms in read(STORED / "structures" / f"{structures}.xyz", ":"):
        atoms.calc = calculator
        stress = atoms.get_stress(voigt=False).tolist() if atoms.pbc.all() else None
        found.append(
            {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces().tolist(), "stress": stress}
        )
    return found


def uncertain(folder: Path, structures: str) -> list[dict[str, Any]]:
    """Standard deviations of energy and forces."""
    calculator = potentia.load(folder).calculator(uncertainty=True)
    found = []
    for atoms in read(STORED / "structures" / f"{structures}.xyz", ":"):
        calculator.calculate(atoms, ["energy", "forces"])
        results = calculator.results
        forces = results["forces_uncertainty"].tolist()
        found.append({"energy": float(results["energy_uncertainty"]), "forces": forces})
    return found


def parameters(spec: str) -> dict[str, Any]:
    """Species, terms, cutoffs and parameters of a spec. Starts and bounds are told by a digest."""
    (checked,) = answer(f"check {spec}")["specs"]
    told = [
        [p[key] for key in ("name", "unit", "per", "numbers", "trainable")] for p in checked["parameters"]
    ]
    values = [[p[key] for key in ("start", "lower", "upper")] for p in checked["parameters"]]
    return {
        **{key: checked[key] for key in ("species", "terms", "n_parameters", "cutoffs_ang")},
        "parameters": told,
        "values": sha256(json.dumps(values).encode()).hexdigest(),
    }
