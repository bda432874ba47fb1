"""Files as other programs write them, in miniature: two structures of three atoms with known labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import full_3x3_to_voigt_6_stress

SYMBOLS = ["Nb", "Nb", "Mo"]
ENERGIES = [-27.125, -26.875]  # eV
CELLS = [np.array([[4.0, 0.0, 0.0], [0.25, 3.5, 0.0], [0.125, -0.25, 3.25]])]
CELLS += [CELLS[0] * 1.0625]
FRACTIONS = [np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.25], [0.25, 0.75, 0.5]])]
FRACTIONS += [FRACTIONS[0] + np.array([[0.03125, 0, 0], [0, -0.03125, 0], [0, 0, 0.0625]])]
POSITIONS = [f @ c for f, c in zip(FRACTIONS, CELLS, strict=True)]  # Å
FORCES = [np.array([[0.5, -0.25, 0.125], [-0.75, 0.5, 0.25], [0.25, -0.25, -0.375]])]  # eV/Å
FORCES += [-2 * FORCES[0]]
# eV/Å³, tension positive, no two components alike
STRESSES = [np.array([[0.0625, 0.0125, -0.025], [0.0125, -0.03125, 0.005], [-0.025, 0.005, 0.1]])]
STRESSES += [STRESSES[0] / -4]
N = range(2)


def volume(k: int) -> float:
    return float(np.linalg.det(CELLS[k]))


def virial(k: int) -> np.ndarray:
    """−V times the stress, eV: that of GPUMD and of DeePMD."""
    return -volume(k) * STRESSES[k]


def kbar(k: int) -> np.ndarray:
    """The stress of VASP: pressure, in kB."""
    return -STRESSES[k] / (0.1 * units.GPa)


def rows(table: np.ndarray, form: str = "{:.10f}") -> str:
    return "\n".join(" ".join(form.format(x) for x in row) for row in np.asarray(table))


def flat(table: np.ndarray) -> str:
    return " ".join(repr(float(x)) for x in np.asarray(table).ravel())


def ase_atoms() -> list[Atoms]:
    found = []
    for k in N:
        atoms = Atoms(SYMBOLS, positions=POSITIONS[k], cell=CELLS[k], pbc=True)
        stress = full_3x3_to_voigt_6_stress(STRESSES[k])
        results = {"energy": ENERGIES[k], "forces": FORCES[k], "stress": stress}
        atoms.calc = SinglePointCalculator(atoms, **results)
        found.append(atoms)
    return found


# --- extended XYZ of programs --------------------------------------------------------------------------


def extxyz(
    header: Callable[[int], str], forces: str, more: str = "", extra: Callable[[int], str] = lambda i: ""
) -> str:
    text = ""
    for k in N:
        columns = f"Properties=species:S:1:pos:R:3{more}:{forces}:R:3"
        text += f'3\nLattice="{flat(CELLS[k])}" {columns} {header(k)}\n'
        for i, symbol in enumerate(SYMBOLS):
            text += f"{symbol} {flat(POSITIONS[k][i])}{extra(i)} {flat(FORCES[k][i])}\n"
    return text


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def gpumd_train(folder: Path) -> Path:
    def header(k: int) -> str:
        return f'energy={ENERGIES[k]} virial="{flat(virial(k))}" config_type=bulk weight=1.0'

    return _written(folder / "train.xyz", extxyz(header, "force"))


def gpumd_dump(folder: Path) -> Path:
    def header(k: int) -> str:
        return f'pbc="T T T" Time={k}.0 energy={ENERGIES[k]} virial="{flat(virial(k))}"'

    def extra(i: int) -> str:
        return f" {[92.906, 92.906, 95.95][i]} 0.001 0.0 -0.002"

    return _written(folder / "dump.xyz", extxyz(header, "forces", ":mass:R:1:vel:R:3", extra))


def mace(folder: Path) -> Path:
    def header(k: int) -> str:
        stress = flat(STRESSES[k])
        return f'REF_energy={ENERGIES[k]} REF_stress="{stress}" config_type=Default pbc="T T T"'

    return _written(folder / "mace.xyz", extxyz(header, "REF_forces"))


def nequip(folder: Path) -> Path:
    def header(k: int) -> str:
        return f'total_energy={ENERGIES[k]} stress="{flat(STRESSES[k])}" pbc="T T T"'

    text = extxyz(header, "forces", ":Z:I:1", lambda i: f" {[41, 41, 42][i]}")
    return _written(folder / "nequip.extxyz", text)


# --- VASP ------------------------------------------------------------------------------------------------


def outcar(folder: Path, isif: int = 3) -> Path:
    text = f""" vasp.6.3.2 27Jun22 (build) complex
 POTCAR:    PAW_PBE Nb_pv 08Apr2002
 POTCAR:    PAW_PBE Mo_pv 04Feb2005
 POTCAR:    PAW_PBE Nb_pv 08Apr2002
 POTCAR:    PAW_PBE Mo_pv 04Feb2005
   ions per type =               2   1
   k-points           NKPTS =      1   k-points in BZ     NKDIM =      1   number of bands    NBANDS=     16
   NELM   =     60;   NELMIN=  2; NELMDL= -5     # of ELM steps
   ISIF   =      {isif}    stress and relaxation
   ISPIN  =      1    spin polarized calculation?
 k-points in reciprocal lattice and weights: Automatic mesh
   0.00000000  0.00000000  0.00000000       1.000
"""
    for k in N:
        s = kbar(k)
        ordered = [s[0, 0], s[1, 1], s[2, 2], s[0, 1], s[1, 2], s[2, 0]]
        text += f"--------------- Iteration {k + 1:6d}(   7)  ---------------\n"
        text += "------------------------ aborting loop because EDIFF is reached ----------------\n"
        text += "  FORCE on cell =-STRESS in cart. coord.  units (eV):\n"
        text += "  Direction    XX          YY          ZZ          XY          YZ          ZX\n"
        text += "  in kB   " + " ".join(f"{x:14.6f}" for x in ordered) + "\n"
        text += "      direct lattice vectors                 reciprocal lattice vectors\n"
        inverse = np.linalg.inv(CELLS[k]).T
        text += rows(np.hstack([CELLS[k], inverse])) + "\n\n"
        text += " POSITION                                       TOTAL-FORCE (eV/Angst)\n"
        text += " " + "-" * 80 + "\n" + rows(np.hstack([POSITIONS[k], FORCES[k]])) + "\n " + "-" * 80 + "\n"
        text += "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)\n  " + "-" * 50 + "\n"
        text += f"  free  energy   TOTEN  = {ENERGIES[k]:18.8f} eV\n\n"
        text += f"  energy  without entropy= {ENERGIES[k]:18.8f}  energy(sigma->0) = {ENERGIES[k]:18.8f}\n"
    path = folder / "OUTCAR"
    path.write_text(text)
    return path


def vasprun(folder: Path, isif: int = 3) -> Path:
    def varray(name: str, table: np.ndarray) -> str:
        body = "".join(f"<v> {row} </v>" for row in rows(table).split("\n"))
        return f'<varray name="{name}">{body}</varray>'

    def structure(k: int, name: str = "") -> str:
        crystal = f"<crystal>{varray('basis', CELLS[k])}</crystal>"
        return f"<structure{name}>{crystal}{varray('positions', FRACTIONS[k])}</structure>"

    def energy(k: int) -> str:
        names = ("e_fr_energy", "e_wo_entrp", "e_0_energy")
        return "<energy>" + "".join(f'<i name="{n}"> {ENERGIES[k]:.8f} </i>' for n in names) + "</energy>"

    atoms = "".join(f"<rc><c>{s} </c><c> 1</c></rc>" for s in SYMBOLS)
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n'
    text += '<kpoints><varray name="kpointlist"><v>0 0 0</v></varray>'
    text += '<varray name="weights"><v>1.0</v></varray></kpoints>\n'
    text += f'<parameters><i type="int" name="ISIF">{isif}</i><i type="int" name="NELM">60</i></parameters>\n'
    text += f'<atominfo><array name="atoms"><set>{atoms}</set></array></atominfo>\n'
    first = ' name="initialpos"'
    text += structure(0, first) + "\n"
    for k in N:
        labels = varray("forces", FORCES[k]) + varray("stress", kbar(k))
        scf = f"<scstep>{energy(k)}</scstep>"
        text += f"<calculation>{scf}{structure(k)}{labels}{energy(k)}</calculation>\n"
    path = folder / "vasprun.xml"
    path.write_text(text + "</modeling>\n")
    return path


# --- other programs that compute labels -------------------------------------------------------------------


def espresso(folder: Path) -> Path:
    alat = 7.5  # bohr
    scale = alat * units.Bohr
    text = "     Program PWSCF v.7.2 starts on 27Nov2026 at  1: 2: 3\n\n"
    text += f"     number of atoms/cell      = {3:12d}\n     number of atomic types    = {2:12d}\n"
    text += f"     celldm(1)= {alat:11.6f}  celldm(2)=   0.000000  celldm(3)=   0.000000\n\n"
    text += "     crystal axes: (cart. coord. in units of alat)\n"
    text += "".join(
        f"               a({i + 1}) = ( {' '.join(f'{x:.12f}' for x in row)} )\n"
        for i, row in enumerate(CELLS[0] / scale)
    )
    text += "\n     site n.     atom                  positions (alat units)\n"
    text += "".join(
        f"         {i + 1}           {s}  tau({i + 1:4d}) = ( {' '.join(f'{x:.12f}' for x in row)} )\n"
        for i, (s, row) in enumerate(zip(SYMBOLS, POSITIONS[0] / scale, strict=True))
    )
    for k in N:
        if k:
            text += (
                "CELL_PARAMETERS (angstrom)\n"
                + rows(CELLS[k], "{:.12f}")
                + "\n\nATOMIC_POSITIONS (angstrom)\n"
            )
            lines = rows(POSITIONS[k], "{:.12f}").split("\n")
            text += "".join(f"{s} {line}\n" for s, line in zip(SYMBOLS, lines, strict=True)) + "\n"
        text += f"!    total energy              = {ENERGIES[k] / units.Ry:.12f} Ry\n\n"
        text += "     Forces acting on atoms (cartesian axes, Ry/au):\n\n"
        text += "".join(
            f"     atom    {i + 1} type  1   force = {' '.join(f'{x:.12f}' for x in row)}\n"
            for i, row in enumerate(FORCES[k] * units.Bohr / units.Ry)
        )
        pressure = -STRESSES[k] * units.Bohr**3 / units.Ry
        text += "\n          total   stress  (Ry/bohr**3)                   (kbar)     P=        1.0\n"
        text += rows(np.hstack([pressure, kbar(k)]), "{:.12f}") + "\n\n"
    path = folder / "relax.out"
    path.write_text(text)
    return path


def cp2k(folder: Path) -> Path:
    path = folder / "relax.out"
    path.write_text(
        " DBCSR| CPU Multiplication driver                                           BLAS\n"
        "  **** **** ******  **  PROGRAM STARTED AT               2026-11-27 01:02:03.456\n"
        " CP2K| version string:                                       CP2K version 2023.1\n"
        " ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:              -17.219999999999999\n"
    )
    return path


def cp2k_forces(folder: Path) -> Path:
    """Forces where other files have positions, in Hartree/Bohr."""
    path = folder / "run-frc-1.xyz"
    path.write_text(
        "       2\n i =        0, time =        0.000, E =       -17.2199999999\n"
        " Ar         0.0100000000        0.0000000000        0.0000000000\n"
        " Ar        -0.0100000000        0.0000000000        0.0000000000\n"
    )
    return path


def ase_traj(folder: Path) -> Path:
    from ase.io import write

    write(folder / "relax.traj", ase_atoms())
    return folder / "relax.traj"


def ase_db(folder: Path) -> Path:
    from ase.db import connect

    with connect(folder / "all.db") as table:
        for k, atoms in enumerate(ase_atoms()):
            table.write(atoms, group="bulk", number=k)
    return folder / "all.db"


# --- LAMMPS ------------------------------------------------------------------------------------------------


def lammps_dump(folder: Path, columns: str = "id type x y z fx fy fz") -> Path:
    """Of an orthogonal cell: positions and forces alone."""
    text = ""
    for k in N:
        text += f"ITEM: TIMESTEP\n{k * 100}\nITEM: NUMBER OF ATOMS\n3\nITEM: BOX BOUNDS pp pp pp\n"
        text += "0.0 4.0\n0.0 3.5\n0.0 3.25\n" + f"ITEM: ATOMS {columns}\n"
        for i in (2, 0, 1):  # processors write their atoms in any order
            words = {"id": i + 1, "type": [1, 1, 2][i], "element": SYMBOLS[i]}
            named = dict(
                zip(("x", "y", "z", "fx", "fy", "fz"), [*POSITIONS[k][i], *FORCES[k][i]], strict=True)
            )
            text += " ".join(str({**words, **named}[c]) for c in columns.split()) + "\n"
    path = folder / "md.lammpstrj"
    path.write_text(text)
    return path


def lammps_data(folder: Path, masses: bool = True) -> Path:
    text = "LAMMPS data file via write_data\n\n3 atoms\n2 atom types\n\n"
    text += "0.0 4.0 xlo xhi\n0.0 3.5 ylo yhi\n0.0 3.25 zlo zhi\n0.25 0.125 -0.25 xy xz yz\n\n"
    text += "Masses\n\n1 92.90638\n2 95.95\n\n" if masses else ""
    text += "Atoms # atomic\n\n"
    for i in range(3):
        text += f"{i + 1} {[1, 1, 2][i]} {flat(POSITIONS[0][i])} 0 0 0\n"
    path = folder / "start.data"
    path.write_text(text)
    return path


# --- other programs that fit -------------------------------------------------------------------------------


def deepmd_raw(folder: Path) -> Path:
    system = folder / "system"
    system.mkdir()
    (system / "type.raw").write_text("0\n0\n1\n")
    (system / "type_map.raw").write_text("Nb\nMo\n")
    for name, values in _deepmd().items():
        np.savetxt(system / f"{name}.raw", values)
    return system


def deepmd_npy(folder: Path) -> Path:
    system = folder / "system"
    for k in N:
        part = system / f"set.{k:03d}"
        part.mkdir(parents=True)
        for name, values in _deepmd().items():
            np.save(part / f"{name}.npy", values[k : k + 1])
    (system / "type.raw").write_text("0\n0\n1\n")
    (system / "type_map.raw").write_text("Nb\nMo\n")
    return system


def _deepmd() -> dict[str, np.ndarray]:
    return {
        "coord": np.array(POSITIONS).reshape(2, 9),
        "box": np.array(CELLS).reshape(2, 9),
        "energy": np.array(ENERGIES),
        "force": np.array(FORCES).reshape(2, 9),
        "virial": np.array([virial(k) for k in N]).reshape(2, 9),
    }


def dpdata(folder: Path) -> Path:
    def array(values: object) -> dict[str, object]:
        made = np.asarray(values)
        return {"@module": "numpy", "@class": "array", "dtype": str(made.dtype), "data": made.tolist()}

    data = {
        "atom_numbs": [2, 1],
        "atom_names": ["Nb", "Mo"],
        "atom_types": array([0, 0, 1]),
        "orig": array([0.0, 0.0, 0.0]),
        "cells": array(CELLS),
        "coords": array(POSITIONS),
        "energies": array(ENERGIES),
        "forces": array(FORCES),
        "virials": array([virial(k) for k in N]),
    }
    about = {"@module": "dpdata.system", "@class": "LabeledSystem", "@version": "0.2.18"}
    path = folder / "system.json"
    path.write_text(json.dumps({**about, "data": data}))
    return path


def fitsnap(folder: Path, k: int = 0, **styles: str) -> Path:
    data = {
        "Positions": POSITIONS[k].tolist(),
        "Lattice": CELLS[k].tolist(),
        "AtomTypes": SYMBOLS,
        "NumAtoms": 3,
        "Energy": ENERGIES[k],
        "Forces": FORCES[k].tolist(),
        "Stress": (kbar(k) * 1000).tolist(),
    }
    known = {
        "PositionsStyle": "angstrom",
        "LatticeStyle": "angstrom",
        "AtomTypeStyle": "chemicalsymbol",
        "EnergyStyle": "electronvolt",
        "ForcesStyle": "electronvoltperangstrom",
        "StressStyle": "bar",
    }
    path = folder / f"frame_{k}.json"
    path.write_text(
        "# file of a group\n" + json.dumps({"Dataset": {"Label": "bulk", **known, **styles, "Data": [data]}})
    )
    return path
