"""Inputs of LAMMPS that are imported: LAMMPS itself and the terms give the same energies and forces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from lammps_cases import structures
from lammps_oracle import ENGINE, POTENTIALS, add_atoms, lammps_box, run, set_up
from potentia.runtime.formats.foreign_format import Exported
from potentia.runtime.formats.registry import format_of, read
from potentia.runtime.potential.potential import Potential
from registry import by_reference

NEAR = 1e-9  # relative to the largest component
# of the zoo: a crystal, a cell of two atoms, a slab, a cluster
CHOSEN = ("rocksalt", "two_atoms", "slab", "cluster")

# text by name: without `units` and `mass`; the species of the types; the spacing of the structures, Å
CASES: dict[str, tuple[str, tuple[str, ...], float]] = {
    "lj": (
        "pair_style lj/cut 6.0\npair_coeff 1 1 0.10 2.40\npair_coeff 1 2 0.13 2.3\npair_coeff 2 2 0.08 2.2",
        ("Nb", "W"),
        2.6,
    ),
    "lj, mixed": (
        "pair_style lj/cut 5.5\npair_coeff 1 1 0.1 2.4\npair_coeff 2 2 0.08 2.2 6.5",
        ("Nb", "W"),
        2.6,
    ),
    "lj, arithmetic, shifted": (
        "pair_style lj/cut 5.5\npair_coeff 1 1 0.1 2.4\npair_coeff 2 2 0.08 2.2\n"
        "pair_modify mix arithmetic shift yes",
        ("Nb", "W"),
        2.6,
    ),
    "lj, sixthpower": (
        "pair_style lj/cut/opt 5.5\npair_coeff 1 1 0.1 2.4\npair_coeff 2 2 0.08 2.2\n"
        "pair_modify mix sixthpower",
        ("Nb", "W"),
        2.6,
    ),
    "lj, cutoffs": (
        "pair_style lj/cut 5.0\npair_coeff * * 0.1 2.4\npair_coeff 1 2 0.05 2.0 6.0\npair_modify shift yes",
        ("Nb", "W"),
        2.6,
    ),
    "morse": (
        "pair_style morse 6.0\npair_coeff * * 0.5 1.4 2.9\npair_coeff 2 2 0.6 1.3 2.75 5",
        ("Nb", "W"),
        2.6,
    ),
    "buck": (
        "pair_style buck 6.0\npair_coeff * * 632.1 0.2906 0.0 &\n 5.0\npair_coeff 2 2 22764.3 0.149 27.88",
        ("Li", "O"),
        2.0,
    ),
    "born": (
        "pair_style born 6.0\npair_coeff 1 1 0.26 0.32 1.6 1.0 0.5\npair_coeff 1 2 0.21 0.30 2.0 5.0 -4.0\n"
        "pair_coeff 2 2 0.16 0.34 2.4 25.0 30.0\npair_modify shift yes",
        ("Li", "O"),
        2.0,
    ),
    "zbl": ("pair_style zbl 1.0 2.4\npair_coeff 1 1 41 41\npair_coeff 2 2 74.0 74.0", ("Nb", "W"), 1.5),
    "hybrid/overlay": (
        "pair_style hybrid/overlay zbl 0.9 1.8 lj/cut 5.0 lj/cut 6.0 morse 5.5\n"
        "pair_coeff 1 1 zbl 41 41\npair_coeff 2 2 zbl 74 74\npair_coeff 1 2 zbl 41 74\n"
        "pair_coeff * * lj/cut 1 0.1 2.0\npair_coeff 1 1 lj/cut 2 0.05 2.1\n"
        "pair_coeff 1 2 morse 0.3 1.2 2.7\n"
        "pair_modify pair lj/cut 2 shift yes",
        ("Nb", "W"),
        2.4,
    ),
    "hybrid": (
        "pair_style hybrid lj/cut 5.0 morse 5.5\npair_coeff * * lj/cut 0.1 2.0\n"
        "pair_coeff 1 2 morse 0.3 1.2 2.7\n"
        "pair_coeff 2 2 none",
        ("Nb", "W"),
        2.4,
    ),
    "sw": ("pair_style sw\npair_coeff * * Si.sw Si", ("Si",), 2.35),
    "sw of two": ("pair_style sw\npair_coeff * * CdTe.sw Cd Te", ("Cd", "Te"), 2.8),
    "sw beside lj": (
        "pair_style hybrid/overlay sw lj/cut 5.0\npair_coeff * * sw Si.sw Si NULL\n"
        "pair_coeff 1 2 lj/cut 0.1 2.0\n"
        "pair_coeff 2 2 lj/cut 0.2 2.2",
        ("Si", "C"),
        2.2,
    ),
    "tersoff": ("pair_style tersoff\npair_coeff * * SiC.tersoff Si C", ("Si", "C"), 2.0),
    "tersoff of GaN": ("pair_style tersoff\npair_coeff * * GaN.tersoff Ga N", ("Ga", "N"), 2.0),
    "eam/alloy of two of three, and a pair": (
        "pair_style hybrid/overlay eam/alloy morse 5.0\npair_coeff * * eam/alloy NiAlH_jea.eam.alloy Al Ni\n"
        "pair_coeff 1 2 morse 0.05 1.3 2.75\n",
        ("Al", "Ni"),
        2.5,
    ),
    "eam/fs": ("pair_style eam/fs\npair_coeff * * NiAlH_jea.eam.fs Ni H", ("Ni", "H"), 2.3),
    "eam of two files": (
        "pair_style eam\npair_coeff 1 1 Cu_u3.eam\npair_coeff 2 2 Al_jnp.eam",
        ("Cu", "Al"),
        2.6,
    ),
    "uf3": ("pair_style uf3 3\npair_coeff * * Nb.uf3 Nb", ("Nb",), 2.6),
    "uf3 of pairs, and zbl": (
        "pair_style hybrid/overlay zbl 0.9 1.8 uf3 2\npair_coeff 1 1 zbl 41 41\npair_coeff * * uf3 Nb.uf3 Nb",
        ("Nb",),
        2.4,
    ),
    "tersoff and zbl": (
        "pair_style hybrid/overlay tersoff zbl 0.9 1.8\npair_coeff * * tersoff SiC_Erhart-Albe.tersoff Si C\n"
        "pair_coeff 1 1 zbl 14 14\npair_coeff 1 2 zbl 14 6\npair_coeff 2 2 zbl 6 6",
        ("Si", "C"),
        1.9,
    ),
}

# a comment goes on behind `&`, numbers are joined without a space, three quotes hold lines
ODD = """mass 1 6.94 # Li
print \"\"\"
pair_style zbl
\"\"\"
pair_style lj/cut 5.0 # the cutoff &
pair_coeff 1 1 9.0 9.0
pair_coeff 1 1 0.1 2.&
5  # sigma
pair_modify nofdotr shift on
"""


def input_of(text: str, species: tuple[str, ...], folder: Path) -> Path:
    """The text as a file, with labels of its types and the files that it names."""
    labels = " ".join(f"{k} {s}" for k, s in enumerate(species, 1))
    for word in text.split():
        if (POTENTIALS / word).is_file():
            (folder / word).write_bytes((POTENTIALS / word).read_bytes())
    path = folder / "in.pair"
    path.write_text(f"units metal\nlabelmap atom {labels}\n{text}\n", encoding="utf-8")
    return path


def largest_differences(
    potential: Potential, text: str, folder: Path, spacing: float, chosen: tuple[str, ...] = CHOSEN
) -> Mapping[str, float]:
    """Between the potential and LAMMPS on the lines, relative to the largest component."""
    lines = [line.strip() for line in text.replace("&\n", "").splitlines()]
    style = next(line.removeprefix("pair_style ") for line in lines if line.startswith("pair_style"))
    coefficients = [line.removeprefix("pair_coeff ") for line in lines if line.startswith("pair_coeff")]
    files = {p.name: p.read_text(errors="replace") for p in folder.iterdir() if p.name in text.split()}
    rest = [line for line in lines if line.startswith("pair_modify")]
    worst = {"energy": 0.0, "forces": 0.0, "virial": 0.0}
    zoo = structures(potential.species, spacing, 5)
    for name in chosen:
        mine = by_reference(potential.model, potential.theta, zoo[name])
        theirs = run(zoo[name], potential.species, style, coefficients, files, commands=rest)
        for label in worst:
            got, want = np.asarray(getattr(mine, label)), np.asarray(getattr(theirs, label))
            scale = max(float(np.abs(want).max(initial=0.0)), 1e-3 * abs(theirs.energy))
            worst[label] = max(worst[label], float(np.abs(got - want).max(initial=0.0)) / scale)
    return worst


@pytest.mark.parametrize("name", CASES)
def test_lammps_gives_the_same(name: str, tmp_path: Path) -> None:
    text, species, spacing = CASES[name]
    potential = read(input_of(text, species, tmp_path)).potential
    assert potential.species == species
    found = largest_differences(potential, text, tmp_path, spacing)
    print(name, found)
    assert max(found.values()) < NEAR, found


@pytest.mark.parametrize("name", ["lj", "lj, mixed", "born", "zbl", "hybrid/overlay", "hybrid"])
def test_exported_lines_give_the_same_again(name: str, tmp_path: Path) -> None:
    text, species, spacing = CASES[name]
    potential = read(input_of(text, species, tmp_path)).potential
    exported = format_of("pair_style").write(potential)
    assert isinstance(exported, Exported)
    path = tmp_path / "again.pair"
    path.write_text(exported.text, encoding="utf-8")
    again = read(path).potential
    assert again.model.outputs["energy"] is potential.model.outputs["energy"]
    np.testing.assert_array_equal(again.theta, potential.theta)
    assert max(largest_differences(again, exported.text, tmp_path, spacing).values()) < NEAR


def test_lammps_reads_the_file_itself_the_same(tmp_path: Path) -> None:
    path = tmp_path / "in.pair"
    path.write_text(ODD, encoding="utf-8")
    potential = read(path).potential
    atoms = structures(("Li",), 2.6, 5)["slab"]
    box = lammps_box(atoms)
    ENGINE.command("clear")
    set_up(ENGINE, box, ("Li",), False, 0.3)
    add_atoms(ENGINE, box, [1] * len(atoms), None)
    ENGINE.file(str(path))
    ENGINE.command("run 0 post no")
    mine = by_reference(potential.model, potential.theta, atoms)
    assert abs(mine.energy - ENGINE.get_thermo("pe")) < NEAR * abs(mine.energy)


def table_of(keyword: str, grid: str, strength: float) -> str:
    """A section of points of a Morse function, from 1.2 to 5 Å."""
    n, low, high = 1500, 1.2, 5.0
    r = np.linspace(low, high, n) if grid == "R" else np.sqrt(np.linspace(low**2, high**2, n))
    decay = np.exp(-1.4 * (r - 2.7))
    energy, force = strength * ((1 - decay) ** 2 - 1), -2.8 * strength * (1 - decay) * decay
    rows = enumerate(zip(r.tolist(), energy.tolist(), force.tolist(), strict=True), 1)
    points = "\n".join(f"{k} {x!r} {e!r} {f!r}" for k, (x, e, f) in rows)
    return f"\n{keyword}\nN {n} {grid} {low} {high}\n\n{points}\n"


@pytest.mark.parametrize("kind", ["spline", "linear"])
def test_tables_have_lammps_energies_and_the_forces_that_belong_to_them(kind: str, tmp_path: Path) -> None:
    """LAMMPS interpolates forces apart; the term's are slopes of its energy. `import` tells how far."""
    (tmp_path / "a.table").write_text(table_of("A", "R", 0.5) + table_of("B", "RSQ", 0.4), encoding="utf-8")
    text = (
        f"pair_style table {kind} 3000\npair_coeff 1 1 a.table A 4.8\n"
        "pair_coeff 1 2 a.table B\npair_coeff 2 2 a.table B\n"
    )
    imported = read(input_of(text, ("Nb", "W"), tmp_path))
    found = largest_differences(imported.potential, text, tmp_path, 2.6)
    print(kind, found, imported.sentence)
    assert found["energy"] < (NEAR if kind == "spline" else 1e-5)
    assert max(found["forces"], found["virial"]) < (1e-6 if kind == "spline" else 1e-4)
    assert f"`table {kind}` of LAMMPS interpolates forces by themselves" in imported.sentence


def test_densities_beyond_a_file_of_eam_differ_by_the_energy_that_import_tells(tmp_path: Path) -> None:
    text = "pair_style eam\npair_coeff 1 1 Al_jnp.eam"
    imported = read(input_of(text, ("Al",), tmp_path))
    atoms = bulk("Al", a=2.9, cubic=True)
    atoms.positions[0] += 0.05
    mine = by_reference(imported.potential.model, imported.potential.theta, atoms)
    files = {"Al_jnp.eam": (tmp_path / "Al_jnp.eam").read_text(errors="replace")}
    theirs = run(atoms, ("Al",), "eam", ["1 1 Al_jnp.eam"], files)
    np.testing.assert_allclose(mine.forces, theirs.forces, atol=1e-9 * np.abs(theirs.forces).max())
    told = "energies differ by at most 1.3e-01 eV an atom, forces not at all"
    assert told in imported.sentence and told in read(tmp_path / "Al_jnp.eam").sentence
    assert f"{abs(mine.energy - theirs.energy) / 4:.1e}" == "1.3e-01"


def test_exported_tables_give_the_same_in_lammps(tmp_path: Path) -> None:
    """A setfl file of a formula, run by LAMMPS: as far from the formula as `export` tells."""
    from potentia.runtime.potential.potential import compile

    potential = compile("species Nb, W\nE = fs() + born_mayer(rc = 4, rho = 0.4)")
    exported = format_of("setfl").styles["fs"](potential)
    assert isinstance(exported, Exported)
    (tmp_path / "made.eam.fs").write_text(exported.text, encoding="utf-8")
    text = "pair_style eam/fs\npair_coeff * * made.eam.fs Nb W\n"
    found = largest_differences(potential, text, tmp_path, 2.6)
    assert found["energy"] < NEAR and max(found["forces"], found["virial"]) < 1e-6


# knots even and not, other ones for each kind of pair and triple, r_jk shorter than LAMMPS asks
ULTRA_FAST = {
    "nk": (
        "uf_pair(rc = 5, c = {Nb-W: keep(), *-*: 0})"
        " + uf_pair(rc = 4.5, knots = [0.3, 0.9, 1.4, 2, 3.1, 3.4, 4, 4.5], c = {Nb-W: 0, *-*: keep()})"
        " + uf_triple(rc = 3.6, form = alike, s = {*-Nb-W: keep(), *-W-Nb: keep(), *-*-*: 0})"
        " + uf_triple(rc = 4, knots = [0.3, 1, 2, 2.4, 4], other = linspace(0, 4, 6),"
        " far = linspace(0, 6, 9), c = {*-Nb-W: 0, *-*-*: keep()})"
    ),
    "uk": "uf_pair(rc = 4.5) + uf_triple(rc = 3.5)",
}


@pytest.mark.parametrize("kind", ULTRA_FAST)
def test_ultra_fast_force_fields_of_two_elements_give_the_same(kind: str, tmp_path: Path) -> None:
    """LAMMPS with the file of a formula, and the formula that the file becomes."""
    from potentia.runtime.potential.potential import compile

    potential = compile(f"species W, Nb\nE = {ULTRA_FAST[kind]}")
    theta = np.random.default_rng(3).normal(0.0, 0.1, len(potential.theta))
    exported = format_of("uf3").write(potential.with_theta(theta))
    assert isinstance(exported, Exported)
    file = exported.text.replace(" nk\n", f" {kind}\n")
    (tmp_path / "made.uf3").write_text(file, encoding="utf-8")
    text = "pair_style uf3 3\npair_coeff * * made.uf3 W Nb\n"
    again = read(input_of(text, ("W", "Nb"), tmp_path)).potential
    found = largest_differences(again, text, tmp_path, 2.5, ("two_atoms", "slab"))
    print(kind, found)
    assert max(found.values()) < NEAR, found
    slab = structures(again.species, 2.5, 5)["slab"]
    energies = [by_reference(p.model, p.theta, slab).energy for p in (potential.with_theta(theta), again)]
    assert energies[0] == pytest.approx(energies[1], rel=NEAR)
