"""docs/electrostatics.md: its spec, a row of its table, and the recipe with LAMMPS's own Ewald sum."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.lammpslib import LAMMPSlib
from ase.calculators.mixing import SumCalculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from documents import blocks
from lammps_oracle import LAMMPS  # opens the library of MPI
from places import ROOT
from potentia.compiler.program import Program
from potentia.runtime.potential.potential import compile

PAGE = (ROOT / "docs" / "electrostatics.md").read_text(encoding="utf-8")
MADELUNG = 1.747564594633182  # of rock salt, OEIS A085469
COULOMB = 14.399645  # eV Å/e²
SHORT = "species Na, Cl\nE = born_mayer(rc = 6 Å, A = 1000 eV, rho = 0.3 Å, switch = shifted)"

assert LAMMPS


def recipe() -> str:
    (text,) = [b.text for b in blocks(PAGE) if b.mark == "python"]
    return text


def ewald() -> Calculator:
    """The calculator of the recipe."""
    names: dict[str, Calculator] = {}
    exec(recipe().partition("frames = ")[0], names)
    return names["coulomb"]


def salt(repeat: int) -> Atoms:
    return bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat((repeat, repeat, 1))


def test_the_spec_on_the_page() -> None:
    (spec,) = [b.text for b in blocks(PAGE) if b.mark == "pes"]
    model = Program.of(spec).model
    assert {t.name for t in model.terms} == {"zbl", "born_mayer", "ions"}
    charges = next(p for p in model.parameters if p.name == "ions.q")
    assert charges.start == (1.0, -1.0) and not any(charges.free)


def test_a_row_of_the_table() -> None:
    """The energy of the crystal, whose Ewald sum is the constant of Madelung."""
    found = {m[1]: m for m in re.finditer(r"^\| `dsf` \| (\d+) \| ([\d.]+) \| (\S+) \|", PAGE, re.M)}
    row = found["12"]
    text = f"species Na, Cl\nE = coulomb_cut(rc = 12 Å, alpha = {row[2]} /Å, q = {{Na: 1 e, Cl: -1 e}})"
    atoms = salt(1)
    atoms.calc = compile(text).calculator()
    exact = -MADELUNG * COULOMB / 2.82 / 2
    difference = 1e3 * (atoms.get_potential_energy() / len(atoms) - exact)
    assert difference == pytest.approx(float(row[3].replace("−", "-")), abs=0.06)


def test_the_recipe_takes_the_long_range_out_and_lammps_adds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    short = compile(SHORT).calculator()
    frames = []
    for seed in range(2):
        atoms = salt(1)
        atoms.rattle(0.1, seed=seed)
        atoms.calc = SumCalculator([short, ewald()])
        found = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        atoms.calc = SinglePointCalculator(atoms, stress=atoms.get_stress(), **found)
        frames.append(atoms)
    write("labelled.xyz", frames)
    exec(recipe(), {})
    for before, after in zip(frames, read("short.xyz", ":"), strict=True):
        energy, forces, stress = after.get_potential_energy(), after.get_forces(), after.get_stress()
        after.calc = short
        assert energy == pytest.approx(after.get_potential_energy(), abs=1e-6)
        np.testing.assert_allclose(forces, after.get_forces(), atol=1e-6)
        np.testing.assert_allclose(stress, after.get_stress(), atol=1e-8)
        after.calc = overlay()
        assert after.get_potential_energy() == pytest.approx(before.get_potential_energy(), abs=1e-4)
        np.testing.assert_allclose(after.get_forces(), before.get_forces(), atol=1e-4)


def overlay() -> Calculator:
    """LAMMPS with the short-range formula in a style of its own, and `coul/long` over it as on the page."""
    born = "pair_coeff * * born 1000 0.3 0 0 0"
    return LAMMPSlib(
        lmpcmds=[
            "pair_style hybrid/overlay born 6 coul/long 8",
            *(born, "pair_coeff * * coul/long", "pair_modify shift yes", "kspace_style ewald 1e-8"),
        ],
        atom_types={"Na": 1, "Cl": 2},
        lammps_header=["units metal", "atom_style charge", "atom_modify map array sort 0 0"],
        amendments=["set type 1 charge 1", "set type 2 charge -1"],
        log_file="none",
    )
