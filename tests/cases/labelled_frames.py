"""Four atoms of argon with exact labels as the text of a file, and what `eval` says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import Structure

USUAL = 'Lattice="{cell}" energy={energy} stress="{stress}" pbc="T T T"'
SPEC = "species Ar\nE = lj(rc = 6, inner = 4.8, epsilon = 0.0104, sigma = 3.4)\n"
KEYS = (
    "keys    energy `energy` (eV), forces `forces` (eV/Å), stress `stress` (eV/Å^3, tension positive) "
    "or `virial` (eV, = -V*stress)"
)


def numbers(values: Any) -> str:
    return " ".join(f"{v:.12f}" for v in np.ravel(values))


class Frame:
    """A structure of four atoms with exact labels, as text."""

    def __init__(self, structure: Structure, energy: float, forces: Any, stress: Any) -> None:
        self.cell, self.energy, self.forces, self.stress = structure.cell, energy, forces, stress
        self.positions, self.volume = structure.positions, structure.volume

    def text(self, header: str, forces: bool = True, properties: str = "") -> str:
        """Fields in the header: {cell}, {energy}, {stress}, {virial}."""
        values = {
            "cell": numbers(self.cell),
            "energy": f"{self.energy:.12f}",
            "stress": numbers(self.stress),
            "virial": numbers(-self.stress * self.volume),
        }
        columns = properties or "Properties=species:S:1:pos:R:3" + (":forces:R:3" if forces else "")
        rows = [[*x, *f] if forces else [*x] for x, f in zip(self.positions, self.forces, strict=True)]
        lines = ["Ar " + numbers(row) for row in rows]
        return "\n".join([str(len(lines)), f"{columns} {header.format(**values)}", *lines]) + "\n"


@cache
def rattled() -> list[Frame]:
    """Three rattled crystals of argon under different pressures."""
    potential = compile(SPEC)
    rng = np.random.default_rng(0)
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    found = []
    for a in (5.1, 5.3, 5.5):
        positions = a * base + rng.normal(0, 0.08, (4, 3))
        pbc = np.ones(3, dtype=np.bool_)
        s = Structure(np.full(4, 18, dtype=np.int32), positions, a * np.eye(3), pbc)
        (p,) = potential.evaluator("reference").predict(potential.theta, [s])
        found.append(Frame(s, p.energy, p.forces, p.stress))
    return found


@cache
def at_strains() -> list[Frame]:
    """A crystal of argon at six lengths."""
    potential = compile(SPEC)
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    pbc, found = np.ones(3, dtype=np.bool_), []
    for a in (5.0, 5.1, 5.2, 5.3, 5.4, 5.5):
        s = Structure(np.full(4, 18, dtype=np.int32), a * base, a * np.eye(3), pbc)
        (p,) = potential.evaluator("reference").predict(potential.theta, [s])
        found.append(Frame(s, p.energy, p.forces, p.stress))
    return found


def evaluated(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path, text: str, *options: str
) -> tuple[int, dict[str, Any], list[str]]:
    """The exit code, the errors on a file, and the lines on stderr."""
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    data = ("--data", str(tmp_path / "a.xyz"), "--target", "reference", "--json", *options)
    code, out, err = run(capsys, "eval", str(model), *data)
    lines = [line for line in err.splitlines() if line != "target: reference"]
    return code, json.loads(out)["test"] if code == 0 else {}, lines


def exact(errors: dict[str, Any], kinds: Sequence[str] = ("energy", "forces", "stress")) -> bool:
    units = {"energy": "ev_per_atom", "forces": "ev_per_ang", "stress": "gpa"}
    return all(errors[f"{kind}_rmse_{units[kind]}"] < 1e-6 for kind in kinds)


def told(capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path, text: str) -> tuple[int, str]:
    """The exit code of `eval`, and the first diagnostic."""
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    arguments = ("--data", str(tmp_path / "a.xyz"), "--target", "reference")
    code, _, err = run(capsys, "eval", str(model), *arguments)
    return code, err[max(err.find("error["), err.find("warning[")) :].removesuffix("target: reference\n")
